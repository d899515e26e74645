//! What several answers amount to together: events that begin and end.

use std::time::Duration;

use serde::Serialize;

use crate::engine::{Answer, Verdict};
use crate::window::{Modality, PerSensor};

/// Answers fade with this time constant, seconds: long enough for two or three windows, short enough to
/// follow a word.
const MEMORY: f32 = 0.3;
/// An event ends when its label's smoothed probability falls below this share of the threshold; less than
/// the threshold itself, so that it does not flicker.
const RELEASE: f32 = 0.6;

/// Which sensors an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Both.
    Both,
    /// The microphone alone.
    Microphone,
    /// The camera alone.
    Camera,
    /// Neither.
    Nothing,
}

impl Evidence {
    /// From how much each sensor counted.
    pub fn of(validity: PerSensor<f32>) -> Self {
        match (validity.audio > 0.0, validity.camera > 0.0) {
            (true, true) => Evidence::Both,
            (true, false) => Evidence::Microphone,
            (false, true) => Evidence::Camera,
            (false, false) => Evidence::Nothing,
        }
    }

    /// As in "seven, from the camera alone".
    pub fn words(self) -> &'static str {
        match self {
            Evidence::Both => "from both",
            Evidence::Microphone => "from the microphone alone",
            Evidence::Camera => "from the camera alone",
            Evidence::Nothing => "from nothing",
        }
    }

    /// Whether it rests on this sensor.
    pub fn rests_on(self, sensor: Modality) -> bool {
        match self {
            Evidence::Both => true,
            Evidence::Microphone => sensor == Modality::Audio,
            Evidence::Camera => sensor == Modality::Camera,
            Evidence::Nothing => false,
        }
    }
}

/// A label that was recognised over some time.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The label.
    pub label: String,
    /// The highest smoothed probability it reached so far, 0..1.
    pub confidence: f32,
    /// What it rests on.
    pub evidence: Evidence,
    /// The end of the first window that it was recognised in.
    pub since: Duration,
}

/// An event began, or one ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// This one began.
    Began(Event),
    /// This one ended, at the end of the window of this moment.
    Ended(Event),
}

/// What the last answers amount to.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothed {
    /// As of a single answer.
    pub verdict: Verdict,
    /// The smoothed probability of the most probable label, 0..1.
    pub confidence: f32,
    /// What it rests on.
    pub evidence: Evidence,
    /// The event that goes on, if one does.
    pub event: Option<Event>,
}

impl Smoothed {
    /// Whether it says this label, where `nothing` is the label for nothing.
    pub fn names(&self, label: &str, nothing: Option<&str>) -> bool {
        match &self.verdict {
            Verdict::Label(said) => said == label,
            Verdict::Nothing => nothing == Some(label),
            Verdict::Unsure | Verdict::NoSensor => false,
        }
    }
}

/// Smooths answers and finds events.
#[derive(Debug, Clone)]
pub struct Smoother {
    labels: Vec<String>,
    nothing: Option<usize>,
    threshold: f32,
    /// One per label; empty before the first answer.
    probabilities: Vec<f32>,
    last: Duration,
    event: Option<(usize, Event)>,
}

impl Smoother {
    /// For a model's labels, the one of them that means nothing, and its confidence threshold.
    pub fn new(labels: Vec<String>, nothing: Option<usize>, threshold: f32) -> Self {
        Self {
            labels,
            nothing,
            threshold,
            probabilities: Vec::new(),
            last: Duration::ZERO,
            event: None,
        }
    }

    /// Takes the answer to a window that ends at `end`.
    pub fn take(&mut self, end: Duration, answer: &Answer) -> (Smoothed, Option<Change>) {
        let evidence = Evidence::of(answer.validity);
        if evidence == Evidence::Nothing {
            self.probabilities.clear();
            let change = self.event.take().map(|(_, event)| Change::Ended(event));
            let smoothed = Smoothed {
                verdict: Verdict::NoSensor,
                confidence: 0.0,
                evidence,
                event: None,
            };
            return (smoothed, change);
        }
        self.mix(end, &answer.probabilities);
        let best = crate::probability::most_probable(&self.probabilities);
        let confidence = self.probabilities[best];
        let change = self.follow(end, best, confidence, evidence);
        let verdict = match confidence {
            low if low < self.threshold => Verdict::Unsure,
            _ if Some(best) == self.nothing => Verdict::Nothing,
            _ => Verdict::Label(self.labels[best].clone()),
        };
        let smoothed = Smoothed {
            verdict,
            confidence,
            evidence,
            event: self.event.as_ref().map(|(_, event)| event.clone()),
        };
        (smoothed, change)
    }

    fn mix(&mut self, end: Duration, probabilities: &[f32]) {
        let passed = end.saturating_sub(self.last).as_secs_f32();
        self.last = end;
        if self.probabilities.len() != probabilities.len() {
            self.probabilities = probabilities.to_vec();
            return;
        }
        let old = (-passed / MEMORY).exp();
        for (smooth, new) in self.probabilities.iter_mut().zip(probabilities) {
            *smooth = old * *smooth + (1.0 - old) * new;
        }
    }

