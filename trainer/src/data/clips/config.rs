//! The `[data.clips]` section of a training configuration.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::Augmentation;
use crate::data::digits;
use crate::data::range::within;

/// Which clips, and how they are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipsConfig {
    /// A folder per class, or a CSV file as `evenkeel evaluate` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// In place of `path`: a collection that `evenkeel-train data get` knows, such as `grid-digits`.
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
    /// What training windows are changed by.
    #[serde(default)]
    pub augmentation: Augmentation,
}

fn one_second() -> f32 {
    1.0
}

fn sixteen_kilohertz() -> u32 {
    16_000
}

fn twenty_five() -> f32 {
    25.0
}

fn small() -> u32 {
    128
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
            augmentation: Augmentation::default(),
        }
    }
}

impl ClipsConfig {
    /// # Errors
    /// When there is no source or two, or a value leaves its range; the message names its key.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.path.is_some() != self.collection.is_some(),
            "data.clips needs either a path or a collection, and not both"
        );
        within(
            "data.clips.window_seconds",
            self.window_seconds,
            0.05..=60.0,
        )?;
        within("data.clips.sample_rate", self.sample_rate, 1_000..=384_000)?;
        within("data.clips.frame_rate", self.frame_rate, 0.0..=1000.0)?;
        within("data.clips.max_side", self.max_side, 1..=4096)?;
        ensure!(
            self.most_per_class != Some(0),
            "data.clips.most_per_class must be at least 1"
        );
        self.augmentation.check()
    }
}
