//! The frontend of one sensor, whatever its kind.

use std::time::Duration;

use super::{
    AudioConfig, AudioFrontend, CameraConfig, CameraFrontend, FrontendError, SignalConfig,
    SignalFrontend,
};
use crate::window::{Modality, PerSensor, Window};

/// A sensor's section of model.toml.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SensorConfig<'a> {
    /// Of a microphone.
    Audio(&'a AudioConfig),
    /// Of a camera.
    Camera(&'a CameraConfig),
    /// Of a sensor of numbers.
    Signal(&'a SignalConfig),
}

/// The sections of all sensors that a model has.
pub type SensorConfigs<'a> = PerSensor<Option<SensorConfig<'a>>>;

impl SensorConfig<'_> {
    /// How long the sensor's window lasts.
    pub fn window_duration(&self) -> Duration {
        match self {
            SensorConfig::Audio(config) => config.window_duration(),
            SensorConfig::Camera(config) => Duration::from_secs_f32(config.window_seconds),
            SensorConfig::Signal(config) => config.window_duration(),
        }
    }

    /// What its frontend gives, as `[pictures, channels, rows, columns]`: a log-mel patch is one
    /// picture of one channel, numbers are one picture of a single row.
    pub fn shape(&self) -> [usize; 4] {
        match self {
            SensorConfig::Audio(config) => {
                let [bands, frames] = config.shape();
                [1, 1, bands, frames]
            }
            SensorConfig::Camera(config) => config.shape(),
            SensorConfig::Signal(config) => {
                let [channels, samples] = config.shape();
                [1, channels, 1, samples]
            }
        }
    }
}

/// The frontend of one sensor.
pub(crate) enum SensorFrontend {
    Audio(Box<AudioFrontend>),
    Camera(Box<CameraFrontend>),
    Signal(SignalFrontend),
}

impl SensorFrontend {
    pub fn new(modality: Modality, config: SensorConfig<'_>) -> Result<Self, FrontendError> {
        Ok(match config {
            SensorConfig::Audio(config) => Self::Audio(Box::new(AudioFrontend::new(config)?)),
            SensorConfig::Camera(config) => Self::Camera(Box::new(CameraFrontend::new(config)?)),
            SensorConfig::Signal(config) => Self::Signal(SignalFrontend::new(modality, config)?),
        })
    }

    /// The features of the sensor's part of a window; `None` where it gave nothing.
    pub fn features(
        &mut self,
        modality: Modality,
        window: &Window,
    ) -> Result<Option<Vec<f32>>, FrontendError> {
        let start = window.start;
        match self {
            Self::Audio(frontend) => window
                .sound_of(modality)
                .map(|sound| frontend.log_mel(start, sound))
                .transpose(),
            Self::Camera(frontend) => match window.frames_of(modality) {
                [] => Ok(None),
                frames => frontend.picture(start, frames).map(Some),
            },
            Self::Signal(frontend) => window
                .signal_of(modality)
                .map(|signal| frontend.features(start, signal))
                .transpose(),
        }
    }
}
