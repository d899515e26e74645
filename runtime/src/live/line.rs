//! The words in which a moment is written to files and to other programs.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::event::{Change, Event, Evidence, Smoothed};
use super::moment::{Moment, Notice, SensorMoment, Stages};
use super::wall::rfc3339;
use crate::corruption::{Corruption, Severity};
use crate::engine::Verdict;
use crate::health::Reason;
use crate::sensor::{Condition, Trouble};
use crate::window::{Modality, PerSensor};

/// One moment as a JSON object; docs/live.md says what each field is. Fields are added, never renamed.
#[derive(Debug, Clone, Serialize)]
pub struct Line<'a> {
    /// When the window ends, seconds since the program began.
    pub time_s: f64,
    /// When it begins.
    pub start_s: f64,
    /// When the answer was there: RFC 3339, UTC.
    pub wall: String,
    /// The window's place in the row of all windows.
    pub index: u64,
    /// What the answer to this window alone amounts to.
    #[serde(flatten)]
    pub verdict: VerdictLine<'a>,
    /// Probability of the most probable label, 0..1.
    pub confidence: f32,
    /// The probability of every label, where somebody wants them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probabilities: Option<Probabilities<'a>>,
    /// What the last answers amount to together.
    pub smoothed: SmoothedLine<'a>,
    /// What has just begun or ended.
    pub event: Option<EventLine<'a>>,
    /// Each sensor; null for one that the model does not have or that nobody uses.
    pub sensors: PerSensor<Option<SensorLine<'a>>>,
    /// From the end of the window to the answer.
    pub age_ms: f64,
    /// What that time went into.
    pub stages_ms: StagesLine,
    /// Answers per second.
    pub rate_hz: f32,
    /// From one window to the next.
    pub hop_ms: f64,
    /// Every how many hops there is an answer.
    pub stride: u32,
    /// What is spoiled on purpose.
    pub spoiled: Vec<SpoiledLine>,
    /// What happened since the last answer.
    pub notices: Vec<NoticeLine<'a>>,
    /// The label that is known to be right.
    pub truth: Option<&'a str>,
}

/// A verdict, and its label if it is one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct VerdictLine<'a> {
    /// `label`, `nothing`, `unsure` or `no-sensor`.
    pub verdict: &'static str,
    /// The label; null for every other verdict.
    pub label: Option<&'a str>,
}

/// Probabilities by label.
#[derive(Debug, Clone, Copy)]
pub struct Probabilities<'a> {
    labels: &'a [String],
    values: &'a [f32],
}

/// What the last answers amount to together.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SmoothedLine<'a> {
    /// What it is.
    #[serde(flatten)]
    pub verdict: VerdictLine<'a>,
    /// The smoothed probability of the most probable label, 0..1.
    pub confidence: f32,
    /// Which sensors it rests on.
    pub evidence: Evidence,
}

/// An event that began or ended.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct EventLine<'a> {
    /// `began` or `ended`.
    pub change: &'static str,
    /// What was recognised.
    pub label: &'a str,
    /// The highest smoothed probability so far, 0..1.
    pub confidence: f32,
    /// Which sensors it rests on.
    pub evidence: Evidence,
    /// When it began.
    pub since_s: f64,
}

/// One sensor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SensorLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is doing.
    #[serde(flatten)]
    pub condition: ConditionLine<'a>,
    /// How well its signal is, 0 (dead) to 1 (well).
    pub health: f32,
    /// What is wrong with it.
    pub reason: Option<Reason>,
    /// How much it counted, 0..1.
    pub validity: f32,
    /// Its share of attention, 0..1.
    pub attention: f32,
    /// How long data takes from the sensor to the program.
    pub delay_ms: f64,
    /// Frames or samples per second, as measured.
    pub rate_hz: f32,
    /// Data lost because nobody took it in time.
    pub overruns: u64,
    /// How many times it was lost.
    pub losses: u64,
}

/// What a sensor is doing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "condition", rename_all = "kebab-case")]
pub enum ConditionLine<'a> {
    /// It is being opened.
    Opening,
    /// It gives data.
    Running {
        /// In this format.
        format: &'a str,
    },
    /// It gives nothing.
    Lost {
        /// What kind of trouble it is in.
        trouble: Trouble,
        /// One sentence about it.
        error: &'a str,
        /// When it is tried again.
        retry_s: f64,
    },
    /// It has come to its end.
    Ended,
}

/// What the time of one answer went into, milliseconds; see [`Stages`].
#[derive(Debug, Clone, Copy, Serialize)]
pub struct StagesLine {
    /// Waiting for data and for the answer before.
    pub wait: f64,
    /// Putting the window together.
    pub window: f64,
    /// Looking at the sensors' health.
    pub health: f64,
    /// The microphone's encoder.
    pub audio: f64,
    /// The camera's encoder.
    pub camera: f64,
    /// The fusion.
    pub fusion: f64,
}

