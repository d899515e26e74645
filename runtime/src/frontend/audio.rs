//! Log-mel spectrogram of a window of sound.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::FrontendError;
use crate::window::{SampleRate, Sound};

/// Every parameter of the log-mel frontend; part of model.toml.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudioConfig {
    /// The rate the model hears at; any input rate is resampled to it.
    pub sample_rate: SampleRate,
    /// Samples in a window, at `sample_rate`.
    pub window_samples: usize,
    /// Samples in one Hann-windowed analysis frame.
    pub frame_samples: usize,
    /// Samples from one analysis frame to the next.
    pub hop_samples: usize,
    /// Points of the Fourier transform, at least `frame_samples`; the frame is padded with zeros.
    pub fft_size: usize,
    /// Mel bands.
    pub mel_bands: usize,
    /// Lower edge of the lowest band, Hz.
    pub min_hz: f32,
    /// Upper edge of the highest band, Hz, at most half of `sample_rate`.
    pub max_hz: f32,
    /// Added to the mel power before the natural logarithm, so that silence is finite.
    pub log_floor: f32,
    /// Subtracted from the log power.
    pub mean: f32,
    /// Divides what is left.
    pub std: f32,
}

impl AudioConfig {
    /// `[mel_bands, frames]` of the patch; frames lie wholly inside the window (no padding).
    pub fn shape(&self) -> [usize; 2] {
        let frames = (self.window_samples.saturating_sub(self.frame_samples)) / self.hop_samples + 1;
        [self.mel_bands, frames]
    }

    /// How long a window lasts.
    pub fn window_duration(&self) -> Duration {
        self.sample_rate.duration_of(self.window_samples)
    }
}

/// Turns sound into log-mel patches, keeping its plans and buffers from one window to the next.
pub struct AudioFrontend {}

impl AudioFrontend {
    /// # Errors
    /// [`FrontendError::Config`] when the parameters contradict each other.
    pub fn new(_config: &AudioConfig) -> Result<Self, FrontendError> {
        todo!()
    }

    /// The patch of the window that begins at `start`, `[mel_bands, frames]` row-major.
    ///
    /// Sound that begins later or ends earlier than the window is padded with silence.
    pub fn log_mel(&mut self, _start: Duration, _sound: &Sound) -> Result<Vec<f32>, FrontendError> {
        todo!()
    }
}
