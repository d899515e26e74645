//! Methods of balance in training: what they change, what they leave alone, and what must not matter.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Duration;

use evenkeel::window::{Modality, PerSensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::config::FitConfig;
use super::metrics::{EpochMetrics, Sums};
use super::optimiser::Gradients;
use super::run::{Watcher, best_weights, fit_saving_every, metrics_path};
use super::shard::{Sample, Shard};
use super::step::Balancer;
use super::{Part, checkpoint};
use crate::balance::{Balance, MmPareto, OgmGe};
use crate::data::digits::{Digits, DigitsConfig, fixture};
use crate::model::{Frozen, Model, cross_entropy};

pub(super) const CLASSES: usize = 11;

const OGM_GE: Balance = Balance::OgmGe(OgmGe {
    alpha: 0.8,
    first_epoch: 1,
    last_epoch: None,
});

const MMPARETO: Balance = Balance::Mmpareto(MmPareto { gamma: 1.5 });

/// The recipe of the repository with small encoders.
pub(super) fn config(changes: &[&str]) -> FitConfig {
    let small = ["model.width=16", "model.depth=1", "model.heads=2"];
    let changes: Vec<String> = small
        .iter()
        .chain(changes)
        .map(|&change| change.to_owned())
        .collect();
    let text = include_str!("../../configs/plain-digits.toml");
    FitConfig::parse(text, &changes, Path::new("plain-digits.toml")).unwrap()
}

pub(super) fn model(config: &FitConfig) -> Model {
    let configs = config.sensor_configs();
    Model::new(
        &config.model,
        &configs,
        CLASSES,
        5,
        &candle_core::Device::Cpu,
    )
    .unwrap()
}

/// Samples that have both sensors, after one whose microphone was dropped and one without a camera.
pub(super) fn samples(config: &FitConfig) -> Vec<(Sample, PerSensor<f32>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut values = |count: usize| -> Option<Vec<f32>> {
        Some((0..count).map(|_| rng.random_range(-1.7..1.7)).collect())
    };
    let mut samples: Vec<_> = (0..9)
        .map(|i| {
            let sample = Sample {
                features: PerSensor::pair(
                    values(config.audio.as_ref().unwrap().shape().iter().product()),
                    values(config.camera.as_ref().unwrap().shape().iter().product()),
                ),
                label: i % CLASSES as u32,
            };
            (sample, PerSensor::from_fn(|_| 1.0))
        })
        .collect();
    samples[0].1.audio = 0.0;
    samples[1].0.features.camera = None;
    samples
}

/// What threads that take `size` samples each find of a batch.
fn parts(
    config: &FitConfig,
    model: &Model,
    samples: &[(Sample, PerSensor<f32>)],
    size: usize,
    balance: Option<Balance>,
) -> Vec<Part> {
    let mut shard = Shard::new(&config.sensor_configs(), Frozen::default()).unwrap();
    samples
        .chunks(size)
        .map(|part| {
            shard
                .gradients(model, part, samples.len(), 1.0, balance.as_ref())
                .unwrap()
        })
        .collect()
}

/// The same as one part.
fn whole(config: &FitConfig, model: &Model, balance: Option<Balance>) -> Part {
    let samples = samples(config);
    parts(config, model, &samples, samples.len(), balance).remove(0)
}

fn length(values: &[f32]) -> f64 {
    dot(values, values).sqrt()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    std::iter::zip(a, b)
        .map(|(&a, &b)| f64::from(a) * f64::from(b))
        .sum()
}

fn assert_close(found: &Gradients, expected: &Gradients, what: &str) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in std::iter::zip(found, expected).enumerate() {
        let scale = length(expected).max(1e-3);
        let difference: Vec<f32> = std::iter::zip(found, expected)
            .map(|(f, e)| f - e)
            .collect();
        assert!(
            found.len() == expected.len() && length(&difference) < 1e-4 * scale,
            "{what}: variable {i} is {} off, of {scale}",
            length(&difference)
        );
    }
}

