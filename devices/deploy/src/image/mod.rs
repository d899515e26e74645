//! Images that boards start from, with a release on them that is live.

mod lay;
mod settings;

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::boards::{Board, Provision};
use crate::checkout;
use crate::deploy::Ready;
use crate::ssh::last_line;

pub use settings::{Settings, Wifi, authorized_keys};

/// How a board reads its first program from a disk: the script's name for it.
///
/// # Errors
/// When there are no images for this kind of board, with what to do in place of it.
pub fn kind(board: &Board) -> Result<&'static str> {
    match board.provision {
        Provision::ImagePi => Ok("pi"),
        Provision::ImageUefi => Ok("uefi"),
        Provision::Nvidia => bail!(
            "{name} starts only from a system that NVIDIA's tools put there: flash it with NVIDIA's SDK Manager or card image, then `evenkeel-deploy to {name} --host user@address`",
            name = board.name
        ),
        Provision::Ssh => bail!(
            "there is no image for {name}: put its maker's system on it, then `evenkeel-deploy to {name} --host user@address`",
            name = board.name
        ),
        Provision::Virtual => bail!(
            "the virtual board makes its disk itself: `evenkeel-deploy to {}`",
            board.name
        ),
    }
}

/// Makes an image with a release on it, which is the live one and good when the board first starts.
///
/// # Errors
/// When the release cannot be laid out, or the script fails, with what it said.
pub fn make(ready: &Ready, settings: &Settings, out: &Path) -> Result<()> {
    must_not_be_a_device(out)?;
    let folder = tempfile::tempdir().context("there is no room for temporary files")?;
    let root = folder.path().join("root");
    lay::out(ready, &root)?;
    let keys = folder.path().join("authorized-keys");
    std::fs::write(&keys, &settings.authorized_keys)
        .with_context(|| format!("cannot write {}", keys.display()))?;
    let output = Command::new(checkout::root()?.join("devices/images/make.sh"))
        .args(arguments(ready.board, settings)?)
        .args([OsString::from("--out"), out.into()])
        .args([OsString::from("--overlay"), root.into()])
        .args([OsString::from("--authorized-key"), keys.into()])
        .stdin(Stdio::null())
        .output()
        .context("the script that makes images cannot be run")?;
    ensure!(
        output.status.success(),
        "the image was not made: {}",
        last_line(&output.stderr)
            .as_deref()
            .unwrap_or("its script does not say why")
    );
    Ok(())
}

/// Whether a file may become an image.
///
/// # Errors
/// When it is a device, which must not be replaced by a file.
pub fn must_not_be_a_device(out: &Path) -> Result<()> {
    ensure!(
        !out.exists() || out.is_file(),
        "{} is no file: a card is written with --card",
        out.display()
    );
    Ok(())
}

fn arguments(board: &Board, settings: &Settings) -> Result<Vec<OsString>> {
    let size = settings.size.to_string();
    let mut arguments: Vec<OsString> = [
        ("--board-kind", kind(board)?),
        ("--arch", board.target.debian()),
        ("--hostname", &settings.hostname),
        ("--size", &size),
    ]
    .into_iter()
    .flat_map(|(option, value)| [option.into(), value.into()])
    .collect();
    if let Some(wifi) = &settings.wifi {
        arguments.extend([
            "--wifi-ssid".into(),
            wifi.ssid.clone().into(),
            "--wifi-password-file".into(),
            wifi.password_file.clone().into(),
            "--wifi-country".into(),
            wifi.country.clone().into(),
        ]);
    }
    Ok(arguments)
}
