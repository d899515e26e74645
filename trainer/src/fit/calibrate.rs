//! What a trained model is told about itself before it ships: how sure it may be, how far to trust
//! each sensor, and what a healthy signal looks like. Nothing here sees a test example.

use anyhow::Result;
use evenkeel::evaluation::robustness::spread;
use evenkeel::health::{Calibration, HealthConfig, Monitor};
use evenkeel::package::Thresholds;
use evenkeel::policy::{Policy, PolicyConfig, PolicyKind};
use evenkeel::probability::{most_probable, softmax};
use evenkeel::window::PerSensor;

use super::config::FitConfig;
use super::evaluate::{Prepared, Workers};
use super::quality::Spoiler;
use super::shard::Outcome;
use super::temperature::fit_temperature;
use crate::data::{Dataset, Split};
use crate::model::Model;

/// Windows of a split that the limits of health are drawn from.
const HEALTH_WINDOWS: usize = 3000;
/// How often each validation window is drawn with mixed quality, beside once as it is.
const DRAWS: u32 = 4;
/// Powers of the relative reliability that are tried.
const SHARPNESS: [f32; 9] = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0];
/// Of the answers that are given, so many may be wrong.
const MOST_WRONG: f64 = 0.02;
/// A threshold above this would leave hardly any answer, so where even this one lets more through than
/// [`MOST_WRONG`], it stays.
const HIGHEST_THRESHOLD: f32 = 0.9;

/// Everything that is chosen after training.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// When an answer counts.
    pub thresholds: Thresholds,
    /// How far each sensor is trusted.
    pub policy: PolicyConfig,
    /// What a healthy signal looks like.
    pub health: HealthConfig,
    /// What the logits of each probe are divided by before they become a reliability.
    pub probe_temperature: PerSensor<f32>,
}

/// Calibrates a model on the validation split: as it is, and with mixed quality if the model was trained
/// with it. Health is known first, so everything else is chosen for a model whose dead sensors are shut
/// out, as they will be.
///
/// # Errors
/// When an example cannot be had, or Candle fails.
pub fn calibrate(
    config: &FitConfig,
    data: &dyn Dataset,
    model: &Model,
    workers: &mut Workers,
) -> Result<Calibrated> {
    let health = health(config, data)?;
    let judged = validation(config, data, &health, workers)?;
    let valid = vec![PerSensor::from_fn(|_| 1.0); judged.gates.len()];
    let answers = workers.answer_with(model, &judged.windows, &valid)?;
    let probe_temperature =
        PerSensor::from_fn(|modality| fit_temperature(&answers.probe(modality)).0);
    let reliability: Vec<PerSensor<Option<f32>>> = answers
        .outcomes
        .iter()
        .map(|outcome| reliability(outcome, probe_temperature))
        .collect();

    let mut best: Option<Choice> = None;
    for sharpness in SHARPNESS {
        let policy = policy(sharpness);
        let validity: Vec<PerSensor<f32>> = judged
            .gates
            .iter()
            .zip(&reliability)
            .map(|(gates, reliability)| Policy::new(policy).validity(*gates, *reliability))
            .collect();
        let outcomes = workers
            .answer_with(model, &judged.windows, &validity)?
            .outcomes;
        let choice = Choice::of(policy, outcomes);
        if best.as_ref().is_none_or(|best| choice.loss < best.loss) {
            best = Some(choice);
        }
    }
    let best = best.expect("there are powers to try");
    Ok(Calibrated {
        thresholds: Thresholds {
            temperature: best.temperature,
            confidence: threshold(&best.answers, best.temperature),
        },
        policy: best.policy,
        health,
        probe_temperature,
    })
}

/// The policy with this sharpness; without any, nothing is left of `soft` but `mask`.
fn policy(sharpness: f32) -> PolicyConfig {
    PolicyConfig {
        kind: if sharpness > 0.0 {
            PolicyKind::Soft
        } else {
            PolicyKind::Mask
        },
        sharpness,
        ..PolicyConfig::default()
    }
}

/// One policy, and what comes of it.
struct Choice {
    policy: PolicyConfig,
    temperature: f32,
    /// Mean cross-entropy at that temperature.
    loss: f64,
    answers: Vec<(Vec<f32>, u32)>,
}

impl Choice {
    fn of(policy: PolicyConfig, outcomes: Vec<Outcome>) -> Self {
        let answers: Vec<_> = outcomes.into_iter().map(|o| (o.logits, o.label)).collect();
        let (temperature, loss) = fit_temperature(&answers);
        Self {
            policy,
            temperature,
            loss,
            answers,
        }
    }
}

