use super::*;
use evenkeel::frontend::{AudioConfig, CameraConfig, Colour, MelScale, SensorConfig};
use evenkeel::window::SampleRate;

fn audio_config() -> AudioConfig {
    AudioConfig {
        sample_rate: SampleRate::new(8000).unwrap(),
        window_samples: 2000,
        frame_samples: 200,
        hop_samples: 100,
        fft_size: 256,
        mel_bands: 12,
        min_hz: 60.0,
        max_hz: 3800.0,
        mel_scale: MelScale::Htk,
        log_floor: 1e-6,
        mean: 0.0,
        std: 1.0,
        centre_bands: false,
    }
}

fn camera_config() -> CameraConfig {
    CameraConfig {
        width: 12,
        height: 8,
        colour: Colour::Rgb,
        frames: 2,
        window_seconds: 0.25,
        crop: None,
        mean: vec![0.5; 3],
        std: vec![0.25; 3],
        even_contrast: false,
    }
}

fn spec(fusion: Fusion, activation: Activation) -> ModelSpec {
    ModelSpec {
        width: 16,
        depth: 2,
        heads: 2,
        mlp_ratio: 2,
        activation,
        audio: Stem {
            backbone: None,
            vit: None,
            convolutions: Vec::new(),
            kernel: [12, 4],
            stride: [12, 3],
        },
        camera: Stem {
            backbone: None,
            vit: None,
            convolutions: vec![Convolution {
                channels: 6,
                kernel: [3, 3],
                stride: [1, 2],
            }],
            kernel: [4, 3],
            stride: [2, 2],
        },
        signal: None,
        audio2: None,
        camera2: None,
        signal2: None,
        signal3: None,
        signal4: None,
        tubelet: 2,
        fusion,
    }
}

fn model(fusion: Fusion, activation: Activation) -> Model {
    seeded(fusion, activation, 1)
}

fn seeded(fusion: Fusion, activation: Activation, seed: u64) -> Model {
    let (audio, camera) = (audio_config(), camera_config());
    let configs = PerSensor::pair(
        Some(SensorConfig::Audio(&audio)),
        Some(SensorConfig::Camera(&camera)),
    );
    Model::new(
        &spec(fusion, activation),
        &configs,
        5,
        seed,
        &candle_core::Device::Cpu,
    )
    .unwrap()
}

fn features(seed: u64) -> Features {
    let values = |seed, count: usize| {
        let tensor = crate::ops::check::random(seed, &[count]);
        Some(tensor.to_vec1::<f32>().unwrap())
    };
    let [bands, frames] = audio_config().shape();
    Features::pair(
        values(seed, bands * frames),
        values(seed + 1000, camera_config().shape().iter().product()),
    )
}

const BOTH: PerSensor<f32> = PerSensor::all(1.0);

/// Candle's fused operations train nothing upstream of them, and the loss still falls; only this
/// would show it.
#[test]
fn every_variable_of_every_fusion_and_encoder_learns() {
    let fusions = [
        Fusion::Rollingq,
        Fusion::Attention,
        Fusion::Concat,
        Fusion::Sum,
        Fusion::Audio,
        Fusion::Camera,
    ];
    for fusion in fusions {
        for activation in [Activation::Relu, Activation::Gelu] {
            let model = model(fusion, activation);
            let samples: Vec<Features> = (0..8).map(features).collect();
            let samples: Vec<_> = samples.iter().map(|f| (f, BOTH)).collect();
            let labels = [0, 1, 2, 3, 4, 0, 1, 2];
            let out = model.forward(&model.batch(&samples).unwrap(), 0.0).unwrap();
            let mut loss = cross_entropy(&out.logits, &labels, &[0.125; 8]).unwrap();
            for probe in [&out.probes.audio, &out.probes.camera]
                .into_iter()
                .flatten()
            {
                loss = (loss + cross_entropy(probe, &labels, &[0.125; 8]).unwrap()).unwrap();
            }
            let grads = loss.backward().unwrap();
            for (name, var) in model.parameters.names().iter().zip(model.parameters.vars()) {
                let grad = grads
                    .get(var.as_tensor())
                    .unwrap_or_else(|| panic!("{fusion:?}: {name} has no gradient"));
                let grad: Vec<f32> = grad.flatten_all().unwrap().to_vec1().unwrap();
                let norm = grad.iter().map(|g| g * g).sum::<f32>().sqrt();
                // A key's bias moves all scores alike, so softmax hides it: its third of the encoder's
                // gradient, and the whole of the fusion's, are zero but for rounding.
                let hidden = name == "fusion.key.bias";
                assert!(
                    norm.is_finite() && (hidden || norm > 1e-7),
                    "{fusion:?} {activation:?}: {name} has gradient {norm}"
                );
            }
        }
    }
}

