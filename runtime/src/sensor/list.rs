//! Which cameras and microphones are there.

use serde::Serialize;

use super::SensorError;

/// Devices that were found, and what was wrong with others.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// In the order of their numbers.
    pub devices: Vec<T>,
    /// Why others cannot be used, or none can.
    pub problems: Vec<SensorError>,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self {
            devices: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// A camera.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CameraInfo {
    /// Its device file, as in `/dev/video0`.
    pub node: String,
    /// What it calls itself.
    pub name: String,
    /// A link to its device file that stays when it gets another number.
    pub link: Option<String>,
    /// What it offers.
    pub formats: Vec<CameraFormat>,
}

/// A format that a camera offers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CameraFormat {
    /// Four letters, as in `YUYV`.
    pub format: String,
    /// The driver's words for it.
    pub description: String,
    /// Whether it can be read here.
    pub usable: bool,
    /// Sizes of pictures.
    pub sizes: Vec<CameraSize>,
    /// Whether there are only two sizes listed, and any between them can be had.
    pub any_between: bool,
}

/// A size of pictures that a camera offers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CameraSize {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames per second, the fastest first; none if the camera does not tell.
    pub rates: Vec<f64>,
}

/// A microphone, or anything else that sound can be captured from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MicrophoneInfo {
    /// Its place in this list.
    pub index: usize,
    /// What it calls itself.
    pub name: String,
    /// ALSA's name of it, as in `hw:CARD=Device,DEV=0`.
    pub id: String,
    /// Samples per second that it offers, as pairs of the lowest and the highest of a range.
    pub rates: Vec<(u32, u32)>,
    /// How many channels it offers.
    pub channels: Vec<u16>,
    /// Why it cannot be used now, such as that somebody else uses it.
    pub problem: Option<String>,
}

/// All cameras that the kernel shows as V4L2 devices.
#[cfg(feature = "sensors")]
pub fn cameras() -> Found<CameraInfo> {
    super::camera::list()
}

/// All that sound can be captured from.
#[cfg(feature = "sensors")]
pub fn microphones() -> Found<MicrophoneInfo> {
    super::microphone::list()
}

/// None: this program was built without them.
#[cfg(not(feature = "sensors"))]
pub fn cameras() -> Found<CameraInfo> {
    none()
}

/// None: this program was built without them.
#[cfg(not(feature = "sensors"))]
pub fn microphones() -> Found<MicrophoneInfo> {
    none()
}

#[cfg(not(feature = "sensors"))]
fn none<T>() -> Found<T> {
    Found {
        devices: Vec::new(),
        problems: vec![super::named::without()],
    }
}
