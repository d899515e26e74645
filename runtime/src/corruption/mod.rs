//! Everything that goes wrong with a camera and a microphone, on purpose.
//!
//! A corruption is a pure function of a window, a severity and a seed. The same code makes training
//! harder, tests a model, and is switched on in a live demonstration.

mod camera;
mod microphone;
mod sources;

pub use camera::CameraCorruption;
pub use microphone::AudioCorruption;
pub use sources::{NoiseBank, NoiseError, NoiseKind, Part, Sources};

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::random;
use crate::window::{Modality, Window};

/// How bad it is, 1 (hardly noticed) to 5 (hardly anything left).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Severity(u8);

impl Severity {
    /// From the mildest to the worst.
    pub const ALL: [Severity; 5] = [
        Severity(1),
        Severity(2),
        Severity(3),
        Severity(4),
        Severity(5),
    ];
    /// The worst.
    pub const WORST: Severity = Severity(5);

    /// 1..=5.
    pub fn level(self) -> u8 {
        self.0
    }

    /// The value for this severity out of one for each, the mildest first.
    pub fn pick<T: Copy>(self, values: [T; 5]) -> T {
        values[usize::from(self.0 - 1)]
    }
}

impl TryFrom<u8> for Severity {
    type Error = String;

    fn try_from(level: u8) -> Result<Self, String> {
        if (1..=5).contains(&level) {
            Ok(Self(level))
        } else {
            Err(format!("a severity must be 1 to 5, not {level}"))
        }
    }
}

impl From<Severity> for u8 {
    fn from(severity: Severity) -> u8 {
        severity.0
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One kind of corruption; its name is `camera/…`, `audio/…` or `both/…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Corruption {
    /// Of the picture; the sound is whole.
    Camera(CameraCorruption),
    /// Of the sound; the picture is whole.
    Audio(AudioCorruption),
    /// Of both at once, by one cause.
    Both(Pair),
}

/// Causes that reach both sensors; after the correlated corruptions of AVRobustBench
/// (Maharana et al., NeurIPS 2025), with the kinds that this suite has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pair {
    /// Electronic noise in both.
    GaussianNoise,
    /// Wind shakes the camera and roars in the microphone.
    Wind,
    /// Rain on the lens and on everything else.
    Rain,
    /// People in front of the lens, all talking.
    Crowd,
    /// A processor or a bus that cannot keep up.
    Overload,
}

impl Pair {
    /// All of them.
    pub const ALL: [Pair; 5] = [
        Pair::GaussianNoise,
        Pair::Wind,
        Pair::Rain,
        Pair::Crowd,
        Pair::Overload,
    ];

    /// As in `both/wind`.
    pub fn name(self) -> &'static str {
        match self {
            Pair::GaussianNoise => "gaussian-noise",
            Pair::Wind => "wind",
            Pair::Rain => "rain",
            Pair::Crowd => "crowd",
            Pair::Overload => "overload",
        }
    }

    /// What it does to each sensor.
    pub fn parts(self) -> (CameraCorruption, AudioCorruption) {
        match self {
            Pair::GaussianNoise => (
                CameraCorruption::GaussianNoise,
                AudioCorruption::GaussianNoise,
            ),
            Pair::Wind => (CameraCorruption::MotionBlur, AudioCorruption::Wind),
            Pair::Rain => (CameraCorruption::Fog, AudioCorruption::Rain),
            Pair::Crowd => (CameraCorruption::Finger, AudioCorruption::Crowd),
            Pair::Overload => (CameraCorruption::DroppedFrames, AudioCorruption::DropOuts),
        }
    }
}

impl Corruption {
    /// All of them, those of one sensor first.
    pub fn standard() -> Vec<Corruption> {
        let camera = CameraCorruption::ALL.into_iter().map(Corruption::Camera);
        let audio = AudioCorruption::ALL.into_iter().map(Corruption::Audio);
        let both = Pair::ALL.into_iter().map(Corruption::Both);
        camera.chain(audio).chain(both).collect()
    }

    /// The one sensor that it spoils, `None` for both.
    pub fn sensor(self) -> Option<Modality> {
        match self {
            Corruption::Camera(_) => Some(Modality::Camera),
            Corruption::Audio(_) => Some(Modality::Audio),
            Corruption::Both(_) => None,
        }
    }

    /// Without the sensor, as in `fog`.
    pub fn short_name(self) -> &'static str {
        match self {
            Corruption::Camera(kind) => kind.name(),
            Corruption::Audio(kind) => kind.name(),
            Corruption::Both(pair) => pair.name(),
        }
    }

    /// The severities that differ: all five, or the worst alone where a sensor is there or is not.
    pub fn severities(self) -> &'static [Severity] {
        match self {
            Corruption::Camera(CameraCorruption::Missing)
            | Corruption::Audio(AudioCorruption::Missing) => &Severity::ALL[4..],
            _ => &Severity::ALL,
        }
    }

    /// Spoils a window of the given length; a sensor that is absent from it stays so.
    ///
    /// Equal arguments give equal windows. Other processors round a few of the numbers otherwise, by no
    /// more than a grey level or the last bits of a sample.
    pub fn apply(
        self,
        window: &mut Window,
        length: Duration,
        severity: Severity,
        seed: u64,
        sources: &Sources,
    ) {
        let stream = |part: &str| {
            let purpose = format!("corruption {self} {part}");
            random::rng(&purpose, &[seed, u64::from(severity.level())])
        };
        let (camera, audio) = match self {
            Corruption::Camera(kind) => (Some(kind), None),
            Corruption::Audio(kind) => (None, Some(kind)),
            Corruption::Both(pair) => {
                let (camera, audio) = pair.parts();
                (Some(camera), Some(audio))
            }
        };
        if let Some(kind) = camera {
            kind.apply(window, length, severity, &mut stream("camera"), sources);
        }
        if let Some(kind) = audio {
            kind.apply(window, length, severity, &mut stream("audio"), sources);
        }
    }
}

/// Turns a still picture into what a camera would have delivered over a window of this length: several
/// frames of it, each with a little noise of its own. A film stays as it is.
pub fn film(window: &mut Window, length: Duration, seed: u64) {
    camera::film(window, length, &mut random::rng("film", &[seed]));
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sensor() {
            Some(sensor) => write!(f, "{sensor}/{}", self.short_name()),
            None => write!(f, "both/{}", self.short_name()),
        }
    }
}

impl FromStr for Corruption {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Corruption::standard()
            .into_iter()
            .find(|corruption| corruption.to_string() == name)
            .ok_or_else(|| format!("there is no corruption {name:?}; `camera/fog` is one"))
    }
}

impl TryFrom<String> for Corruption {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<Corruption> for String {
    fn from(corruption: Corruption) -> String {
        corruption.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_differs() {
        let all = Corruption::standard();
        for corruption in &all {
            assert_eq!(corruption.to_string().parse(), Ok(*corruption));
        }
        let error = "camera/gremlins".parse::<Corruption>().unwrap_err();
        assert!(error.contains("gremlins"), "{error}");
    }

    #[test]
    fn severities_outside_one_to_five_are_refused() {
        assert!(Severity::try_from(0).is_err() && Severity::try_from(6).is_err());
        assert_eq!(Severity::try_from(3).unwrap().pick([1, 2, 3, 4, 5]), 3);
    }
}
