//! What the tests of the terminal view need beside moments.

use std::time::Duration;

use super::super::facts::Facts;
use super::super::moment::Moment;
use crate::window::{Frame, PerSensor, SampleRate, Sound, Window};

pub fn facts() -> Facts {
    Facts {
        model: "digits".into(),
        version: "0.1.0".into(),
        labels: ["seven", "two", "nothing"].map(String::from).to_vec(),
        nothing: Some("nothing".into()),
        sensors: PerSensor::pair(true, true),
        mel_bands: 40,
        mel_column: Duration::from_millis(10),
        looked_at: None,
    }
}

/// A tone of −20 dBFS peak and a coloured picture, for the window of a moment.
pub fn window(moment: &Moment) -> Window {
    let rate = SampleRate::new(8000).expect("not zero");
    let samples = rate.samples_in(moment.length);
    let (width, height) = (64_u32, 48_u32);
    Window {
        start: moment.start,
        sound: Some(Sound {
            start: moment.start,
            rate,
            samples: (0..samples).map(|i| 0.1 * (i as f32 * 0.7).sin()).collect(),
        }),
        frames: vec![Frame {
            time: moment.start,
            width,
            height,
            rgb: (0..3 * width * height).map(|i| (i % 256) as u8).collect(),
        }],
        ..Window::default()
    }
}
