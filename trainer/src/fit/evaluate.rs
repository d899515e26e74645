//! The threads of a run, and answers on whole splits.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use evenkeel::window::{Modality, PerSensor, Window};

use super::config::FitConfig;
use super::metrics::{Summary, Sums};
use super::shard::{Outcome, Sample, Shard};
use crate::balance::Shapley;
use crate::data::{Dataset, Split};
use crate::model::{Frozen, Model};
use crate::rollingq::KeyStatistics;

/// Examples that one forward pass takes; more would only take more memory.
const PASS: usize = 32;

/// Sensors up to which each epoch tells what every sensor contributes.
const MOST_FOR_SHAPLEY: usize = 4;

/// One frontend and one thread per shard.
pub struct Workers {
    shards: Vec<Shard>,
}

/// The features of a split that stays the same from epoch to epoch.
pub struct Prepared {
    /// In the order of the split.
    pub samples: Vec<Sample>,
}

/// What a model says of a split.
pub struct Answers {
    /// In the order of the split.
    pub outcomes: Vec<Outcome>,
    /// For AIR; empty for fusions without a query.
    pub keys: KeyStatistics,
}

impl Prepared {
    /// Share of the samples with the label that most of them have; 0 without samples.
    fn most_frequent_share(&self) -> f64 {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for sample in &self.samples {
            *counts.entry(sample.label).or_default() += 1;
        }
        let most = counts.into_values().max().unwrap_or_default();
        most as f64 / self.samples.len().max(1) as f64
    }
}

impl Answers {
    /// The fused logits, each with its label.
    pub(super) fn fused(&self) -> Vec<(Vec<f32>, u32)> {
        let outcomes = self.outcomes.iter();
        outcomes.map(|o| (o.logits.clone(), o.label)).collect()
    }

    /// The logits of a sensor's probe head, each with its label, where the sensor gave something.
    pub(super) fn probe(&self, modality: Modality) -> Vec<(Vec<f32>, u32)> {
        let outcomes = self.outcomes.iter();
        outcomes
            .filter_map(|o| Some((o.probes[modality].clone()?, o.label)))
            .collect()
    }

    /// Means over the examples.
    pub fn summary(&self) -> Summary {
        let mut sums = Sums {
            keys: self.keys.clone(),
            ..Sums::default()
        };
        sums.add_outcomes(&self.outcomes);
        sums.summary()
    }
}

impl Workers {
    /// With the frontends of the sensors that the model has, and what of the model is `frozen`.
    ///
    /// # Errors
    /// When a frontend cannot be built from its configuration.
    pub fn new(config: &FitConfig, frozen: &Frozen) -> Result<Self> {
        let configs = config.frontends();
        let shards = (0..config.training.shards)
            .map(|_| Shard::new(&configs, frozen.clone()))
            .collect::<Result<_>>()?;
        Ok(Self { shards })
    }

