//! Images that boards start from, with a release on them that is live.

mod lay;
mod settings;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::boards::{Board, Provision};
use crate::checkout;
use crate::deploy::Ready;

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

/// Sees whether an image could be made here, before anything is built for it.
///
/// # Errors
/// When a setting is not what it has to be, or this machine lacks a tool.
pub fn check(board: &Board, settings: &Settings, out: &Path) -> Result<()> {
    must_not_be_a_device(out)?;
    let folder = temporary()?;
    run(script(board, settings, out, folder.path())?.arg("--check"))
}

/// Makes an image with a release on it, which is the live one and good when the board first starts.
///
/// # Errors
/// When the release cannot be laid out, or the script fails, with what it said.
pub fn make(ready: &Ready, settings: &Settings, out: &Path) -> Result<()> {
    let folder = temporary()?;
    let root = folder.path().join("root");
    lay::out(ready, &root)?;
    run(script(ready.board, settings, out, folder.path())?
        .arg("--overlay")
        .arg(&root))
}

fn temporary() -> Result<TempDir> {
    tempfile::tempdir().context("there is no room for temporary files")
}

/// The script with all that an image has of its own, and its files in `folder`.
fn script(board: &Board, settings: &Settings, out: &Path, folder: &Path) -> Result<Command> {
    let keys = folder.join("authorized-keys");
    fs::write(&keys, &settings.authorized_keys)
        .with_context(|| format!("cannot write {}", keys.display()))?;
    let mut script = Command::new(checkout::root()?.join("devices/images/make.sh"));
    script
        .args(["--board-kind", kind(board)?])
        .args(["--arch", board.target.debian()])
        .args(["--hostname", &settings.hostname])
        .args(["--size", &settings.size.to_string()])
        .arg("--authorized-key")
        .arg(&keys)
        .arg("--out")
        .arg(out);
    if let Some(wifi) = &settings.wifi {
        script
            .args(["--wifi-ssid", &wifi.ssid])
            .args(["--wifi-country", &wifi.country])
            .arg("--wifi-password-file")
            .arg(&wifi.password_file);
    }
    Ok(script)
}

fn run(script: &mut Command) -> Result<()> {
    checkout::run_script(script, "the script that makes images", "no image is made")
}

/// Whether a file may become an image.
///
/// # Errors
/// When it is a device, which must not be replaced by a file.
fn must_not_be_a_device(out: &Path) -> Result<()> {
    ensure!(
        !out.exists() || out.is_file(),
        "{} is no file: a card is written with --card",
        out.display()
    );
    Ok(())
}
