//! How often a model is run on live sensors.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Manifest;

/// How often a model answers, and how often its camera encoder runs; part of model.toml.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Seconds from one answer to the next, 0.01..60; the audio encoder runs for each. An eighth of the
    /// window if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_seconds: Option<f32>,
    /// The camera encoder runs for every so many answers, 1..1000.
    pub camera_every: NonZeroU32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            hop_seconds: None,
            camera_every: NonZeroU32::MIN,
        }
    }
}

/// Rarer than anybody looks.
const MOST_EVERY: u32 = 1000;
/// Times are whole multiples of this, so that they fall on samples at all usual rates.
const GRID: Duration = Duration::from_millis(20);

impl Rates {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Says in half a sentence what makes no sense, if anything does.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(hop) = self.hop_seconds
            && !(0.01..=60.0).contains(&hop)
        {
            return Err(format!("rates.hop_seconds must be 0.01 to 60, not {hop}"));
        }
        if self.camera_every.get() > MOST_EVERY {
            return Err(format!(
                "rates.camera_every must be 1 to {MOST_EVERY}, not {}",
                self.camera_every
            ));
        }
        Ok(())
    }
}

impl Manifest {
    /// Time from one answer to the next on live sensors.
    pub fn hop(&self) -> Duration {
        match self.rates.hop_seconds {
            Some(seconds) => Duration::from_micros((f64::from(seconds) * 1e6).round() as u64),
            None => {
                let steps = self.window_duration().as_millis() / 8 / GRID.as_millis();
                GRID * (steps as u32).max(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::example;

    #[test]
    fn without_a_word_there_is_an_answer_every_eighth_of_a_window() {
        let mut manifest = example::manifest();
        let audio = manifest.audio.as_mut().unwrap();
        audio.window_samples = audio.sample_rate.samples_in(Duration::from_millis(1280));
        manifest.camera.as_mut().unwrap().window_seconds = 1.28;
        assert_eq!(manifest.hop(), Duration::from_millis(160));
        manifest.rates.hop_seconds = Some(0.1);
        assert_eq!(manifest.hop(), Duration::from_millis(100));
    }

    #[test]
    fn senseless_rates_are_named() {
        let rates = |text: &str| toml::from_str::<Rates>(text).unwrap().check();
        assert_eq!(rates(""), Ok(()));
        assert!(
            rates("hop_seconds = 0.0")
                .unwrap_err()
                .contains("rates.hop_seconds")
        );
        assert!(
            rates("camera_every = 5000")
                .unwrap_err()
                .contains("rates.camera_every")
        );
        assert!(toml::from_str::<Rates>("camera_every = 0").is_err());
    }
}
