//! Evaluating a model package.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::answer::{Answerer, WindowAnswer};
use super::labels::{ListError, select};
use super::report::Report;
use super::run::{Setup, evaluate_with};
use crate::clip::ClipList;
use crate::engine::{EngineError, Recogniser};
use crate::package::{Manifest, Package};
use crate::probability::softmax;
use crate::window::{PerSensor, Window};

/// How a package is evaluated.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only clips of this split; all if absent.
    pub split: Option<String>,
    /// From one window of a longer clip to the next; half a window if absent.
    pub hop: Option<Duration>,
    /// Sensors that are taken away from every clip.
    pub without: PerSensor<bool>,
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
    let window = manifest.window_duration();
    let has = manifest.sensors();
    Setup {
        labels: manifest.labels.clone(),
        nothing: manifest.nothing_index(),
        confidence: manifest.thresholds.confidence.into(),
        sensors: PerSensor::from_fn(|sensor| {
            has[sensor].then(|| manifest.sensor_name(sensor).to_owned())
        }),
        without: options.without,
        window,
        hop: options.hop.unwrap_or(window / 2),
        read: manifest.read_options(),
        threads: options
            .threads
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN),
    }
}

impl Answerer for Recogniser {
    fn answer(&mut self, window: &Window) -> Result<WindowAnswer, String> {
        let answer = self
            .answer_and_probe(window)
            .map_err(|error| error.to_string())?;
        let probes = answer.output.probes;
        // The model's temperature is for the fused answer only.
        let alone = |probe: &[f32]| softmax(probe, 1.0);
        Ok(WindowAnswer {
            probabilities: answer.probabilities,
            alone: PerSensor::from_fn(|sensor| probes[sensor].as_deref().map(alone)),
            attention: answer.attention,
            present: answer.present,
            validity: answer.validity,
        })
    }

    fn reset(&mut self) {
        Recogniser::reset(self);
    }
}
