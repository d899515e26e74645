//! What the sensors saw, heard and measured: time-stamped sound, frames and numbers, cut into windows.

mod attention;
mod modality;
mod per_sensor;
mod signal;

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use attention::Attention;
pub use modality::{Kind, Modality};
pub use per_sensor::PerSensor;
pub use signal::Signal;

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

/// What the sensors beyond a microphone and a camera gave; each is absent where it gave nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Further {
    /// The second microphone's sound.
    pub sound: Option<Sound>,
    /// The second camera's frames in order of time.
    pub frames: Vec<Frame>,
    /// The readings of `signal`, `signal2`, `signal3` and `signal4`.
    pub signals: [Option<Signal>; 4],
}

/// What the sensors took in over one stretch of time.
///
/// A sensor that gave nothing is absent: no sound, no frames, no readings. Each is a state the whole
/// runtime answers in; all at once are for the caller to report as "no sensor".
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Window {
    /// When the window begins.
    pub start: Duration,
    /// The sound, if the microphone gave any.
    pub sound: Option<Sound>,
    /// The frames in order of time, empty if the camera gave none.
    pub frames: Vec<Frame>,
    /// What other sensors gave.
    pub further: Further,
}

impl Window {
    /// The sound of a microphone; `None` for other kinds of sensor, and where it gave nothing.
    pub fn sound_of(&self, modality: Modality) -> Option<&Sound> {
        match modality {
            Modality::Audio => self.sound.as_ref(),
            Modality::Audio2 => self.further.sound.as_ref(),
            _ => None,
        }
    }

    /// The frames of a camera; none for other kinds of sensor, and where it gave nothing.
    pub fn frames_of(&self, modality: Modality) -> &[Frame] {
        match modality {
            Modality::Camera => &self.frames,
            Modality::Camera2 => &self.further.frames,
            _ => &[],
        }
    }

    /// The readings of a sensor of numbers; `None` for other kinds of sensor, and where it gave nothing.
    pub fn signal_of(&self, modality: Modality) -> Option<&Signal> {
        let place = signal_place(modality)?;
        self.further.signals[place].as_ref()
    }

    /// The place of a microphone's sound, to be filled, changed or emptied; `None` for other kinds.
    pub fn sound_mut(&mut self, modality: Modality) -> Option<&mut Option<Sound>> {
        match modality {
            Modality::Audio => Some(&mut self.sound),
            Modality::Audio2 => Some(&mut self.further.sound),
            _ => None,
        }
    }

    /// The place of a camera's frames, to be filled, changed or emptied; `None` for other kinds.
    pub fn frames_mut(&mut self, modality: Modality) -> Option<&mut Vec<Frame>> {
        match modality {
            Modality::Camera => Some(&mut self.frames),
            Modality::Camera2 => Some(&mut self.further.frames),
            _ => None,
        }
    }

    /// The place of a sensor's readings, to be filled, changed or emptied; `None` for other kinds.
    pub fn signal_mut(&mut self, modality: Modality) -> Option<&mut Option<Signal>> {
        let place = signal_place(modality)?;
        Some(&mut self.further.signals[place])
    }

    /// Takes away what a sensor gave.
    pub fn lose(&mut self, modality: Modality) {
        self.take_over(modality, &mut Window::default());
    }

    /// Replaces what a sensor gave by what it gave in another window, which then lacks it.
    pub fn take_over(&mut self, modality: Modality, other: &mut Window) {
        if let (Some(own), Some(others)) = (self.sound_mut(modality), other.sound_mut(modality)) {
            *own = others.take();
        }
        if let (Some(own), Some(others)) = (self.frames_mut(modality), other.frames_mut(modality)) {
            *own = std::mem::take(others);
        }
        if let (Some(own), Some(others)) = (self.signal_mut(modality), other.signal_mut(modality)) {
            *own = others.take();
        }
    }

    /// Memory that its samples, pixels and readings take, bytes.
    pub fn bytes(&self) -> usize {
        let of = |modality: Modality| {
            let samples = self.sound_of(modality).map_or(0, |s| s.samples.len());
            let pixels: usize = self.frames_of(modality).iter().map(|f| f.rgb.len()).sum();
            let numbers = self.signal_of(modality).map_or(0, |s| s.values.len());
            size_of::<f32>() * (samples + numbers) + pixels
        };
        Modality::ALL.into_iter().map(of).sum()
    }

    /// Which sensors gave something.
    pub fn present(&self) -> PerSensor<bool> {
        PerSensor::from_fn(|modality| {
            self.sound_of(modality).is_some()
                || !self.frames_of(modality).is_empty()
                || self.signal_of(modality).is_some()
        })
    }
}

/// Where in [`Further::signals`] a sensor's readings are.
pub(crate) fn signal_place(modality: Modality) -> Option<usize> {
    match modality {
        Modality::Signal => Some(0),
        Modality::Signal2 => Some(1),
        Modality::Signal3 => Some(2),
        Modality::Signal4 => Some(3),
        _ => None,
    }
}
