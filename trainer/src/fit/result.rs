//! What a finished run is worth, measured on its test split.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use evenkeel::evaluation::Score;
use evenkeel::files::write_atomically;
use evenkeel::frontend::SensorConfig;
use evenkeel::window::{Modality, PerSensor, Window};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::config::FitConfig;
use super::evaluate::Workers;
use super::metrics::{EpochMetrics, RotationRecord, Summary};
use super::run::{best_weights, new_model};
use crate::balance::Shapley;
use crate::data::{Dataset, Split};
use crate::model::Fusion;
use crate::normal::normal;

/// The outcome of a run; small, kept for the tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// The whole configuration, as TOML.
    pub recipe: String,
    /// How the sensors were fused.
    pub method: Fusion,
    /// The data set's seed, which is also the fold.
    pub seed: u64,
    /// The data, as the data set describes them.
    pub data: String,
    /// Trainable numbers.
    pub parameters: usize,
    /// Epochs trained.
    pub epochs: u32,
    /// The epoch whose weights were kept: the one with the smallest validation loss.
    pub best_epoch: u32,
    /// Those weights on the validation split.
    pub validation: Summary,
    /// Those weights on the test split.
    pub test: Summary,
    /// The test split with one sensor's signal replaced by Gaussian noise.
    pub noise: PerLostSensor,
    /// The test split with one sensor absent and known to be.
    pub absent: PerLostSensor,
    /// What each sensor contributes to the accuracy on the test split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shapley: Option<Shapley>,
    /// The test splits of other data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<Unseen>,
    /// Training AIR of each epoch, for fusions with a query.
    pub air: Vec<f64>,
    /// The rotations.
    pub rotations: Vec<RotationRecord>,
    /// [`EpochMetrics::acted`] of the epochs in which a method of balance was at work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acted: Vec<PerSensor<f64>>,
}

/// What a model makes of data from another source than its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unseen {
    /// Their name in tables.
    pub name: String,
    /// The data, as the data set describes them.
    pub data: String,
    /// The best weights on their test split.
    pub test: Summary,
}

/// One summary for the loss of each sensor; none where the model has no other.
pub type PerLostSensor = BTreeMap<Modality, Summary>;

impl RunResult {
    /// What each sensor contributes to the accuracy, in a sentence; `None` where there is only one.
    pub fn contributions(&self) -> Option<String> {
        let shapley = self.shapley?;
        let mut told: Vec<String> = self
            .absent
            .keys()
            .enumerate()
            .map(|(place, &modality)| {
                let verb = if place == 0 { " contributes" } else { "" };
                let points = 100.0 * shapley.value[modality];
                format!("the {}{verb} {points:.1}", modality.sensor_name())
            })
            .collect();
        let last = told.pop()?;
        Some(format!(
            "of {:.1} points above the most frequent class {} and {last} (Shapley)",
            100.0 * (self.test.accuracy - shapley.nothing),
            told.join(", "),
        ))
    }

    /// The result in a sentence.
    pub fn sentence(&self) -> String {
        let interval = Score::new(self.test.correct, self.test.examples).interval;
        format!(
            "{:.2} % of {} test examples right (95 % interval {:.2}–{:.2} %), {:.2} % on validation at epoch {}",
            100.0 * self.test.accuracy,
            self.test.examples,
            100.0 * interval.low,
            100.0 * interval.high,
            100.0 * self.validation.accuracy,
            self.best_epoch,
        )
    }
}

/// Where a run keeps its result.
pub fn result_path(run: &Path) -> PathBuf {
    run.join("result.json")
}

/// The result of a finished run.
///
/// # Errors
/// When the run is not finished.
pub fn read_result(run: &Path) -> Result<RunResult> {
    read_result_file(&result_path(run)).context("finish the run with `evenkeel-train fit` first")
}

/// A result kept in a file.
///
/// # Errors
/// When the file is missing or damaged.
pub fn read_result_file(path: &Path) -> Result<RunResult> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is not the result of a run", path.display()))
}

