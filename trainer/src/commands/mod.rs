//! The sub-commands of `evenkeel-train`, one file each.

pub mod bench;
pub mod check;
pub mod convert;
pub mod data;
pub mod export;
pub mod fit;
pub mod size;
pub mod study;
pub mod weights;

use std::path::Path;

use anyhow::Context;

/// A package that was written, and how large it is.
fn written(folder: &Path) -> anyhow::Result<String> {
    let size = folder_size(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(format!(
        "{} ({:.2} MB)",
        folder.display(),
        size as f64 / 1e6
    ))
}

/// Bytes of all files in a folder.
fn folder_size(folder: &Path) -> std::io::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        size += if kind.is_dir() {
            folder_size(&entry.path())?
        } else {
            kind.len()
        };
    }
    Ok(size)
}
