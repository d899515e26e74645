//! Which sensors a model can have.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A sensor's place in a model: eight of them, named alike in every file (`audio`, `signal2`, …).
///
/// A microphone and a camera are the plain case; the other places are for models that have more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// A microphone.
    Audio,
    /// A camera.
    Camera,
    /// A sensor of numbers, such as an accelerometer.
    Signal,
    /// A second microphone.
    Audio2,
    /// A second camera.
    Camera2,
    /// A second sensor of numbers.
    Signal2,
    /// A third one.
    Signal3,
    /// A fourth one.
    Signal4,
}

/// What a sensor gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Pictures.
    Camera,
    /// Numbers at a steady rate, in one or more channels.
    Signal,
}

impl Modality {
    /// All, in the order in which every graph, file and table of the project lists them.
    pub const ALL: [Modality; 8] = [
        Modality::Audio,
        Modality::Camera,
        Modality::Signal,
        Modality::Audio2,
        Modality::Camera2,
        Modality::Signal2,
        Modality::Signal3,
        Modality::Signal4,
    ];

    /// Those that are read from hardware, in the same order.
    pub const LIVE: [Modality; 2] = [Modality::Audio, Modality::Camera];

    /// Those beyond a microphone and a camera, in the same order.
    pub const FURTHER: [Modality; 6] = [
        Modality::Signal,
        Modality::Audio2,
        Modality::Camera2,
        Modality::Signal2,
        Modality::Signal3,
        Modality::Signal4,
    ];

    /// What it gives.
    pub fn kind(self) -> Kind {
        match self {
            Modality::Audio | Modality::Audio2 => Kind::Audio,
            Modality::Camera | Modality::Camera2 => Kind::Camera,
            Modality::Signal | Modality::Signal2 | Modality::Signal3 | Modality::Signal4 => {
                Kind::Signal
            }
        }
    }

    /// The sensor as people call it.
    pub fn sensor_name(self) -> &'static str {
        match self {
            Modality::Audio => "microphone",
            Modality::Camera => "camera",
            Modality::Signal => "signal",
            Modality::Audio2 => "second microphone",
            Modality::Camera2 => "second camera",
            Modality::Signal2 => "second signal",
            Modality::Signal3 => "third signal",
            Modality::Signal4 => "fourth signal",
        }
    }

    /// What it is called in files: `audio`, `camera`, `signal`, `audio2` and so on.
    pub fn id(self) -> &'static str {
        match self {
            Modality::Audio => "audio",
            Modality::Camera => "camera",
            Modality::Signal => "signal",
            Modality::Audio2 => "audio2",
            Modality::Camera2 => "camera2",
            Modality::Signal2 => "signal2",
            Modality::Signal3 => "signal3",
            Modality::Signal4 => "signal4",
        }
    }

    /// The sensor of this [`Self::id`].
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|modality| modality.id() == id)
    }
}

impl fmt::Display for Modality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
