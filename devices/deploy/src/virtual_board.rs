//! The board that is a machine in QEMU, for everyone who has none: made and started by the scripts in `devices/virtual`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use evenkeel_release::durable;

use crate::checkout;
use crate::ssh::Address;

/// The name in the settings that the script prints for ssh.
const HOST: &str = "virtual-board";

/// Makes it if it is not there and starts it if it is off. What there is to say about it.
///
/// # Errors
/// When it cannot be made or started, with what the script said.
pub fn start() -> Result<String> {
    checkout::run_script(
        script()?.arg("up"),
        "the script of the virtual board",
        "the virtual board did not start",
    )?;
    Ok("a board of arm64 in QEMU".into())
}

/// Shows a picture to its camera and plays a sound into its microphone, over and over.
///
/// Its service has to be running: a picture comes in the format that the camera's user has chosen.
///
/// # Errors
/// When that does not work, with what the script said.
pub fn show(picture: &Path, sound: &Path) -> Result<()> {
    for (verb, file) in [("show", picture), ("play", sound)] {
        checkout::run_script(
            script()?.arg(verb).arg(file),
            "the script of the virtual board",
            "the virtual board was shown nothing",
        )?;
    }
    Ok(())
}

/// Where it is, while it is on.
///
/// # Errors
/// When the script does not say.
pub fn address() -> Result<Address> {
    let output = script()?.arg("ssh-config").stdin(Stdio::null()).output()?;
    ensure!(
        output.status.success(),
        "the virtual board has no address: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let path = settings_file()?;
    durable::write(&path, &output.stdout, 0o644)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Address {
        host: HOST.into(),
        options: Vec::new(),
        settings: Some(path),
    })
}

fn settings_file() -> Result<PathBuf> {
    let folder = checkout::target_folder(&checkout::root()?).join("devices");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.join("ssh-config"))
}

fn script() -> Result<Command> {
    let mut command = Command::new(checkout::root()?.join("devices/virtual/board.sh"));
    command
        .env("BOARD_ARCH", "arm64")
        .env("BOARD_INIT", "systemd");
    Ok(command)
}
