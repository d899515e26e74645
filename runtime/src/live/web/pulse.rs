//! Whether answers flow.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::health::{Health, Reason};
use crate::live::Moment;
use crate::sensor::Condition;
use crate::window::{Modality, PerSensor};

/// An answer that is older than this is none.
const LONGEST: Duration = Duration::from_secs(5);

/// The last answer.
#[derive(Debug, Default)]
pub struct Pulse {
    last: Option<Instant>,
    sensors: PerSensor<Option<Beat>>,
}

/// One sensor at the last answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Beat {
    running: bool,
    health: f32,
    reason: Option<Reason>,
}

/// How it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Answers come, and every sensor in use is well.
    Ok,
    /// Answers come; a sensor is lost or sick.
    Degraded,
    /// No answers come, or no sensor runs.
    Down,
}

/// What `GET /health` says.
#[derive(Debug, Serialize)]
pub struct Report {
    /// In a word.
    pub status: Status,
    seconds_since_answer: Option<f32>,
    sensors: PerSensor<Option<Beat>>,
}

impl Pulse {
    /// There is another answer.
    pub fn note(&mut self, moment: &Moment) {
        self.last = Some(Instant::now());
        self.sensors = PerSensor::from_fn(|modality: Modality| {
            let sensor = moment.sensors[modality].as_ref()?;
            let health = moment.answer.health[modality];
            Some(Beat {
                running: matches!(sensor.condition, Condition::Running { .. }),
                health: health.score,
                reason: health.reason,
            })
        });
    }

    /// As of now.
    pub fn report(&self) -> Report {
        let since = self.last.map(|last| last.elapsed());
        let flows = since.is_some_and(|since| since < LONGEST);
        let PerSensor { audio, camera, .. } = self.sensors;
        let used = || [audio, camera].into_iter().flatten();
        let status = if !flows || !used().any(|beat| beat.running) {
            Status::Down
        } else if used().all(|beat| beat.running && beat.health >= Health::SICK_BELOW) {
            Status::Ok
        } else {
            Status::Degraded
        };
        Report {
            status,
            seconds_since_answer: since.map(|since| since.as_secs_f32()),
            sensors: self.sensors,
        }
    }
}
