//! A training run, from the first step to the result.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use candle_core::Device;
use evenkeel::files::write_atomically;
use evenkeel::window::PerSensor;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::checkpoint::{self, Progress};
use super::claim::claim;
use super::config::FitConfig;
use super::evaluate::{Answers, Prepared, Workers};
use super::kept::Kept;
use super::metrics::{EpochMetrics, RotationRecord, Sums};
use super::optimiser::{Optimiser, learning_rate};
use super::picture::picture;
use super::quality::Spoiler;
use super::shard::{Sample, Shard, drop_sensor};
use super::step::Balancer;
use crate::data::{Dataset, Split};
use crate::model::{Fusion, Model, ROTATION, to_safetensors};
use crate::rollingq::{KeyStatistics, Rotation, RotationMatrix};

/// Time between checkpoints inside an epoch; one is written at every epoch's end too.
pub const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(60);

/// The weights of the best epoch, in a run folder.
pub fn best_weights(run: &Path) -> PathBuf {
    run.join("best.safetensors")
}

/// One line per epoch, in a run folder.
pub fn metrics_path(run: &Path) -> PathBuf {
    run.join("metrics.jsonl")
}

/// The same as curves, in a run folder.
pub fn picture_path(run: &Path) -> PathBuf {
    run.join("metrics.svg")
}

/// Is told how a run goes.
pub trait Watcher {
    /// A step was done: steps in this epoch, steps per epoch, and the epoch's sums so far.
    fn step(&mut self, epoch: u32, step: u64, steps: u64, sums: &Sums);
    /// An epoch was done.
    fn epoch(&mut self, metrics: &EpochMetrics);
}

/// Trains, or goes on training, in the folder `run`; returns the epochs.
///
/// Killed at any moment it resumes from its last checkpoint and ends with the weights that it would
/// have had: order, augmentation and dropout are functions of seed, epoch and example.
///
/// # Errors
/// When data cannot be read, the folder holds another run, or the loss is no longer a number.
pub fn fit(
    config: &FitConfig,
    data: &dyn Dataset,
    run: &Path,
    watcher: &mut dyn Watcher,
) -> Result<Vec<EpochMetrics>> {
    fit_saving_every(CHECKPOINT_INTERVAL, config, data, run, watcher)
}

/// Like [`fit`], with other than the usual time between checkpoints inside an epoch; it changes
/// nothing in the result.
///
/// # Errors
/// See [`fit`].
pub fn fit_saving_every(
    interval: Duration,
    config: &FitConfig,
    data: &dyn Dataset,
    run: &Path,
    watcher: &mut dyn Watcher,
) -> Result<Vec<EpochMetrics>> {
    for split in [Split::Train, Split::Validation] {
        ensure!(
            data.len(split) > 0,
            "the {split} split is empty; add examples to it"
        );
    }
    // What cannot be built must leave no folder that then refuses the mended configuration.
    let model = new_model(config, data, &config.training.device.open()?)?;
    let mut workers = Workers::new(config, &model.frozen())?;
    if !checkpoint::path_in(run).exists() {
        model.load_pretrained()?;
    }
    claim(config, data, run)?;
    let mut optimiser = Optimiser::new(&config.training, &model.parameters);
    let mut progress = checkpoint::load(run, &model, &mut optimiser)?.unwrap_or_default();
    if progress.epoch < config.training.epochs {
        let spoiler = Spoiler::of(config, data)?;
        let validation = workers.prepare(data, Split::Validation)?;
        let mixed = match &spoiler {
            Some(spoiler) => Some(spoiler.validation(&mut workers, data)?),
            None => None,
        };
        let mut trainer = Trainer {
            balancer: Balancer::new(config.balance, &model, config.training.seed),
            config,
            data,
            run,
            model,
            optimiser,
            spoiler,
            workers: &mut workers,
            kept: Kept::new(config.training.renditions, data.len(Split::Train)),
            validation,
            mixed,
            interval,
            saved: Instant::now(),
        };
        while progress.epoch < config.training.epochs {
            trainer.epoch(&mut progress, watcher)?;
        }
    }
    // Once more: a kill between the last checkpoint and these files leaves them an epoch behind.
    write_metrics(run, &progress.epochs)?;
    Ok(progress.epochs)
}

/// A model with fresh weights for a configuration and its data, on a device.
///
/// # Errors
/// When the specification does not fit the frontends.
pub fn new_model(config: &FitConfig, data: &dyn Dataset, device: &Device) -> Result<Model> {
    Model::new(
        &config.model,
        &config.sensor_configs(),
        data.labels().len(),
        config.training.seed,
        device,
    )
    .context("the model cannot be built")
}

