//! What the sensors saw and heard: time-stamped sound and frames, cut into windows.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One of the two kinds of sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// A microphone.
    Audio,
    /// A camera.
    Camera,
}

impl Modality {
    /// Both, in the order in which every graph, file and table of the project lists them.
    pub const ALL: [Modality; 2] = [Modality::Audio, Modality::Camera];

    /// The sensor as people call it.
    pub fn sensor_name(self) -> &'static str {
        match self {
            Modality::Audio => "microphone",
            Modality::Camera => "camera",
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Modality::Audio => Modality::Camera,
            Modality::Camera => Modality::Audio,
        }
    }
}

impl fmt::Display for Modality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Modality::Audio => "audio",
            Modality::Camera => "camera",
        })
    }
}

/// One value for each sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PerSensor<T> {
    /// The microphone's.
    pub audio: T,
    /// The camera's.
    pub camera: T,
}

impl<T> PerSensor<T> {
    /// Builds both values from their modality.
    pub fn from_fn(mut f: impl FnMut(Modality) -> T) -> Self {
        Self {
            audio: f(Modality::Audio),
            camera: f(Modality::Camera),
        }
    }

    /// Both values, changed.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> PerSensor<U> {
        PerSensor {
            audio: f(self.audio),
            camera: f(self.camera),
        }
    }
}

impl<T> std::ops::Index<Modality> for PerSensor<T> {
    type Output = T;

    fn index(&self, modality: Modality) -> &T {
        match modality {
            Modality::Audio => &self.audio,
            Modality::Camera => &self.camera,
        }
    }
}

impl<T> std::ops::IndexMut<Modality> for PerSensor<T> {
    fn index_mut(&mut self, modality: Modality) -> &mut T {
        match modality {
            Modality::Audio => &mut self.audio,
            Modality::Camera => &mut self.camera,
        }
    }
}

/// A sample rate that no recording has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its sample rate is {0} Hz, and must be {least} to {most} Hz", least = RECORDED.start(), most = RECORDED.end())]
pub struct RateError(u32);

/// Rates that recordings have: from those of slow sensors to four times the fastest of studios.
const RECORDED: std::ops::RangeInclusive<u32> = 100..=768_000;

/// Samples per second, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleRate(NonZeroU32);

impl SampleRate {
    /// `hz` samples per second; `None` for zero.
    pub const fn new(hz: u32) -> Option<Self> {
        match NonZeroU32::new(hz) {
            Some(hz) => Some(Self(hz)),
            None => None,
        }
    }

    /// The rate that a file claims. One that no recording has is a mistake or an attack, and
    /// converting from it would take absurd amounts of memory.
    ///
    /// # Errors
    /// [`RateError`] outside 100 Hz to 768 kHz.
    pub fn recorded(hz: u32) -> Result<Self, RateError> {
        Self::new(hz)
            .filter(|_| RECORDED.contains(&hz))
            .ok_or(RateError(hz))
    }

    /// Samples per second.
    pub const fn hz(self) -> u32 {
        self.0.get()
    }

    /// How many whole samples fit in `duration`, rounded to the nearest.
    pub fn samples_in(self, duration: Duration) -> usize {
        (duration.as_secs_f64() * f64::from(self.hz())).round() as usize
    }

    /// How long `samples` samples last.
    pub fn duration_of(self, samples: usize) -> Duration {
        Duration::from_secs_f64(samples as f64 / f64::from(self.hz()))
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.hz())
    }
}

/// Mono sound, full scale −1..1.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// When the first sample was taken, on the clock of the recording or of the machine.
    pub start: Duration,
    /// Samples per second.
    pub rate: SampleRate,
    /// The samples, −1..1.
    pub samples: Vec<f32>,
}

impl Sound {
    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        self.rate.duration_of(self.samples.len())
    }
}

/// One picture: RGB, 8 bits a channel, rows from the top, no padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// When it was taken, on the same clock as the sound.
    pub time: Duration,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `3 * width * height` bytes.
    pub rgb: Vec<u8>,
}

/// What both sensors took in over one stretch of time.
///
/// A sensor that gave nothing is absent: no sound, or no frames. Either is a state the whole
/// runtime answers in; both at once is for the caller to report as "no sensor".
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Window {
    /// When the window begins.
    pub start: Duration,
    /// The sound, if the microphone gave any.
    pub sound: Option<Sound>,
    /// The frames in order of time, empty if the camera gave none.
    pub frames: Vec<Frame>,
}

impl Window {
    /// Memory that its samples and pixels take, bytes.
    pub fn bytes(&self) -> usize {
        let samples = self.sound.as_ref().map_or(0, |sound| sound.samples.len());
        let pixels: usize = self.frames.iter().map(|frame| frame.rgb.len()).sum();
        size_of::<f32>() * samples + pixels
    }

    /// Which sensors gave something.
    pub fn present(&self) -> PerSensor<bool> {
        PerSensor {
            audio: self.sound.is_some(),
            camera: !self.frames.is_empty(),
        }
    }
}