/// The probes measure the encoders and must not train them, unless they are told to.
#[test]
fn a_probe_trains_its_encoder_only_on_request() {
    let model = model(Fusion::Rollingq, Activation::Relu);
    let sample = features(3);
    let gradient = |share: f64| {
        let batch = model.batch(&[(&sample, BOTH)]).unwrap();
        let out = model.forward(&batch, share).unwrap();
        let loss = cross_entropy(out.probes.audio.as_ref().unwrap(), &[1], &[1.0]).unwrap();
        let grads = loss.backward().unwrap();
        let norm = |var: &candle_core::Var| {
            let grad = grads.get(var.as_tensor())?;
            let squares = grad.sqr().unwrap().sum_all().unwrap();
            Some(squares.to_scalar::<f32>().unwrap().sqrt())
        };
        let vars = model.parameters.vars();
        let norms: Vec<_> = vars.iter().map(norm).collect();
        norms
    };
    let (none, half, whole) = (gradient(0.0), gradient(0.5), gradient(1.0));
    for (i, name) in model.parameters.names().iter().enumerate() {
        let probe = name.starts_with("audio.probe");
        let encoder = name.starts_with("audio.") && !probe;
        assert_eq!(none[i].is_some(), probe, "{name}");
        assert_eq!(half[i].is_some(), probe || encoder, "{name}");
        if encoder {
            let ratio = half[i].unwrap() / whole[i].unwrap();
            assert!((ratio - 0.5).abs() < 1e-3, "{name}: {ratio}");
        }
    }
}

#[test]
fn what_each_sensor_says_alone_adds_up_where_the_fusion_is_a_sum() {
    let samples: Vec<Features> = (0..3).map(features).collect();
    let samples: Vec<_> = samples.iter().map(|f| (f, BOTH)).collect();
    for fusion in [Fusion::Concat, Fusion::Sum] {
        let model = model(fusion, Activation::Relu);
        let out = model.forward(&model.batch(&samples).unwrap(), 0.0).unwrap();
        let alone = model.alone(&out).unwrap();
        let (audio, camera) = (alone.audio.unwrap(), alone.camera.unwrap());
        let difference = ((audio + camera).unwrap() - out.logits).unwrap();
        let largest = difference.abs().unwrap().max_all().unwrap();
        assert!(largest.to_scalar::<f32>().unwrap() < 1e-5, "{fusion:?}");
    }
    let model = model(Fusion::Attention, Activation::Relu);
    let out = model.forward(&model.batch(&samples).unwrap(), 0.0).unwrap();
    let alone = model.alone(&out).unwrap();
    for modality in Modality::LIVE {
        let values = |logits: &Option<Tensor>| logits.as_ref().unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(values(&alone[modality]), values(&out.probes[modality]));
    }
}

