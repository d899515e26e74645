//! From a window to what the encoders take: a log-mel patch and a normalised picture.
//!
//! The trainer and the board run this same code.

mod audio;
mod camera;
mod mel;
mod resample;

pub use audio::{AudioConfig, AudioFrontend};
pub use camera::{CameraConfig, CameraFrontend, Colour, Crop};
pub use mel::MelScale;
pub use resample::resample;

use std::time::Duration;

use crate::window::{Modality, PerSensor, SampleRate, Window};

/// Shorter ones hold no word and no gesture, and would cut a clip into millions.
const SHORTEST_WINDOW: Duration = Duration::from_millis(10);

/// What the encoders take, `None` for a sensor that is absent from the window or the model.
///
/// Audio is `[mel_bands, frames]` row-major ([`AudioConfig::shape`]); camera is
/// `[frames, channels, height, width]` row-major ([`CameraConfig::shape`]).
pub type Features = PerSensor<Option<Vec<f32>>>;

/// Why a window could not be turned into features.
#[derive(Debug, thiserror::Error, Clone, PartialEq)]
pub enum FrontendError {
    /// A configuration that no frontend can be built from.
    #[error("the {modality} frontend cannot be built: {what}")]
    Config {
        /// Which frontend.
        modality: Modality,
        /// What is wrong and what would be right.
        what: String,
    },
    /// A frame whose bytes do not fit its size.
    #[error("a frame of {width}×{height} must have {expected} bytes, not {found}")]
    FrameSize {
        /// Columns said.
        width: u32,
        /// Rows said.
        height: u32,
        /// Bytes that size needs.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
    /// A frame without a single pixel.
    #[error("a frame of {width}×{height} has no pixels")]
    EmptyFrame {
        /// Columns said.
        width: u32,
        /// Rows said.
        height: u32,
    },
    /// No frame to choose from.
    #[error("the window holds no frame")]
    NoFrames,
    /// Sound whose samples are not finite numbers.
    #[error("the sound holds a sample that is not a finite number")]
    NotFinite,
    /// Sound that would take too much memory at another rate.
    #[error(
        "the sound would have {samples} samples at {rate}, too many to convert at once; cut it into \
         shorter pieces or take a lower rate"
    )]
    TooLong {
        /// Samples after the conversion.
        samples: u128,
        /// The rate converted to.
        rate: SampleRate,
    },
}

/// Both frontends of one model.
pub struct Frontend {
    audio: Option<AudioFrontend>,
    camera: Option<CameraFrontend>,
}

impl Frontend {
    /// Frontends for the sensors a model has.
    ///
    /// # Errors
    /// [`FrontendError::Config`] when a configuration makes no sense.
    pub fn new(
        audio: Option<&AudioConfig>,
        camera: Option<&CameraConfig>,
    ) -> Result<Self, FrontendError> {
        Ok(Self {
            audio: audio.map(AudioFrontend::new).transpose()?,
            camera: camera.map(CameraFrontend::new).transpose()?,
        })
    }

    /// The features of one window; a sensor absent from the window or the model gives `None`.
    ///
    /// # Errors
    /// When the window's contents are broken ([`FrontendError::FrameSize`], [`FrontendError::NotFinite`]).
    pub fn features(&mut self, window: &Window) -> Result<Features, FrontendError> {
        let (audio, camera) = self.halves();
        Ok(Features {
            audio: audio.features(window)?,
            camera: camera.features(window)?,
        })
    }

    /// Each sensor's own, for working on both at the same time.
    pub(crate) fn halves(&mut self) -> (AudioHalf<'_>, CameraHalf<'_>) {
        (
            AudioHalf(self.audio.as_mut()),
            CameraHalf(self.camera.as_mut()),
        )
    }
}

/// The microphone's part of a [`Frontend`].
pub(crate) struct AudioHalf<'a>(Option<&'a mut AudioFrontend>);

impl AudioHalf<'_> {
    /// See [`Frontend::features`].
    pub fn features(self, window: &Window) -> Result<Option<Vec<f32>>, FrontendError> {
        match (self.0, &window.sound) {
            (Some(frontend), Some(sound)) => frontend.log_mel(window.start, sound).map(Some),
            _ => Ok(None),
        }
    }
}

/// The camera's part of a [`Frontend`].
pub(crate) struct CameraHalf<'a>(Option<&'a mut CameraFrontend>);

impl CameraHalf<'_> {
    /// See [`Frontend::features`].
    pub fn features(self, window: &Window) -> Result<Option<Vec<f32>>, FrontendError> {
        match self.0 {
            Some(frontend) if !window.frames.is_empty() => {
                frontend.picture(window.start, &window.frames).map(Some)
            }
            _ => Ok(None),
        }
    }
}
