//! The lines beside a clip: what it is, and what was answered.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::course::Format;
use crate::live::line::{SpoiledLine, seconds};
use crate::live::{Facts, Line, Moment, rfc3339};
use crate::window::{Modality, PerSensor};

/// The first line.
#[derive(Serialize)]
struct FactsLine<'a> {
    format: u32,
    program: &'static str,
    model: &'a str,
    model_version: &'a str,
    /// When the clip's first window began.
    wall: String,
    /// That window's number.
    index: u64,
    window_s: f64,
    hop_s: f64,
    camera_every: u64,
    sensors: PerSensor<Option<TrackLine<'a>>>,
    spoiled: Vec<SpoiledLine>,
}

/// What is in the clip of one sensor.
#[derive(PartialEq, Serialize)]
struct TrackLine<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_hz: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

/// Every other line.
#[derive(Serialize)]
struct AnswerLine<'a> {
    /// When the window begins in the clip.
    clip_s: f64,
    /// Whether windows cut from the clip hold exactly what was answered.
    exact: bool,
    #[serde(flatten)]
    line: Line<'a>,
}

/// Writes the first line of a clip that begins with this moment.
pub fn facts(
    out: &mut Vec<u8>,
    facts: &Facts,
    camera_every: u64,
    moment: &Moment,
    format: Format,
    wall: SystemTime,
) {
    let line = FactsLine {
        format: 1,
        program: concat!("evenkeel ", env!("CARGO_PKG_VERSION")),
        model: &facts.model,
        model_version: &facts.version,
        wall: rfc3339(wall),
        index: moment.index,
        window_s: seconds(moment.length),
        hop_s: seconds(moment.rates.hop),
        camera_every,
        sensors: PerSensor::from_fn(|modality| {
            let sensor = moment.sensors[modality].as_ref()?;
            let (rate, size) = match modality {
                Modality::Audio => (Some(format.sound?), None),
                Modality::Camera => (None, Some(format.picture?)),
                _ => return None,
            };
            Some(TrackLine {
                name: &sensor.name,
                rate_hz: rate.map(|rate| rate.hz()),
                width: size.map(|(width, _)| width),
                height: size.map(|(_, height)| height),
            })
        }),
        spoiled: moment.spoiled.iter().map(SpoiledLine::of).collect(),
    };
    write(out, &line);
}

/// Writes the line of one window, which begins at `start` in the clip.
pub fn answer(out: &mut Vec<u8>, facts: &Facts, moment: &Moment, start: Duration, exact: bool) {
    let line = AnswerLine {
        clip_s: seconds(start),
        // What was spoiled on purpose is not in the clip.
        exact: exact && moment.spoiled.is_empty(),
        line: Line::of(moment, Some(facts.labels.as_slice())),
    };
    write(out, &line);
}

fn write(out: &mut Vec<u8>, line: &impl Serialize) {
    serde_json::to_writer(&mut *out, line)
        .expect("names are texts, and memory takes what is written");
    out.push(b'\n');
}
