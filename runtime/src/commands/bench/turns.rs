//! A part of a model's work as one side of a bench.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use evenkeel::engine::{Engine, Recogniser, graph_size};
use evenkeel::frontend::{AudioFrontend, CameraFrontend, Features, Frontend};
use evenkeel::package::{Manifest, Package};
use evenkeel::turns::{self, Loaded};
use evenkeel::window::{Frame, Modality, PerSensor, Sound};

use super::{graph_bytes, windows};

/// What is done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// The microphone's encoder, on golden windows
    Audio,
    /// The camera's encoder, on golden windows
    Camera,
    /// The fusion, on golden windows
    Fusion,
    /// Encoders and fusion, on golden windows
    Graphs,
    /// Health, frontends, encoders, fusion and policy, on golden windows
    Answer,
    /// The log-mel spectrogram of a window of a sine
    LogMel,
    /// The picture of a frame of 640×480
    Picture,
}

/// Takes part in a bench with a part of the package in `folder`.
///
/// # Errors
/// When the package cannot be run.
pub fn take_part(part: Part, folder: &Path, threads: usize) -> Result<()> {
    let package = Package::open(folder)?;
    let manifest = &package.manifest;
    match part {
        Part::Audio => encoder(&package, Modality::Audio),
        Part::Camera => encoder(&package, Modality::Camera),
        Part::Fusion | Part::Graphs => graphs(&package, part, threads),
        Part::Answer => answer(&package, threads),
        Part::LogMel => log_mel(manifest),
        Part::Picture => picture(manifest),
    }
}

/// What this side is called, and what it calculates each time, if that is known.
fn loaded(multiply_accumulates: Option<u64>) -> Loaded {
    Loaded {
        loaded: format!("evenkeel {}", env!("CARGO_PKG_VERSION")),
        multiply_accumulates,
    }
}

/// What a graph calculates for one window.
fn work(graph: Option<&[u8]>) -> Option<u64> {
    Some(graph_size(graph?)?.multiply_accumulates)
}

/// The features of the golden windows that have every sensor.
fn features(package: &Package, sensors: PerSensor<bool>) -> Result<Vec<Features>> {
    let mut frontend = Frontend::new(&package.manifest.sensor_configs())?;
    let mut whole = Vec::new();
    for window in windows(package)? {
        let features = frontend.features(&window)?;
        if PerSensor::from_fn(|modality| features[modality].is_some()) == sensors {
            whole.push(features);
        }
    }
    if whole.is_empty() {
        bail!("no golden window has every sensor; export the package again");
    }
    Ok(whole)
}

fn encoder(package: &Package, modality: Modality) -> Result<()> {
    let mut engine = Engine::load(package)?;
    let all = features(package, engine.sensors())?;
    let mut turn = all.iter().cycle();
    let graph = package.graphs.encoders[modality].as_deref();
    turns::take_part(&loaded(work(graph)), || {
        let values = turn.next().and_then(|features| features[modality].as_ref());
        let values = values.with_context(|| format!("the model has no {modality} encoder"))?;
        engine.encode(modality, values)?;
        Ok(())
    })
}

fn graphs(package: &Package, part: Part, threads: usize) -> Result<()> {
    let mut engine = Engine::load(package)?;
    if threads > 1 {
        engine.use_threads(pool(threads)?);
    }
    let all = features(package, engine.sensors())?;
    let valid = PerSensor::all(1.0);
    if part == Part::Graphs {
        let mut turn = all.iter().cycle();
        let whole = graph_bytes(&package.graphs)
            .map(|graph| work(Some(graph)))
            .sum();
        return turns::take_part(&loaded(whole), || {
            if let Some(features) = turn.next() {
                engine.run(features, valid)?;
            }
            Ok(())
        });
    }
    let encoded = all
        .iter()
        .map(|features| {
            PerSensor::try_from_fn(|modality| match &features[modality] {
                Some(values) => engine.encode(modality, values),
                None => Ok(None),
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut turn = encoded.iter().cycle();
    turns::take_part(&loaded(work(Some(&package.graphs.fusion))), || {
        if let Some(encodings) = turn.next() {
            engine.fuse(encodings, valid)?;
        }
        Ok(())
    })
}

fn answer(package: &Package, threads: usize) -> Result<()> {
    let mut recogniser = Recogniser::new(package)?;
    if threads > 1 {
        recogniser.use_threads(pool(threads)?);
    }
    let windows = windows(package)?;
    let mut turn = windows.iter().cycle();
    turns::take_part(&loaded(None), || {
        if let Some(window) = turn.next() {
            recogniser.answer(window)?;
        }
        Ok(())
    })
}

fn pool(threads: usize) -> Result<Arc<rayon::ThreadPool>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    Ok(Arc::new(pool.build()?))
}

fn log_mel(manifest: &Manifest) -> Result<()> {
    let config = manifest.audio.as_ref();
    let config = config.context("the model has no microphone")?;
    let mut frontend = AudioFrontend::new(config)?;
    let sound = Sound {
        samples: (0..config.window_samples)
            .map(|n| (n as f32 * 0.3).sin() / 4.0)
            .collect(),
        rate: config.sample_rate,
        start: Duration::ZERO,
    };
    turns::take_part(&loaded(None), || {
        frontend.log_mel(Duration::ZERO, &sound)?;
        Ok(())
    })
}

fn picture(manifest: &Manifest) -> Result<()> {
    const WIDTH: u32 = 640;
    const HEIGHT: u32 = 480;
    let config = manifest.camera.as_ref();
    let mut frontend = CameraFrontend::new(config.context("the model has no camera")?)?;
    let pixels = (0..HEIGHT).flat_map(|row| (0..WIDTH).map(move |column| (row, column)));
    let frame = Frame {
        rgb: pixels
            .flat_map(|(row, column)| {
                (0..3).map(move |channel| ((7 * column + 13 * row + 29 * channel) % 256) as u8)
            })
            .collect(),
        width: WIDTH,
        height: HEIGHT,
        time: Duration::ZERO,
    };
    let frames = [frame];
    turns::take_part(&loaded(None), || {
        frontend.picture(Duration::ZERO, &frames)?;
        Ok(())
    })
}
