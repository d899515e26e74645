//! Evaluating a model package.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::answer::{Answerer, WindowAnswer};
use super::labels::{ListError, select};
use super::report::Report;
use super::run::{Setup, evaluate_with};
use crate::clip::{ClipList, ReadOptions};
use crate::engine::{EngineError, Recogniser};
use crate::package::{Manifest, Package};
use crate::window::{PerSensor, Window};

/// How a package is evaluated.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only clips of this split; all if absent.
    pub split: Option<String>,
    /// From one window of a longer clip to the next; half a window if absent.
    pub hop: Option<Duration>,
    /// Clips worked on at the same time; as many as there are processors if absent.
    pub threads: Option<NonZeroUsize>,
}

/// Why nothing could be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The list does not fit the model or the options.
    #[error(transparent)]
    List(#[from] ListError),
    /// The model could not be loaded.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Evaluates a model on clips; see [`evaluate_with`].
///
/// `progress` is called after each clip with the number of clips done and of all clips.
///
/// # Errors
/// When the list has a label that the model does not know, or no clip of the split, or the model
/// cannot be loaded. Clips that cannot be read are in the report instead.
pub fn evaluate(
    package: &Package,
    list: &ClipList,
    options: &Options,
    mut progress: impl FnMut(usize, usize),
) -> Result<Report, EvaluateError> {
    let entries = select(list, options.split.as_deref(), &package.manifest.labels)?;
    let recogniser = Mutex::new(Recogniser::new(package)?);
    let make = || {
        recogniser
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .another()
    };
    let setup = setup(&package.manifest, options);
    Ok(evaluate_with(&setup, &entries, make, |done| {
        progress(done, entries.len())
    })?)
}

fn setup(manifest: &Manifest, options: &Options) -> Setup {
    let heard = manifest.audio.as_ref().map(|audio| audio.window_duration());
    let seen = manifest
        .camera
        .as_ref()
        .map(|camera| Duration::from_secs_f32(camera.window_seconds));
    let window = heard.max(seen).unwrap_or_default();
    let nothing = manifest.nothing.as_ref();
    Setup {
        labels: manifest.labels.clone(),
        nothing: nothing.and_then(|nothing| manifest.labels.iter().position(|l| l == nothing)),
        confidence: manifest.thresholds.confidence.into(),
        sensors: PerSensor {
            audio: manifest.audio.is_some(),
            camera: manifest.camera.is_some(),
        },
        window,
        hop: options.hop.unwrap_or(window / 2),
        read: read_options(manifest),
        threads: options
            .threads
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN),
    }
}

/// Frames are kept four times as large as the model looks at them, so that its own resizing decides
/// what it sees, but not as large as some cameras film, so that a clip fits in memory.
fn read_options(manifest: &Manifest) -> ReadOptions {
    let max_side = manifest.camera.as_ref().map(|camera| {
        let share = camera
            .crop
            .map_or(1.0, |crop| crop.width.min(crop.height))
            .clamp(0.05, 1.0);
        let needed = 4.0 * camera.width.max(camera.height) as f32 / share;
        needed.ceil().max(640.0) as u32
    });
    ReadOptions {
        max_side,
        frame_rate: None,
    }
}

impl Answerer for Recogniser {
    fn answer(&mut self, window: &Window) -> Result<WindowAnswer, String> {
        let answer = Recogniser::answer(self, window).map_err(|error| error.to_string())?;
        let probes = answer.output.probes;
        Ok(WindowAnswer {
            probabilities: answer.probabilities,
            alone: PerSensor::from_fn(|sensor| probes[sensor].as_deref().map(softmax)),
            attention: answer.attention,
            present: answer.present,
        })
    }
}

/// Probabilities of a sensor's own head; the model's temperature is for the fused answer only.
fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut shares: Vec<f32> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let total: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= total);
    shares
}
