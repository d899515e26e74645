//! Pre-trained networks answer as exported like in Candle, frozen and tuned.

use std::collections::BTreeMap;
use std::path::Path;

use evenkeel::engine::Engine;
use evenkeel::frontend::{Colour, Features, MelScale};
use evenkeel::package::Package;
use evenkeel::window::{PerSensor, SampleRate};
use safetensors::SafeTensors;

use super::random_model::model;
use super::reference::{random, rng};
use super::*;
use crate::backbone::{Backbone, BackboneSpec};
use crate::model::{Activation, Model, NamedTensor, Stem, to_safetensors};

fn stem(network: Backbone, stages: usize, tuned: bool) -> Stem {
    Stem {
        backbone: Some(BackboneSpec {
            network,
            stages: Some(stages),
            tuned,
        }),
        vit: None,
        convolutions: Vec::new(),
        kernel: [1, 2],
        stride: [1, 1],
    }
}

/// Scales that keep the numbers of a deep network between 0.1 and 10.
fn random_weights(model: &Model) -> Vec<NamedTensor> {
    let mut rng = rng(7);
    model
        .parameters
        .values()
        .unwrap()
        .into_iter()
        .map(|(name, shape, values)| {
            let inputs = *shape.last().unwrap() as f32;
            let scale = if shape.len() == 2 {
                (4.0 / inputs).sqrt()
            } else {
                0.3
            };
            let scale = if name.contains("depthwise.weight") {
                0.5
            } else {
                scale
            };
            (name, shape, random(&mut rng, values.len(), scale))
        })
        .collect()
}

#[test]
fn networks_answer_as_exported_like_in_training() {
    for tuned in [false, true] {
        let mut random_model = model(Fusion::Rollingq, Activation::Relu, 1);
        let manifest = &mut random_model.manifest;
        let audio = manifest.audio.as_mut().unwrap();
        audio.sample_rate = SampleRate::new(16_000).unwrap();
        (audio.window_samples, audio.hop_samples) = (14_000, 160);
        (audio.fft_size, audio.mel_bands) = (512, 32);
        audio.mel_scale = MelScale::Slaney;
        let camera = manifest.camera.as_mut().unwrap();
        (camera.width, camera.height, camera.frames) = (35, 32, 2);
        assert_eq!(camera.colour, Colour::Rgb);
        let spec = ModelSpec {
            tubelet: 1,
            audio: stem(Backbone::SpeechEmbedding, 6, tuned),
            camera: stem(Backbone::EfficientnetLite0, 4, tuned),
            ..random_model.spec.clone()
        };
        let configs = manifest.sensor_configs();
        let classes = manifest.labels.len();
        let trained = Model::new(&spec, &configs, classes, 0, &candle_core::Device::Cpu).unwrap();
        let named = random_weights(&trained);
        let bytes = to_safetensors(&named).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        trained.parameters.load(&file).unwrap();
        let tensors: BTreeMap<_, _> = named
            .into_iter()
            .map(|(name, shape, values)| (name, (shape, values)))
            .collect();
        let weights = Weights::new(Path::new("random.safetensors"), tensors).unwrap();

        let probes = PerSensor::from_fn(|_| 1.0);
        let package = Package {
            dir: Path::new("random").to_owned(),
            graphs: graphs(&weights, &spec, manifest, probes).unwrap(),
            manifest: manifest.clone(),
        };
        let mut rng = rng(3);
        let mut values = |count: usize| Some(random(&mut rng, count, 2.0));
        let features: Features = PerSensor::from_fn(|modality| {
            configs[modality].and_then(|config| values(config.shape().iter().product()))
        });
        let valid = PerSensor::from_fn(|_| 1.0);
        let found = Engine::load(&package)
            .unwrap()
            .run(&features, valid)
            .unwrap();
        let embedded = trained.frozen().embed(features).unwrap();
        let batch = trained.batch(&[(&embedded, valid)]).unwrap();
        let out = trained.forward(&batch, 0.0).unwrap();
        let logits = out.logits.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let scale = logits.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        assert!(scale > 0.01, "{logits:?}");
        for (found, expected) in found.logits.iter().zip(&logits) {
            assert!(
                (found - expected).abs() < 1e-4 * scale.max(1.0),
                "{found} {expected}"
            );
        }
    }
}
