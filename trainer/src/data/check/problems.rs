//! Finds what is wrong with clips that were looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use evenkeel::clip::ClipEntry;
use evenkeel::window::Modality;

use super::look::{Looked, Seen, files};
use super::problem::{Kind, Problem};
use super::twins;
use crate::data::Split;
use crate::data::clips::Listed;

/// A clip may be so much shorter than the window: a word's end, not a word.
const SHORT: f64 = 0.9;
/// A rate or size is odd if no more than this share of the clips has it.
const ODD: f64 = 0.2;

/// What is known of all clips; the slices have one element for each.
pub struct Findings<'a> {
    /// The clips.
    pub listed: &'a Listed,
    /// What they are like.
    pub looked: &'a [Seen],
    /// Which split each is in; `None` where they cannot be split.
    pub parts: &'a [Option<Split>],
    /// How long a training window is.
    pub length: Duration,
    /// Why training would not begin, if so.
    pub refusal: Option<String>,
}

impl Findings<'_> {
    /// All problems, the worst first.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = [
            self.unreadable(),
            self.refused(),
            self.missing(),
            self.caution(),
            self.short(),
            self.speakers_apart(),
            self.no_speakers(),
            self.list_unused(),
            self.few(),
            self.unequal(),
        ]
        .into_iter()
        .flatten()
        .chain(self.twins())
        .chain(self.unwell())
        .chain(self.absent())
        .chain(self.not_measured())
        .chain(self.odd(Kind::OddRate, "sample rate", "Hz", |looked| {
            looked.description.sample_rate
        }))
        .chain(self.odd(Kind::OddSize, "longer side", "pixels", |looked| {
            looked.description.longer_side
        }))
        .collect();
        problems.sort_by_key(|problem| problem.kind);
        problems
    }

    /// Clips that can be read, with their places in the list.
    pub(super) fn readable(&self) -> impl Iterator<Item = (usize, &ClipEntry, &Looked)> {
        let clips = self.listed.entries.iter().zip(self.looked).enumerate();
        clips.filter_map(|(at, (entry, looked))| Some((at, entry, looked.as_ref().ok()?)))
    }

    /// How many clips of a class, in all or in one split, can be read.
    pub(super) fn count(&self, label: &String, split: Option<Split>) -> usize {
        let wanted = |&(at, entry, _): &(usize, &ClipEntry, &Looked)| {
            entry.label.as_ref() == Some(label) && (split.is_none() || self.parts[at] == split)
        };
        self.readable().filter(wanted).count()
    }

    fn name(&self, at: usize) -> String {
        let entry = &self.listed.entries[at];
        match self.parts[at] {
            Some(split) => format!("{} ({split})", entry.name),
            None => entry.name.clone(),
        }
    }

    fn unreadable(&self) -> Option<Problem> {
        let reasons: Vec<String> = self
            .looked
            .iter()
            .filter_map(|looked| looked.as_ref().err().cloned())
            .collect();
        problem(
            Kind::Unreadable,
            |clips| format!("{clips} cannot be read"),
            "Mend them as each line says, or take them out: they are left out of the training.",
            reasons,
        )
    }

    fn refused(&self) -> Option<Problem> {
        let reason = self.refusal.clone()?;
        Some(Problem {
            kind: Kind::Refused,
            title: "training would not begin".to_owned(),
            advice: "Do as the line says; `fit` ends with the same sentence.",
            clips: vec![reason],
        })
    }

    fn missing(&self) -> Option<Problem> {
        problem(
            Kind::Missing,
            |clips| format!("{clips} of the list are not there"),
            "Get them, or say with every figure how many were missing.",
            self.listed.missing.clone(),
        )
    }

    fn caution(&self) -> Option<Problem> {
        let lines = self.listed.cautions.clone();
        (!lines.is_empty()).then(|| Problem {
            kind: Kind::Caution,
            title: "this data set has something to know about it".to_owned(),
            advice: "Say it with every figure; the model's card says it too.",
            clips: lines,
        })
    }

    /// Sets of clips that hold the same.
    fn twins(&self) -> Vec<Problem> {
        let mut exact: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
        for (at, _, looked) in self.readable() {
            exact.entry(&looked.content).or_default().push(at);
        }
        let mut sets: Vec<(Vec<usize>, &str)> = exact
            .into_values()
            .filter(|set| set.len() > 1)
            .map(|set| (set, "byte for byte the same"))
            .collect();
        let known: BTreeSet<usize> = sets
            .iter()
            .flat_map(|(set, _)| &set[1..])
            .copied()
            .collect();
        let prints = self
            .readable()
            // Of exact duplicates one is enough to look for others that are like them.
            .filter(|(at, ..)| !known.contains(at))
            .map(|(at, _, looked)| (at, looked.sound.as_ref(), looked.pictures.as_ref()));
        let mut pairs = twins::pairs(prints);
        // Clips that somebody cut out of one file share it on purpose, and are never split apart.
        let file_names = |at: usize| files(&self.listed.entries[at]);
        pairs.retain(|&(one, other), _| {
            file_names(one)
                .iter()
                .all(|file| !file_names(other).contains(file))
        });
        sets.extend(joined(&pairs));

        let several = |set: &[usize], of: &dyn Fn(usize) -> Option<String>| {
            set.iter()
                .filter_map(|&at| of(at))
                .collect::<BTreeSet<_>>()
                .len()
                > 1
        };
        let split = |at: usize| self.parts[at].map(|split| split.to_string());
        let label = |at: usize| self.listed.entries[at].label.clone();
        let (mut leaks, mut two_labels, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for (set, what) in &sets {
            let names: Vec<String> = set.iter().map(|&at| self.name(at)).collect();
            let line = format!("{}: {what}", some_of(&names));
            if several(set, &split) {
                leaks.push(line);
            } else if several(set, &label) {
                two_labels.push(line);
            } else {
                others.push(line);
            }
        }
        [
            problem(
                Kind::Leak,
                |_| "the same clips are in several splits: the test would measure what was learnt by heart".to_owned(),
                "Keep one of each, or give them the same `group`, so that they stay in one split.",
                leaks,
            ),
            problem(
                Kind::TwoLabels,
                |_| "the same clips are in several classes".to_owned(),
                "Keep each clip in the class that it belongs to.",
                two_labels,
            ),
            problem(
                Kind::Duplicate,
                |_| "the same clips are there more than once".to_owned(),
                "Keep one of each; others count as if there were more to learn from than there is.",
                others,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn short(&self) -> Option<Problem> {
        let short = |looked: &Looked| {
            !looked.duration.is_zero() && looked.seconds() < SHORT * self.length.as_secs_f64()
        };
        let lines = self
            .readable()
            .filter(|(.., looked)| short(looked))
            .map(|(at, _, looked)| format!("{}: {:.2} s", self.name(at), looked.seconds()))
            .collect();
        let window = self.length.as_secs_f32();
        problem(
            Kind::Short,
            |clips| format!("{clips} last less than the window of {window} s"),
            "Record longer clips, or make `window_seconds` smaller; what is missing is filled up with silence.",
            lines,
        )
    }

    /// One problem for each sensor and reason.
    fn unwell(&self) -> Vec<Problem> {
        let mut lines: BTreeMap<(Modality, &str), Vec<String>> = BTreeMap::new();
        for (at, _, looked) in self.readable() {
            for modality in Modality::ALL {
                if let Some(reason) = looked.health[modality].and_then(|health| health.reason) {
                    let line = format!("{}: {reason}", self.name(at));
                    lines.entry((modality, reason.id())).or_default().push(line);
                }
            }
        }
        let problems = lines.into_iter().filter_map(|((modality, reason), lines)| {
            let sensor = modality.sensor_name();
            problem(
                Kind::Unwell,
                |clips| format!("{clips} in which the {sensor} is not well: {reason}"),
                "Record them again; see that nothing covers the lens, and that the level stays below full scale.",
                lines,
            )
        });
        problems.collect()
    }

    /// One problem for each sensor that is not in all clips.
    fn absent(&self) -> Vec<Problem> {
        let missing = |modality: Modality| {
            let lacks =
                |(_, _, looked): &(usize, &ClipEntry, &Looked)| looked.health[modality].is_none();
            let lines: Vec<String> = self
                .readable()
                .filter(lacks)
                .map(|(at, ..)| self.name(at))
                .collect();
            // All without sound are clips for a camera alone.
            if lines.len() == self.readable().count() {
                return None;
            }
            let what = match modality {
                Modality::Audio => "sound",
                Modality::Camera => "picture",
                further => further.sensor_name(),
            };
            problem(
                Kind::Absent,
                |clips| format!("{clips} without {what}, which others have"),
                "Fine if that is meant: they train the other sensor alone.",
                lines,
            )
        };
        Modality::ALL.into_iter().filter_map(missing).collect()
    }

    /// One problem if clips were recorded in another way than the others.
    fn odd(
        &self,
        kind: Kind,
        what: &str,
        unit: &str,
        value: impl Fn(&Looked) -> Option<u32>,
    ) -> Option<Problem> {
        let mut clips: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (at, _, looked) in self.readable() {
            if let Some(value) = value(looked) {
                clips.entry(value).or_default().push(at);
            }
        }
        let all: usize = clips.values().map(Vec::len).sum();
        let usual = clips
            .iter()
            .max_by_key(|(_, clips)| clips.len())
            .map(|(&value, _)| value)?;
        clips.retain(|&value, clips| value != usual && clips.len() as f64 <= ODD * all as f64);
        let lines = clips
            .iter()
            .flat_map(|(value, clips)| clips.iter().map(move |&at| (at, value)))
            .map(|(at, value)| format!("{}: {value} {unit}", self.name(at)))
            .collect();
        problem(
            kind,
            |clips| format!("{clips} with another {what} than the usual {usual} {unit}"),
            "Fine if the board will meet such recordings too; else a class may be known by its recorder.",
            lines,
        )
    }
}

/// A problem with these lines, `None` without any; `title` is told how many there are, as in "3 clips".
pub(super) fn problem(
    kind: Kind,
    title: impl FnOnce(&str) -> String,
    advice: &'static str,
    clips: Vec<String>,
) -> Option<Problem> {
    let count = match clips.len() {
        0 => return None,
        1 => "1 clip".to_owned(),
        several => format!("{several} clips"),
    };
    Some(Problem {
        kind,
        title: title(&count),
        advice,
        clips,
    })
}

/// The first few of many names.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = names[..names.len().min(SHOWN)].join(" = ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Sets of clips that are connected by pairs, and by what the first of their pairs is.
fn joined(pairs: &twins::Pairs) -> Vec<(Vec<usize>, &'static str)> {
    let mut sets: Vec<(BTreeSet<usize>, &'static str)> = Vec::new();
    for (&(one, other), &what) in pairs {
        let mut set = (BTreeSet::from([one, other]), what);
        sets.retain(|(others, what)| {
            let apart = others.is_disjoint(&set.0);
            if !apart {
                set.0.extend(others);
                set.1 = what;
            }
            apart
        });
        sets.push(set);
    }
    sets.into_iter()
        .map(|(set, what)| (set.into_iter().collect(), what))
        .collect()
}
