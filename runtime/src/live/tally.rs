//! What a whole run amounts to.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::moment::{Moment, Observer};
use crate::engine::Verdict;
use crate::sensor::Condition;
use crate::window::{Modality, PerSensor, Window};

/// Counts over a whole run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tally {
    /// Answers given.
    pub answers: u64,
    /// Windows left out because the machine was too slow.
    pub left_out: u64,
    /// Events that began.
    pub events: u64,
    /// Answers with a label, with nothing, unsure, and without a sensor.
    pub verdicts: Verdicts,
    /// Answers while the true label was known.
    pub known: u64,
    /// Of those, how many smoothed answers were right.
    pub right: u64,
    /// Each sensor's losses and longest outage.
    pub sensors: PerSensor<Outages>,
    /// Resident memory after it has run for a minute, however fast its sensors were played, bytes; 0 where it has not run so
    /// long, and where the system does not tell.
    pub memory_after_a_minute: u64,
    /// And at the end.
    pub memory_at_the_end: u64,
    #[serde(skip)]
    began: Option<Instant>,
    #[serde(skip)]
    nothing: Option<String>,
    #[serde(skip)]
    last: Option<u64>,
    #[serde(skip)]
    down_since: PerSensor<Option<Duration>>,
}

/// How many answers there were of each kind.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Verdicts {
    /// A label.
    pub label: u64,
    /// Nothing to recognise.
    pub nothing: u64,
    /// Below the threshold.
    pub unsure: u64,
    /// No sensor could be trusted.
    pub no_sensor: u64,
}

/// How a sensor fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Outages {
    /// How many times it was lost after it had run.
    pub losses: u64,
    /// Seconds that the longest outage lasted.
    pub longest_s: f32,
}

impl Observer for Tally {
    fn observe(&mut self, moment: &Moment, _: &Window, _: &Window) {
        self.answers += 1;
        if let Some(last) = self.last.replace(moment.index) {
            self.left_out += moment.index.saturating_sub(last + 1);
        }
        self.events += u64::from(matches!(moment.change, Some(super::Change::Began(_))));
        let counter = match moment.answer.verdict {
            Verdict::Label(_) => &mut self.verdicts.label,
            Verdict::Nothing => &mut self.verdicts.nothing,
            Verdict::Unsure => &mut self.verdicts.unsure,
            Verdict::NoSensor => &mut self.verdicts.no_sensor,
        };
        *counter += 1;
        if let Some(truth) = &moment.truth {
            self.known += 1;
            self.right += u64::from(moment.smoothed.names(truth, self.nothing.as_deref()));
        }
        for modality in Modality::LIVE {
            self.watch(modality, moment);
        }
        let began = *self.began.get_or_insert_with(Instant::now);
        if self.memory_after_a_minute == 0 && began.elapsed() >= Duration::from_secs(60) {
            self.memory_after_a_minute = resident();
        }
    }
}

impl Tally {
    /// For a model in which this label means nothing.
    pub fn new(nothing: Option<String>) -> Self {
        Self {
            nothing,
            ..Self::default()
        }
    }

    /// To be called after the last answer.
    pub fn finish(&mut self) {
        self.memory_at_the_end = resident();
    }

    fn watch(&mut self, modality: Modality, moment: &Moment) {
        let Some(sensor) = &moment.sensors[modality] else {
            return;
        };
        let outages = &mut self.sensors[modality];
        outages.losses = sensor.losses;
        let since = &mut self.down_since[modality];
        if let Condition::Running { .. } | Condition::Ended = sensor.condition {
            *since = None;
        } else {
            let begin = *since.get_or_insert(moment.end());
            let lasted = moment.end().saturating_sub(begin).as_secs_f32();
            outages.longest_s = outages.longest_s.max(lasted);
        }
    }
}

/// Resident memory of this process in bytes, 0 where the system does not tell.
pub fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}
