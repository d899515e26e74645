//! Finds what is wrong with how clips are spread over classes, splits and people.

use std::collections::{BTreeMap, BTreeSet};

use super::problem::{Kind, Problem};
use super::problems::{Findings, problem};
use super::{SPLITS, speaker};
use crate::data::Split;
use crate::data::render::LIST;

/// With fewer clips to learn from a class is hardly learnt.
const FEW: usize = 10;
/// A class may have so many times the clips of another.
const UNEQUAL: usize = 3;

impl Findings<'_> {
    pub(super) fn speakers_apart(&self) -> Option<Problem> {
        let mut splits: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (at, entry, _) in self.readable() {
            if let (Some(speaker), Some(split)) = (speaker(entry), self.parts[at]) {
                splits.entry(speaker).or_default().insert(split as usize);
            }
        }
        let lines = splits
            .into_iter()
            .filter(|(_, splits)| splits.len() > 1)
            .map(|(speaker, splits)| {
                let names = splits.into_iter().map(|split| SPLITS[split].to_string());
                let splits: Vec<String> = names.collect();
                format!("{speaker}: {}", splits.join(", "))
            })
            .collect();
        problem(
            Kind::SpeakerApart,
            |_| {
                "the same people are in several splits: the figures do not hold for strangers"
                    .to_owned()
            },
            "Record three people or more, each of them every class, and name them in the column `group`.",
            lines,
        )
    }

    pub(super) fn no_speakers(&self) -> Option<Problem> {
        let nobody = self
            .readable()
            .all(|(_, entry, _)| speaker(entry).is_none());
        (nobody && self.parts.iter().any(Option::is_some)).then(|| Problem {
            kind: Kind::NoSpeakers,
            title: "nobody says who is in the clips: the test may hold people of the training"
                .to_owned(),
            advice: "List the clips in a CSV file with a column `group`, which says who speaks.",
            clips: Vec::new(),
        })
    }

    pub(super) fn list_unused(&self) -> Option<Problem> {
        let list = self.listed.root.join(LIST);
        list.is_file().then(|| Problem {
            kind: Kind::ListUnused,
            title: format!("{} lists these clips, and is not used", list.display()),
            advice: "Give the list in place of the folder; speakers and splits are in it.",
            clips: Vec::new(),
        })
    }

    pub(super) fn few(&self) -> Option<Problem> {
        let split = self
            .parts
            .iter()
            .any(Option::is_some)
            .then_some(Split::Train);
        let lines = self
            .listed
            .labels
            .iter()
            .map(|label| (label, self.count(label, split)))
            .filter(|&(_, count)| count < FEW)
            .map(|(label, count)| format!("{label}: {count}"))
            .collect();
        problem(
            Kind::FewClips,
            |clips| {
                format!(
                    "{} with fewer than {FEW} clips to learn from",
                    classes(clips)
                )
            },
            "Record more of them: 20 of each class are a beginning.",
            lines,
        )
    }

    pub(super) fn unequal(&self) -> Option<Problem> {
        let mut counts: Vec<(usize, &String)> = self
            .listed
            .labels
            .iter()
            .map(|label| (self.count(label, None), label))
            .collect();
        counts.sort();
        let (&(fewest, small), &(most, large)) = (counts.first()?, counts.last()?);
        (most > UNEQUAL * fewest).then(|| Problem {
            kind: Kind::Unequal,
            title: format!(
                "the classes are of unequal size: {most} clips of {large:?}, {fewest} of {small:?}"
            ),
            advice: "Record more of the small ones; a model answers what it met most.",
            clips: Vec::new(),
        })
    }

    /// One problem for each of validation and test that lacks classes. Training refuses where it does.
    pub(super) fn not_measured(&self) -> Vec<Problem> {
        if self.parts.iter().all(Option::is_none) {
            return Vec::new();
        }
        let lacking = |split: Split| {
            let lacks = |label: &&String| self.count(label, Some(split)) == 0;
            let lines = self.listed.labels.iter().filter(lacks).cloned().collect();
            problem(
                Kind::NotMeasured,
                |clips| format!("{} without a clip in the {split} split", classes(clips)),
                "Record more of them, or more groups: what is not in there is not measured.",
                lines,
            )
        };
        SPLITS[1..].iter().copied().filter_map(lacking).collect()
    }
}

/// "3 clips" as classes.
fn classes(clips: &str) -> String {
    clips.replace("clips", "classes").replace("clip", "class")
}
