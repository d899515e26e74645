//! The standard folds of CMU-MOSEI, as the CMU Multimodal SDK has them: `cmu_mosei_std_folds.py`, a
//! program that does nothing but name lists of videos.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The lists of the file, and the splits that they are.
const LISTS: [(&str, &str); 3] = [
    ("standard_train_fold", "train"),
    ("standard_valid_fold", "validation"),
    ("standard_test_fold", "test"),
];

/// The split of every video.
///
/// # Errors
/// When the file cannot be read, lacks a list, or has a video in two.
pub fn read(path: &Path) -> Result<BTreeMap<String, &'static str>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the folds {}", path.display()))?;
    let mut folds = BTreeMap::new();
    for (name, split) in LISTS {
        let Some(list) = list(&text, name) else {
            bail!("{} has no list {name} = [...]", path.display());
        };
        for (line, video) in list {
            if let Some(other) = folds.insert(video.to_owned(), split)
                && other != split
            {
                bail!(
                    "{} line {line}: {video} is for {other} and for {split}",
                    path.display()
                );
            }
        }
    }
    Ok(folds)
}

/// The texts in quotes between the brackets behind `name =`, with their lines.
fn list<'a>(text: &'a str, name: &str) -> Option<Vec<(usize, &'a str)>> {
    let start = text.find(name)?;
    let behind = text[start + name.len()..].trim_start().strip_prefix('=')?;
    let inside = behind.trim_start().strip_prefix('[')?;
    let inside = &inside[..inside.find(']')?];
    let first_line = text[..text.len() - behind.len()].matches('\n').count() + 1;
    let mut videos = Vec::new();
    for (line, part) in inside.split('\n').enumerate() {
        // Every second piece stands between two quotes.
        let quoted = part.split(['\'', '"']).skip(1).step_by(2);
        videos.extend(quoted.map(|video| (first_line + line, video)));
    }
    Some(videos)
}