struct Trainer<'a> {
    config: &'a FitConfig,
    data: &'a dyn Dataset,
    run: &'a Path,
    model: Model,
    optimiser: Optimiser,
    spoiler: Option<Spoiler>,
    balancer: Balancer,
    workers: &'a mut Workers,
    kept: Kept,
    validation: Prepared,
    /// The same windows, of mixed quality where the training windows are.
    mixed: Option<Prepared>,
    interval: Duration,
    saved: Instant,
}

impl Trainer<'_> {
    fn epoch(&mut self, progress: &mut Progress, watcher: &mut dyn Watcher) -> Result<()> {
        let training = &self.config.training;
        let order = shuffled(self.data.len(Split::Train), training.seed, progress.epoch);
        let batches: Vec<&[usize]> = order.chunks(training.batch).collect();
        let steps = batches.len() as u64;
        let total = steps * u64::from(training.epochs);
        let warmup = (training.warmup_epochs * steps as f64).round() as u64;
        let mut sums = Sums::from(&progress.sums);
        let mut rate = 0.0;
        for (step, batch) in batches.iter().enumerate().skip(progress.step as usize) {
            rate = learning_rate(training.learning_rate, progress.updates, warmup, total);
            sums.merge(&self.step(progress.epoch, batch, rate)?);
            progress.step = step as u64 + 1;
            progress.updates = self.optimiser.steps;
            watcher.step(progress.epoch + 1, progress.step, steps, &sums);
            if self.saved.elapsed() >= self.interval && progress.step < steps {
                progress.sums = (&sums).into();
                self.save(progress)?;
            }
        }
        self.end_epoch(progress, &sums, rate, watcher)
    }

    /// One update from one batch.
    fn step(&mut self, epoch: u32, batch: &[usize], rate: f64) -> Result<Sums> {
        let training = &self.config.training;
        let (data, model, spoiler) = (self.data, &self.model, self.spoiler.as_ref());
        let kept = &self.kept;
        let balance = self.config.balance.as_ref();
        let parts = self.workers.map(batch, |shard, indices| {
            let samples = indices
                .iter()
                .map(|&i| {
                    let (sample, keep) = kept.sample(shard, data, spoiler, epoch, i)?;
                    let dropout = training.sensor_dropout;
                    let validity = drop_sensor(&sample, keep, training.seed, epoch, i, dropout);
                    Ok((sample, validity))
                })
                .collect::<Result<Vec<_>>>()?;
            let probe_gradient = training.probe_gradient;
            shard.gradients(model, &samples, batch.len(), probe_gradient, balance)
        })?;
        let (gradients, sums) = self
            .balancer
            .gradient(parts, epoch + 1, self.optimiser.steps);
        let norm = self
            .optimiser
            .step(&self.model.parameters, &gradients, rate)?;
        ensure!(
            norm.is_finite() && sums.loss.is_finite(),
            "the loss is no longer a number; lower training.learning_rate"
        );
        Ok(sums)
    }

    fn end_epoch(
        &mut self,
        progress: &mut Progress,
        sums: &Sums,
        rate: f64,
        watcher: &mut dyn Watcher,
    ) -> Result<()> {
        let rotation = self.rotate(progress, sums)?;
        let answers = self.workers.answer(&self.model, &self.validation)?;
        let validation = answers.summary();
        let shapley = self
            .workers
            .quick_shapley(&self.model, &self.validation, &validation)?;
        let of_mixed = match &self.mixed {
            Some(mixed) => Some(self.workers.answer(&self.model, mixed)?),
            None => None,
        };
        let mixed = of_mixed.as_ref().map(Answers::summary);
        let loss = self.config.training.choose_by.loss(
            (&answers, &validation),
            of_mixed.as_ref().zip(mixed.as_ref()),
        );
        let best = progress.best.is_none_or(|best| loss < best);
        if best {
            progress.best = Some(loss);
            let path = best_weights(self.run);
            write_atomically(&path, &to_safetensors(&self.model.parameters.values()?)?)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let metrics = EpochMetrics {
            epoch: progress.epoch + 1,
            learning_rate: rate,
            train: sums.summary(),
            validation,
            shapley,
            mixed,
            best,
            rotation,
            acted: sums.acted_share(),
        };
        watcher.epoch(&metrics);
        progress.epochs.push(metrics);
        progress.epoch += 1;
        progress.step = 0;
        progress.sums = (&Sums::default()).into();
        self.save(progress)?;
        write_metrics(self.run, &progress.epochs)
    }

    /// Rotates the query if the epoch's AIR asks for it.
    fn rotate(&mut self, progress: &mut Progress, sums: &Sums) -> Result<Option<RotationRecord>> {
        let rollingq = &self.config.rollingq;
        // After the last epoch nothing could learn from the rotation any more.
        if self.config.model.fusion != Fusion::Rollingq
            || progress.epoch + 1 == self.config.training.epochs
            || !rollingq.wants(sums.keys.air(), progress.rotations)
        {
            return Ok(None);
        }
        let statistics = self.training_keys(progress.epoch)?;
        let query = self.workers.query(&self.model, &self.validation)?;
        let Some(plan) = Rotation::plan(&query, &statistics, rollingq.sigma) else {
            return Ok(None);
        };
        let before = self
            .workers
            .answer(&self.model, &self.validation)?
            .summary();
        let parameters = &self.model.parameters;
        let running = parameters
            .buffer_value(ROTATION)
            .flatten_all()?
            .to_vec1::<f32>()?;
        let running = RotationMatrix::from_f32(query.len(), &running);
        parameters.set_buffer(ROTATION, &plan.matrix.after(&running).to_f32())?;
        progress.rotations += 1;
        Ok(Some(RotationRecord {
            epoch: progress.epoch + 1,
            alpha: plan.weights.audio,
            weights: (plan.weights.map(|weight| weight > 0.0).count() > 2).then_some(plan.weights),
            degrees: plan.degrees,
            before,
            after: self
                .workers
                .answer(&self.model, &self.validation)?
                .summary(),
        }))
    }

    /// One pass over the training split with the weights at rest.
    fn training_keys(&mut self, epoch: u32) -> Result<KeyStatistics> {
        let (data, model, spoiler) = (self.data, &self.model, self.spoiler.as_ref());
        let kept = &self.kept;
        let indices: Vec<usize> = (0..data.len(Split::Train)).collect();
        let mut total = KeyStatistics::default();
        for batch in indices.chunks(self.config.training.batch) {
            let parts = self.workers.map(batch, |shard, indices| {
                let samples = indices
                    .iter()
                    .map(|&i| Ok(kept.sample(shard, data, spoiler, epoch, i)?.0))
                    .collect::<Result<Vec<Sample>>>()?;
                let valid = PerSensor::from_fn(|_| 1.0);
                let weighed: Vec<_> = samples.iter().map(|sample| (sample, valid)).collect();
                Ok(Shard::answers(model, &weighed)?.1)
            })?;
            parts.iter().flatten().for_each(|part| total.merge(part));
        }
        Ok(total)
    }

    fn save(&mut self, progress: &Progress) -> Result<()> {
        checkpoint::save(self.run, &self.model, &self.optimiser, progress)?;
        self.saved = Instant::now();
        Ok(())
    }
}

