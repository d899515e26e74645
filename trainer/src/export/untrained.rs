//! A model before it is trained: what it will weigh, and how fast it will be, are known already.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use candle_core::Device;
use evenkeel::frontend::{AudioConfig, CameraConfig, SensorConfig, SensorConfigs, SignalConfig};
use evenkeel::package::{self, Manifest, PackageContents, Precision, Rates, Thresholds, Training};
use evenkeel::window::{Frame, Modality, PerSensor, Signal, Sound, Window};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{CardNotes, Weights, card, golden, graphs};
use crate::fit::FitConfig;
use crate::model::Model;

/// Windows to time it with.
const WINDOWS: usize = 2;

/// The package of a model as `config` describes it for so many classes, its weights drawn at random and its golden windows noise.
/// Its answers mean nothing.
///
/// # Errors
/// When the configuration contradicts itself, or names a pre-trained network that is not there.
pub fn untrained(config: &FitConfig, classes: usize) -> Result<PackageContents> {
    let configs = config.frontends();
    let model = Model::new(&config.model, &configs, classes, 0, &Device::Cpu)?;
    let tensors = model.parameters.values()?.into_iter();
    let tensors = tensors.map(|(name, shape, values)| (name, (shape, values)));
    let weights = Weights::new(Path::new("the untrained model"), tensors.collect())?;
    let labels = (0..classes).map(|class| format!("class-{class}")).collect();
    let manifest = manifest(config, labels);
    let graphs = graphs(
        &weights,
        &config.model,
        &manifest,
        PerSensor::from_fn(|_| 1.0),
    )?;
    let notes = CardNotes {
        summary:
            "Not trained: its weights are random numbers. It is there to be weighed and timed."
                .into(),
        limits: vec!["It recognises nothing.".into()],
        ..CardNotes::default()
    };
    let mut contents = PackageContents {
        card: card::card(&manifest, &notes),
        manifest,
        graphs,
        golden: Vec::new(),
    };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let windows = (0..WINDOWS)
        .map(|_| {
            (
                noise(&mut rng, &configs),
                contents.manifest.labels[0].clone(),
            )
        })
        .collect();
    contents.golden = golden(&contents, windows, Path::new("the untrained model"))
        .context("the untrained model cannot be run")?;
    Ok(contents)
}

/// A model.toml with what a configuration and the labels say, for a model in f32; what training brings is missing.
pub(super) fn manifest(config: &FitConfig, labels: Vec<String>) -> Manifest {
    let has = config.sensors();
    Manifest {
        format: package::FORMAT,
        name: "untrained".into(),
        version: "0.0.0".into(),
        license: "CC0-1.0".into(),
        labels,
        nothing: None,
        precision: Precision::F32,
        drift: None,
        token_width: config.model.width,
        thresholds: Thresholds {
            temperature: 1.0,
            confidence: 0.0,
        },
        policy: Default::default(),
        rates: Rates::default(),
        audio: config.audio.clone().filter(|_| has[Modality::Audio]),
        camera: config.camera.clone().filter(|_| has[Modality::Camera]),
        signal: config.signal.clone().filter(|_| has[Modality::Signal]),
        audio2: config.audio2.clone().filter(|_| has[Modality::Audio2]),
        camera2: config.camera2.clone().filter(|_| has[Modality::Camera2]),
        signal2: config.signal2.clone().filter(|_| has[Modality::Signal2]),
        signal3: config.signal3.clone().filter(|_| has[Modality::Signal3]),
        signal4: config.signal4.clone().filter(|_| has[Modality::Signal4]),
        health: Default::default(),
        training: Training {
            data: "none".into(),
            method: "untrained".into(),
            seed: 0,
            commit: None,
            corruptions: Vec::new(),
            metrics: Default::default(),
        },
    }
}

/// A window of noise, as long and as large as the frontends want it.
fn noise(rng: &mut ChaCha8Rng, configs: &SensorConfigs) -> Window {
    let mut window = Window::default();
    for modality in Modality::ALL {
        match configs[modality] {
            Some(SensorConfig::Audio(config)) => {
                if let Some(sound) = window.sound_mut(modality) {
                    *sound = Some(noisy_sound(rng, config));
                }
            }
            Some(SensorConfig::Camera(config)) => {
                if let Some(frames) = window.frames_mut(modality) {
                    *frames = noisy_frames(rng, config);
                }
            }
            Some(SensorConfig::Signal(config)) => {
                if let Some(readings) = window.signal_mut(modality) {
                    *readings = Some(noisy_signal(rng, config));
                }
            }
            None => {}
        }
    }
    window
}

fn noisy_sound(rng: &mut ChaCha8Rng, config: &AudioConfig) -> Sound {
    Sound {
        start: Duration::ZERO,
        rate: config.sample_rate,
        samples: (0..config.window_samples)
            .map(|_| rng.random_range(-0.5..0.5))
            .collect(),
    }
}

fn noisy_frames(rng: &mut ChaCha8Rng, config: &CameraConfig) -> Vec<Frame> {
    let step = Duration::from_secs_f32(config.window_seconds) / config.frames as u32;
    let pixels = config.width * config.height;
    (0..config.frames as u32)
        .map(|frame| Frame {
            time: step * frame,
            width: config.width,
            height: config.height,
            rgb: (0..3 * pixels).map(|_| rng.random()).collect(),
        })
        .collect()
}

fn noisy_signal(rng: &mut ChaCha8Rng, config: &SignalConfig) -> Signal {
    let [channels, samples] = config.shape();
    let mut signal = Signal::new(channels);
    for sample in 0..samples {
        let time = Duration::from_secs_f64(sample as f64 / f64::from(config.rate_hz));
        let reading: Vec<f32> = (0..channels).map(|_| rng.random_range(-1.0..1.0)).collect();
        signal.push(time, &reading);
    }
    signal
}