/// Windows, and how far the gate of each sensor would be open for them.
struct Judged {
    windows: Prepared,
    gates: Vec<PerSensor<f32>>,
}

/// The validation split as it is and, where the model was trained with mixed quality, several times so.
fn validation(
    config: &FitConfig,
    data: &dyn Dataset,
    health: &HealthConfig,
    workers: &mut Workers,
) -> Result<Judged> {
    let spoiler = Spoiler::of(config, data)?;
    let draws = if spoiler.is_some() { DRAWS } else { 0 };
    let all: Vec<(u32, usize)> = (0..=draws)
        .flat_map(|draw| (0..data.len(Split::Validation)).map(move |index| (draw, index)))
        .collect();
    let parts = workers.map(&all, |shard, some| {
        let mut monitor = Monitor::new(health).with_scales(&config.frontends());
        some.iter()
            .map(|&(draw, index)| {
                let mut example = data.example(Split::Validation, 0, index)?;
                if let Some(spoiler) = spoiler.as_ref().filter(|_| draw > 0) {
                    let _ =
                        spoiler.spoil(&mut example.window, data, Split::Validation, draw, index);
                }
                monitor.reset();
                let score = monitor.check(&example.window).map(|one| one.score);
                let gates = Policy::new(policy(0.0)).gates(example.window.start, score);
                Ok((shard.features(&example)?, gates))
            })
            .collect::<Result<Vec<_>>>()
    })?;
    let (samples, gates) = parts.into_iter().flatten().unzip();
    Ok(Judged {
        windows: Prepared { samples },
        gates,
    })
}

fn reliability(outcome: &Outcome, temperature: PerSensor<f32>) -> PerSensor<Option<f32>> {
    PerSensor::from_fn(|modality| {
        let shares = softmax(outcome.probes[modality].as_ref()?, temperature[modality]);
        Some(shares[most_probable(&shares)])
    })
}

/// The lowest confidence above which at most [`MOST_WRONG`] of the answers are wrong.
fn threshold(answers: &[(Vec<f32>, u32)], temperature: f32) -> f32 {
    let mut said: Vec<(f32, bool)> = answers
        .iter()
        .map(|(logits, label)| {
            let shares = softmax(logits, temperature);
            let answer = most_probable(&shares);
            (shares[answer], answer == *label as usize)
        })
        .collect();
    said.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut wrong, mut lowest) = (0usize, 1.0f32);
    for (count, (confidence, right)) in said.iter().enumerate() {
        wrong += usize::from(!right);
        if wrong as f64 <= MOST_WRONG * (count + 1) as f64 {
            lowest = *confidence;
        }
    }
    lowest.min(HIGHEST_THRESHOLD)
}

/// Limits from windows as they were recorded: of the training and of the validation split, at most
/// [`HEALTH_WINDOWS`] of each.
fn health(config: &FitConfig, data: &dyn Dataset) -> Result<HealthConfig> {
    let mut calibration = Calibration::of(&config.frontends());
    for split in [Split::Train, Split::Validation] {
        for index in spread(data.len(split), HEALTH_WINDOWS) {
            // Windows of different clips, whatever their times say.
            calibration.reset();
            calibration.add(&data.as_recorded(split, index)?.window);
        }
    }
    Ok(calibration.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes; `confidence` of the first, which is right or not.
    fn said(confidence: f32, right: bool) -> (Vec<f32>, u32) {
        let logit = (confidence / (1.0 - confidence)).ln();
        (vec![logit, 0.0], u32::from(!right))
    }

    #[test]
    fn the_threshold_leaves_two_wrong_answers_of_a_hundred() {
        let mut answers: Vec<_> = (0..200)
            .map(|i| said(0.7 + 0.001 * i as f32, true))
            .collect();
        assert!((threshold(&answers, 1.0) - 0.7).abs() < 1e-4);
        answers.extend((0..50).map(|i| said(0.6 + 0.001 * i as f32, i % 2 == 0)));
        let found = threshold(&answers, 1.0);
        assert!((0.64..0.66).contains(&found), "{found}");
        let hopeless: Vec<_> = (0..50).map(|_| said(0.99, false)).collect();
        assert_eq!(threshold(&hopeless, 1.0), HIGHEST_THRESHOLD);
    }
}