/// The training examples in the order of one epoch.
fn shuffled(count: usize, seed: u64, epoch: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(epoch) + 1);
    order.shuffle(&mut rng);
    order
}

/// Writes the epochs as JSON lines and as a picture.
fn write_metrics(run: &Path, epochs: &[EpochMetrics]) -> Result<()> {
    let mut lines = String::new();
    for epoch in epochs {
        lines.push_str(&serde_json::to_string(epoch)?);
        lines.push('\n');
    }
    for (path, text) in [
        (metrics_path(run), lines),
        (picture_path(run), picture(epochs)?),
    ] {
        write_atomically(&path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::digits::{Digits, DigitsConfig, fixture};

    struct Nobody;

    impl Watcher for Nobody {
        fn step(&mut self, _: u32, _: u64, _: u64, _: &Sums) {}
        fn epoch(&mut self, _: &EpochMetrics) {}
    }

    #[test]
    fn a_model_that_cannot_be_built_leaves_no_run_behind() {
        let root = tempfile::tempdir().unwrap();
        let run = root.path().join("run");
        let text = include_str!("../../configs/digits.toml");
        let data = Digits::from_material(&DigitsConfig::default(), 0, fixture::material()).unwrap();
        for (change, word) in [
            ("model.heads=3", "heads"),
            ("audio.mel_bands=120", "mel_bands"),
        ] {
            let changes = [change.to_owned()];
            let config = FitConfig::parse(text, &changes, Path::new("digits.toml")).unwrap();
            let error = fit(&config, &data, &run, &mut Nobody).unwrap_err();
            assert!(format!("{error:#}").contains(word), "{error:#}");
            assert!(!run.exists());
        }
    }
}
