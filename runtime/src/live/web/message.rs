//! What the page is told, as JSON. Times are seconds, ages and stages milliseconds.

use std::time::Duration;

use serde::Serialize;

use super::control::Button;
use super::diary::Diary;
use crate::corruption::{Corruption, Severity};
use crate::engine::Verdict;
use crate::live::{
    AGE_BINS, AgeSummary, Evidence, Facts, Level, Moment, SensorMoment, Smoothed, Stages, dbfs,
};
use crate::sensor::Condition;
use crate::window::{Modality, PerSensor, Window};

/// The first message, and another whenever messages were missed.
#[derive(Serialize)]
pub struct Hello<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The program's version.
    program: &'static str,
    facts: &'a Facts,
    /// Empty where the page may only look on.
    buttons: &'a [Button],
    diary: &'a Diary,
}

impl<'a> Hello<'a> {
    /// With these buttons.
    pub fn new(facts: &'a Facts, buttons: &'a [Button], diary: &'a Diary) -> Self {
        Self {
            kind: "hello",
            program: env!("CARGO_PKG_VERSION"),
            facts,
            buttons,
            diary,
        }
    }
}

/// One moment.
#[derive(Serialize)]
pub struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    time: f64,
    /// Of the window alone.
    answer: Said<'a>,
    /// Of the last windows together.
    smoothed: Said<'a>,
    evidence: Evidence,
    sensors: PerSensor<Option<SensorTold<'a>>>,
    /// Whether the window has a picture.
    picture: bool,
    /// Root mean square of the newest sound, dB below full scale; absent without sound.
    level: Option<f32>,
    age: f32,
    ages: AgesTold,
    stages: StagesTold,
    rates: RatesTold,
    spoiled: Vec<SpoiledTold>,
    truth: Option<&'a str>,
    /// Only when something is new in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    diary: Option<&'a Diary>,
}

/// See [`AgeSummary`].
#[derive(Serialize)]
struct AgesTold {
    p50: f32,
    p99: f32,
    #[serde(serialize_with = "as_list")]
    bins: [u16; AGE_BINS],
}

/// Serde knows arrays of up to 32 only.
fn as_list<S: serde::Serializer>(bins: &[u16; AGE_BINS], serializer: S) -> Result<S::Ok, S::Error> {
    bins[..].serialize(serializer)
}

impl From<AgeSummary> for AgesTold {
    fn from(summary: AgeSummary) -> Self {
        Self {
            p50: millis(summary.p50),
            p99: millis(summary.p99),
            bins: summary.bins,
        }
    }
}

/// What was recognised, and how surely.
#[derive(Serialize)]
struct Said<'a> {
    verdict: &'static str,
    label: Option<&'a str>,
    confidence: f32,
}

/// One sensor.
#[derive(PartialEq, Serialize)]
struct SensorTold<'a> {
    name: &'a str,
    condition: &'static str,
    /// The format, or why it is lost.
    detail: &'a str,
    health: f32,
    reason: Option<String>,
    validity: f32,
    /// Of the attention on both sensors, 0..1; absent where neither got any.
    share: Option<f32>,
    rate: f32,
    delay: f32,
    losses: u64,
    overruns: u64,
}

#[derive(Serialize)]
struct StagesTold {
    wait: f32,
    window: f32,
    health: f32,
    encode: PerSensor<f32>,
    fusion: f32,
}

#[derive(Serialize)]
struct RatesTold {
    hop: f32,
    stride: u32,
    per_second: f32,
}

#[derive(Serialize)]
struct SpoiledTold {
    sensor: Option<Modality>,
    corruption: Corruption,
    severity: Severity,
}

impl<'a> Told<'a> {
    /// Of a moment and its window, whose last `new` is new.
    pub fn new(
        moment: &'a Moment,
        window: &Window,
        new: Duration,
        ages: AgeSummary,
        diary: Option<&'a Diary>,
    ) -> Self {
        let Smoothed {
            verdict,
            confidence,
            evidence,
            ..
        } = &moment.smoothed;
        Self {
            kind: "moment",
            time: moment.end().as_secs_f64(),
            answer: said(&moment.answer.verdict, moment.answer.confidence),
            smoothed: said(verdict, *confidence),
            evidence: *evidence,
            sensors: PerSensor::from_fn(|modality| sensor(moment, modality)),
            picture: !window.frames.is_empty(),
            level: level(moment, window, new),
            age: millis(moment.age.total),
            ages: ages.into(),
            stages: stages(&moment.age.stages),
            rates: RatesTold {
                hop: millis(moment.rates.hop),
                stride: moment.rates.stride,
                per_second: moment.rates.measured,
            },
            spoiled: moment.spoiled.iter().map(spoiled).collect(),
            truth: moment.truth.as_deref(),
            diary,
        }
    }
}

fn said(verdict: &Verdict, confidence: f32) -> Said<'_> {
    Said {
        verdict: verdict.id(),
        label: verdict.label(),
        confidence,
    }
}

fn sensor(moment: &Moment, modality: Modality) -> Option<SensorTold<'_>> {
    let SensorMoment {
        name,
        condition,
        overruns,
        losses,
        delay,
        rate,
    } = moment.sensors[modality].as_ref()?;
    let (condition, detail) = match condition {
        Condition::Opening => ("opening", ""),
        Condition::Running { format } => ("running", &**format),
        Condition::Lost { error, .. } => ("lost", &*error.message),
        Condition::Ended => ("ended", ""),
    };
    let health = moment.answer.health[modality];
    let attention = moment.answer.attention.sensors;
    let both = attention.audio + attention.camera;
    Some(SensorTold {
        name,
        condition,
        detail,
        health: health.score,
        reason: health.reason.map(|reason| reason.to_string()),
        validity: moment.answer.validity[modality],
        share: (both > 0.0).then(|| attention[modality] / both),
        rate: *rate,
        delay: millis(*delay),
        losses: *losses,
        overruns: *overruns,
    })
}

/// Of what was heard in the last `new` of the window, dB below full scale.
fn level(moment: &Moment, window: &Window, new: Duration) -> Option<f32> {
    let level = Level::newest(window.sound.as_ref()?, moment.end(), new)?;
    Some(dbfs(level.rms))
}

fn stages(stages: &Stages) -> StagesTold {
    StagesTold {
        wait: millis(stages.wait),
        window: millis(stages.window),
        health: millis(stages.health),
        encode: stages.encode.map(millis),
        fusion: millis(stages.fusion),
    }
}

fn spoiled(&(corruption, severity): &(Corruption, Severity)) -> SpoiledTold {
    SpoiledTold {
        sensor: corruption.sensor(),
        corruption,
        severity,
    }
}

fn millis(time: Duration) -> f32 {
    time.as_secs_f32() * 1e3
}
