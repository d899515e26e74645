//! The boards: data, one TOML file for each in `devices/boards`.

mod schema;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

pub use schema::{Board, Class, Provision, Target};

use crate::checkout;
use crate::nearest::nearest;

/// The folder of the board files: the one given, or that of the checkout.
///
/// # Errors
/// When none is given and there is no checkout.
pub fn folder(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    match given {
        Some(folder) => Ok(folder),
        None => Ok(checkout::root()?.join("devices/boards")),
    }
}

/// All boards in `folder`, by name.
///
/// # Errors
/// When the folder cannot be read or has no board file, or when one of the files is not what
/// devices/README.md says.
pub fn all(folder: &Path) -> anyhow::Result<Vec<Board>> {
    let names = names(folder)?;
    names.iter().map(|name| read(folder, name)).collect()
}

/// The board called `name`.
///
/// # Errors
/// When there is none, naming the nearest; when its file is not what devices/README.md says.
pub fn find(folder: &Path, name: &str) -> anyhow::Result<Board> {
    let names = names(folder)?;
    if names.iter().any(|known| known == name) {
        return read(folder, name);
    }
    match nearest(name, names.iter().map(String::as_str)) {
        Some(known) => bail!("there is no board '{name}': did you mean '{known}'?"),
        None => {
            bail!("there is no board '{name}': `evenkeel-deploy boards` lists those that there are")
        }
    }
}

/// The names of the board files, sorted.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let unreadable = || format!("cannot read the folder of the boards, {}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension() == Some(OsStr::new("toml"))
            && let Some(name) = path.file_stem().and_then(OsStr::to_str)
        {
            names.push(name.to_owned());
        }
    }
    ensure!(
        !names.is_empty(),
        "there are no board files in {}: name the folder with --boards",
        folder.display()
    );
    names.sort();
    Ok(names)
}

fn read(folder: &Path, name: &str) -> anyhow::Result<Board> {
    let path = folder.join(format!("{name}.toml"));
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let wrong = || format!("{} is no board file", path.display());
    let board: Board = toml::from_str(&text).with_context(wrong)?;
    board.check(name).with_context(wrong)?;
    Ok(board)
}
