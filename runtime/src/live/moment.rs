//! What is known at one moment: the answer, and everything that it came from.

use std::time::{Duration, SystemTime};

use crate::corruption::{Corruption, Severity};
use crate::engine::Answer;
use crate::sensor::Condition;
use crate::window::{Modality, PerSensor, Window};

use super::event::{Change, Smoothed};

/// One answer and its circumstances.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The window's place in the row of all windows, from 0; those left out are counted, too.
    pub index: u64,
    /// When the window begins, on the program's clock.
    pub start: Duration,
    /// How long the window is.
    pub length: Duration,
    /// When the answer was there, on the wall clock.
    pub wall: SystemTime,
    /// The model's answer to this window alone.
    pub answer: Answer,
    /// What the last answers amount to together.
    pub smoothed: Smoothed,
    /// What has just begun or ended, if anything.
    pub change: Option<Change>,
    /// Each sensor; `None` for one that the model does not have or that nobody uses.
    pub sensors: PerSensor<Option<SensorMoment>>,
    /// How old the answer is, and what the time went into.
    pub age: Age,
    /// How often there are answers.
    pub rates: Rates,
    /// What is being spoiled on purpose.
    pub spoiled: Vec<(Corruption, Severity)>,
    /// What happened since the last answer that somebody should know.
    pub notices: Vec<Notice>,
    /// The log-mel patch that the encoder heard, `[bands, columns]` row-major, normalised as the model
    /// has it; empty without sound.
    pub mel: Vec<f32>,
    /// The label that is known to be right, while a labelled clip is played.
    pub truth: Option<String>,
    /// Counts how often sound did not follow what came before, or a sensor was lost: a recording that is to
    /// give the same answers again must not run across.
    pub seams: u64,
}

impl Moment {
    /// When the window ends.
    pub fn end(&self) -> Duration {
        self.start + self.length
    }

    /// The share of attention that went to a sensor, 0..1.
    pub fn attention(&self, sensor: Modality) -> f32 {
        self.answer.attention.sensors[sensor]
    }
}

/// One sensor at one moment.
#[derive(Debug, Clone)]
pub struct SensorMoment {
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub condition: Condition,
    /// Data that was lost because nobody took it in time, since it was opened.
    pub overruns: u64,
    /// How many times it was lost after it had run.
    pub losses: u64,
    /// How long data takes from the sensor to the program.
    pub delay: Duration,
    /// Frames per second of a camera, samples per second of a microphone, as measured; 0 before that.
    pub rate: f32,
}

/// How old an answer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Age {
    /// From the end of the window, when the newest data in it was captured, to the answer.
    pub total: Duration,
    /// What it went into.
    pub stages: Stages,
}

/// What the time of one answer went into; encoders run at the same time where there are cores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stages {
    /// Waiting for the sensors' data and for the answer before.
    pub wait: Duration,
    /// Putting the window together, and spoiling it where asked for.
    pub window: Duration,
    /// Looking at the sensors' health.
    pub health: Duration,
    /// Frontend and encoder of each sensor.
    pub encode: PerSensor<Duration>,
    /// The fusion.
    pub fusion: Duration,
}

impl Stages {
    /// Everything but waiting; of the encoders the slower one.
    pub fn work(&self) -> Duration {
        let encode = self.encode.audio.max(self.encode.camera);
        self.window + self.health + encode + self.fusion
    }
}

/// How often there are answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// From one window to the next, as the model wants it.
    pub hop: Duration,
    /// Every how many hops there is an answer: more than one on a machine that is too slow.
    pub stride: u32,
    /// Answers per second, over the last seconds.
    pub measured: f32,
}

/// Something that somebody should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When, on the program's clock.
    pub time: Duration,
    /// Which sensor it is about, if it is about one.
    pub sensor: Option<Modality>,
    /// One sentence.
    pub message: String,
}

/// Looks on.
pub trait Observer {
    /// Called for every answer, in order. `window` is what the model was given; `raw` what the sensors
    /// gave, which differs where something is spoiled on purpose.
    ///
    /// It must not take long: the next answer waits for it.
    fn observe(&mut self, moment: &Moment, window: &Window, raw: &Window);

    /// What happened here since the last call that somebody should know, a sentence each.
    fn notices(&mut self) -> Vec<String> {
        Vec::new()
    }
}
