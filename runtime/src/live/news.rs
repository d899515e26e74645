//! What has changed from one moment to the next, in words.

use std::time::Duration;

use super::event::Change;
use super::moment::{Moment, Notice};
use crate::corruption::{Corruption, Severity};
use crate::health::Reason;
use crate::sensor::Condition;
use crate::window::{Modality, PerSensor};

/// What kind of news it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An event began or ended.
    Event,
    /// Something has gone wrong.
    Trouble,
    /// Something that had gone wrong is well again.
    Recovery,
    /// Nothing to worry about.
    Information,
}

/// One sentence about a change.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// When, on the program's clock.
    pub time: Duration,
    /// What kind.
    pub kind: Kind,
    /// The sentence; without control characters, so that no device's name moves a cursor.
    pub text: String,
}

/// Health must be on the other side of well for this long before it is news.
const HELD: Duration = Duration::from_millis(300);

/// Finds the news in a row of moments.
#[derive(Debug, Default)]
pub struct Reporter {
    sensors: PerSensor<Watched>,
    spoiled: Vec<(Corruption, Severity)>,
}

/// What was last told of a sensor.
#[derive(Debug, Default)]
struct Watched {
    lost: bool,
    losses: u64,
    /// Since when it is sick, if that was told.
    sick: Option<Duration>,
    /// Since when it has been otherwise.
    turned: Option<Duration>,
}

impl Reporter {
    /// Tells what is new in this moment, in order of time.
    pub fn report(&mut self, moment: &Moment, mut tell: impl FnMut(News)) {
        for notice in &moment.notices {
            let kind = self.kind(moment, notice);
            tell(News::new(notice.time, kind, notice.sensor, &notice.message));
        }
        for modality in Modality::LIVE {
            let watched = &mut self.sensors[modality];
            if let Some(sensor) = &moment.sensors[modality] {
                watched.lost = matches!(sensor.condition, Condition::Lost { .. });
                watched.losses = sensor.losses;
            }
            if let Some((kind, text)) = watched.health(moment, modality) {
                tell(News::new(moment.end(), kind, Some(modality), &text));
            }
        }
        if self.spoiled != moment.spoiled {
            self.spoiled.clone_from(&moment.spoiled);
            let text = spoiled(&self.spoiled);
            tell(News::new(moment.end(), Kind::Information, None, &text));
        }
        if let Some(change) = &moment.change {
            let text = event(change, moment.end());
            tell(News::new(moment.end(), Kind::Event, None, &text));
        }
    }

    /// What a notice of the pipeline is. Those that are about no sensor are about the machine or the files.
    fn kind(&self, moment: &Moment, notice: &Notice) -> Kind {
        let Some(modality) = notice.sensor else {
            return Kind::Trouble;
        };
        let Some(sensor) = &moment.sensors[modality] else {
            return Kind::Information;
        };
        let watched = &self.sensors[modality];
        let was_lost = watched.lost || watched.losses != sensor.losses;
        match &sensor.condition {
            Condition::Lost { .. } => Kind::Trouble,
            Condition::Running { .. } if was_lost => Kind::Recovery,
            _ => Kind::Information,
        }
    }
}

impl Watched {
    /// Whether the sensor has become sick, or well again.
    fn health(&mut self, moment: &Moment, modality: Modality) -> Option<(Kind, String)> {
        let sensor = moment.sensors[modality].as_ref()?;
        let health = &moment.answer.health[modality];
        let end = moment.end();
        // That nothing comes from a sensor that is lost has been told with the loss.
        let known = health.reason == Some(Reason::Missing)
            && !matches!(sensor.condition, Condition::Running { .. });
        if known || health.is_well() == self.sick.is_none() {
            self.turned = None;
            return None;
        }
        let since = *self.turned.get_or_insert(end);
        if end.saturating_sub(since) < HELD {
            return None;
        }
        self.turned = None;
        match self.sick.take() {
            Some(sick) => {
                let passed = since.saturating_sub(sick).as_secs_f32();
                Some((Kind::Recovery, format!("well again after {passed:.1} s")))
            }
            None => {
                self.sick = Some(since);
                let what = sickness(health.reason);
                let text = format!("{what} since {:.1} s", since.as_secs_f32());
                Some((Kind::Trouble, text))
            }
        }
    }
}

impl News {
    fn new(time: Duration, kind: Kind, sensor: Option<Modality>, text: &str) -> Self {
        let sensor = sensor.map_or("", Modality::sensor_name);
        let gap = if sensor.is_empty() { "" } else { "  " };
        let mut sentence = format!("{sensor}{gap}{text}");
        if sentence.contains(char::is_control) {
            sentence = sentence.replace(char::is_control, " ");
        }
        Self {
            time,
            kind,
            text: sentence,
        }
    }
}

fn sickness(reason: Option<Reason>) -> String {
    match reason {
        None => "sick".to_owned(),
        Some(Reason::Missing) => "gives nothing".to_owned(),
        Some(Reason::Frozen { .. }) => "frozen".to_owned(),
        Some(reason) => reason.to_string(),
    }
}

fn event(change: &Change, now: Duration) -> String {
    match change {
        Change::Began(event) => format!(
            "{}  {:.2}  {}",
            event.label,
            event.confidence,
            event.evidence.words()
        ),
        Change::Ended(event) => format!(
            "{} ended after {:.1} s",
            event.label,
            now.saturating_sub(event.since).as_secs_f32()
        ),
    }
}

fn spoiled(what: &[(Corruption, Severity)]) -> String {
    if what.is_empty() {
        return "nothing is spoiled on purpose any more".to_owned();
    }
    let names: Vec<String> = what
        .iter()
        .map(|(corruption, severity)| format!("{corruption} {severity}"))
        .collect();
    format!("spoiled on purpose: {}", names.join(", "))
}