    /// Gives each thread its even part of `items`; results in the order of the parts.
    ///
    /// # Errors
    /// The first error of any part.
    pub fn map<T: Sync, R: Send>(
        &mut self,
        items: &[T],
        work: impl Fn(&mut Shard, &[T]) -> Result<R> + Sync,
    ) -> Result<Vec<R>> {
        let size = items.len().div_ceil(self.shards.len()).max(1);
        let work = &work;
        std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .shards
                .iter_mut()
                .zip(items.chunks(size))
                .map(|(shard, part)| scope.spawn(move || work(shard, part)))
                .collect();
            threads
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        })
    }

    /// Features of every example of a split, as it is in epoch 0.
    ///
    /// # Errors
    /// When an example cannot be had.
    pub fn prepare(&mut self, data: &dyn Dataset, split: Split) -> Result<Prepared> {
        self.prepare_with(data, split, |_, _| ())
    }

    /// Like [`Self::prepare`], after `change` has had its way with each window; it is told the
    /// window's index.
    ///
    /// # Errors
    /// When an example cannot be had.
    pub fn prepare_with(
        &mut self,
        data: &dyn Dataset,
        split: Split,
        change: impl Fn(&mut Window, usize) + Sync,
    ) -> Result<Prepared> {
        let indices: Vec<usize> = (0..data.len(split)).collect();
        let parts = self.map(&indices, |shard, indices| {
            indices
                .iter()
                .map(|&i| {
                    let context = || format!("example {i} of the {split} split");
                    let mut example = data.example(split, 0, i).with_context(context)?;
                    change(&mut example.window, i);
                    shard.features(&example).with_context(context)
                })
                .collect::<Result<Vec<_>>>()
        })?;
        Ok(Prepared {
            samples: parts.into_iter().flatten().collect(),
        })
    }

    /// What the model says of every example, with all sensors counted in full.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn answer(&mut self, model: &Model, prepared: &Prepared) -> Result<Answers> {
        let valid = vec![PerSensor::from_fn(|_| 1.0); prepared.samples.len()];
        self.answer_with(model, prepared, &valid)
    }

    /// What the model says of every example, with a validity of each sensor, 0..1, for each.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn answer_with(
        &mut self,
        model: &Model,
        prepared: &Prepared,
        validity: &[PerSensor<f32>],
    ) -> Result<Answers> {
        let weighed: Vec<(&Sample, PerSensor<f32>)> = prepared
            .samples
            .iter()
            .zip(validity.iter().copied())
            .collect();
        let parts = self.map(&weighed, |_, weighed| {
            weighed
                .chunks(PASS)
                .map(|weighed| Shard::answers(model, weighed))
                .collect::<Result<Vec<_>>>()
        })?;
        let mut answers = Answers {
            outcomes: Vec::with_capacity(prepared.samples.len()),
            keys: KeyStatistics::default(),
        };
        for (outcomes, keys) in parts.into_iter().flatten() {
            answers.outcomes.extend(outcomes);
            if let Some(keys) = keys {
                answers.keys.merge(&keys);
            }
        }
        Ok(answers)
    }

    /// What each sensor contributes to the accuracy on these examples, from the accuracy with each set of sensors,
    /// the others absent; without any, the most frequent class is the answer. `all` is what the model makes of them
    /// with every sensor.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn shapley(
        &mut self,
        model: &Model,
        prepared: &Prepared,
        all: &Summary,
    ) -> Result<Shapley> {
        let has = model.sensors();
        Shapley::measure(has, |used| {
            if used == has {
                return Ok(all.accuracy);
            }
            if used.count() == 0 {
                return Ok(prepared.most_frequent_share());
            }
            let validity = used.map(|used| if used { 1.0 } else { 0.0 });
            let validity = vec![validity; prepared.samples.len()];
            let answers = self.answer_with(model, prepared, &validity)?;
            Ok(answers.summary().accuracy)
        })
    }

    /// The same where it does not take long: 2ⁿ passes over the examples are for after the training where there
    /// are many sensors.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn quick_shapley(
        &mut self,
        model: &Model,
        prepared: &Prepared,
        all: &Summary,
    ) -> Result<Option<Shapley>> {
        (model.sensors().count() <= MOST_FOR_SHAPLEY)
            .then(|| self.shapley(model, prepared, all))
            .transpose()
    }

    /// The model's query after the rotations so far, `[d]`.
    ///
    /// # Errors
    /// When the fusion has none.
    pub fn query(&mut self, model: &Model, prepared: &Prepared) -> Result<Vec<f64>> {
        let valid = PerSensor::from_fn(|_| 1.0);
        let sample = prepared.samples.first().context("the split is empty")?;
        let state = model
            .forward(&model.batch(&[(&sample.features, valid)])?, 0.0)?
            .state
            .context("this fusion has no query")?;
        Ok(state.query.iter().map(|&v| f64::from(v)).collect())
    }
}
