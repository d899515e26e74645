//! Is the camera well, is the microphone well, is any other sensor? One score and one reason for each, at every window.
//!
//! A sensor's condition is read off a few cheap statistics of what it gave: how bright, how sharp,
//! how noisy, how much of it at the limits, how long without any change. A [`Calibration`] notes
//! which values they take on clean recordings; a [`Monitor`] says how far outside a window is. What
//! needs no comparison (nothing arrived, a frozen picture, digital silence, samples at full scale,
//! all black) is judged without a calibration too.
//!
//! It finds what spoils the signal itself. What is only hard to recognise (somebody else talking, an
//! echo, a picture upside down) looks and sounds like a sensor that is well.

mod calibration;
mod camera;
mod fingerprint;
mod hum;
mod judge;
mod limits;
mod microphone;
mod picture;
mod reason;
mod signal;
mod sound;
mod statistic;
mod sums;
#[cfg(test)]
mod tests;

pub use calibration::Calibration;
pub use limits::{AudioLimits, CameraLimits, HealthConfig, Limits, SignalLimits};
pub use picture::picture_fingerprint;
pub use reason::Reason;
pub use statistic::{AudioStatistic, CameraStatistic, SignalStatistic};

use serde::Serialize;

use crate::frontend::{SensorConfig, SensorConfigs};
use crate::window::{Modality, PerSensor, Window};
use camera::CameraGauge;
use judge::Judge;
use microphone::MicrophoneGauge;
use signal::SignalGauge;
use sound::Heard;
use statistic::Statistic;

/// Seconds from which on a piece that is missing is called silence.
const LONG_DROP_OUT: f32 = 0.3;

/// A sensor's condition over one window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Health {
    /// 0 (dead) to 1 (well). The worst of the sensor's statistics decides.
    pub score: f32,
    /// What is wrong; `None` for a sensor that is well, with a score of 0.5 or more.
    pub reason: Option<Reason>,
}

/// Nothing came from the sensor, or there is none.
impl Default for Health {
    fn default() -> Self {
        Self::MISSING
    }
}

impl Health {
    /// Below this score a sensor is called sick.
    pub const SICK_BELOW: f32 = 0.5;
    /// The least score of a signal that is bad, however bad, as long as there is one: a model that was
    /// trained on bad signals may still make something of it. Lower scores mean that nothing is left.
    pub const BAD: f32 = 0.3;
    /// Nothing to complain about.
    pub const WELL: Health = Health {
        score: 1.0,
        reason: None,
    };
    /// The sensor gave nothing.
    pub const MISSING: Health = Health {
        score: 0.0,
        reason: Some(Reason::Missing),
    };

    /// The score is 0.5 or more.
    pub fn is_well(&self) -> bool {
        self.score >= Self::SICK_BELOW
    }
}

/// Judges the windows of one recording or one live set of sensors, in order of time.
///
/// It remembers what the sensors gave before, so that a picture that has not changed for three
/// windows is frozen for that long. Windows may overlap: a frame is known by its time, and is not looked at again, unless
/// [`Monitor::expect_changes`] says otherwise. A window that does not begin after the last one begins something new, as [`Monitor::reset`] does.
#[derive(Debug, Clone)]
pub struct Monitor {
    watches: PerSensor<Watch>,
}

/// What judges one sensor.
#[derive(Debug, Clone)]
enum Watch {
    Camera(CameraGauge, Judge<CameraStatistic>),
    Microphone(MicrophoneGauge, Judge<AudioStatistic>),
    Signal(SignalGauge, Judge<SignalStatistic>),
}

impl Watch {
    fn camera(limits: Option<&CameraLimits>) -> Self {
        Self::Camera(CameraGauge::default(), Judge::new(limits))
    }

    fn microphone(limits: Option<&AudioLimits>) -> Self {
        Self::Microphone(MicrophoneGauge::default(), Judge::new(limits))
    }

    fn signal(limits: Option<&SignalLimits>) -> Self {
        Self::Signal(SignalGauge::default(), Judge::new(limits))
    }

    fn check(&mut self, modality: Modality, window: &Window) -> Health {
        let start = window.start;
        match self {
            Watch::Camera(gauge, judge) => {
                let seen = gauge.read(start, window.frames_of(modality));
                seen.map_or(Health::MISSING, |readings| judge.verdict(&readings))
            }
            Watch::Microphone(gauge, judge) => {
                let heard = gauge.read(start, window.sound_of(modality));
                heard.map_or(Health::MISSING, |heard| heard_health(&heard, judge))
            }
            Watch::Signal(gauge, judge) => {
                let measured = gauge.read(start, window.signal_of(modality));
                measured.map_or(Health::MISSING, |readings| judge.verdict(&readings))
            }
        }
    }
}

impl Monitor {
    /// With the limits of `config`. What is not in there is judged only as far as no comparison is
    /// needed.
    pub fn new(config: &HealthConfig) -> Self {
        let watches = PerSensor::from_fn(|modality| match modality {
            Modality::Audio => Watch::microphone(config.audio.as_ref()),
            Modality::Camera => Watch::camera(config.camera.as_ref()),
            Modality::Signal => Watch::signal(config.signal.as_ref()),
            Modality::Audio2 => Watch::microphone(config.audio2.as_ref()),
            Modality::Camera2 => Watch::camera(config.camera2.as_ref()),
            Modality::Signal2 => Watch::signal(config.signal2.as_ref()),
            Modality::Signal3 => Watch::signal(config.signal3.as_ref()),
            Modality::Signal4 => Watch::signal(config.signal4.as_ref()),
        });
        Self { watches }
    }

    /// Reads numbers in units of the spread that their sensor's section states, as [`Calibration::of`]
    /// does for the limits.
    pub fn with_scales(mut self, configs: &SensorConfigs) -> Self {
        for (modality, watch) in self.watches.iter_mut() {
            if let (Watch::Signal(gauge, _), Some(SensorConfig::Signal(config))) =
                (watch, configs[modality])
            {
                gauge.scale(config);
            }
        }
        self
    }

    /// Whether the pictures of the windows from now on may differ from those of other windows at the same times, as they do where
    /// windows overlap and are spoilt each by itself: then pictures are compared, too. Not so at first.
    pub fn expect_changes(&mut self, expected: bool) {
        for (_, watch) in self.watches.iter_mut() {
            if let Watch::Camera(gauge, _) = watch {
                gauge.expect_changes(expected);
            }
        }
    }

    /// How each sensor was over `window`.
    pub fn check(&mut self, window: &Window) -> PerSensor<Health> {
        PerSensor::from_fn(|modality| self.watches[modality].check(modality, window))
    }

    /// Forgets what came before: the next window is of another recording.
    pub fn reset(&mut self) {
        for (_, watch) in self.watches.iter_mut() {
            match watch {
                Watch::Camera(gauge, _) => gauge.reset(),
                Watch::Microphone(gauge, _) => gauge.reset(),
                Watch::Signal(gauge, _) => gauge.reset(),
            }
        }
    }
}

fn heard_health(heard: &Heard, judge: &Judge<AudioStatistic>) -> Health {
    let health = judge.verdict(&heard.readings);
    let silent = heard.readings[AudioStatistic::SilentSeconds.index()];
    Health {
        reason: health.reason.map(|reason| match heard.refined(reason) {
            Reason::DropOuts if silent > LONG_DROP_OUT => Reason::Silent,
            reason => reason,
        }),
        ..health
    }
}
