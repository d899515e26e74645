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

/// Times `steps` steps of the configured model on random features.
///
/// # Errors
/// When the model cannot be built.
pub fn step_time(config: &FitConfig, classes: usize, steps: usize) -> Result<StepTime> {
    let configs = config.sensor_configs();
    let device = config.training.device.open()?;
    let model = Model::new(&config.model, &configs, classes, 0, &device)?;
    let frozen = model.frozen();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut random =
        |count: usize| -> Vec<f32> { (0..count).map(|_| rng.random_range(-1.7..1.7)).collect() };
    let samples: Vec<(Sample, PerSensor<f32>)> = (0..config.training.batch)
        .map(|i| {
            let features = frozen.embed(PerSensor::from_fn(|modality| {
                configs[modality].map(|config| random(config.shape().iter().product()))
            }))?;
            let label = (i % classes) as u32;
            Ok((Sample { features, label }, PerSensor::from_fn(|_| 1.0)))
        })
        .collect::<Result<_>>()?;
    let mut workers = Workers::new(config, &frozen)?;
    let mut optimiser = Optimiser::new(&config.training, &model.parameters);
    let balancer = Balancer::new(config.balance, &model, 0);
    let warm_up = steps.div_ceil(5);
    let mut times = Vec::with_capacity(steps);
    for step in 0..warm_up + steps {
        let start = Instant::now();
        let parts = workers.map(&samples, |shard, part| {
            let probe_gradient = config.training.probe_gradient;
            let balance = config.balance.as_ref();
            shard.gradients(&model, part, samples.len(), probe_gradient, balance)
        })?;
        let (gradients, _) = balancer.gradient(parts, 1, optimiser.steps);
        optimiser.step(&model.parameters, &gradients, 1e-4)?;
        if step >= warm_up {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(StepTime {
        parameters: model.parameters.count(),
        batch: samples.len(),
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