/// Something that is spoiled on purpose.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SpoiledLine {
    /// How, as in `camera/fog`.
    pub corruption: Corruption,
    /// How badly, 1 to 5.
    pub severity: Severity,
}

/// Something that somebody should know.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct NoticeLine<'a> {
    /// When.
    pub time_s: f64,
    /// Which sensor it is about.
    pub sensor: Option<Modality>,
    /// One sentence.
    pub message: &'a str,
}

impl<'a> Line<'a> {
    /// Of a moment; with the probability of each of `labels` where they are given.
    pub fn of(moment: &'a Moment, labels: Option<&'a [String]>) -> Self {
        let answer = &moment.answer;
        Self {
            time_s: seconds(moment.end()),
            start_s: seconds(moment.start),
            wall: rfc3339(moment.wall),
            index: moment.index,
            verdict: VerdictLine::of(&answer.verdict),
            confidence: answer.confidence,
            probabilities: labels.map(|labels| Probabilities {
                labels,
                values: &answer.probabilities,
            }),
            smoothed: SmoothedLine::of(&moment.smoothed),
            event: moment.change.as_ref().map(EventLine::of),
            sensors: PerSensor::from_fn(|modality| {
                let sensor = moment.sensors[modality].as_ref()?;
                Some(SensorLine::of(moment, modality, sensor))
            }),
            age_ms: millis(moment.age.total),
            stages_ms: StagesLine::of(&moment.age.stages),
            rate_hz: moment.rates.measured,
            hop_ms: millis(moment.rates.hop),
            stride: moment.rates.stride,
            spoiled: moment.spoiled.iter().map(SpoiledLine::of).collect(),
            notices: moment.notices.iter().map(NoticeLine::of).collect(),
            truth: moment.truth.as_deref(),
        }
    }
}

impl<'a> VerdictLine<'a> {
    fn of(verdict: &'a Verdict) -> Self {
        Self {
            verdict: verdict.id(),
            label: verdict.label(),
        }
    }
}

impl<'a> SmoothedLine<'a> {
    fn of(smoothed: &'a Smoothed) -> Self {
        Self {
            verdict: VerdictLine::of(&smoothed.verdict),
            confidence: smoothed.confidence,
            evidence: smoothed.evidence,
        }
    }
}

impl<'a> EventLine<'a> {
    fn of(change: &'a Change) -> Self {
        let (change, event): (_, &Event) = match change {
            Change::Began(event) => ("began", event),
            Change::Ended(event) => ("ended", event),
        };
        Self {
            change,
            label: &event.label,
            confidence: event.confidence,
            evidence: event.evidence,
            since_s: seconds(event.since),
        }
    }
}

impl<'a> SensorLine<'a> {
    fn of(moment: &Moment, modality: Modality, sensor: &'a SensorMoment) -> Self {
        let answer = &moment.answer;
        Self {
            name: &sensor.name,
            condition: ConditionLine::of(&sensor.condition),
            health: answer.health[modality].score,
            reason: answer.health[modality].reason,
            validity: answer.validity[modality],
            attention: moment.attention(modality),
            delay_ms: millis(sensor.delay),
            rate_hz: sensor.rate,
            overruns: sensor.overruns,
            losses: sensor.losses,
        }
    }
}

impl<'a> ConditionLine<'a> {
    fn of(condition: &'a Condition) -> Self {
        match condition {
            Condition::Opening => ConditionLine::Opening,
            Condition::Running { format } => ConditionLine::Running { format },
            Condition::Lost { error, retry } => ConditionLine::Lost {
                trouble: error.trouble,
                error: &error.message,
                retry_s: seconds(*retry),
            },
            Condition::Ended => ConditionLine::Ended,
        }
    }
}

impl StagesLine {
    fn of(stages: &Stages) -> Self {
        Self {
            wait: millis(stages.wait),
            window: millis(stages.window),
            health: millis(stages.health),
            audio: millis(stages.encode.audio),
            camera: millis(stages.encode.camera),
            fusion: millis(stages.fusion),
        }
    }
}

impl SpoiledLine {
    pub(super) fn of(&(corruption, severity): &(Corruption, Severity)) -> Self {
        Self {
            corruption,
            severity,
        }
    }
}

impl<'a> NoticeLine<'a> {
    fn of(notice: &'a Notice) -> Self {
        Self {
            time_s: seconds(notice.time),
            sensor: notice.sensor,
            message: &notice.message,
        }
    }
}

impl Serialize for Probabilities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.labels.iter().zip(self.values))
    }
}

/// Seconds, to the microsecond.
pub(super) fn seconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e6
}

/// Milliseconds, to the microsecond.
fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
