//! The numbers over all clips of an evaluation.

use serde::Serialize;

use super::metrics::{CALIBRATION_BINS, Calibration, Confusion, Score, calibration};
use super::report::{ClipAnswer, ClipResult, Outcome, Said, Share};
use crate::window::{Modality, PerSensor};

/// The numbers over all clips. Accuracies are over the clips whose label is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Clips answered about.
    pub answered: usize,
    /// Clips that could not be evaluated.
    pub failed: usize,
    /// Answers below the model's confidence threshold.
    pub unsure: usize,
    /// Accuracy from all sensors together.
    pub fused: Score,
    /// Accuracy from each sensor alone, over the clips that have it; absent if the model lacks it.
    pub alone: PerSensor<Option<Score>>,
    /// Accuracy of the fused answers for each label.
    pub per_label: Vec<LabelScore>,
    /// How often each label was taken for each by the fused answers, `[truth][answer]`.
    pub confusion: Confusion,
    /// Mean share of attention over all clips; absent without answers.
    pub attention: Option<Share>,
    /// The same over the clips that have all sensors: both, of a model with two.
    pub attention_with_both: Option<Share>,
    /// How far the confidence of the fused answers can be believed.
    pub calibration: Calibration,
    /// Clips without a sensor that the model has, evaluated with it marked absent.
    pub absent: PerSensor<usize>,
}

/// Accuracy for one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelScore {
    /// The label.
    pub label: String,
    /// How many of its clips were answered with it.
    pub score: Score,
}

impl Summary {
    /// Sums up the results of a model with these labels and sensors.
    pub fn of(clips: &[ClipResult], labels: &[String], sensors: PerSensor<bool>) -> Self {
        let answered: Vec<(Option<&str>, &ClipAnswer)> = clips
            .iter()
            .filter_map(|clip| match &clip.outcome {
                Outcome::Answered(answer) => Some((clip.label.as_deref(), &**answer)),
                Outcome::Failed(_) => None,
            })
            .collect();
        // A model with one sensor was never asked with both.
        let all = Modality::ALL
            .into_iter()
            .filter(|sensor| Modality::LIVE.contains(sensor) || sensors[*sensor]);
        let answers = || answered.iter().map(|&(_, answer)| answer);

        let mut confusion = Confusion::new(labels.len());
        let index = |label: &str| labels.iter().position(|known| known == label);
        for (truth, answer) in &answered {
            if let (Some(truth), Some(said)) = (truth.and_then(index), index(&answer.fused.label)) {
                confusion.add(truth, said);
            }
        }
        let per_label = labels
            .iter()
            .enumerate()
            .map(|(class, label)| LabelScore {
                label: label.clone(),
                score: confusion.class_score(class),
            })
            .collect();
        let judged: Vec<_> = answers()
            .filter_map(|answer| Some((answer.fused.confidence, answer.fused.correct?)))
            .collect();
        let of_sensor = |sensor: Modality| {
            let said = answers().filter_map(move |answer| answer.alone[sensor].as_ref());
            sensors[sensor].then(|| Score::of(said.filter_map(|Said { correct, .. }| *correct)))
        };
        let both = |answer: &&ClipAnswer| all.clone().all(|sensor| answer.present[sensor]);
        Self {
            answered: answered.len(),
            failed: clips.len() - answered.len(),
            unsure: answers().filter(|answer| answer.unsure).count(),
            fused: confusion.score(),
            alone: PerSensor::from_fn(of_sensor),
            per_label,
            confusion,
            attention: Share::mean(answers().map(|answer| answer.attention)),
            attention_with_both: Share::mean(answers().filter(both).map(|a| a.attention)),
            calibration: calibration(&judged, CALIBRATION_BINS),
            absent: PerSensor::from_fn(|sensor| {
                let lacks = |answer: &&ClipAnswer| sensors[sensor] && !answer.present[sensor];
                answers().filter(lacks).count()
            }),
        }
    }
}
