//! The compiler, with Rust's standard library for the board.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::{Places, host};
use crate::boards::Target;

/// A compiler that has the standard library for a target.
pub enum Compiler {
    /// The one that is installed here.
    Installed,
    /// Debian's, unpacked into a folder: its wrapper script.
    Debian(PathBuf),
}

impl Compiler {
    /// The program.
    pub fn program(&self) -> OsString {
        match self {
            Compiler::Installed => std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()),
            Compiler::Debian(wrapper) => wrapper.clone().into(),
        }
    }
}

/// A compiler for `target`: the one that is installed, if it has the standard library for it, or else
/// Debian's, if it was unpacked here before. With `install` what is missing is got: by rustup, and where that
/// cannot do it, Debian's compiler.
///
/// # Errors
/// When there is none, and when it cannot be got.
pub fn compiler(places: &Places, target: Target, install: bool) -> anyhow::Result<Compiler> {
    let triple = target.triple();
    if has_library(target)? {
        return Ok(Compiler::Installed);
    }
    let folder = places
        .tools
        .join(format!("rust-debian-{}", target.debian()));
    if !install && !folder.join("rustc").is_file() {
        bail!(
            "Rust's standard library for {triple} is not installed: run `rustup target add {triple}`, or let \
             this command get it with --install"
        );
    }
    if install && add_by_rustup(triple) {
        return Ok(Compiler::Installed);
    }
    debian(places, target, &folder)
}

/// Whether the installed compiler has the standard library for `target`.
fn has_library(target: Target) -> anyhow::Result<bool> {
    let folder = host::output(
        Command::new(Compiler::Installed.program())
            .args(["--print", "target-libdir", "--target"])
            .arg(target.triple()),
    )?;
    Ok(contains_std(Path::new(&folder)))
}

fn contains_std(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

/// Whether rustup could add the target; where there is no rustup, it could not.
fn add_by_rustup(triple: &str) -> bool {
    let there = Command::new("rustup")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        return false;
    }
    eprintln!("Adding the target {triple} by rustup");
    let added = Command::new("rustup")
        .args(["target", "add", triple])
        .status()
        .is_ok_and(|status| status.success());
    if !added {
        eprintln!("rustup could not add it: taking Debian's compiler");
    }
    added
}

/// Debian's compiler with its standard library for `target`, unpacked into `folder`.
fn debian(places: &Places, target: Target, folder: &Path) -> anyhow::Result<Compiler> {
    host::run(
        Command::new(places.root.join("devices/rust.sh"))
            .arg(target.debian())
            .arg(folder),
        "Debian's compiler could not be got",
    )?;
    let wrapper = folder.join("rustc");
    let version = host::output(Command::new(&wrapper).arg("--version"))
        .context("Debian's compiler does not run here")?;
    eprintln!("Compiling with Debian's {version}");
    Ok(Compiler::Debian(wrapper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_there_only_with_std_in_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!contains_std(&folder.path().join("none")));
        fs::write(folder.path().join("libcore-1.rlib"), "").unwrap();
        assert!(!contains_std(folder.path()));
        fs::write(folder.path().join("libstd-1.rlib"), "").unwrap();
        assert!(contains_std(folder.path()));
    }
}
