//! The machine that is built on.

use std::process::Command;

use anyhow::Context;

use evenkeel_release::Glibc;

/// The version of this machine's C library.
///
/// # Errors
/// When `getconf` does not tell.
pub fn glibc() -> anyhow::Result<Glibc> {
    let text = output(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    text.strip_prefix("glibc ")
        .with_context(|| format!("this machine's C library is not glibc but '{text}'"))?
        .parse()
        .map_err(anyhow::Error::msg)
}

/// What a command prints, without the line's end.
///
/// # Errors
/// When it cannot be started or fails, with what it complained of.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot start '{name}'"))?;
    anyhow::ensure!(
        output.status.success(),
        "'{name}' failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let text = String::from_utf8(output.stdout)
        .with_context(|| format!("what '{name}' prints is not text"))?;
    Ok(text.trim_end().to_owned())
}

/// Runs a command whose messages are for the user.
///
/// # Errors
/// When it cannot be started, or fails: then `failure` is said.
pub fn run(command: &mut Command, failure: &str) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("cannot start '{name}'"))?;
    anyhow::ensure!(status.success(), "{failure} ('{name}' says why above)");
    Ok(())
}
