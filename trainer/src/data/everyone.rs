//! The digits as clips of six people, each of whom speaks and writes: clips such as somebody's own, with real voices.

use std::path::PathBuf;

use anyhow::Result;

use super::Split;
use super::digits::{Digits, DigitsConfig, Material};
use super::fetch::Store;
use super::render::{LIST, Part, render};

/// What `data.clips.collection` calls them.
pub const NAME: &str = "digits-of-everyone";

/// Their list; they are made in the cache the first time.
///
/// # Errors
/// When the recordings are not here (the message says how to get them), or the cache cannot be written.
pub fn clips(store: &Store) -> Result<PathBuf> {
    // The number goes up with every change of what the clips are.
    let folder = store.cache.join(format!("{NAME}-1"));
    if !folder.join(LIST).is_file() {
        let config = DigitsConfig::default();
        let people = Digits::of_everyone(&config, Material::load(config.source, &[], store)?)?;
        let parts: Vec<Part> = people
            .iter()
            .map(|digits| Part {
                digits,
                split: Split::Test,
                count: None,
            })
            .collect();
        let readme = "Made by evenkeel-train for `collection = \"digits-of-everyone\"`.";
        render(&parts, readme, &folder)?;
    }
    Ok(folder.join(LIST))
}