/// Runs that are there already, and the weights that the README speaks of, must stay what they are.
#[test]
fn without_a_method_nothing_changes_by_a_bit() {
    for fusion in ["rollingq", "concat", "sum"] {
        let config = config(&[&format!("model.fusion={fusion}")]);
        assert!(!config.text().unwrap().contains("balance"));
        let (model, samples) = (model(&config), samples(&config));
        let inputs: Vec<_> = samples.iter().map(|(s, v)| (&s.features, *v)).collect();
        let labels: Vec<u32> = samples.iter().map(|(s, _)| s.label).collect();
        let out = model.forward(&model.batch(&inputs).unwrap(), 1.0).unwrap();
        let share = 1.0 / samples.len() as f32;
        let mut loss = cross_entropy(&out.logits, &labels, &vec![share; labels.len()]).unwrap();
        for modality in Modality::LIVE {
            let given = |(s, _): &(Sample, _)| {
                if s.features[modality].is_some() {
                    share
                } else {
                    0.0
                }
            };
            let weights: Vec<f32> = samples.iter().map(given).collect();
            let probe = out.probes[modality].as_ref().unwrap();
            loss = (loss + cross_entropy(probe, &labels, &weights).unwrap()).unwrap();
        }
        let store = loss.backward().unwrap();
        let expected: Gradients = model
            .parameters
            .vars()
            .iter()
            .map(|var| {
                store
                    .get(var)
                    .unwrap()
                    .flatten_all()
                    .unwrap()
                    .to_vec1()
                    .unwrap()
            })
            .collect();
        let found = parts(&config, &model, &samples, samples.len(), None);
        let (gradients, sums) = Balancer::new(None, &model, 0).gradient(found, 1, 0);
        assert_eq!(gradients, expected, "{fusion}");
        assert_eq!(sums.acted_share(), None);
    }
}

#[test]
fn the_number_of_threads_changes_rounding_only() {
    for fusion in ["rollingq", "attention", "concat", "sum"] {
        let config = config(&[&format!("model.fusion={fusion}")]);
        let (model, samples) = (model(&config), samples(&config));
        for method in [OGM_GE, MMPARETO] {
            let balancer = Balancer::new(Some(method), &model, 3);
            let balanced = |size: usize| {
                let parts = parts(&config, &model, &samples, size, Some(method));
                balancer.gradient(parts, 1, 7)
            };
            let ((alone, alone_sums), (many, many_sums)) = (balanced(9), balanced(2));
            assert_close(&many, &alone, &format!("{fusion} {method:?}"));
            assert_eq!(many_sums.acted, alone_sums.acted);
            assert_eq!((many_sums.steps, alone_sums.steps), (1, 1));
        }
    }
}

/// Two strengths with the same noise: their difference is the modulation alone.
#[test]
fn ogm_ge_holds_back_the_encoder_that_is_ahead_and_nothing_else() {
    for fusion in ["attention", "concat"] {
        let config = config(&[&format!("model.fusion={fusion}")]);
        let model = model(&config);
        let plain = whole(&config, &model, Some(OGM_GE));
        let scores = plain.scores;
        let (ahead, behind) = if scores.audio > scores.camera {
            (Modality::Audio, Modality::Camera)
        } else {
            (Modality::Camera, Modality::Audio)
        };
        let ratio = scores[ahead] / scores[behind];
        assert!(ratio > 1.0, "{fusion}: {scores:?}");
        let with = |alpha: f64, epoch: u32, update: u64| {
            let method = Balance::OgmGe(OgmGe {
                alpha,
                first_epoch: 2,
                last_epoch: None,
            });
            let part = whole(&config, &model, Some(method));
            Balancer::new(Some(method), &model, 3).gradient(vec![part], epoch, update)
        };
        let (early, sums) = with(0.5, 1, 7);
        assert_eq!(early, plain.gradients, "it acts before its time");
        assert_eq!(sums.acted_share(), None);

        let (gentle, sums) = with(0.5, 2, 7);
        assert_eq!(sums.acted[ahead], 1);
        assert_eq!(sums.acted[behind], 0);
        assert_eq!(gentle, with(0.5, 2, 7).0, "the noise is not repeatable");
        assert_ne!(gentle, with(0.5, 2, 8).0, "the noise is always the same");
        let (strong, _) = with(0.9, 2, 7);
        let taken = (0.9 * ratio).tanh() - (0.5 * ratio).tanh();
        let encoders = model.encoder_variables();
        for (i, name) in model.parameters.names().iter().enumerate() {
            let (plain, gentle, strong) = (&plain.gradients[i], &gentle[i], &strong[i]);
            let of_encoder = Modality::ALL.iter().any(|&m| encoders[m].contains(&i));
            assert_eq!(plain == gentle, !of_encoder, "{fusion} {name}");
            let share = if encoders[ahead].contains(&i) {
                taken
            } else {
                0.0
            };
            for ((g, s), p) in std::iter::zip(gentle, strong).zip(plain) {
                let expected = share as f32 * p;
                assert!((g - s - expected).abs() < 1e-5, "{fusion} {name}");
            }
        }
    }
}

