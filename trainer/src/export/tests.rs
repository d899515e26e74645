//! Exported graphs through the runtime's engine, against the plain computation.

use std::path::Path;
use std::time::Duration;

use evenkeel::engine::{Engine, Output, largest_difference, largest_share_difference};
use evenkeel::evaluation::Score;
use evenkeel::frontend::{Features, Frontend};
use evenkeel::package::Package;
use evenkeel::probability::{most_probable, softmax};
use evenkeel::window::{Modality, PerSensor, Signal};

use super::random_model::{Model, model, model_of, probes};
use super::reference::{random, rng};
use super::*;
use crate::model::Activation;

const KINDS: [Fusion; 6] = [
    Fusion::Rollingq,
    Fusion::Attention,
    Fusion::Concat,
    Fusion::Sum,
    Fusion::Audio,
    Fusion::Camera,
];

fn difference(found: &Output, expected: &Output) -> f32 {
    let mut worst = largest_difference(&found.logits, &expected.logits).max(
        largest_share_difference(found.attention, expected.attention),
    );
    for modality in Modality::ALL {
        assert_eq!(
            found.probes[modality].is_some(),
            expected.probes[modality].is_some()
        );
        if let (Some(found), Some(expected)) = (&found.probes[modality], &expected.probes[modality])
        {
            worst = worst.max(largest_difference(found, expected));
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
                let validity = PerSensor::pair(audio, camera);
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

/// All eight places taken, and one more model without a microphone and a camera.
#[test]
fn eight_sensors_answer_like_the_plain_model_whichever_is_lost() {
    let mut signals = PerSensor::default();
    signals[Modality::Signal] = true;
    signals[Modality::Signal3] = true;
    let fusions = [Fusion::Rollingq, Fusion::Concat, Fusion::Sum];
    for (seed, fusion) in fusions.into_iter().enumerate() {
        for sensors in [PerSensor::all(true), signals] {
            let model = model_of(sensors, fusion, Activation::Relu, seed as u64);
            let mut engine = Engine::load(&model.package()).unwrap();
            assert_eq!(engine.sensors(), sensors);
            let features = model.features(50);
            let all = PerSensor::all(1.0);
            let whole = engine.run(&features, all).unwrap();
            assert!(difference(&whole, &model.answer(&features, all)) < 2e-5);
            for lost in sensors.sensors() {
                let mut validity = PerSensor::all(0.5);
                validity[lost] = 0.0;
                let found = engine.run(&features, validity).unwrap();
                let worst = difference(&found, &model.answer(&features, validity));
                assert!(worst < 2e-5, "{fusion:?} without {lost}: {worst:e}");
                assert_eq!(found.attention.sensors[lost], 0.0);
                assert_ne!(found.logits, whole.logits, "{lost} says nothing");
                let shares: f32 = found.attention.shares().sum();
                assert!((shares - 1.0).abs() < 1e-5, "{shares}");
            }
        }
    }
}

#[test]
fn a_package_with_a_third_sensor_comes_back_whole_with_its_golden_windows() {
    let mut sensors = PerSensor::pair(true, true);
    sensors[Modality::Signal] = true;
    let model = model_of(sensors, Fusion::Rollingq, Activation::Relu, 21);
    let mut window = model.window();
    let mut signal = Signal::new(3);
    for i in 0..15u32 {
        let x = i as f32 / 7.0;
        signal.push(
            Duration::from_millis(u64::from(i) * 11),
            &[x, x.sin(), 0.1 - x],
        );
    }
    *window.signal_mut(Modality::Signal).unwrap() = Some(signal);
    let features = [model.features(1)];
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("three");
    let mut request = request(&model, &features);
    request.golden = vec![(window.clone(), "yes".into())];
    let mut reference =
        |features: &Features, validity: PerSensor<f32>| Ok(model.answer(features, validity));
    export(request, &mut reference, &destination).unwrap();
    let package = Package::open(&destination).unwrap();
    assert!(package.graphs.encoders[Modality::Signal].is_some());
    let golden = package.golden().unwrap();
    assert_eq!(golden[0].window, window);
    assert!(golden[0].answer.probe(Modality::Signal).is_some());
    assert!(golden[0].answer.attention.sensors[Modality::Signal] > 0.0);
    std::fs::write(destination.join("golden/0.signal.csv"), "time,x\n").unwrap();
    assert!(package.golden().is_err(), "a changed file is noticed");
}

#[test]
fn a_sensor_without_features_is_a_sensor_without_validity() {
    let model = model(Fusion::Rollingq, Activation::Relu, 5);
    let mut engine = Engine::load(&model.package()).unwrap();
    let both = model.features(1);
    let one = PerSensor::pair(1.0, 1.0);
    let mut deaf = both.clone();
    deaf.audio = None;
    let found = engine.run(&deaf, one).unwrap();
    assert_eq!(found.attention.sensors.audio, 0.0);
    assert_eq!(found.probes.audio, None);
    let silent = engine.run(&both, PerSensor::pair(0.0, 1.0)).unwrap();
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

pub(super) fn request<'a>(model: &'a Model, features: &'a [Features]) -> ExportRequest<'a> {
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
            robustness: vec!["Never falls.".into()],
        },
        golden: vec![(model.window(), "yes".into())],
        probe_temperature: probes(),
        parity: features,
        narrowing: None,
        drift: &[],
    }
}

pub(super) fn real_features(model: &Model) -> Features {
    Frontend::new(&model.manifest.sensor_configs())
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
        let exported = export(request(&model, &features), &mut reference, &destination).unwrap();
        assert_eq!(exported.parity.windows, 2);
        assert_eq!(exported.drift, None);
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
    let error = graphs(&model.weights, &spec, &model.manifest, probes()).unwrap_err();
    assert!(error.to_string().contains("mlp.up.weight"), "{error}");
    let mut manifest = model.manifest.clone();
    manifest.audio = None;
    let error = graphs(&model.weights, &model.spec, &manifest, probes()).unwrap_err();
    assert!(error.to_string().contains("no audio frontend"), "{error}");
    assert!(Weights::read(Path::new("nowhere.safetensors")).is_err());
}

#[test]
fn reliability_is_how_sure_the_probe_is_at_its_temperature() {
    let model = model(Fusion::Rollingq, Activation::Relu, 4);
    let mut engine = Engine::load(&model.package()).unwrap();
    let features = model.features(3);
    for modality in Modality::LIVE {
        let values = features[modality].as_deref().unwrap();
        let encoding = engine.encode(modality, values).unwrap().unwrap();
        let shares = softmax(&encoding.probe, probes()[modality]);
        let found = encoding.reliability.unwrap();
        let expected = shares[most_probable(&shares)];
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        assert!((0.25..1.0).contains(&found));
    }
}
