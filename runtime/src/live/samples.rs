//! Moments made up for the tests of those who look on.

use std::time::{Duration, UNIX_EPOCH};

use super::event::{Event, Evidence, Smoothed};
use super::moment::{Age, Moment, Rates, SensorMoment, Stages};
use crate::engine::{Answer, Output, Verdict};
use crate::health::Health;
use crate::sensor::Condition;
use crate::window::PerSensor;

pub fn s(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn sensor(name: &str, format: &str, rate: f32) -> SensorMoment {
    SensorMoment {
        name: name.into(),
        condition: Condition::Running {
            format: format.into(),
        },
        overruns: 0,
        losses: 0,
        delay: s(0.012),
        rate,
    }
}

/// Both sensors are well, and for half a second somebody has been saying seven; the window ends at `end`,
/// at least 1.28 s.
pub fn seven(end: f64) -> Moment {
    let stages = Stages {
        wait: s(0.017),
        window: s(0.001),
        health: s(0.002),
        encode: PerSensor::pair(s(0.009), s(0.004)),
        fusion: s(0.001),
    };
    Moment {
        index: (end * 10.0) as u64,
        start: s(end - 1.28),
        length: s(1.28),
        wall: UNIX_EPOCH + Duration::from_secs(1_767_225_599),
        answer: Answer {
            label: 0,
            verdict: Verdict::Label("seven".into()),
            probabilities: vec![0.97, 0.02, 0.01],
            confidence: 0.97,
            attention: [0.1, 0.55, 0.35].into(),
            present: PerSensor::from_fn(|_| true),
            health: PerSensor::from_fn(|_| Health::WELL),
            validity: PerSensor::from_fn(|_| 1.0),
            output: Output {
                logits: vec![5.0, 1.0, 0.0],
                attention: [0.1, 0.55, 0.35].into(),
                probes: PerSensor::default(),
            },
        },
        smoothed: Smoothed {
            verdict: Verdict::Label("seven".into()),
            confidence: 0.96,
            evidence: Evidence::Both,
            event: Some(Event {
                label: "seven".into(),
                confidence: 0.96,
                evidence: Evidence::Both,
                since: s(end - 0.5),
            }),
        },
        change: None,
        sensors: PerSensor::pair(
            Some(sensor("USB microphone", "48000 Hz, 2 channels", 48_000.0)),
            Some(sensor("/dev/video0", "640×480 YUYV, 30 frames/s", 29.9)),
        ),
        age: Age {
            total: s(0.034),
            stages,
        },
        rates: Rates {
            hop: s(0.1),
            stride: 1,
            measured: 9.9,
        },
        spoiled: Vec::new(),
        notices: Vec::new(),
        mel: (0..40 * 126)
            .map(|i| ((i % 126) as f32 / 9.0).sin())
            .collect(),
        truth: None,
        seams: 0,
    }
}
