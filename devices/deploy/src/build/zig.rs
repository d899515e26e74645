//! zig, the linker for other machines than this, and the program that makes cargo use it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::{Places, host};

/// Pinned, so that everybody's binaries are the same.
const REQUIREMENTS: &str = "cargo-zigbuild==0.24.1\nziglang==0.17.1\n";

/// Where zig and cargo-zigbuild are.
pub struct Tools {
    /// The program of cargo-zigbuild.
    pub zigbuild: PathBuf,
    /// The Python that has zig as a package.
    pub python: PathBuf,
    /// Where both keep what they make.
    pub cache: PathBuf,
}

/// Gets both as Python packages into a virtual environment of their own, unless they are there.
///
/// # Errors
/// When Python is missing or the packages cannot be got.
pub fn get(places: &Places) -> anyhow::Result<Tools> {
    let venv = places.tools.join("zig");
    let list = venv.join("requirements.txt");
    if fs::read_to_string(&list).ok().as_deref() != Some(REQUIREMENTS) {
        install(&venv, &list)?;
    }
    Ok(Tools {
        zigbuild: venv.join("bin/cargo-zigbuild"),
        python: venv.join("bin/python3"),
        cache: places.tools.join("zig-cache"),
    })
}

fn install(venv: &Path, list: &Path) -> anyhow::Result<()> {
    eprintln!(
        "Getting zig, which links for the board, into {}",
        venv.display()
    );
    host::run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(venv),
        "no virtual environment of Python could be made: is the package python3-venv installed?",
    )?;
    let wanted = venv.join("wanted.txt");
    fs::write(&wanted, REQUIREMENTS)
        .with_context(|| format!("cannot write {}", wanted.display()))?;
    host::run(
        Command::new(venv.join("bin/python3"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg("--requirement")
            .arg(&wanted),
        "zig could not be got: is there a network?",
    )?;
    // The list that says that all is there comes last.
    fs::rename(&wanted, list).with_context(|| format!("cannot write {}", list.display()))
}
