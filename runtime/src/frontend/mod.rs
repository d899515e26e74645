//! From a window to what the encoders take: a log-mel patch, a normalised picture, evenly spaced numbers.
//!
//! The trainer and the board run this same code.

mod audio;
mod camera;
mod mel;
mod resample;
mod sensor;
mod signal;

pub use audio::{AudioConfig, AudioFrontend};
pub use camera::{CameraConfig, CameraFrontend, Colour, Crop};
pub use mel::MelScale;
pub use resample::resample;
pub(crate) use sensor::SensorFrontend;
pub use sensor::{SensorConfig, SensorConfigs};
pub use signal::{SignalConfig, SignalFrontend};

use std::time::Duration;

use crate::window::{Modality, PerSensor, SampleRate, Window};

/// Shorter ones hold no word and no gesture, and would cut a clip into millions.
const SHORTEST_WINDOW: Duration = Duration::from_millis(10);

/// What the encoders take, `None` for a sensor that is absent from the window or the model.
///
/// Audio is `[mel_bands, frames]` row-major ([`AudioConfig::shape`]); camera is
/// `[frames, channels, height, width]` row-major ([`CameraConfig::shape`]); a signal is
/// `[channels, samples]` row-major ([`SignalConfig::shape`]).
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
    /// Readings with another number of channels.
    #[error(
        "the {modality} sensor gives {found} channels where the model takes {expected}; give it the \
         channels that the model was trained with"
    )]
    Channels {
        /// Which sensor.
        modality: Modality,
        /// Channels of the model.
        expected: usize,
        /// Channels there.
        found: usize,
    },
    /// Readings that are none: not finite, at times that do not rise, or too few numbers.
    #[error("the {modality} sensor's readings are not finite numbers at rising times")]
    BrokenSignal {
        /// Which sensor.
        modality: Modality,
    },
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

/// The frontends of one model.
pub struct Frontend {
    sensors: PerSensor<Option<SensorFrontend>>,
}

impl Frontend {
    /// Frontends for the sensors a model has.
    ///
    /// # Errors
    /// [`FrontendError::Config`] when a configuration makes no sense.
    pub fn new(configs: &SensorConfigs) -> Result<Self, FrontendError> {
        let sensors = PerSensor::try_from_fn(|modality| {
            configs[modality]
                .map(|config| SensorFrontend::new(modality, config))
                .transpose()
        })?;
        Ok(Self { sensors })
    }

    /// The features of one window; a sensor absent from the window or the model gives `None`.
    ///
    /// # Errors
    /// When the window's contents are broken ([`FrontendError::FrameSize`], [`FrontendError::NotFinite`]).
    pub fn features(&mut self, window: &Window) -> Result<Features, FrontendError> {
        PerSensor::try_from_fn(|modality| match &mut self.sensors[modality] {
            Some(frontend) => frontend.features(modality, window),
            None => Ok(None),
        })
    }

    /// Each sensor's own, for working on several at the same time.
    pub(crate) fn sensors(&mut self) -> &mut PerSensor<Option<SensorFrontend>> {
        &mut self.sensors
    }
}
