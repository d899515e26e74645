//! What must be known to read a data set's figures right.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel::clip::ClipEntry;

/// Speakers that are named in a sentence.
const NAMED: usize = 3;

/// Says that speakers are in several splits, if so. `splits` are indices of `entries`.
pub(super) fn shared_speakers(entries: &[ClipEntry], splits: &[Vec<usize>; 3]) -> Option<String> {
    let mut met: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (split, list) in splits.iter().enumerate() {
        for &at in list {
            if let Some(speaker) = &entries[at].speaker {
                met.entry(speaker).or_default().insert(split);
            }
        }
    }
    let shared: Vec<&str> = met
        .iter()
        .filter(|(_, splits)| splits.len() > 1)
        .map(|(&speaker, _)| speaker)
        .collect();
    if shared.is_empty() {
        return None;
    }
    let more = match shared.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "{} of {} speakers are in several splits ({}{more}): the model is tested on people whom it knows, and does worse on strangers",
        shared.len(),
        met.len(),
        shared[..shared.len().min(NAMED)].join(", ")
    ))
}

/// Says that clips of a list are not there, if so; `found` are those that are.
pub(super) fn missing_clips(missing: &[String], found: usize) -> Option<String> {
    let first = missing.first()?;
    Some(format!(
        "{} of {} listed clips are not there, the first {first}: figures from a set with other holes are not quite comparable",
        missing.len(),
        missing.len() + found
    ))
}
