//! A few clips of each class, to look at and to listen to.

use std::time::Duration;

use evenkeel::html::{image, player};
use evenkeel::thumbnail::{picture, spectrogram};
use rayon::prelude::*;

use super::SPLITS;
use super::look::Seen;
use crate::data::Split;
use crate::data::clips::Listed;

/// Clips of each class that are shown.
const EACH: usize = 4;
/// Bytes of all players together; a page is to open on a phone.
const MOST_SOUND: usize = 6 << 20;

/// A clip as it is shown.
#[derive(Debug)]
pub struct Sample {
    /// Its class.
    pub label: String,
    /// Its name.
    pub name: String,
    /// Its split, if there is one.
    pub split: Option<Split>,
    /// An element with a picture out of its middle; `None` without pictures.
    pub picture: Option<String>,
    /// An element with its spectrogram; `None` without sound.
    pub spectrogram: Option<String>,
    /// An element that plays it; `None` without sound, or when there is too much of it already.
    pub player: Option<String>,
}

/// Chooses clips of every class out of every split, and draws the window that training uses.
pub fn choose(
    listed: &Listed,
    looked: &[Seen],
    parts: &[Option<Split>],
    length: Duration,
) -> Vec<Sample> {
    let chosen: Vec<usize> = listed
        .labels
        .iter()
        .flat_map(|label| {
            let of_class = |at: &usize| {
                listed.entries[*at].label.as_ref() == Some(label) && looked[*at].is_ok()
            };
            spread((0..parts.len()).filter(of_class).collect(), parts)
        })
        .collect();
    let mut samples: Vec<Sample> = chosen
        .par_iter()
        .filter_map(|&at| draw(listed, at, parts[at], length))
        .collect();
    let mut sound = 0;
    for sample in &mut samples {
        sound += sample.player.as_ref().map_or(0, String::len);
        if sound > MOST_SOUND {
            sample.player = None;
        }
    }
    samples
}

/// Some of these clips, one of each split first.
fn spread(clips: Vec<usize>, parts: &[Option<Split>]) -> Vec<usize> {
    let first = |split| clips.iter().copied().find(|&at| parts[at] == Some(split));
    let mut chosen: Vec<usize> = SPLITS.into_iter().filter_map(first).collect();
    for at in clips {
        if chosen.len() < EACH && !chosen.contains(&at) {
            chosen.push(at);
        }
    }
    chosen
}

fn draw(listed: &Listed, at: usize, split: Option<Split>, length: Duration) -> Option<Sample> {
    let entry = &listed.entries[at];
    // It was read a moment ago.
    let clip = listed.cache.read(entry).ok()?;
    let window = clip.window_at(clip.duration.saturating_sub(length) / 2, length);
    Some(Sample {
        label: entry.label.clone()?,
        name: entry.name.clone(),
        split,
        picture: picture(&window).map(|png| image(&png, "picture")),
        spectrogram: spectrogram(&window, length).map(|png| image(&png, "spectrogram")),
        player: window.sound.as_ref().map(player),
    })
}
