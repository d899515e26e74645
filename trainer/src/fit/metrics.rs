//! Sums over examples, and the line that an epoch leaves in metrics.jsonl.

use std::collections::BTreeMap;

use evenkeel::evaluation::Share;
use evenkeel::probability::most_probable;
use evenkeel::window::{Modality, PerSensor};
use serde::{Deserialize, Serialize};

use super::shard::Outcome;
use crate::balance::Shapley;
use crate::rollingq::KeyStatistics;

/// Sums over the examples seen so far; merging shards in order gives the same bits every time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sums {
    /// Examples.
    pub examples: u64,
    /// Σ fused cross-entropy, nats.
    pub loss: f64,
    /// Σ cross-entropy of the probe heads, nats.
    pub probe_loss: PerSensor<f64>,
    /// Right fused answers.
    pub correct: u64,
    /// Right answers of each probe head.
    pub probe_correct: PerSensor<u64>,
    /// Examples in which the sensor gave something.
    pub probe_examples: PerSensor<u64>,
    /// Σ of the shares of attention.
    pub attention: Share,
    /// For AIR and the rotation; empty for fusions without a query.
    pub keys: KeyStatistics,
    /// Steps in which a method of balance was at work.
    pub steps: u64,
    /// Of these: in which it changed what the sensor's encoder learns, beyond noise and length: OGM-GE held it
    /// back, or MMPareto found its two losses in conflict.
    pub acted: PerSensor<u64>,
}

impl Sums {
    /// Counts what the model said of some samples.
    pub fn add_outcomes(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            let label = outcome.label as usize;
            self.examples += 1;
            self.correct += u64::from(most_probable(&outcome.logits) == label);
            self.loss += cross_entropy(&outcome.logits, label, 1.0);
            self.attention += outcome.attention.into();
            for modality in Modality::ALL {
                if let Some(probe) = &outcome.probes[modality] {
                    self.probe_examples[modality] += 1;
                    self.probe_loss[modality] += cross_entropy(probe, label, 1.0);
                    self.probe_correct[modality] += u64::from(most_probable(probe) == label);
                }
            }
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.examples += other.examples;
        self.loss += other.loss;
        self.correct += other.correct;
        for modality in Modality::ALL {
            self.probe_loss[modality] += other.probe_loss[modality];
            self.probe_correct[modality] += other.probe_correct[modality];
            self.probe_examples[modality] += other.probe_examples[modality];
            self.acted[modality] += other.acted[modality];
        }
        self.steps += other.steps;
        self.attention += other.attention;
        self.keys.merge(&other.keys);
    }

    /// Share of right fused answers.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.examples.max(1) as f64
    }

    /// Share of its steps in which a method of balance acted on each sensor; `None` where none was at work.
    pub fn acted_share(&self) -> Option<PerSensor<f64>> {
        (self.steps > 0).then(|| self.acted.map(|acted| acted as f64 / self.steps as f64))
    }

    /// Means over the examples.
    pub fn summary(&self) -> Summary {
        let n = self.examples.max(1) as f64;
        Summary {
            examples: self.examples,
            correct: self.correct,
            accuracy: self.accuracy(),
            loss: self.loss / n,
            probe_loss: Modality::ALL
                .iter()
                .map(|&m| self.probe_loss[m] / self.probe_examples[m].max(1) as f64)
                .sum(),
            audio_probe: self.probe_accuracy(Modality::Audio),
            camera_probe: self.probe_accuracy(Modality::Camera),
            audio_share: self.attention.sensors.audio / n,
            camera_share: self.attention.sensors.camera / n,
            further: self.further(),
            air: (self.keys.samples > 0).then(|| self.keys.air()),
            cosines: (self.keys.sensors().count() > 2)
                .then(|| PerSensor::from_fn(|m| self.keys.mean_cosine(m))),
        }
    }

    /// What there is to say of sensors beyond a microphone and a camera.
    fn further(&self) -> BTreeMap<Modality, FurtherSummary> {
        let n = self.examples.max(1) as f64;
        Modality::FURTHER
            .into_iter()
            .filter(|&m| self.probe_examples[m] > 0 || self.attention.sensors[m] > 0.0)
            .map(|m| {
                let summary = FurtherSummary {
                    probe: self.probe_accuracy(m),
                    share: self.attention.sensors[m] / n,
                };
                (m, summary)
            })
            .collect()
    }

    fn probe_accuracy(&self, modality: Modality) -> Option<f64> {
        let examples = self.probe_examples[modality];
        (examples > 0).then(|| self.probe_correct[modality] as f64 / examples as f64)
    }
}

