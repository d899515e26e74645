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
