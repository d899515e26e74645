//! A small random model for tests.

use std::path::PathBuf;
use std::time::Duration;

use evenkeel::engine::Output;
use evenkeel::frontend::{AudioConfig, CameraConfig, Colour, Features, MelScale, SignalConfig};
use evenkeel::package::{Manifest, Package, Thresholds, Training};
use evenkeel::window::{Frame, Modality, PerSensor, SampleRate, Sound, Window};

use super::encoder::Layout;
use super::fold::PlainFusion;
use super::parity::attention_of;
use super::reference::{Tensors, encode, random, rng};
use super::*;
use crate::model::{Activation, Convolution, Stem};

/// Temperatures of the probes.
pub(super) fn probes() -> PerSensor<f32> {
    let mut temperatures = [1.0, 2.5, 0.5, 1.5, 2.0, 3.0, 0.7, 1.2].into_iter();
    PerSensor::from_fn(|_| temperatures.next().unwrap_or(1.0))
}

pub(super) struct Model {
    pub spec: ModelSpec,
    pub manifest: Manifest,
    pub weights: Weights,
}

/// A small random model: overlapping stems, one with a convolution before it, frames sharing tokens.
pub(super) fn model(fusion: Fusion, activation: Activation, seed: u64) -> Model {
    model_of(PerSensor::pair(true, true), fusion, activation, seed)
}

/// The same with these sensors.
pub(super) fn model_of(
    sensors: PerSensor<bool>,
    fusion: Fusion,
    activation: Activation,
    seed: u64,
) -> Model {
    let spec = ModelSpec {
        width: 24,
        depth: 2,
        heads: 3,
        mlp_ratio: 2,
        activation,
        audio: Stem {
            backbone: None,
            vit: None,
            convolutions: Vec::new(),
            kernel: [5, 4],
            stride: [3, 2],
        },
        camera: Stem {
            backbone: None,
            vit: None,
            convolutions: vec![Convolution {
                channels: 7,
                kernel: [3, 2],
                stride: [1, 2],
            }],
            kernel: [4, 4],
            stride: [4, 1],
        },
        signal: Some(Stem {
            backbone: None,
            vit: None,
            convolutions: Vec::new(),
            kernel: [1, 5],
            stride: [1, 2],
        }),
        audio2: None,
        camera2: None,
        signal2: None,
        signal3: None,
        signal4: None,
        tubelet: 2,
        fusion,
    };
    let has = |modality| sensors[modality] && fusion.only().is_none_or(|only| only == modality);
    let signal = |modality, channels: usize| {
        has(modality).then(|| SignalConfig {
            name: None,
            rate_hz: 100.0,
            channels,
            window_seconds: 0.15,
            mean: vec![0.0; channels],
            std: vec![1.0; channels],
        })
    };
    let audio = AudioConfig {
        sample_rate: SampleRate::new(8_000).unwrap(),
        window_samples: 1_200,
        frame_samples: 200,
        hop_samples: 100,
        fft_size: 256,
        mel_bands: 12,
        min_hz: 60.0,
        max_hz: 3_800.0,
        mel_scale: MelScale::Htk,
        log_floor: 1e-6,
        mean: -4.0,
        std: 3.0,
        centre_bands: false,
    };
    let camera = CameraConfig {
        width: 13,
        height: 12,
        colour: Colour::Rgb,
        frames: 4,
        window_seconds: 0.15,
        crop: None,
        mean: vec![0.5; 3],
        std: vec![0.25; 3],
        even_contrast: false,
    };
    let manifest = Manifest {
        format: 1,
        name: "random".into(),
        version: "0.1.0".into(),
        license: "CC0-1.0".into(),
        labels: ["yes", "no", "maybe", "nothing"].map(String::from).to_vec(),
        nothing: Some("nothing".into()),
        precision: Precision::F32,
        drift: None,
        token_width: spec.width,
        thresholds: Thresholds {
            temperature: 1.0,
            confidence: 0.3,
        },
        policy: Default::default(),
        rates: Default::default(),
        audio: has(Modality::Audio).then(|| audio.clone()),
        camera: has(Modality::Camera).then(|| camera.clone()),
        signal: signal(Modality::Signal, 3),
        audio2: has(Modality::Audio2).then_some(audio),
        camera2: has(Modality::Camera2).then_some(camera),
        signal2: signal(Modality::Signal2, 1),
        signal3: signal(Modality::Signal3, 2),
        signal4: signal(Modality::Signal4, 6),
        health: Default::default(),
        training: Training {
            data: "made up for tests".into(),
            method: "random".into(),
            seed,
            commit: None,
            corruptions: Vec::new(),
            metrics: [("test.accuracy".to_owned(), 0.25)].into(),
        },
    };
    let mut rng = rng(seed);
    let mut tensors = Tensors::default();
    for layout in Modality::ALL
        .into_iter()
        .filter_map(|m| layout(&spec, &manifest, m))
    {
        tensors = tensors.encoder(&mut rng, &layout);
    }
    let weights = tensors
        .fusion(
            &mut rng,
            &spec,
            manifest.sensors().count(),
            manifest.labels.len(),
        )
        .weights();
    Model {
        spec,
        manifest,
        weights,
    }
}

