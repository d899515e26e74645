//! What there is of each class.

use evenkeel::clip::ClipEntry;
use serde::Serialize;

use super::look::{Looked, Seen};
use super::{SPLITS, speakers};
use crate::data::Split;
use crate::data::clips::Listed;

/// A class, and how much there is of it for each purpose.
#[derive(Debug, Serialize)]
pub struct ClassRow {
    /// The class.
    pub label: String,
    /// All that can be read of it, whatever split it is in.
    pub all: Count,
    /// The same of each split; `None` where the clips cannot be split.
    pub splits: Option<[SplitCount; 3]>,
}

/// What there is in one split.
#[derive(Debug, Serialize)]
pub struct SplitCount {
    /// Which split.
    pub split: Split,
    /// How much.
    #[serde(flatten)]
    pub count: Count,
}

/// Clips that can be read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize)]
pub struct Count {
    /// How many.
    pub clips: usize,
    /// How long they last together.
    pub seconds: f64,
    /// How many speakers are named in them; where none are, groups.
    pub speakers: usize,
}

/// A row for each class, in the order of the labels.
pub fn rows(listed: &Listed, looked: &[Seen], parts: &[Option<Split>]) -> Vec<ClassRow> {
    let row = |label: &String| {
        let of = |split: Option<Split>| {
            let clips = listed.entries.iter().zip(looked).zip(parts);
            count(clips.filter_map(|((entry, looked), part)| {
                let wanted =
                    entry.label.as_ref() == Some(label) && (split.is_none() || *part == split);
                wanted.then_some((entry, looked.as_ref().ok()?))
            }))
        };
        ClassRow {
            label: label.clone(),
            all: of(None),
            splits: parts.iter().any(Option::is_some).then(|| {
                SPLITS.map(|split| SplitCount {
                    split,
                    count: of(Some(split)),
                })
            }),
        }
    };
    listed.labels.iter().map(row).collect()
}

fn count<'a>(clips: impl Iterator<Item = (&'a ClipEntry, &'a Looked)>) -> Count {
    let clips: Vec<_> = clips.collect();
    Count {
        clips: clips.len(),
        seconds: clips.iter().map(|(_, looked)| looked.seconds()).sum(),
        speakers: speakers(clips.iter().map(|&(entry, _)| entry)).len(),
    }
}
