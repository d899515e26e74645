//! Why a sensor gives nothing.

use serde::Serialize;

/// What kind of trouble a sensor is in, and so what to expect of opening it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// There is no such device now; it may be plugged in later.
    NotFound,
    /// Somebody else uses it; it may be free later.
    Busy,
    /// This user may not use it.
    Denied,
    /// It cannot give what is needed, or is no camera or microphone at all; trying again is no use
    /// until it is another device.
    Unfit,
    /// It was there and has gone.
    Gone,
    /// It is there and gives nothing.
    Stalled,
    /// It gives more than can be taken in time.
    Overrun,
    /// A clip or a command has come to its end.
    Ended,
    /// The driver says something else.
    Broken,
}

/// One clear sentence about a sensor: what, where, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SensorError {
    /// What kind of trouble.
    pub trouble: Trouble,
    /// The sentence.
    pub message: String,
}

impl SensorError {
    /// With a sentence that names the device and what to do.
    pub fn new(trouble: Trouble, message: impl Into<String>) -> Self {
        Self {
            trouble,
            message: message.into(),
        }
    }
}
