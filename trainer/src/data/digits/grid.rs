//! Spoken digits cut out of the GRID corpus: a voice that no other source has.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use evenkeel::clip::{ClipList, ClipSource, ReadOptions, read_clip};
use rayon::prelude::*;
use serde::Deserialize;

use super::recording::{Recording, at_rate, kept, trim};

/// Who speaks.
pub const SPEAKER: &str = "grid-s1";

/// A line of the archive's index.
#[derive(Debug, Deserialize)]
struct Word {
    path: String,
    digit: usize,
    /// Where the digit begins and ends in the clip, seconds.
    digit_start_s: f64,
    digit_end_s: f64,
}

/// The digits of the clips in `folder`, without the words around them; decoded once and kept in `cache`.
///
/// # Errors
/// When the index or a clip cannot be read, or the cache not written.
pub fn words(folder: &Path, cache: &Path) -> anyhow::Result<Vec<Recording>> {
    let index = folder.join("index.csv");
    let context = || format!("{} is not the index of GRID's digits", index.display());
    let mut table = csv::Reader::from_path(&index).with_context(context)?;
    let mut words = Vec::new();
    let mut taken = [0; 10];
    for line in table.deserialize() {
        let word: Word = line.with_context(context)?;
        ensure!(
            word.digit <= 9 && 0.0 <= word.digit_start_s && word.digit_start_s < word.digit_end_s,
            context()
        );
        taken[word.digit] += 1;
        words.push((taken[word.digit] - 1, word));
    }
    words
        .into_par_iter()
        .map(|(index, word)| {
            let path = cache.join(format!("{}_{SPEAKER}_{index}.wav", word.digit));
            let samples = kept(&path, || decode(folder, &word))?;
            Ok(Recording {
                digit: word.digit,
                speaker: SPEAKER.to_owned(),
                index,
                samples: trim(&samples).to_vec(),
            })
        })
        .collect()
}

fn decode(folder: &Path, word: &Word) -> anyhow::Result<Vec<f32>> {
    let path = folder.join(&word.path);
    let mut entry = ClipList::read(&path)?.entries.swap_remove(0);
    entry.source = ClipSource::Separate {
        sound: Some(path.clone()),
        picture: None,
    };
    entry.start = Some(Duration::from_secs_f64(word.digit_start_s));
    entry.end = Some(Duration::from_secs_f64(word.digit_end_s));
    let clip = read_clip(&entry, &ReadOptions::default())?;
    let sound = clip
        .sound
        .with_context(|| format!("{} has no sound; get it again", path.display()))?;
    at_rate(&sound)
}
