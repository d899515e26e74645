//! The data sets of the RollingQ paper, read as their makers lay them out on the disk.
//!
//! Each is a [`Layout`](super::clips::Layout): it lists clips with their labels, splits and speakers.
//! Decoding, caching, splitting and checking are those of any other [`clips`](super::clips). Nobody's
//! list is part of this project: where a split is somebody's, the user has the file and names it.

mod cmu_mosei;
mod cremad;
mod folds;
mod kinetics_sounds;
mod table;
#[cfg(test)]
mod tests;
mod youtube;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use evenkeel::clip::{ClipEntry, ClipSource};

pub use cmu_mosei::{CmuMoseiConfig, Sentiments};
pub use cremad::{CremadConfig, CremadLists};
pub use kinetics_sounds::{KineticsLists, KineticsSoundsConfig};

/// A clip of one file or two, all of it, of which only name and label are known.
fn clip(name: String, source: ClipSource, label: &str) -> ClipEntry {
    ClipEntry {
        further: Default::default(),
        name,
        source,
        line: None,
        label: Some(label.to_owned()),
        split: None,
        group: None,
        speaker: None,
        start: None,
        end: None,
    }
}

/// What is in a folder, in the order of the names; hidden files are left out.
fn contents(folder: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("cannot read the folder {}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let name = path.file_name().unwrap_or_default();
        if !name.to_string_lossy().starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a file is a video by its name.
fn is_video(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    ["mp4", "mkv", "webm", "avi", "mov", "flv"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// The name of a file without its extension.
fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
