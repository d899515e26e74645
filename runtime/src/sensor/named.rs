//! The sensors that a user names.

use std::sync::Arc;

use super::camera::{CameraWish, PipedCamera, RawFormat};
use super::{Sensor, SensorError};
use crate::window::SampleRate;

/// The camera that `spec` means: a device file as `/dev/video0`, a number, a stable link, or part of a name; the
/// first there is if it is absent. It is looked for each time that it is opened.
///
/// # Errors
/// When this program was built without cameras.
#[cfg(feature = "sensors")]
pub fn camera(spec: Option<&str>, wish: CameraWish) -> Result<Arc<dyn Sensor>, SensorError> {
    Ok(Arc::new(super::camera::V4l2Camera::new(spec, wish)))
}

/// The microphone that `spec` means: its place in the list of `evenkeel devices`, ALSA's name of it as
/// `hw:CARD=Device,DEV=0`, or part of its name; the default if it is absent. It is looked for each time that it is
/// opened, and asked for `wanted` samples per second or the next more.
///
/// # Errors
/// When this program was built without microphones.
#[cfg(feature = "sensors")]
pub fn microphone(spec: Option<&str>, wanted: SampleRate) -> Result<Arc<dyn Sensor>, SensorError> {
    Ok(Arc::new(super::microphone::Microphone::new(spec, wanted)))
}

/// The camera that `spec` means.
///
/// # Errors
/// Always: this program was built without cameras.
#[cfg(not(feature = "sensors"))]
pub fn camera(_: Option<&str>, _: CameraWish) -> Result<Arc<dyn Sensor>, SensorError> {
    Err(without())
}

/// The microphone that `spec` means.
///
/// # Errors
/// Always: this program was built without microphones.
#[cfg(not(feature = "sensors"))]
pub fn microphone(_: Option<&str>, _: SampleRate) -> Result<Arc<dyn Sensor>, SensorError> {
    Err(without())
}

#[cfg(not(feature = "sensors"))]
pub(super) fn without() -> SensorError {
    SensorError::new(
        super::Trouble::Unfit,
        "this program was built without cameras and microphones; build it with the feature `sensors`",
    )
}

/// A camera behind a command of the shell that writes pictures to its standard output: JPEGs one after the other, or
/// raw ones of this format.
pub fn piped_camera(command: &str, raw: Option<RawFormat>, wish: CameraWish) -> Arc<dyn Sensor> {
    Arc::new(PipedCamera::new(command, raw, wish))
}
