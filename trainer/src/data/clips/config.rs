//! The `[data.clips]` section of a training configuration.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use evenkeel::clip::ClipList;
use serde::{Deserialize, Serialize};

use super::windows::is_one;
use super::{Augmentation, Layout, Listing, Windows};
use crate::data::fetch::{self, Store};
use crate::data::{digits, everyone};

/// Which clips, and how they are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipsConfig {
    /// A folder per class, or a CSV file as `evenkeel evaluate` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// In place of `path`: a collection that `evenkeel-train data get` knows, such as `grid-digits`, or `digits-of-everyone`:
    /// the collection `digits` as clips of six people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// How long a window is, in seconds, 0.05..60; it is taken from the middle of each clip. At least
    /// as long as the windows of the frontends.
    #[serde(default = "one_second")]
    pub window_seconds: f32,
    /// Samples per second that are kept, 1,000..384,000; best the microphone frontend's own rate.
    #[serde(default = "sixteen_kilohertz")]
    pub sample_rate: u32,
    /// Frames per second that are kept, 0..1000; all if 0.
    #[serde(default = "twenty_five")]
    pub frame_rate: f32,
    /// Longer side of the frames that are kept, in pixels, 1..4096. At least what the camera frontend
    /// cuts out of them.
    #[serde(default = "small")]
    pub max_side: u32,
    /// The label that means that there is nothing to recognise.
    #[serde(default = "nothing")]
    pub nothing: String,
    /// At most this many clips of each class are trained on, drawn from the seed; all if absent. To see how much more
    /// clips would help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_per_class: Option<usize>,
    /// How many times an epoch goes through the training clips, each time with other changes, 1..10,000: for few clips,
    /// which would be gone through sooner than the model is validated.
    #[serde(default = "once", skip_serializing_if = "is_one")]
    pub passes: usize,
    /// What training windows are changed by.
    #[serde(default)]
    pub augmentation: Augmentation,
}

fn one_second() -> f32 {
    Windows::default().window_seconds
}

fn sixteen_kilohertz() -> u32 {
    Windows::default().sample_rate
}

fn twenty_five() -> f32 {
    Windows::default().frame_rate
}

fn small() -> u32 {
    Windows::default().max_side
}

fn once() -> usize {
    Windows::default().passes
}

fn nothing() -> String {
    digits::NOTHING.to_owned()
}

impl Default for ClipsConfig {
    fn default() -> Self {
        Self {
            path: None,
            collection: None,
            window_seconds: one_second(),
            sample_rate: sixteen_kilohertz(),
            frame_rate: twenty_five(),
            max_side: small(),
            nothing: nothing(),
            most_per_class: None,
            passes: once(),
            augmentation: Augmentation::default(),
        }
    }
}

impl ClipsConfig {
    /// Where the clips are listed, and what to call that.
    fn source(&self, store: &Store) -> Result<(PathBuf, String)> {
        match (&self.path, &self.collection) {
            (Some(path), _) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                Ok((path.clone(), name.display().to_string()))
            }
            (None, Some(name)) if name == everyone::NAME => {
                let from = format!("{name} ({})", fetch::table::DIGITS.licence);
                Ok((everyone::clips(store)?, from))
            }
            (None, Some(name)) => {
                let collection = fetch::collection(name)?;
                let from = format!("{name} ({})", collection.licence);
                Ok((store.unpacked(collection)?, from))
            }
            (None, None) => bail!("data.clips needs a path or a collection"),
        }
    }
}

impl Layout for ClipsConfig {
    fn section(&self) -> &'static str {
        "data.clips"
    }

    fn windows(&self) -> Windows {
        Windows {
            window_seconds: self.window_seconds,
            sample_rate: self.sample_rate,
            frame_rate: self.frame_rate,
            max_side: self.max_side,
            most_per_class: self.most_per_class,
            passes: self.passes,
            augmentation: self.augmentation,
        }
    }

    fn check(&self) -> Result<()> {
        ensure!(
            self.path.is_some() != self.collection.is_some(),
            "data.clips needs either a path or a collection, and not both"
        );
        self.windows().check(self.section())
    }

    fn list(&self, store: &Store) -> Result<Listing> {
        let (root, from) = self.source(store)?;
        Ok(Listing {
            entries: ClipList::read(&root)?.entries,
            root,
            from,
            nothing: self.nothing.clone(),
            missing: Vec::new(),
            cautions: Vec::new(),
        })
    }
}
