use std::io::{self, Error, ErrorKind};
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::super::event::{Change, Event, Evidence};
use super::super::moment::Notice;
use super::super::samples::{s, seven};
use super::*;
use crate::corruption::Severity;
use crate::engine::Verdict;
use crate::health::{Health, Reason};
use crate::sensor::{Condition, SensorError, Trouble};
use crate::window::Modality;

fn written(moment: &Moment, labels: Option<Vec<String>>) -> Value {
    let mut bytes = Vec::new();
    let mut lines = JsonLines::new(&mut bytes, Arc::default());
    if let Some(labels) = labels {
        lines = lines.with_probabilities(labels);
    }
    lines.observe(moment, &Window::default(), &Window::default());
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches('\n').count(), 1, "one line: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The numbers of the moment are not whole in binary.
fn near(value: &Value, expected: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() < 1e-5
}

#[test]
fn a_line_says_what_docs_live_md_says() {
    let mut moment = seven(12.48);
    moment.truth = Some("seven".into());
    let event = Event {
        label: "seven".into(),
        confidence: 0.9,
        evidence: Evidence::Camera,
        since: s(12.48),
    };
    moment.change = Some(Change::Began(event));
    let line = written(&moment, None);
    assert!(near(&line["time_s"], 12.48) && near(&line["start_s"], 11.2));
    assert_eq!(line["wall"], "2025-12-31T23:59:59.000Z");
    assert_eq!(
        (&line["verdict"], &line["label"]),
        (&json!("label"), &json!("seven"))
    );
    assert!(near(&line["confidence"], 0.97));
    assert!(line.get("probabilities").is_none());
    assert_eq!(line["smoothed"]["evidence"], "both");
    assert_eq!(line["smoothed"]["label"], "seven");
    assert_eq!(
        (&line["event"]["change"], &line["event"]["evidence"]),
        (&json!("began"), &json!("camera"))
    );
    assert!(near(&line["event"]["since_s"], 12.48));
    let camera = &line["sensors"]["camera"];
    assert_eq!(camera["name"], "/dev/video0");
    assert_eq!(camera["condition"], "running");
    assert_eq!(camera["format"], "640×480 YUYV, 30 frames/s");
    assert!(near(&camera["attention"], 0.35) && near(&camera["rate_hz"], 29.9));
    assert!(near(&camera["delay_ms"], 12.0) && near(&camera["validity"], 1.0));
    assert_eq!(
        (&camera["overruns"], &camera["losses"]),
        (&json!(0), &json!(0))
    );
    assert!(near(&line["age_ms"], 34.0) && near(&line["stages_ms"]["audio"], 9.0));
    assert!(near(&line["hop_ms"], 100.0) && near(&line["rate_hz"], 9.9));
    assert_eq!(
        (&line["stride"], &line["truth"]),
        (&json!(1), &json!("seven"))
    );

    let labels = ["seven", "two", "nothing"].map(String::from).to_vec();
    let line = written(&moment, Some(labels));
    assert!(near(&line["probabilities"]["two"], 0.02));
}

#[test]
fn every_field_is_documented() {
    let page = include_str!("../../../docs/live.md");
    let mut moment = seven(12.48);
    moment.notices.push(Notice {
        time: s(12.4),
        sensor: Some(Modality::Audio),
        message: "gone".into(),
    });
    moment
        .spoiled
        .push(("camera/fog".parse().unwrap(), Severity::WORST));
    let line = written(&moment, Some(vec!["seven".into()]));
    fn walk(value: &Value, page: &str) {
        let Value::Object(fields) = value else {
            return;
        };
        for (name, value) in fields {
            assert!(
                page.contains(&format!("`{name}`")),
                "docs/live.md must explain `{name}`"
            );
            if name != "probabilities" {
                walk(value, page);
            }
        }
    }
    walk(&line, page);
    assert_eq!(
        line["spoiled"],
        json!([{"corruption": "camera/fog", "severity": 5}])
    );
    assert_eq!(line["notices"][0]["sensor"], "audio");
}

#[test]
fn trouble_has_a_word_for_programs_and_a_sentence_for_people() {
    let mut moment = seven(3.0);
    moment.answer.verdict = Verdict::NoSensor;
    moment.answer.health.camera = Health {
        score: 0.1,
        reason: Some(Reason::Frozen { seconds: 1.4 }),
    };
    moment.sensors.audio = None;
    let camera = moment.sensors.camera.as_mut().unwrap();
    camera.condition = Condition::Lost {
        error: SensorError::new(Trouble::Busy, "\"it\" is\nbusy\u{1b}[2J"),
        retry: s(4.0),
    };
    let line = written(&moment, None);
    assert_eq!(
        (&line["verdict"], &line["label"]),
        (&json!("no-sensor"), &Value::Null)
    );
    assert_eq!(line["sensors"]["audio"], Value::Null);
    let camera = &line["sensors"]["camera"];
    assert_eq!(
        (&camera["condition"], &camera["trouble"], &camera["reason"]),
        (&json!("lost"), &json!("busy"), &json!("frozen"))
    );
    assert_eq!(camera["error"], "\"it\" is\nbusy\u{1b}[2J");
    assert!(near(&camera["retry_s"], 4.0));
}

/// Fails as told for each write, then takes everything.
struct Failing<'a> {
    failures: Vec<ErrorKind>,
    taken: &'a mut Vec<u8>,
}

impl Write for Failing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.failures.pop() {
            Some(kind) => Err(Error::from(kind)),
            None => self.taken.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_stops_the_program_and_a_full_disk_does_not() {
    let observe = |failure: ErrorKind| {
        let (stop, mut taken) = (Arc::new(AtomicBool::new(false)), Vec::new());
        let out = Failing {
            failures: vec![failure],
            taken: &mut taken,
        };
        let mut lines = JsonLines::new(out, Arc::clone(&stop));
        let window = Window::default();
        lines.observe(&seven(2.0), &window, &window);
        lines.observe(&seven(3.0), &window, &window);
        drop(lines);
        (
            stop.load(Ordering::Relaxed),
            String::from_utf8(taken).unwrap(),
        )
    };
    assert!(observe(ErrorKind::BrokenPipe).0);
    let (stopped, text) = observe(ErrorKind::StorageFull);
    assert!(!stopped);
    let last = text.lines().last().unwrap();
    assert!(near(
        &serde_json::from_str::<Value>(last).unwrap()["time_s"],
        3.0
    ));
}
