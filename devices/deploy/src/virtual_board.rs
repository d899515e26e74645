//! The board that is a machine in QEMU, for everyone who has none: made and started by the scripts in `devices/virtual`.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::checkout;
use crate::ssh::Address;

/// The name in the settings that the script prints for ssh.
const HOST: &str = "virtual-board";

/// Makes it if it is not there and starts it if it is off. What there is to say about it.
///
/// # Errors
/// When it cannot be made or started, with what the script said.
pub fn start() -> Result<String> {
    let output = script()?
        .arg("up")
        .stdin(Stdio::null())
        .output()
        .context("the script of the virtual board cannot be run")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    ensure!(
        output.status.success(),
        "the virtual board did not start: {}",
        last.unwrap_or("its script does not say why")
    );
    Ok("a board of arm64 in QEMU".into())
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
    let written = fs::File::create(&path).and_then(|mut file| file.write_all(&output.stdout));
    written.with_context(|| format!("cannot write {}", path.display()))?;
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