fn layout(spec: &ModelSpec, manifest: &Manifest, modality: Modality) -> Option<Layout> {
    let input = spec.input(manifest.sensor_configs()[modality]?).unwrap();
    let classes = manifest.labels.len();
    Some(Layout::new(modality, input, spec, classes, probes()[modality]).unwrap())
}

impl Model {
    pub fn package(&self) -> Package {
        Package {
            dir: PathBuf::from("random"),
            manifest: self.manifest.clone(),
            graphs: graphs(&self.weights, &self.spec, &self.manifest, probes()).unwrap(),
        }
    }

    pub fn layout(&self, modality: Modality) -> Option<Layout> {
        layout(&self.spec, &self.manifest, modality)
    }

    pub fn features(&self, seed: u64) -> Features {
        let mut rng = rng(seed);
        let mut one = |modality| {
            let layout = self.layout(modality)?;
            Some(random(&mut rng, layout.input.iter().product(), 2.0))
        };
        PerSensor::from_fn(&mut one)
    }

    /// The whole model, plainly.
    pub fn answer(&self, features: &Features, validity: PerSensor<f32>) -> Output {
        let encoded = PerSensor::from_fn(|modality| {
            let features = features[modality]
                .as_ref()
                .filter(|_| validity[modality] > 0.0)?;
            Some(encode(&self.layout(modality)?, &self.weights, features))
        });
        let classes = self.manifest.labels.len();
        let plain = PlainFusion::read(
            &self.weights,
            self.spec.fusion,
            self.manifest.sensors(),
            self.spec.width,
            classes,
        )
        .unwrap();
        let tokens =
            PerSensor::from_fn(|modality| encoded[modality].as_ref().map(|(t, _)| t.as_slice()));
        let (logits, attention) = plain.fuse(tokens, validity);
        let probe = |modality: Modality| encoded[modality].as_ref().map(|(_, probe)| probe.clone());
        Output {
            logits: logits.into_iter().map(|x| x as f32).collect(),
            attention: attention_of(attention),
            probes: PerSensor::from_fn(probe),
        }
    }

    pub fn window(&self) -> Window {
        let mut rng = rng(9);
        let samples = random(&mut rng, 1_200, 0.5);
        let frame = |index: u64| Frame {
            time: Duration::from_millis(index * 40),
            width: 16,
            height: 16,
            rgb: (0..16 * 16 * 3)
                .map(|i| (i * 7 + index as usize * 31) as u8)
                .collect(),
        };
        Window {
            start: Duration::ZERO,
            sound: Some(Sound {
                start: Duration::ZERO,
                rate: SampleRate::new(8_000).unwrap(),
                samples,
            }),
            frames: (0..4).map(frame).collect(),
            ..Window::default()
        }
    }
}
