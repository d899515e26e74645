//! Moments that were never lived.

use std::time::{Duration, SystemTime};

use crate::engine::{Answer, Output, Verdict};
use crate::frontend::Crop;
use crate::health::{Health, Reason};
use crate::live::{
    Age, Change, Event, Evidence, Moment, Notice, Rates, SensorMoment, Smoothed, Stages,
};
use crate::live::{Facts, Looked};
use crate::sensor::{Condition, SensorError, Trouble};
use crate::window::{Frame, Modality, PerSensor, SampleRate, Sound, Window};

pub const BANDS: usize = 40;
pub const COLUMNS: usize = 64;
const HOP: Duration = Duration::from_millis(80);
const LENGTH: Duration = Duration::from_millis(640);

pub fn facts() -> Facts {
    Facts {
        model: "digits".into(),
        version: "0.1.0".into(),
        labels: vec!["seven".into(), "nothing".into()],
        nothing: Some("nothing".into()),
        sensors: PerSensor::from_fn(|_| true),
        mel_bands: BANDS,
        mel_column: Duration::from_millis(10),
        looked_at: Some(Looked {
            crop: Crop {
                x: 0.0,
                y: 0.0,
                width: 1.0,
                height: 1.0,
            },
            aspect: 1.0,
        }),
    }
}

/// "seven" from both; the microphone is a little too quiet. The event begins at the first.
pub fn moment(index: u64) -> Moment {
    let start = HOP * index as u32;
    let event = Event {
        label: "seven".into(),
        confidence: 0.97,
        evidence: Evidence::Both,
        since: LENGTH,
    };
    let quiet = Health {
        score: 0.4,
        reason: Some(Reason::Quiet),
    };
    let verdict = Verdict::Label("seven".into());
    Moment {
        index,
        start,
        length: LENGTH,
        wall: SystemTime::UNIX_EPOCH,
        answer: Answer {
            label: 0,
            verdict: verdict.clone(),
            probabilities: vec![0.95, 0.05],
            confidence: 0.95,
            attention: [0.2, 0.2, 0.6].into(),
            present: PerSensor::from_fn(|_| true),
            health: PerSensor::pair(quiet, Health::WELL),
            validity: PerSensor::from_fn(|_| 1.0),
            output: Output {
                logits: Vec::new(),
                attention: [0.2, 0.2, 0.6].into(),
                probes: PerSensor::default(),
            },
        },
        smoothed: Smoothed {
            verdict,
            confidence: 0.97,
            evidence: Evidence::Both,
            event: Some(event.clone()),
        },
        change: (index == 0).then_some(Change::Began(event)),
        sensors: PerSensor::from_fn(|modality| Some(sensor(modality))),
        age: Age {
            total: Duration::from_millis(40),
            stages: Stages::default(),
        },
        rates: Rates {
            hop: HOP,
            stride: 1,
            measured: 12.5,
        },
        spoiled: Vec::new(),
        notices: Vec::new(),
        mel: (0..BANDS * COLUMNS)
            .map(|place| mel(place / COLUMNS, place % COLUMNS, index))
            .collect(),
        truth: None,
        seams: 0,
    }
}

/// The same without a camera, which has just been unplugged, and without any sound.
pub fn lost_camera(index: u64) -> Moment {
    let mut moment = moment(index);
    let camera = moment.sensors.camera.as_mut().unwrap();
    camera.condition = Condition::Lost {
        error: SensorError::new(Trouble::Gone, "unplugged"),
        retry: Duration::from_secs(1),
    };
    camera.losses = 1;
    moment.answer.health.camera = Health::MISSING;
    moment.answer.validity.camera = 0.0;
    moment.smoothed.evidence = Evidence::Microphone;
    moment.change = None;
    moment.mel.clear();
    moment.notices.push(Notice {
        time: moment.end(),
        sensor: Some(Modality::Camera),
        message: "unplugged".into(),
    });
    moment
}

fn sensor(modality: Modality) -> SensorMoment {
    SensorMoment {
        name: format!("the {modality} device"),
        condition: Condition::Running {
            format: "mono".into(),
        },
        overruns: 0,
        losses: 0,
        delay: Duration::from_millis(20),
        rate: 25.0,
    }
}

fn mel(band: usize, column: usize, index: u64) -> f32 {
    (band + column + index as usize) as f32 / 40.0 - 2.0
}

/// What a browser gets of one column: −1.5 to 3 as 0 to 255.
pub fn column(column: usize, index: u64) -> Vec<u8> {
    (0..BANDS)
        .map(|band| ((mel(band, column, index) + 1.5) / 4.5 * 255.0) as u8)
        .collect()
}

/// A picture of noise, which is large as a JPEG, and a square wave of half the full scale.
pub fn window(index: u64) -> Window {
    let noise = |place: usize| (place * 7919 + index as usize * 104_729) % 251;
    let rate = SampleRate::new(8000).unwrap();
    Window {
        start: HOP * index as u32,
        sound: Some(Sound {
            start: HOP * index as u32,
            rate,
            samples: (0..rate.samples_in(LENGTH))
                .map(|place| if place % 20 < 10 { 0.5 } else { -0.5 })
                .collect(),
        }),
        frames: vec![Frame {
            time: HOP * index as u32,
            width: 64,
            height: 48,
            rgb: (0..3 * 64 * 48).map(|place| noise(place) as u8).collect(),
        }],
        ..Window::default()
    }
}
