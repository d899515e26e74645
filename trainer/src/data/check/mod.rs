//! Looks at a user's own clips before anything is trained on them: what there is, what would spoil
//! the training or its figures, and what to do about it.
//!
//! Clips are listed, split and decoded by [`clips`](super::clips), as for training, and what was
//! decoded stays in the same cache; so `fit` finds what was found here.

mod balance;
mod classes;
mod look;
mod page;
mod problem;
mod problems;
mod samples;
#[cfg(test)]
mod tests;
mod text;
mod twins;

use std::collections::BTreeSet;

use anyhow::Result;
use evenkeel::clip::ClipEntry;
use serde::Serialize;

pub use classes::{ClassRow, Count};
pub use page::page;
pub use problem::{Kind, Problem, Severity};
pub use text::text;

use super::Split;
use super::clips::{Clips, Layout, Listed};
use super::fetch::Store;
use look::{Looked, look_at_all};
use problems::Findings;

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The folder or list, as it was given.
    pub path: String,
    /// Clips that are listed.
    pub clips: usize,
    /// Seconds of those that can be read.
    pub seconds: f64,
    /// Speakers that are named; where there are none, groups.
    pub speakers: usize,
    /// How training splits them; `None` where it cannot.
    pub split: Option<&'static str>,
    /// One row for each class.
    pub classes: Vec<ClassRow>,
    /// What is wrong or worth knowing, the worst first.
    pub problems: Vec<Problem>,
    /// Clips to look at and listen to.
    #[serde(skip)]
    samples: Vec<samples::Sample>,
}

impl Report {
    /// How many problems there are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        let of = |problem: &&Problem| problem.kind.severity() == severity;
        self.problems.iter().filter(of).count()
    }
}

/// Looks at all clips of a configuration, as training with this `seed` would use them.
///
/// # Errors
/// When there is no list of clips to look at. Whatever is wrong with the clips themselves is in the report.
pub fn check(layout: &dyn Layout, seed: u64, store: &Store) -> Result<Report> {
    let listed = Listed::open(layout, store)?;
    let length = listed.windows.length();
    let looked = look_at_all(&listed, length);
    let reasons: Vec<Option<String>> = looked
        .iter()
        .map(|looked| looked.as_ref().err().cloned())
        .collect();
    let split = listed.split(seed);
    // Where it cannot split, training refuses with this very sentence.
    let (splits, refusal) = match split {
        Ok(split) => {
            let splits = split.clone();
            let refusal = Clips::of(listed.clone(), split, &reasons, seed).err();
            (Some(splits), refusal)
        }
        Err(error) => (None, Some(error)),
    };
    let parts = parts(
        listed.entries.len(),
        splits.as_ref().map(|(lists, _)| lists),
    );
    let findings = Findings {
        listed: &listed,
        looked: &looked,
        parts: &parts,
        length,
        refusal: refusal.map(|error| format!("{error:#}")),
    };
    Ok(Report {
        path: listed.root.display().to_string(),
        clips: listed.entries.len(),
        seconds: looked.iter().flatten().map(Looked::seconds).sum(),
        speakers: speakers(&listed.entries).len(),
        split: splits.as_ref().map(|&(_, how)| how),
        classes: classes::rows(&listed, &looked, &parts),
        problems: findings.problems(),
        samples: samples::choose(&listed, &looked, &parts, length),
    })
}

/// The split of each clip; `None` for all where there is none.
fn parts(clips: usize, splits: Option<&[Vec<usize>; 3]>) -> Vec<Option<Split>> {
    let mut parts = vec![None; clips];
    for (list, split) in splits.into_iter().flatten().zip(SPLITS) {
        for &at in list {
            parts[at] = Some(split);
        }
    }
    parts
}

/// All three, in their order.
const SPLITS: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

/// Who speaks in a clip, however it is written; the group where nobody is named.
fn speaker(entry: &ClipEntry) -> Option<String> {
    let name = entry.speaker.as_ref().or(entry.group.as_ref())?;
    Some(name.trim().to_lowercase())
}

fn speakers<'a>(entries: impl IntoIterator<Item = &'a ClipEntry>) -> BTreeSet<String> {
    entries.into_iter().filter_map(speaker).collect()
}