/// −ln softmax(inverse · logits)[label], for a positive inverse temperature.
pub(super) fn cross_entropy(logits: &[f32], label: usize, inverse: f64) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let scaled = |logit: f32| inverse * f64::from(logit - largest);
    let sum: f64 = logits.iter().map(|&logit| scaled(logit).exp()).sum();
    sum.ln() - scaled(logits[label])
}

/// What a model does on a set of examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Examples.
    pub examples: u64,
    /// Right fused answers.
    pub correct: u64,
    /// Share of right fused answers, 0..1.
    pub accuracy: f64,
    /// Mean cross-entropy of the fused answers, nats.
    pub loss: f64,
    /// Mean cross-entropy of each probe head, nats, summed over the sensors.
    #[serde(default)]
    pub probe_loss: f64,
    /// Share of right answers of the audio encoder's probe head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_probe: Option<f64>,
    /// Share of right answers of the camera encoder's probe head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera_probe: Option<f64>,
    /// Mean attention on audio tokens, 0..1.
    pub audio_share: f64,
    /// Mean attention on camera tokens, 0..1; the rest is on the class token.
    pub camera_share: f64,
    /// The same of sensors beyond a microphone and a camera.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub further: BTreeMap<Modality, FurtherSummary>,
    /// Attention imbalance rate, for fusions with a query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub air: Option<f64>,
    /// Mean cosine of the query and each sensor's mean key, −1..1, of which AIR is the spread; for fusions with a query
    /// over more than two sensors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosines: Option<PerSensor<f64>>,
}

impl Summary {
    /// Share of right answers of a sensor's probe head.
    pub fn probe(&self, modality: Modality) -> Option<f64> {
        match modality {
            Modality::Audio => self.audio_probe,
            Modality::Camera => self.camera_probe,
            further => self.further.get(&further)?.probe,
        }
    }

    /// Mean attention on a sensor's tokens, 0..1.
    pub fn share(&self, modality: Modality) -> f64 {
        match modality {
            Modality::Audio => self.audio_share,
            Modality::Camera => self.camera_share,
            further => self.further.get(&further).map_or(0.0, |f| f.share),
        }
    }
}

/// What a model does with a sensor beyond a microphone and a camera.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FurtherSummary {
    /// Share of right answers of its encoder's probe head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<f64>,
    /// Mean attention on its tokens, 0..1.
    pub share: f64,
}

/// One rotation, as it was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RotationRecord {
    /// The epoch at whose end it happened, counted from 1.
    pub epoch: u32,
    /// Weight of the audio direction in the target.
    pub alpha: f64,
    /// Weight of each sensor's direction, where there are more than two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<PerSensor<f64>>,
    /// How far the query turned.
    pub degrees: f64,
    /// On the validation split, just before.
    pub before: Summary,
    /// On the validation split, just after.
    pub after: Summary,
}

/// One epoch, as a line of metrics.jsonl.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Counted from 1.
    pub epoch: u32,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// The training examples as they were seen, weights moving.
    pub train: Summary,
    /// The validation split at the epoch's end, after a rotation if there was one.
    pub validation: Summary,
    /// What each sensor contributes to the validation accuracy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shapley: Option<Shapley>,
    /// The validation split again, each window of mixed quality, where training windows are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixed: Option<Summary>,
    /// Whether these are the weights with the smallest validation loss so far.
    pub best: bool,
    /// The rotation at its end, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<RotationRecord>,
    /// Share of the epoch's steps in which a method of balance acted on each sensor, 0..1: OGM-GE held its
    /// encoder back, or MMPareto found its two losses in conflict. Absent where no method was at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acted: Option<PerSensor<f64>>,
}