/// Measures the best weights of a finished run on its test split, and writes result.json.
///
/// # Errors
/// When the weights or the data cannot be read.
pub fn measure(
    config: &FitConfig,
    data: &dyn Dataset,
    run: &Path,
    epochs: &[EpochMetrics],
) -> Result<RunResult> {
    let model = new_model(config, data, &config.training.device.open()?)?;
    model.parameters.load_file(&best_weights(run))?;
    let best = epochs
        .iter()
        .rev()
        .find(|epoch| epoch.best)
        .context("the run has no epoch yet")?;
    let mut workers = Workers::new(config, &model.frozen())?;
    let clean = workers.prepare(data, Split::Test)?;
    let test = workers.answer(&model, &clean)?.summary();
    let shapley = workers.shapley(&model, &clean, &test)?;
    let configs = config.frontends();
    let mut answers = |modality: Modality, loss: Loss| -> Result<Summary> {
        let mut prepared = workers.prepare_with(data, Split::Test, |window, index| {
            if loss == Loss::Noise {
                replace_by_noise(window, modality, configs[modality], index as u64);
            }
        })?;
        if loss == Loss::Absent {
            prepared
                .samples
                .iter_mut()
                .for_each(|sample| sample.features[modality] = None);
        }
        Ok(workers.answer(&model, &prepared)?.summary())
    };
    let has = model.sensors();
    let mut without = |loss: Loss| -> Result<PerLostSensor> {
        let lost = has.sensors().filter(|_| has.count() > 1);
        lost.map(|modality| Ok((modality, answers(modality, loss)?)))
            .collect()
    };
    let result = RunResult {
        recipe: config.text()?,
        method: config.model.fusion,
        seed: config.data.seed,
        data: data.provenance(),
        parameters: model.parameters.count(),
        epochs: config.training.epochs,
        best_epoch: best.epoch,
        validation: best.validation.clone(),
        test,
        noise: without(Loss::Noise)?,
        absent: without(Loss::Absent)?,
        shapley: Some(shapley),
        unseen: Vec::new(),
        air: epochs.iter().filter_map(|epoch| epoch.train.air).collect(),
        rotations: epochs
            .iter()
            .filter_map(|epoch| epoch.rotation.clone())
            .collect(),
        acted: epochs.iter().filter_map(|epoch| epoch.acted).collect(),
    };
    let path = result_path(run);
    write_atomically(
        &path,
        (serde_json::to_string_pretty(&result)? + "\n").as_bytes(),
    )
    .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(result)
}

/// The best weights of a finished run, which was trained on `own`, on the test split of other data with the same labels.
///
/// # Errors
/// When the labels are others, or the weights or the data cannot be read.
pub fn measure_on(
    config: &FitConfig,
    own: &dyn Dataset,
    data: &dyn Dataset,
    run: &Path,
) -> Result<Summary> {
    ensure!(
        data.labels() == own.labels(),
        "{} has other labels than the run {}",
        data.provenance(),
        run.display()
    );
    let model = new_model(config, data, &config.training.device.open()?)?;
    model.parameters.load_file(&best_weights(run))?;
    let mut workers = Workers::new(config, &model.frozen())?;
    let prepared = workers.prepare(data, Split::Test)?;
    Ok(workers.answer(&model, &prepared)?.summary())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Noise,
    Absent,
}

/// The paper's probe: the signal of one sensor replaced by Gaussian noise. Sound at a tenth of full
/// scale; pixels around mid-grey with a quarter of the range as deviation; numbers with the mean and deviation
/// that their sensor's section states.
fn replace_by_noise(
    window: &mut Window,
    modality: Modality,
    config: Option<SensorConfig>,
    seed: u64,
) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    if let Some(Some(sound)) = window.sound_mut(modality) {
        for sample in &mut sound.samples {
            *sample = (0.1 * normal(&mut rng)).clamp(-1.0, 1.0);
        }
    }
    for frame in window.frames_mut(modality).into_iter().flatten() {
        for byte in &mut frame.rgb {
            *byte = (128.0 + 64.0 * normal(&mut rng)).clamp(0.0, 255.0) as u8;
        }
    }
    if let (Some(Some(signal)), Some(SensorConfig::Signal(config))) =
        (window.signal_mut(modality), config)
    {
        for reading in signal.values.chunks_mut(signal.channels) {
            let scales = config.mean.iter().zip(&config.std);
            for (value, (mean, std)) in reading.iter_mut().zip(scales) {
                *value = mean + std * normal(&mut rng);
            }
        }
    }
}
