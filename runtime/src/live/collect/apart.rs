//! Who must not be in training and in the test at once.

use std::collections::{BTreeMap, BTreeSet};

use super::shelf::Shelved;

/// What is never split apart, by what there is to split. docs/data.md says how groups are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// Each speaker is one group: nobody of the test is met in training.
    Speakers,
    /// Each sitting is one group: the test is another time, with people who are known.
    Sittings,
    /// There are no groups: clips of one sitting are in training and in the test.
    Nothing,
}

/// Training, validation and test need one each.
const GROUPS: usize = 3;

impl Apart {
    /// Speakers as soon as three of them have a clip of every class, else sittings, likewise.
    pub fn of(clips: &[Shelved]) -> Self {
        let classes: BTreeSet<_> = clips.iter().map(|clip| &clip.label).collect();
        let complete = |group: &dyn Fn(&Shelved) -> String| {
            let mut classes_of: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
            for clip in clips {
                classes_of
                    .entry(group(clip))
                    .or_default()
                    .insert(&clip.label);
            }
            let all = classes_of.values().filter(|found| **found == classes);
            all.count() >= GROUPS
        };
        if complete(&|clip| clip.speaker.to_string()) {
            Apart::Speakers
        } else if complete(&sitting) {
            Apart::Sittings
        } else {
            Apart::Nothing
        }
    }

    /// The group of a clip; none if there are no groups.
    pub fn group(self, clip: &Shelved) -> String {
        match self {
            Apart::Speakers => clip.speaker.to_string(),
            Apart::Sittings => sitting(clip),
            Apart::Nothing => String::new(),
        }
    }

    /// What follows for the figures that will be measured, and what to do.
    pub fn sentence(self) -> &'static str {
        match self {
            Apart::Speakers => "clips are split by speaker: nobody of the test is met in training",
            Apart::Sittings => {
                "clips are split by sitting: the test holds the same people at another time, so its figures say \
                 nothing about strangers; record three speakers with every class for that (--speaker)"
            }
            Apart::Nothing => {
                "clips are split one by one: the test holds the people and the sitting of the training, and its \
                 figures will flatter; record three speakers with every class (--speaker), or at least three sittings"
            }
        }
    }
}

fn sitting(clip: &Shelved) -> String {
    format!("{} {}", clip.speaker, clip.sitting)
}
