//! A small package for tests.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    GoldenAnswer, GoldenWindow, Graphs, Manifest, PackageContents, Precision, Rates, Thresholds,
    Training,
};
use crate::frontend::{AudioConfig, CameraConfig, Colour, MelScale};
use crate::health::HealthConfig;
use crate::policy::PolicyConfig;
use crate::window::{Frame, Further, PerSensor, SampleRate, Sound, Window};

pub(crate) fn manifest() -> Manifest {
    Manifest {
        format: 1,
        name: "example-2".into(),
        version: "1.2.3".into(),
        license: "CC0-1.0".into(),
        labels: vec!["yes".into(), "no".into(), "nothing".into()],
        nothing: Some("nothing".into()),
        precision: Precision::F32,
        token_width: 8,
        thresholds: Thresholds {
            temperature: 1.5,
            confidence: 0.6,
        },
        drift: None,
        policy: PolicyConfig::default(),
        rates: Rates::default(),
        audio: Some(AudioConfig {
            sample_rate: SampleRate::new(8_000).unwrap(),
            window_samples: 800,
            frame_samples: 200,
            hop_samples: 80,
            fft_size: 256,
            mel_bands: 10,
            min_hz: 60.0,
            max_hz: 3_800.0,
            mel_scale: MelScale::Htk,
            log_floor: 1e-6,
            mean: -3.25,
            std: 2.5,
            centre_bands: false,
        }),
        camera: Some(CameraConfig {
            width: 8,
            height: 6,
            colour: Colour::Rgb,
            frames: 2,
            window_seconds: 0.1,
            crop: None,
            mean: vec![0.5; 3],
            std: vec![0.25; 3],
            even_contrast: false,
        }),
        signal: None,
        audio2: None,
        camera2: None,
        signal2: None,
        signal3: None,
        signal4: None,
        health: HealthConfig::default(),
        training: Training {
            data: "made up for tests".into(),
            method: "rollingq".into(),
            seed: u64::MAX,
            commit: None,
            corruptions: vec!["camera/fog".into()],
            metrics: [("test.accuracy".to_owned(), 0.973)].into(),
        },
    }
}

fn frame(milliseconds: u64) -> Frame {
    Frame {
        time: Duration::from_millis(milliseconds),
        width: 5,
        height: 3,
        rgb: (0..45).map(|i| i * 5 + milliseconds as u8).collect(),
    }
}

/// Graphs that are no ONNX files: a package is verified without looking into them.
pub(super) fn contents() -> PackageContents {
    let sound = Sound {
        start: Duration::new(3, 141_592_653),
        rate: SampleRate::new(44_100).unwrap(),
        samples: (0..4_410).map(|i| (i as f32 * 0.1).sin() * 1.1).collect(),
    };
    PackageContents {
        manifest: manifest(),
        graphs: Graphs {
            encoders: PerSensor::pair(Some(b"microphone".to_vec()), Some(b"camera".to_vec())),
            fusion: b"both".to_vec(),
        },
        card: "# Example\n".into(),
        golden: vec![
            GoldenWindow {
                window: Window {
                    start: Duration::from_millis(3_150),
                    sound: Some(sound),
                    frames: vec![frame(3_160), frame(3_190)],
                    further: Further::default(),
                },
                label: "yes".into(),
                answer: GoldenAnswer {
                    logits: vec![2.5, -0.123_456_79, 1e-7],
                    attention: [0.1, 0.3, 0.6].into(),
                    audio_probe: Some(vec![0.5, 0.25, -1.0]),
                    camera_probe: Some(vec![f32::MIN_POSITIVE, 3.0, -1.0]),
                    further_probes: BTreeMap::new(),
                },
            },
            GoldenWindow {
                window: Window {
                    start: Duration::ZERO,
                    sound: None,
                    frames: vec![frame(10)],
                    further: Further::default(),
                },
                label: "nothing".into(),
                answer: GoldenAnswer {
                    logits: vec![0.0, 0.1, 0.2],
                    attention: [0.4, 0.0, 0.6].into(),
                    audio_probe: None,
                    camera_probe: Some(vec![0.0, 0.0, 1.0]),
                    further_probes: BTreeMap::new(),
                },
            },
        ],
    }
}