    /// Ends the event that goes on when it is over, begins one when there is one; one thing at a time.
    fn follow(
        &mut self,
        end: Duration,
        best: usize,
        confidence: f32,
        evidence: Evidence,
    ) -> Option<Change> {
        if let Some((label, event)) = &mut self.event {
            let now = self.probabilities[*label];
            if now >= RELEASE * self.threshold && (*label == best || confidence < self.threshold) {
                event.confidence = event.confidence.max(now);
                event.evidence = evidence;
                return None;
            }
            return self.event.take().map(|(_, event)| Change::Ended(event));
        }
        if confidence < self.threshold || Some(best) == self.nothing {
            return None;
        }
        let event = Event {
            label: self.labels[best].clone(),
            confidence,
            evidence,
            since: end,
        };
        self.event = Some((best, event.clone()));
        Some(Change::Began(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Output;
    use crate::health::Health;

    fn answer(probabilities: [f32; 3], validity: PerSensor<f32>) -> Answer {
        Answer {
            label: 0,
            verdict: Verdict::Unsure,
            probabilities: probabilities.to_vec(),
            confidence: 0.0,
            attention: [0.0; 3].into(),
            present: PerSensor::from_fn(|_| true),
            health: PerSensor::from_fn(|_| Health::WELL),
            validity,
            output: Output {
                logits: Vec::new(),
                attention: [0.0; 3].into(),
                probes: PerSensor::default(),
            },
        }
    }

    const BOTH: PerSensor<f32> = PerSensor::all(1.0);
    const SEVEN: [f32; 3] = [0.98, 0.01, 0.01];
    const TWO: [f32; 3] = [0.01, 0.98, 0.01];
    const NOTHING: [f32; 3] = [0.01, 0.01, 0.98];

    fn smoother() -> Smoother {
        let labels = ["seven", "two", "nothing"].map(String::from).to_vec();
        Smoother::new(labels, Some(2), 0.8)
    }

    /// Takes answers 0.1 s apart and tells the changes with the number of the answer.
    fn changes(answers: &[[f32; 3]]) -> Vec<(usize, Change)> {
        let mut smoother = smoother();
        let take = |(i, &p): (usize, &[f32; 3])| {
            let end = Duration::from_millis(100 * i as u64);
            Some((i, smoother.take(end, &answer(p, BOTH)).1?))
        };
        answers.iter().enumerate().filter_map(take).collect()
    }

    #[test]
    fn an_event_begins_once_and_survives_one_window_that_says_otherwise() {
        let mut answers = vec![NOTHING; 5];
        answers.extend([SEVEN; 10]);
        answers.push(TWO);
        answers.extend([SEVEN; 5]);
        answers.extend([NOTHING; 10]);
        let changes = changes(&answers);
        let [(begin, Change::Began(began)), (end, Change::Ended(ended))] = changes.as_slice()
        else {
            panic!("{changes:?}");
        };
        assert!(
            (7..12).contains(begin) && (21..27).contains(end),
            "{changes:?}"
        );
        assert_eq!(
            (began.label.as_str(), ended.label.as_str()),
            ("seven", "seven")
        );
        assert!(ended.confidence > 0.9 && ended.evidence == Evidence::Both);
    }

    #[test]
    fn a_single_window_is_no_event_and_one_label_follows_another() {
        let mut answers = vec![NOTHING; 5];
        answers.push(SEVEN);
        answers.extend([NOTHING; 5]);
        assert_eq!(changes(&answers), []);
        answers.extend([SEVEN; 10]);
        answers.extend([TWO; 10]);
        let labels: Vec<_> = changes(&answers)
            .into_iter()
            .map(|(_, change)| match change {
                Change::Began(event) => format!("+{}", event.label),
                Change::Ended(event) => format!("-{}", event.label),
            })
            .collect();
        assert_eq!(labels, ["+seven", "-seven", "+two"]);
    }

    #[test]
    fn without_a_sensor_there_is_no_answer_and_the_event_ends() {
        let mut smoother = smoother();
        let ms = Duration::from_millis;
        assert!(matches!(
            smoother.take(ms(0), &answer(SEVEN, BOTH)).1,
            Some(Change::Began(_))
        ));
        let deaf = PerSensor::pair(0.0, 0.4);
        let (smoothed, _) = smoother.take(ms(100), &answer(SEVEN, deaf));
        assert_eq!(smoothed.evidence.words(), "from the camera alone");
        let (smoothed, change) = smoother.take(ms(200), &answer(SEVEN, PerSensor::default()));
        assert_eq!(smoothed.verdict, Verdict::NoSensor);
        assert!(matches!(change, Some(Change::Ended(event)) if event.evidence == Evidence::Camera));
    }
}
