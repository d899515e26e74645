//! Everything that goes wrong with a camera, a microphone and other sensors, on purpose.
//!
//! A corruption is a pure function of a window, a severity and a seed. The same code makes training
//! harder, tests a model, and is switched on in a live demonstration.

mod camera;
mod microphone;
mod signal;
mod sources;

pub use camera::CameraCorruption;
pub use microphone::AudioCorruption;
pub use signal::SignalCorruption;
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

/// One kind of corruption; its name is `camera/…`, `audio/…` or `both/…`, or for further sensors `signal/…`,
/// `audio2/…` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Corruption {
    /// Of the picture; the sound is whole.
    Camera(CameraCorruption),
    /// Of the sound; the picture is whole.
    Audio(AudioCorruption),
    /// Of both at once, by one cause.
    Both(Pair),
    /// Of the sensor of numbers; all else is whole.
    Signal(SignalCorruption),
    /// Of the second sound.
    Audio2(AudioCorruption),
    /// Of the second picture.
    Camera2(CameraCorruption),
    /// Of the second sensor of numbers.
    Signal2(SignalCorruption),
    /// Of the third.
    Signal3(SignalCorruption),
    /// Of the fourth.
    Signal4(SignalCorruption),
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
    /// All of a microphone and a camera, those of one sensor first.
    pub fn standard() -> Vec<Corruption> {
        let camera = CameraCorruption::ALL.into_iter().map(Corruption::Camera);
        let audio = AudioCorruption::ALL.into_iter().map(Corruption::Audio);
        let both = Pair::ALL.into_iter().map(Corruption::Both);
        camera.chain(audio).chain(both).collect()
    }

    /// [`Self::standard`], and all of each of these further sensors behind it.
    pub fn standard_with(further: impl IntoIterator<Item = Modality>) -> Vec<Corruption> {
        let mut all = Self::standard();
        all.extend(further.into_iter().flat_map(Self::of_further));
        all
    }

    /// All of one sensor beyond a microphone and a camera.
    fn of_further(sensor: Modality) -> Vec<Corruption> {
        let signals = |make: fn(SignalCorruption) -> Corruption| {
            SignalCorruption::ALL.into_iter().map(make).collect()
        };
        match sensor {
            Modality::Audio | Modality::Camera => Vec::new(),
            Modality::Signal => signals(Corruption::Signal),
            Modality::Signal2 => signals(Corruption::Signal2),
            Modality::Signal3 => signals(Corruption::Signal3),
            Modality::Signal4 => signals(Corruption::Signal4),
            Modality::Audio2 => AudioCorruption::ALL
                .into_iter()
                .map(Corruption::Audio2)
                .collect(),
            Modality::Camera2 => CameraCorruption::ALL
                .into_iter()
                .map(Corruption::Camera2)
                .collect(),
        }
    }

    /// The one sensor that it spoils, `None` for both.
    pub fn sensor(self) -> Option<Modality> {
        match self {
            Corruption::Camera(_) => Some(Modality::Camera),
            Corruption::Audio(_) => Some(Modality::Audio),
            Corruption::Both(_) => None,
            Corruption::Signal(_) => Some(Modality::Signal),
            Corruption::Audio2(_) => Some(Modality::Audio2),
            Corruption::Camera2(_) => Some(Modality::Camera2),
            Corruption::Signal2(_) => Some(Modality::Signal2),
            Corruption::Signal3(_) => Some(Modality::Signal3),
            Corruption::Signal4(_) => Some(Modality::Signal4),
        }
    }

    /// Without the sensor, as in `fog`.
    pub fn short_name(self) -> &'static str {
        match self {
            Corruption::Camera(kind) | Corruption::Camera2(kind) => kind.name(),
            Corruption::Audio(kind) | Corruption::Audio2(kind) => kind.name(),
            Corruption::Both(pair) => pair.name(),
            Corruption::Signal(kind)
            | Corruption::Signal2(kind)
            | Corruption::Signal3(kind)
            | Corruption::Signal4(kind) => kind.name(),
        }
    }

    /// The severities that differ: all five, or the worst alone where a sensor is there or is not.
    pub fn severities(self) -> &'static [Severity] {
        match self {
            Corruption::Camera(CameraCorruption::Missing)
            | Corruption::Camera2(CameraCorruption::Missing)
            | Corruption::Audio(AudioCorruption::Missing)
            | Corruption::Audio2(AudioCorruption::Missing)
            | Corruption::Signal(SignalCorruption::Missing)
            | Corruption::Signal2(SignalCorruption::Missing)
            | Corruption::Signal3(SignalCorruption::Missing)
            | Corruption::Signal4(SignalCorruption::Missing) => &Severity::ALL[4..],
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
        let picture = |window: &mut Window, kind: CameraCorruption| {
            kind.apply(window, length, severity, &mut stream("camera"), sources);
        };
        let sound = |window: &mut Window, kind: AudioCorruption| {
            kind.apply(window, length, severity, &mut stream("audio"), sources);
        };
        match self {
            Corruption::Camera(kind) => picture(window, kind),
            Corruption::Audio(kind) => sound(window, kind),
            Corruption::Both(pair) => {
                let (camera, audio) = pair.parts();
                picture(window, camera);
                sound(window, audio);
            }
            Corruption::Camera2(kind) => {
                std::mem::swap(&mut window.frames, &mut window.further.frames);
                picture(window, kind);
                std::mem::swap(&mut window.frames, &mut window.further.frames);
            }
            Corruption::Audio2(kind) => {
                std::mem::swap(&mut window.sound, &mut window.further.sound);
                sound(window, kind);
                std::mem::swap(&mut window.sound, &mut window.further.sound);
            }
            Corruption::Signal(kind)
            | Corruption::Signal2(kind)
            | Corruption::Signal3(kind)
            | Corruption::Signal4(kind) => {
                let times = (window.start, length);
                let readings = self.sensor().and_then(|sensor| window.signal_mut(sensor));
                if let Some(readings) = readings {
                    kind.apply(readings, times, severity, &mut stream("signal"));
                }
            }
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
        Corruption::standard_with(Modality::FURTHER)
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
mod tests;
