//! CREMA-D (Cao, Cooper, Keutmann, Gur, Nenkova, Verma 2014, "CREMA-D: Crowd-sourced Emotional
//! Multimodal Actors Dataset"): 7,442 clips of 91 actors who speak twelve sentences in six emotions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use evenkeel::clip::{ClipEntry, ClipSource};
use serde::{Deserialize, Serialize};

use super::table::Table;
use super::{clip, contents, stem};
use crate::data::clips::{Layout, Listing, Windows};
use crate::data::digits::NOTHING;
use crate::data::fetch::Store;

/// The six emotions, as they stand in the names of the files.
const EMOTIONS: [(&str, &str); 6] = [
    ("ANG", "anger"),
    ("DIS", "disgust"),
    ("FEA", "fear"),
    ("HAP", "happiness"),
    ("NEU", "neutral"),
    ("SAD", "sadness"),
];

/// The section `[data.cremad]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CremadConfig {
    /// The folder that holds `AudioWAV` and `VideoFlash`.
    pub path: PathBuf,
    /// The split that the field copies. Without it clips are split by actor, drawn from the seed: 70 %
    /// for training, 15 % for validation, 15 % for testing, and nobody is in two of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub official: Option<CremadLists>,
    /// How windows are cut from the clips.
    #[serde(default)]
    pub windows: Windows,
}

/// Lists such as `train.csv` and `test.csv` of OGM-GE (Peng et al. 2022): no header, and in each row
/// the name of a clip and its emotion. They share actors. Validation clips are drawn from those for training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CremadLists {
    /// Clips for training and validation.
    pub train: PathBuf,
    /// Clips for testing.
    pub test: PathBuf,
}

impl CremadConfig {
    /// The paths of this section.
    pub fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let lists = self.official.iter_mut();
        std::iter::once(&mut self.path).chain(lists.flat_map(|l| [&mut l.train, &mut l.test]))
    }
}

impl Layout for CremadConfig {
    fn section(&self) -> &'static str {
        "data.cremad.windows"
    }

    fn windows(&self) -> Windows {
        self.windows
    }

    fn list(&self, _store: &Store) -> Result<Listing> {
        let mut files = Files::find(&self.path)?;
        let mut missing = Vec::new();
        let mut cautions = files.caution();
        let entries = match &self.official {
            None => files.all(&mut missing),
            Some(lists) => {
                let mut entries = Vec::new();
                for (list, split) in [(&lists.train, "train"), (&lists.test, "test")] {
                    entries.extend(files.listed(list, split, &mut missing)?);
                }
                cautions.push("the official split of CREMA-D shares its actors between training and test; [data.cremad] without `official` keeps them apart".to_owned());
                entries
            }
        };
        ensure!(
            !entries.is_empty(),
            "{}: no clip has both its sound in AudioWAV and its video in VideoFlash",
            self.path.display()
        );
        Ok(Listing {
            root: self.path.clone(),
            from: "CREMA-D".to_owned(),
            entries,
            nothing: NOTHING.to_owned(),
            missing,
            cautions,
        })
    }
}

/// The files of the data set, by the names of the clips.
struct Files {
    /// Sound and video, as far as they are there.
    clips: BTreeMap<String, [Option<PathBuf>; 2]>,
    /// Clips that were listed so far, and where.
    taken: BTreeMap<String, &'static str>,
    /// Files that are not named as clips are.
    others: Vec<PathBuf>,
}

impl Files {
    fn find(root: &Path) -> Result<Self> {
        let mut files = Self {
            clips: BTreeMap::new(),
            taken: BTreeMap::new(),
            others: Vec::new(),
        };
        for (which, folder) in ["AudioWAV", "VideoFlash"].into_iter().enumerate() {
            let folder = contents(&root.join(folder)).context(
                "[data.cremad] needs the folder of CREMA-D, with AudioWAV and VideoFlash in it",
            )?;
            for path in folder {
                let name = stem(&path);
                if Name::parse(&name).is_some() {
                    files.clips.entry(name).or_default()[which] = Some(path);
                } else {
                    files.others.push(path);
                }
            }
        }
        Ok(files)
    }

    fn caution(&self) -> Vec<String> {
        let first = self.others.first().map(|first| {
            format!(
                "files that are not named like 1001_DFA_ANG_XX are left out: {}, the first {}",
                self.others.len(),
                first.display()
            )
        });
        first.into_iter().collect()
    }

    /// Every clip there is, in groups by actor.
    fn all(&self, missing: &mut Vec<String>) -> Vec<ClipEntry> {
        let mut entries = Vec::new();
        for name in self.clips.keys() {
            let Some(parsed) = Name::parse(name) else {
                continue;
            };
            match self.entry(name, &parsed) {
                Ok(entry) => entries.push(ClipEntry {
                    group: entry.speaker.clone(),
                    ..entry
                }),
                Err(reason) => missing.push(reason),
            }
        }
        entries
    }

    /// The clips of a list.
    fn listed(
        &mut self,
        list: &Path,
        split: &'static str,
        missing: &mut Vec<String>,
    ) -> Result<Vec<ClipEntry>> {
        let table = Table::read(list, b',')?;
        let mut entries = Vec::new();
        for row in &table.rows {
            let (name, label) = (table.cell(row, 0)?, table.cell(row, 1)?);
            let Some(parsed) = Name::parse(name) else {
                return Err(table.at(
                    row,
                    format!(
                        "{name:?} is no clip of CREMA-D; it should be like 1001_DFA_ANG_XX,ANG"
                    ),
                ));
            };
            if parsed.emotion.0 != label {
                return Err(table.at(
                    row,
                    format!("{name} is of {}, not of {label:?}", parsed.emotion.0),
                ));
            }
            if let Some(other) = self.taken.insert(name.to_owned(), split) {
                return Err(table.at(
                    row,
                    format!("{name} is in the list for {other} before; take it out of one"),
                ));
            }
            match self.entry(name, &parsed) {
                Ok(entry) => entries.push(ClipEntry {
                    split: Some(split.to_owned()),
                    ..entry
                }),
                Err(reason) => missing.push(reason),
            }
        }
        Ok(entries)
    }

    /// A clip of both its files, or which of them is not there.
    fn entry(&self, name: &str, parsed: &Name) -> Result<ClipEntry, String> {
        let (sound, picture) = match self.clips.get(name) {
            Some([Some(sound), Some(picture)]) => (sound, picture),
            Some([Some(_), None]) => return Err(format!("VideoFlash/{name}.flv")),
            _ => return Err(format!("AudioWAV/{name}.wav")),
        };
        let source = ClipSource::Separate {
            sound: Some(sound.clone()),
            picture: Some(picture.clone()),
        };
        Ok(ClipEntry {
            speaker: Some(parsed.actor.to_owned()),
            ..clip(name.to_owned(), source, parsed.emotion.1)
        })
    }
}

/// What the name of a clip says, such as `1001_DFA_ANG_XX`.
struct Name<'a> {
    /// Four digits.
    actor: &'a str,
    /// Its short and its long name.
    emotion: (&'static str, &'static str),
}

impl<'a> Name<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let parts: Vec<&str> = name.split('_').collect();
        let [actor, _sentence, emotion, _level] = parts[..] else {
            return None;
        };
        let is_actor = actor.len() == 4 && actor.bytes().all(|byte| byte.is_ascii_digit());
        let emotion = EMOTIONS.into_iter().find(|(short, _)| *short == emotion)?;
        is_actor.then_some(Self { actor, emotion })
    }
}
