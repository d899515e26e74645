//! The section `[data.digits]`.

use serde::{Deserialize, Serialize};

use super::accelerometer::AccelerometerConfig;
use super::difficulty::Difficulty;
use super::source::{DigitsSource, Further};
use crate::data::range::within;

/// More than a run lasts; keeps a slip of the pen from asking for all the memory.
const MOST_WINDOWS: usize = 10_000_000;

/// What of the data set can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DigitsConfig {
    /// Real recordings and handwriting, or material that the project makes itself.
    pub source: DigitsSource,
    /// What else is used for training: half of the words, half of the handwriting, each drawn by itself. Validation and
    /// test have none of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Further>,
    /// Training windows in one epoch.
    pub windows_per_epoch: usize,
    /// How long a window is, in seconds.
    pub window_seconds: f32,
    /// How hard it is to see and hear.
    pub difficulty: Difficulty,
    /// A third sensor: an accelerometer in a pen that writes the digit, `signal` in a window; none if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerometer: Option<AccelerometerConfig>,
}

impl Default for DigitsConfig {
    fn default() -> Self {
        Self {
            source: DigitsSource::Real,
            also: Vec::new(),
            windows_per_epoch: 4096,
            window_seconds: 1.28,
            difficulty: Difficulty::default(),
            accelerometer: None,
        }
    }
}

impl DigitsConfig {
    /// # Errors
    /// When a value makes no sense; the message names its key.
    pub fn check(&self) -> anyhow::Result<()> {
        within(
            "data.digits.window_seconds",
            self.window_seconds,
            0.2..=30.0,
        )?;
        let windows = 1..=MOST_WINDOWS;
        within(
            "data.digits.windows_per_epoch",
            self.windows_per_epoch,
            windows,
        )?;
        self.difficulty.check()?;
        match &self.accelerometer {
            Some(accelerometer) => accelerometer.check(),
            None => Ok(()),
        }
    }
}
