//! What happened of late, for whoever comes in later.

use std::collections::VecDeque;

use serde::Serialize;

use crate::live::{Change, Event, Evidence, Moment};
use crate::window::Modality;

const MOST_EVENTS: usize = 12;
const MOST_NOTICES: usize = 12;
/// Characters of a notice that are kept.
const LONGEST_NOTICE: usize = 400;

/// The last events and notices, the newest last.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Diary {
    events: VecDeque<EventLine>,
    notices: VecDeque<NoticeLine>,
}

/// An event as the page lists it. Times are seconds on the program's clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct EventLine {
    label: String,
    confidence: f32,
    evidence: Evidence,
    since: f64,
    /// `None` while it goes on.
    until: Option<f64>,
}

/// A notice as the page lists it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct NoticeLine {
    time: f64,
    sensor: Option<Modality>,
    message: String,
}

impl Diary {
    /// Writes down what is new; returns whether anything is.
    pub fn note(&mut self, moment: &Moment) -> bool {
        match &moment.change {
            Some(Change::Began(event)) => push(&mut self.events, line(event, None), MOST_EVENTS),
            Some(Change::Ended(event)) => self.end(line(event, Some(moment.end().as_secs_f64()))),
            None => {}
        }
        for notice in &moment.notices {
            let line = NoticeLine {
                time: notice.time.as_secs_f64(),
                sensor: notice.sensor,
                message: notice.message.chars().take(LONGEST_NOTICE).collect(),
            };
            push(&mut self.notices, line, MOST_NOTICES);
        }
        moment.change.is_some() || !moment.notices.is_empty()
    }

    /// An event that ended takes the place of its beginning, unless another began in the same moment.
    fn end(&mut self, ended: EventLine) {
        match self.events.back_mut() {
            Some(last) if last.until.is_none() && last.since == ended.since => *last = ended,
            _ => push(&mut self.events, ended, MOST_EVENTS),
        }
    }
}

fn line(event: &Event, until: Option<f64>) -> EventLine {
    EventLine {
        label: event.label.clone(),
        confidence: event.confidence,
        evidence: event.evidence,
        since: event.since.as_secs_f64(),
        until,
    }
}

fn push<T>(lines: &mut VecDeque<T>, line: T, most: usize) {
    if lines.len() == most {
        lines.pop_front();
    }
    lines.push_back(line);
}