/// A sensor of validity 0 has no say, whatever it shows.
#[test]
fn an_invalid_sensor_changes_nothing() {
    for fusion in [Fusion::Rollingq, Fusion::Concat, Fusion::Sum] {
        let model = model(fusion, Activation::Relu);
        let (a, mut b) = (features(1), features(2));
        b.audio = a.audio.clone();
        let mut missing = a.clone();
        missing.camera = None;
        let deaf = PerSensor::pair(1.0, 0.0);
        let out = model
            .forward(
                &model
                    .batch(&[(&a, deaf), (&b, deaf), (&missing, BOTH), (&a, BOTH)])
                    .unwrap(),
                0.0,
            )
            .unwrap();
        let logits = out.logits.to_vec2::<f32>().unwrap();
        let difference = |i: usize, j: usize| {
            std::iter::zip(&logits[i], &logits[j])
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max)
        };
        assert!(difference(0, 1) < 1e-6, "{fusion:?}");
        assert!(difference(0, 2) < 1e-6, "{fusion:?}");
        assert!(difference(0, 3) > 1e-3, "{fusion:?}");
        let attention = out.attention.to_vec2::<f32>().unwrap();
        assert_eq!(attention[0][2], 0.0);
        assert!(attention[3][2] > 0.0);
    }
}

/// The short form of the fusion against the textbook one: keys and values of every token.
#[test]
fn attention_equals_its_textbook_form() {
    let model = model(Fusion::Rollingq, Activation::Relu);
    let d = 16;
    // Any rotation will do; this one exchanges two axes.
    let mut rotation = vec![0.0f32; d * d];
    for i in 0..d {
        let j = match i {
            0 => 5,
            5 => 0,
            _ => i,
        };
        rotation[i * d + j] = if i == 0 { -1.0 } else { 1.0 };
    }
    model.parameters.set_buffer(ROTATION, &rotation).unwrap();
    let sample = features(5);
    let batch = model.batch(&[(&sample, BOTH)]).unwrap();
    let found = model.forward(&batch, 0.0).unwrap().logits;

    let get = |name: &str| {
        let index = model
            .parameters
            .names()
            .iter()
            .position(|n| n == name)
            .unwrap();
        model.parameters.vars()[index].as_tensor().clone()
    };
    let apply = |x: &Tensor, name: &str| {
        let weight = get(&format!("fusion.{name}.weight")).t().unwrap();
        x.matmul(&weight)
            .unwrap()
            .broadcast_add(&get(&format!("fusion.{name}.bias")))
            .unwrap()
    };
    let cls = get("fusion.cls").unsqueeze(0).unwrap();
    let tokens = |m: Modality| {
        let encoder = model.encoders[m].as_ref().unwrap();
        encoder.forward(batch.patches[m].as_ref().unwrap()).unwrap()
    };
    let z = Tensor::cat(
        &[&cls, &tokens(Modality::Audio), &tokens(Modality::Camera)],
        0,
    )
    .unwrap();
    let r = model.parameters.buffer_value(ROTATION).t().unwrap();
    let query = apply(&cls, "query").matmul(&r).unwrap();
    let scores =
        (query.matmul(&apply(&z, "key").t().unwrap()).unwrap() / (d as f64).sqrt()).unwrap();
    let exp = scores.exp().unwrap();
    let weights = exp.broadcast_div(&exp.sum_keepdim(1).unwrap()).unwrap();
    let h = weights.matmul(&apply(&z, "value")).unwrap();
    let expected = apply(&apply(&h, "out"), "head");
    let difference = (found - expected).unwrap().abs().unwrap();
    let largest: f32 = difference.max_all().unwrap().to_scalar().unwrap();
    assert!(largest < 1e-5, "{largest}");
}

#[test]
fn weights_survive_a_file_and_broken_ones_are_refused() {
    let [a, b] = [1, 2].map(|seed| seeded(Fusion::Rollingq, Activation::Relu, seed));
    let mut values = a.parameters.values().unwrap();
    let bytes = parameters::to_safetensors(&values).unwrap();
    assert_eq!(bytes, parameters::to_safetensors(&values).unwrap());
    b.parameters
        .load(&safetensors::SafeTensors::deserialize(&bytes).unwrap())
        .unwrap();
    assert_eq!(b.parameters.values().unwrap(), values);

    values[3].2[0] = f32::NAN;
    let bytes = parameters::to_safetensors(&values).unwrap();
    let error = b
        .parameters
        .load(&safetensors::SafeTensors::deserialize(&bytes).unwrap())
        .unwrap_err();
    assert!(error.to_string().contains(&values[3].0), "{error}");
}
