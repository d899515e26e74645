//! Is the camera well, is the microphone well? One score and one reason for each, at every window.
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
mod sound;
mod statistic;
mod sums;
#[cfg(test)]
mod tests;

pub use calibration::Calibration;
pub use limits::{AudioLimits, CameraLimits, HealthConfig, Limits};
pub use picture::picture_fingerprint;
pub use reason::Reason;
pub use statistic::{AudioStatistic, CameraStatistic};

use serde::Serialize;

use crate::window::{PerSensor, Window};
use camera::CameraGauge;
use judge::Judge;
use microphone::MicrophoneGauge;
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

/// Judges the windows of one recording or one live pair of sensors, in order of time.
///
/// It remembers what was seen and heard before, so that a picture that has not changed for three
/// windows is frozen for that long. Windows may overlap: a frame is known by its time. A window that
/// begins before the last one did begins something new, as [`Monitor::reset`] does.
#[derive(Debug, Clone)]
pub struct Monitor {
    camera: CameraGauge,
    microphone: MicrophoneGauge,
    camera_judge: Judge<CameraStatistic>,
    audio_judge: Judge<AudioStatistic>,
}

impl Monitor {
    /// With the limits of `config`. What is not in there is judged only as far as no comparison is
    /// needed.
    pub fn new(config: &HealthConfig) -> Self {
        Self {
            camera: CameraGauge::default(),
            microphone: MicrophoneGauge::default(),
            camera_judge: Judge::new(config.camera.as_ref()),
            audio_judge: Judge::new(config.audio.as_ref()),
        }
    }

    /// How both sensors were over `window`.
    pub fn check(&mut self, window: &Window) -> PerSensor<Health> {
        PerSensor {
            audio: self.check_audio(window),
            camera: self.check_camera(window),
        }
    }

    /// Forgets what came before: the next window is of another recording.
    pub fn reset(&mut self) {
        self.camera.reset();
        self.microphone.reset();
    }

    fn check_camera(&mut self, window: &Window) -> Health {
        match self.camera.read(window) {
            Some(readings) => self.camera_judge.verdict(&readings),
            None => Health::MISSING,
        }
    }

    fn check_audio(&mut self, window: &Window) -> Health {
        let Some(heard) = self.microphone.read(window) else {
            return Health::MISSING;
        };
        let health = self.audio_judge.verdict(&heard.readings);
        let silent = heard.readings[AudioStatistic::SilentSeconds.index()];
        Health {
            reason: health.reason.map(|reason| match heard.refined(reason) {
                Reason::DropOuts if silent > LONG_DROP_OUT => Reason::Silent,
                reason => reason,
            }),
            ..health
        }
    }
}
