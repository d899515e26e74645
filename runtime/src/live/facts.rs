//! What those who look on must know of the model.

use std::time::Duration;

use serde::Serialize;

use crate::frontend::{CameraConfig, Crop};
use crate::package::Manifest;
use crate::window::PerSensor;

/// The facts of a model that views show, and need to read a [`Moment`](super::Moment).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// The model's name.
    pub model: String,
    /// Its version.
    pub version: String,
    /// What it can recognise, in the order of the probabilities.
    pub labels: Vec<String>,
    /// Which of the labels means that there is nothing to recognise, if one does.
    pub nothing: Option<String>,
    /// Which sensors it has.
    pub sensors: PerSensor<bool>,
    /// Rows of [`Moment::mel`](super::Moment::mel); 0 without a microphone.
    pub mel_bands: usize,
    /// From one column of the mel patch to the next; zero without a microphone.
    #[serde(skip)]
    pub mel_column: Duration,
    /// The part of the picture that the model sees; `None` without a camera.
    pub looked_at: Option<Looked>,
}

/// The part of the picture that the encoder sees: the largest centred rectangle of this shape inside the crop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Looked {
    /// Shares of the picture, 0..1.
    pub crop: Crop,
    /// Width over height.
    pub aspect: f32,
}

impl From<&CameraConfig> for Looked {
    fn from(camera: &CameraConfig) -> Self {
        const WHOLE: Crop = Crop {
            x: 0.0,
            y: 0.0,
            width: 1.0,
            height: 1.0,
        };
        Self {
            crop: camera.crop.unwrap_or(WHOLE),
            aspect: camera.width as f32 / camera.height as f32,
        }
    }
}

impl From<&Manifest> for Facts {
    fn from(manifest: &Manifest) -> Self {
        let audio = manifest.audio.as_ref();
        Self {
            model: manifest.name.clone(),
            version: manifest.version.clone(),
            labels: manifest.labels.clone(),
            nothing: manifest.nothing.clone(),
            sensors: PerSensor::pair(audio.is_some(), manifest.camera.is_some()),
            mel_bands: audio.map_or(0, |audio| audio.mel_bands),
            mel_column: audio.map_or(Duration::ZERO, |audio| {
                audio.sample_rate.duration_of(audio.hop_samples)
            }),
            looked_at: manifest.camera.as_ref().map(Looked::from),
        }
    }
}
