//! The libraries of the board's architecture that programs are linked with.

use std::path::PathBuf;
use std::process::Command;

use super::{Places, host};
use crate::boards::Target;

/// The folder with ALSA, the kernel's headers and a C library for `target`, made if it is not there.
///
/// # Errors
/// When it cannot be made of Debian's packages.
pub fn make(places: &Places, target: Target) -> anyhow::Result<PathBuf> {
    let folder = places.tools.join(format!("sysroot-{}", target.debian()));
    host::run(
        Command::new(places.root.join("devices/sysroot.sh"))
            .arg(target.debian())
            .arg(&folder),
        "the libraries of the board's architecture could not be got",
    )?;
    Ok(folder)
}
