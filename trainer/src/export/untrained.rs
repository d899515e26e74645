//! A model before it is trained: what it will weigh, and how fast it will be, are known already.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use candle_core::Device;
use evenkeel::frontend::{AudioConfig, CameraConfig};
use evenkeel::package::{self, Manifest, PackageContents, Precision, Rates, Thresholds, Training};
use evenkeel::window::{Frame, PerSensor, Sound, Window};
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
    let (audio, camera) = config.frontends();
    let model = Model::new(&config.model, audio, camera, classes, 0, &Device::Cpu)?;
    let tensors = model.parameters.values()?.into_iter();
    let tensors = tensors.map(|(name, shape, values)| (name, (shape, values)));
    let weights = Weights::new(Path::new("the untrained model"), tensors.collect())?;
    let manifest = manifest(config, classes);
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
                noise(&mut rng, audio, camera),
                contents.manifest.labels[0].clone(),
            )
        })
        .collect();
    contents.golden = golden(&contents, windows, Path::new("the untrained model"))
        .context("the untrained model cannot be run")?;
    Ok(contents)
}

fn manifest(config: &FitConfig, classes: usize) -> Manifest {
    let (audio, camera) = config.frontends();
    Manifest {
        format: package::FORMAT,
        name: "untrained".into(),
        version: "0.0.0".into(),
        license: "CC0-1.0".into(),
        labels: (0..classes).map(|class| format!("class-{class}")).collect(),
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
        audio: audio.cloned(),
        camera: camera.cloned(),
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
fn noise(
    rng: &mut ChaCha8Rng,
    audio: Option<&AudioConfig>,
    camera: Option<&CameraConfig>,
) -> Window {
    Window {
        start: Duration::ZERO,
        sound: audio.map(|audio| Sound {
            start: Duration::ZERO,
            rate: audio.sample_rate,
            samples: (0..audio.window_samples)
                .map(|_| rng.random_range(-0.5..0.5))
                .collect(),
        }),
        frames: camera.map_or_else(Vec::new, |camera| {
            let step = Duration::from_secs_f32(camera.window_seconds) / camera.frames as u32;
            let pixels = camera.width * camera.height;
            (0..camera.frames as u32)
                .map(|frame| Frame {
                    time: step * frame,
                    width: camera.width,
                    height: camera.height,
                    rgb: (0..3 * pixels).map(|_| rng.random()).collect(),
                })
                .collect()
        }),
    }
}
