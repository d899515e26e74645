//! Exported graphs through the runtime's engine, against the plain computation.

use std::path::{Path, PathBuf};
use std::time::Duration;

use evenkeel::engine::{Engine, Output};
use evenkeel::evaluation::Score;
use evenkeel::frontend::{AudioConfig, CameraConfig, Colour, Features, Frontend};
use evenkeel::package::{Manifest, Package, Thresholds, Training};
use evenkeel::window::{Frame, Modality, PerSensor, SampleRate, Sound, Window};

use super::encoder::Layout;
use super::fold::PlainFusion;
use super::parity::largest;
use super::reference::{Tensors, encode, random, rng};
use super::*;
use crate::model::{Activation, Convolution, Stem};

const KINDS: [Fusion; 6] = [
    Fusion::Rollingq,
    Fusion::Attention,
    Fusion::Concat,
    Fusion::Sum,
    Fusion::Audio,
    Fusion::Camera,
];

pub(super) struct Model {
    pub spec: ModelSpec,
    pub manifest: Manifest,
    pub weights: Weights,
}

/// A small random model: overlapping stems, one with a convolution before it, frames sharing tokens.
pub(super) fn model(fusion: Fusion, activation: Activation, seed: u64) -> Model {
    let spec = ModelSpec {
        width: 24,
        depth: 2,
        heads: 3,
        mlp_ratio: 2,
        activation,
        audio: Stem {
            convolutions: Vec::new(),
            kernel: [5, 4],
            stride: [3, 2],
        },
        camera: Stem {
            convolutions: vec![Convolution {
                channels: 7,
                kernel: [3, 2],
                stride: [1, 2],
            }],
            kernel: [4, 4],
            stride: [4, 1],
        },
        tubelet: 2,
        fusion,
    };
    let has = |modality| needs(fusion, modality);
    let manifest = Manifest {
        format: 1,
        name: "random".into(),
        version: "0.1.0".into(),
        license: "CC0-1.0".into(),
        labels: ["yes", "no", "maybe", "nothing"].map(String::from).to_vec(),
        nothing: Some("nothing".into()),
        precision: "f32".into(),
        token_width: spec.width,
        thresholds: Thresholds {
            temperature: 1.0,
            confidence: 0.3,
        },
        audio: has(Modality::Audio).then(|| AudioConfig {
            sample_rate: SampleRate::new(8_000).unwrap(),
            window_samples: 1_200,
            frame_samples: 200,
            hop_samples: 100,
            fft_size: 256,
            mel_bands: 12,
            min_hz: 60.0,
            max_hz: 3_800.0,
            log_floor: 1e-6,
            mean: -4.0,
            std: 3.0,
            centre_bands: false,
        }),
        camera: has(Modality::Camera).then(|| CameraConfig {
            width: 13,
            height: 12,
            colour: Colour::Rgb,
            frames: 4,
            window_seconds: 0.15,
            crop: None,
            mean: vec![0.5; 3],
            std: vec![0.25; 3],
            even_contrast: false,
        }),
        training: Training {
            data: "made up for tests".into(),
            method: "random".into(),
            seed,
            commit: None,
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
        .fusion(&mut rng, &spec, manifest.labels.len())
        .weights();
    Model {
        spec,
        manifest,
        weights,
    }
}

fn layout(spec: &ModelSpec, manifest: &Manifest, modality: Modality) -> Option<Layout> {
    let input = match modality {
        Modality::Audio => {
            let [bands, frames] = manifest.audio.as_ref()?.shape();
            [1, 1, bands, frames]
        }
        Modality::Camera => {
            let [frames, channels, height, width] = manifest.camera.as_ref()?.shape();
            [
                frames / spec.tubelet,
                channels * spec.tubelet,
                height,
                width,
            ]
        }
    };
    Some(Layout::new(modality, input, spec, manifest.labels.len()).unwrap())
}

impl Model {
    pub fn package(&self) -> Package {
        Package {
            dir: PathBuf::from("random"),
            manifest: self.manifest.clone(),
            graphs: graphs(&self.weights, &self.spec, &self.manifest).unwrap(),
        }
    }

    fn layout(&self, modality: Modality) -> Option<Layout> {
        layout(&self.spec, &self.manifest, modality)
    }

    pub fn features(&self, seed: u64) -> Features {
        let mut rng = rng(seed);
        let mut one = |modality| {
            let layout = self.layout(modality)?;
            Some(random(&mut rng, layout.input.iter().product(), 2.0))
        };
        PerSensor {
            audio: one(Modality::Audio),
            camera: one(Modality::Camera),
        }
    }

    /// The whole model, plainly.
    fn answer(&self, features: &Features, validity: PerSensor<f32>) -> Output {
        let encoded = PerSensor::from_fn(|modality| {
            let features = features[modality]
                .as_ref()
                .filter(|_| validity[modality] > 0.0)?;
            Some(encode(&self.layout(modality)?, &self.weights, features))
        });
        let classes = self.manifest.labels.len();
        let plain =
            PlainFusion::read(&self.weights, self.spec.fusion, self.spec.width, classes).unwrap();
        let tokens =
            PerSensor::from_fn(|modality| encoded[modality].as_ref().map(|(t, _)| t.as_slice()));
        let (logits, attention) = plain.fuse(tokens, validity);
        let probe = |modality: Modality| encoded[modality].as_ref().map(|(_, probe)| probe.clone());
        Output {
            logits: logits.into_iter().map(|x| x as f32).collect(),
            attention: attention.map(|x| x as f32),
            probes: PerSensor::from_fn(probe),
        }
    }

    fn window(&self) -> Window {
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
        }
    }
}

fn difference(found: &Output, expected: &Output) -> f32 {
    let mut worst = largest(&found.logits, &expected.logits)
        .max(largest(&found.attention, &expected.attention));
    for modality in Modality::ALL {
        assert_eq!(
            found.probes[modality].is_some(),
            expected.probes[modality].is_some()
        );
        if let (Some(found), Some(expected)) = (&found.probes[modality], &expected.probes[modality])
        {
            worst = worst.max(largest(found, expected));
        }
    }
    worst
}

#[test]
fn every_fusion_and_activation_answers_like_the_plain_model_with_every_validity() {
    let weights = [0.0, 0.25, 1.0];
    for (seed, fusion) in KINDS.into_iter().enumerate() {
        for activation in [Activation::Relu, Activation::Gelu] {
            let model = model(fusion, activation, seed as u64);
            let mut engine = Engine::load(&model.package()).unwrap();
            let features = model.features(100);
            for (audio, camera) in weights.iter().flat_map(|a| weights.map(|c| (*a, c))) {
                let validity = PerSensor { audio, camera };
                let found = engine.run(&features, validity).unwrap();
                let worst = difference(&found, &model.answer(&features, validity));
                assert!(
                    worst < 2e-5,
                    "{fusion:?} {activation:?} {validity:?}: {worst:e}"
                );
            }
        }
    }
}

#[test]
fn a_sensor_without_features_is_a_sensor_without_validity() {
    let model = model(Fusion::Rollingq, Activation::Relu, 5);
    let mut engine = Engine::load(&model.package()).unwrap();
    let both = model.features(1);
    let one = PerSensor {
        audio: 1.0,
        camera: 1.0,
    };
    let mut deaf = both.clone();
    deaf.audio = None;
    let found = engine.run(&deaf, one).unwrap();
    assert_eq!(found.attention[1], 0.0);
    assert_eq!(found.probes.audio, None);
    let silent = engine
        .run(
            &both,
            PerSensor {
                audio: 0.0,
                camera: 1.0,
            },
        )
        .unwrap();
    assert_eq!(found, silent);
    // A clone answers alike and leaves the original alone.
    let mut clone = engine.clone();
    let all = engine.run(&both, one).unwrap();
    assert_eq!(clone.run(&deaf, one).unwrap(), found);
    assert_eq!(engine.run(&both, one).unwrap(), all);
}

#[test]
fn a_dead_sensor_adds_nothing_whatever_its_tokens_hold() {
    for fusion in [Fusion::Rollingq, Fusion::Concat, Fusion::Sum] {
        let model = model(fusion, Activation::Relu, 3);
        let package = model.package();
        let run = |rubbish: f32| {
            use tract_onnx::prelude::*;
            let mut bytes = package.graphs.fusion.as_slice();
            let plan = tract_onnx::onnx()
                .model_for_read(&mut bytes)
                .and_then(|model| model.into_optimized())
                .and_then(|model| model.into_runnable())
                .unwrap();
            let tokens = |modality: Modality, fill: Option<f32>| {
                let count = model.layout(modality).unwrap().tokens();
                let values = random(&mut rng(1), count * 24, 1.0);
                let values = fill.map_or(values, |fill| vec![fill; count * 24]);
                Tensor::from_shape(&[1, count, 24], &values)
                    .unwrap()
                    .into_tvalue()
            };
            let validity = Tensor::from_shape(&[1, 2], &[0f32, 1.0])
                .unwrap()
                .into_tvalue();
            let audio = tokens(Modality::Audio, Some(rubbish));
            let outputs = plan
                .run(tvec![audio, tokens(Modality::Camera, None), validity])
                .unwrap();
            outputs
                .iter()
                .flat_map(|t| {
                    t.as_plain_ram()
                        .unwrap()
                        .as_slice::<f32>()
                        .unwrap()
                        .to_vec()
                })
                .collect::<Vec<_>>()
        };
        let clean = run(0.0);
        for rubbish in [1e30, -3e38, f32::INFINITY, f32::NAN] {
            assert_eq!(run(rubbish), clean, "{fusion:?} {rubbish}");
        }
    }
}

fn request<'a>(model: &'a Model, features: &'a [Features]) -> ExportRequest<'a> {
    ExportRequest {
        weights: &model.weights,
        spec: &model.spec,
        manifest: model.manifest.clone(),
        notes: CardNotes {
            summary: "Numbers drawn at random.".into(),
            limits: vec!["Knows nothing.".into()],
            command: None,
            measured: vec![Measured {
                what: "coins".into(),
                score: Score::new(50, 100),
            }],
        },
        golden: vec![(model.window(), "yes".into())],
        parity: features,
    }
}

fn real_features(model: &Model) -> Features {
    Frontend::new(
        model.manifest.audio.as_ref(),
        model.manifest.camera.as_ref(),
    )
    .unwrap()
    .features(&model.window())
    .unwrap()
}

#[test]
fn an_export_is_a_package_that_answers_like_the_model() {
    for fusion in KINDS {
        let model = model(fusion, Activation::Relu, 11);
        let features = [real_features(&model), model.features(2)];
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().join("models/random");
        let mut reference =
            |features: &Features, validity: PerSensor<f32>| Ok(model.answer(features, validity));
        let parity = export(request(&model, &features), &mut reference, &destination).unwrap();
        assert_eq!(parity.windows, 2);
        let package = Package::open(&destination).unwrap();
        assert_eq!(package.golden().unwrap().len(), 1);
        let card = std::fs::read_to_string(destination.join("CARD.md")).unwrap();
        // Wilson's interval.
        assert!(card.contains("| coins | 50 of 100 | 50.0 % | 40.4–59.6 % |"));
        let beside = std::fs::read_dir(destination.parent().unwrap())
            .unwrap()
            .count();
        assert_eq!(beside, 1, "something was left beside the package");
    }
}

#[test]
fn an_export_that_differs_leaves_nothing_behind() {
    let model = model(Fusion::Rollingq, Activation::Relu, 12);
    let features = [real_features(&model)];
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("random");
    let mut wrong = |features: &Features, validity: PerSensor<f32>| {
        let mut output = model.answer(features, validity);
        if validity.audio == 0.0 {
            output.logits[1] += 2e-4;
        }
        Ok(output)
    };
    let error = export(request(&model, &features), &mut wrong, &destination).unwrap_err();
    assert!(matches!(error, ExportError::Differs { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let model = model(Fusion::Rollingq, Activation::Relu, 13);
    let mut spec = model.spec.clone();
    spec.mlp_ratio = 3;
    let error = graphs(&model.weights, &spec, &model.manifest).unwrap_err();
    assert!(error.to_string().contains("mlp.up.weight"), "{error}");
    let mut manifest = model.manifest.clone();
    manifest.audio = None;
    let error = graphs(&model.weights, &model.spec, &manifest).unwrap_err();
    assert!(error.to_string().contains("no audio frontend"), "{error}");
    assert!(Weights::read(Path::new("nowhere.safetensors")).is_err());
}
