//! How windows are cut from clips.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::Augmentation;
use super::cache::Reduction;
use crate::data::range::within;

/// How long windows are, what of the clips is kept for them, how many are trained on and how they are changed then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Windows {
    /// How long a window is, in seconds, 0.05..60; it is taken from the middle of each clip. At least
    /// as long as the windows of the frontends.
    pub window_seconds: f32,
    /// Samples per second that are kept, 1,000..384,000; best the microphone frontend's own rate.
    pub sample_rate: u32,
    /// Frames per second that are kept, 0..1000; all if 0.
    pub frame_rate: f32,
    /// Longer side of the frames that are kept, in pixels, 1..4096. At least what the camera frontend
    /// cuts out of them.
    pub max_side: u32,
    /// At most this many clips of each class are trained on, drawn from the seed; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_per_class: Option<usize>,
    /// How many times an epoch goes through the training clips, each time with other changes, 1..10,000: for few clips,
    /// which would be gone through sooner than the model is validated.
    #[serde(skip_serializing_if = "is_one")]
    pub passes: usize,
    /// What training windows are changed by.
    pub augmentation: Augmentation,
}

pub(super) fn is_one(passes: &usize) -> bool {
    *passes == 1
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            window_seconds: 1.0,
            sample_rate: 16_000,
            frame_rate: 25.0,
            max_side: 128,
            most_per_class: None,
            passes: 1,
            augmentation: Augmentation::default(),
        }
    }
}

impl Windows {
    /// How long a window is.
    pub fn length(&self) -> Duration {
        Duration::from_secs_f32(self.window_seconds)
    }

    /// `section` is where the values stand in the configuration, such as `data.clips`.
    ///
    /// # Errors
    /// When a value leaves its range; the message names its key.
    pub fn check(&self, section: &str) -> Result<()> {
        let key = |name: &str| format!("{section}.{name}");
        within(&key("window_seconds"), self.window_seconds, 0.05..=60.0)?;
        within(&key("sample_rate"), self.sample_rate, 1_000..=384_000)?;
        within(&key("frame_rate"), self.frame_rate, 0.0..=1000.0)?;
        within(&key("max_side"), self.max_side, 1..=4096)?;
        within(&key("passes"), self.passes, 1..=10_000)?;
        ensure!(
            self.most_per_class != Some(0),
            "{} must be at least 1",
            key("most_per_class")
        );
        self.augmentation.check(&key("augmentation"))
    }

    /// How much of a clip is kept.
    pub(super) fn reduction(&self) -> Reduction {
        Reduction {
            sample_rate: self.sample_rate,
            frame_rate: self.frame_rate,
            max_side: self.max_side,
        }
    }

    /// How much of a clip's time is kept: a window, and as much as it may be moved either way.
    pub(super) fn wanted(&self) -> Duration {
        Duration::from_secs_f32(self.window_seconds + 2.0 * self.augmentation.shift)
    }
}