#[test]
fn samples_with_one_sensor_do_not_make_it_seem_ahead() {
    for fusion in ["attention", "concat"] {
        let config = config(&[&format!("model.fusion={fusion}")]);
        let (model, samples) = (model(&config), samples(&config));
        let scores =
            |samples: &[_]| parts(&config, &model, samples, samples.len(), Some(OGM_GE))[0].scores;
        let (all, both, one) = (
            scores(&samples),
            scores(&samples[2..]),
            scores(&samples[..2]),
        );
        assert_eq!(one, PerSensor::default());
        for modality in Modality::LIVE {
            assert!(
                (all[modality] - both[modality]).abs() < 1e-5,
                "{all:?} {both:?}"
            );
            assert!((0.1..7.0).contains(&both[modality]), "{both:?}");
        }
    }
}

#[test]
fn mmpareto_combines_each_encoders_two_losses_and_leaves_the_heads_alone() {
    for fusion in ["rollingq", "concat"] {
        let config = config(&[&format!("model.fusion={fusion}")]);
        let model = model(&config);
        let joint = whole(&config, &model, None).gradients;
        let apart = whole(&config, &model, Some(MMPARETO));
        let mut sum = apart.gradients.clone();
        for (sum, probe) in std::iter::zip(sum.iter_mut().flatten(), apart.probes.iter().flatten())
        {
            *sum += probe;
        }
        assert_close(&sum, &joint, fusion);
        let (fused, probes) = (apart.gradients.clone(), apart.probes.clone());
        let (balanced, _) = Balancer::new(Some(MMPARETO), &model, 0).gradient(vec![apart], 1, 0);
        let encoders = model.encoder_variables();
        for modality in Modality::LIVE {
            let of = |gradients: &Gradients| gradients[encoders[modality].clone()].concat();
            let (found, fused, probe, joint) = (of(&balanced), of(&fused), of(&probes), of(&joint));
            let (long, short) = (length(&found), length(&joint));
            assert!((long / short - 1.5).abs() < 1e-3, "{long} {short}");
            assert!(dot(&found, &fused) > 0.0 && dot(&found, &probe) > 0.0);
        }
        let heads = |gradients: &Gradients| -> Gradients {
            let is_head = |i: &usize| !Modality::ALL.iter().any(|&m| encoders[m].contains(i));
            (0..gradients.len())
                .filter(is_head)
                .map(|i| gradients[i].clone())
                .collect()
        };
        // Both probe heads and the fusion's.
        assert!(heads(&balanced).len() >= 6);
        assert_close(&heads(&balanced), &heads(&joint), fusion);
    }
}

/// A run that ends without a word at the given step of its second epoch.
struct Killed(u64);

impl Watcher for Killed {
    fn step(&mut self, epoch: u32, step: u64, _: u64, _: &Sums) {
        if (epoch, step) == (2, self.0) {
            resume_unwind(Box::new("killed"));
        }
    }
    fn epoch(&mut self, _: &EpochMetrics) {}
}

#[test]
fn a_resumed_run_ends_with_the_same_weights() {
    let digits = DigitsConfig {
        windows_per_epoch: 24,
        ..DigitsConfig::default()
    };
    let data = Digits::from_material(&digits, 0, fixture::material()).unwrap();
    for method in [
        r#"balance={ method = "ogm-ge", alpha = 0.8, last_epoch = 2 }"#,
        r#"balance={ method = "mmpareto" }"#,
    ] {
        let config = config(&[
            method,
            "data.digits.windows_per_epoch=24",
            "training.epochs=3",
            "training.batch=8",
        ]);
        let folder = tempfile::tempdir().unwrap();
        let fit = |name: &str, step: u64| {
            let run = folder.path().join(name);
            let mut watcher = Killed(step);
            fit_saving_every(Duration::ZERO, &config, &data, &run, &mut watcher)
        };
        let epochs = fit("alone", u64::MAX).unwrap();
        assert!(epochs[1].acted.is_some(), "{method} was not at work");
        catch_unwind(AssertUnwindSafe(|| fit("killed", 2))).unwrap_err();
        let steps = checkpointed_steps(&folder.path().join("killed"), &config);
        assert_eq!(steps, (1, 1), "it was not killed inside its second epoch");
        assert_eq!(fit("killed", u64::MAX).unwrap(), epochs);
        for file in [best_weights, metrics_path, checkpoint::path_in] {
            let bytes = |name: &str| fs::read(file(&folder.path().join(name))).unwrap();
            assert!(bytes("killed") == bytes("alone"), "{method}");
        }
    }
}

/// Whole epochs, and steps after them, that a run's checkpoint holds.
fn checkpointed_steps(run: &Path, config: &FitConfig) -> (u32, u64) {
    let model = model(config);
    let mut optimiser = super::optimiser::Optimiser::new(&config.training, &model.parameters);
    let progress = checkpoint::load(run, &model, &mut optimiser)
        .unwrap()
        .unwrap();
    (progress.epoch, progress.step)
}
