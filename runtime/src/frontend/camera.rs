//! Pictures of the size, colour and range that a camera encoder takes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::FrontendError;
use crate::window::Frame;

/// What the encoder sees of colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// Three channels: red, green, blue.
    Rgb,
    /// One channel: luma of ITU-R BT.601.
    Grey,
}

impl Colour {
    /// 3 or 1.
    pub fn channels(self) -> usize {
        match self {
            Colour::Rgb => 3,
            Colour::Grey => 1,
        }
    }
}

/// Part of a picture, as shares of its width and height from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    /// Left edge, 0..1.
    pub x: f32,
    /// Top edge, 0..1.
    pub y: f32,
    /// Width, 0..1.
    pub width: f32,
    /// Height, 0..1.
    pub height: f32,
}

/// Every parameter of the camera frontend; part of model.toml.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraConfig {
    /// Columns the encoder sees.
    pub width: u32,
    /// Rows the encoder sees.
    pub height: u32,
    /// Colour the encoder sees.
    pub colour: Colour,
    /// Frames per window, spread evenly over it.
    pub frames: usize,
    /// How long the window is over which the frames are spread, in seconds.
    pub window_seconds: f32,
    /// The part of the picture that is looked at; the whole if absent. The largest centred
    /// rectangle with the encoder's aspect ratio is cut from it before resizing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    /// Subtracted from each channel (channels scaled to 0..1).
    pub mean: Vec<f32>,
    /// Divides each channel.
    pub std: Vec<f32>,
}

impl CameraConfig {
    /// `[frames, channels, height, width]`.
    pub fn shape(&self) -> [usize; 4] {
        [
            self.frames,
            self.colour.channels(),
            self.height as usize,
            self.width as usize,
        ]
    }
}

/// Turns frames into encoder input, keeping its buffers from one window to the next.
pub struct CameraFrontend {}

impl CameraFrontend {
    /// # Errors
    /// [`FrontendError::Config`] when the parameters contradict each other.
    pub fn new(_config: &CameraConfig) -> Result<Self, FrontendError> {
        todo!()
    }

    /// The picture stack of the window that begins at `start`, `[frames, channels, height, width]`
    /// row-major: for each of the evenly spread instants, the frame nearest in time.
    pub fn picture(&mut self, _start: Duration, _frames: &[Frame]) -> Result<Vec<f32>, FrontendError> {
        todo!()
    }
}
