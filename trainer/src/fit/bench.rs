//! How long a training step takes.

use std::time::Instant;

use anyhow::Result;
use evenkeel::window::PerSensor;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::config::FitConfig;
use super::evaluate::Workers;
use super::optimiser::Optimiser;
use super::shard::Sample;
use super::step::Balancer;
use crate::balance::Balance;
use crate::model::Model;

/// Time of a step: forward, backward, balance and update, on features that are ready.
#[derive(Debug, Clone, Serialize)]
pub struct StepTime {
    /// Trainable numbers.
    pub parameters: usize,
    /// Examples per step.
    pub batch: usize,
    /// Threads.
    pub threads: usize,
    /// Steps measured, after as many as a fifth of them to warm up.
    pub steps: usize,
    /// Median, milliseconds.
    pub median_ms: f64,
    /// Fastest, milliseconds.
    pub min_ms: f64,
}

/// A model and what it takes to train it on random features that are ready.
pub struct Bench {
    probe_gradient: f64,
    balance: Option<Balance>,
    model: Model,
    samples: Vec<(Sample, PerSensor<f32>)>,
    workers: Workers,
    optimiser: Optimiser,
    balancer: Balancer,
}

impl Bench {
    /// # Errors
    /// When the model cannot be built.
    pub fn new(config: &FitConfig, classes: usize) -> Result<Self> {
        let configs = config.sensor_configs();
        let device = config.training.device.open()?;
        let model = Model::new(&config.model, &configs, classes, 0, &device)?;
        let frozen = model.frozen();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut random = |count: usize| -> Vec<f32> {
            (0..count).map(|_| rng.random_range(-1.7..1.7)).collect()
        };
        let samples = (0..config.training.batch)
            .map(|i| {
                let features = frozen.embed(PerSensor::from_fn(|modality| {
                    configs[modality].map(|config| random(config.shape().iter().product()))
                }))?;
                let label = (i % classes) as u32;
                Ok((Sample { features, label }, PerSensor::from_fn(|_| 1.0)))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            probe_gradient: config.training.probe_gradient,
            balance: config.balance,
            samples,
            workers: Workers::new(config, &frozen)?,
            optimiser: Optimiser::new(&config.training, &model.parameters),
            balancer: Balancer::new(config.balance, &model, 0),
            model,
        })
    }

    /// Trainable numbers.
    pub fn parameters(&self) -> usize {
        self.model.parameters.count()
    }

    /// Forward, backward, balance and update.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn step(&mut self) -> Result<()> {
        let (model, batch) = (&self.model, self.samples.len());
        let balance = self.balance.as_ref();
        let parts = self.workers.map(&self.samples, |shard, part| {
            shard.gradients(model, part, batch, self.probe_gradient, balance)
        })?;
        let (gradients, _) = self.balancer.gradient(parts, 1, self.optimiser.steps);
        self.optimiser
            .step(&self.model.parameters, &gradients, 1e-4)?;
        Ok(())
    }
}

/// Times `steps` steps of the configured model on random features.
///
/// # Errors
/// When the model cannot be built.
pub fn step_time(config: &FitConfig, classes: usize, steps: usize) -> Result<StepTime> {
    let mut bench = Bench::new(config, classes)?;
    let warm_up = steps.div_ceil(5);
    let mut times = Vec::with_capacity(steps);
    for step in 0..warm_up + steps {
        let start = Instant::now();
        bench.step()?;
        if step >= warm_up {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(StepTime {
        parameters: bench.parameters(),
        batch: bench.samples.len(),
        threads: config.training.shards,
        steps,
        median_ms: times[times.len() / 2],
        min_ms: times[0],
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The paper's plain ViT is among them.
    #[test]
    fn slow_every_recipe_of_the_repository_takes_a_step() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
        for name in ["digits.toml", "grid.toml", "vit.toml"] {
            let changes = ["training.batch=4".to_owned()];
            let config = FitConfig::read(&folder.join(name), &changes).unwrap();
            let time = step_time(&config, 11, 1).unwrap();
            assert!(time.parameters > 100_000, "{name}: {time:?}");
        }
    }
}
