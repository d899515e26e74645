//! Which epoch's weights are kept.

use evenkeel::window::Modality;
use serde::{Deserialize, Serialize};

use super::evaluate::Answers;
use super::metrics::Summary;
use super::temperature::fit_temperature;

/// What the weights of an epoch are chosen by: the smallest of this on the validation split. By a loss in either case: a few
/// hundred validation examples are soon all right, and then chance would choose.
///
/// With windows of mixed quality it is the loss of all answers, fused and of the probes, on the clean and
/// on the mixed windows: every sensor must be able to stand in for the others, which the fused answer
/// alone says nothing of while all are well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChooseBy {
    /// The cross-entropy of the answers as they are.
    #[default]
    Loss,
    /// Their cross-entropy at the temperature that suits them best, as the exported model has it. A model of few clips soon
    /// claims more than it knows, and the plain loss then goes up while its answers still get better.
    CalibratedLoss,
}

impl ChooseBy {
    /// Whether this is what configurations mean that say nothing.
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The loss of an epoch, of validation windows as they are and, where there are any, of mixed quality: what the model
    /// says of each, and its summary.
    pub(super) fn loss(
        self,
        clean: (&Answers, &Summary),
        mixed: Option<(&Answers, &Summary)>,
    ) -> f64 {
        match mixed {
            Some(mixed) => [clean, mixed]
                .map(|of| self.fused(of) + self.probes(of))
                .iter()
                .sum(),
            None => self.fused(clean),
        }
    }

    /// Of the fused answers.
    fn fused(self, (answers, summary): (&Answers, &Summary)) -> f64 {
        match self {
            Self::Loss => summary.loss,
            Self::CalibratedLoss => fit_temperature(&answers.fused()).1,
        }
    }

    /// Of the answers of all probes, added up.
    fn probes(self, (answers, summary): (&Answers, &Summary)) -> f64 {
        match self {
            Self::Loss => summary.probe_loss,
            Self::CalibratedLoss => Modality::ALL
                .map(|modality| fit_temperature(&answers.probe(modality)).1)
                .iter()
                .sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use evenkeel::window::PerSensor;

    use super::super::shard::Outcome;
    use super::*;
    use crate::rollingq::KeyStatistics;

    /// A hundred answers of which so many are right, claimed with logits of ±`logit`.
    fn answers(right: usize, logit: f32) -> Answers {
        let outcome = |number: usize| Outcome {
            label: u32::from(number >= right),
            logits: vec![logit, -logit],
            probes: PerSensor::default(),
            attention: Default::default(),
        };
        Answers {
            outcomes: (0..100).map(outcome).collect(),
            keys: KeyStatistics::default(),
        }
    }

    #[test]
    fn more_right_answers_count_for_more_than_less_confidence_only_when_calibrated() {
        let (early, late) = (answers(60, 0.3), answers(80, 4.0));
        let (of_early, of_late) = (early.summary(), late.summary());
        let (early, late) = ((&early, &of_early), (&late, &of_late));
        let loss = |by: ChooseBy, answers| by.loss(answers, None);
        assert!(loss(ChooseBy::Loss, early) < loss(ChooseBy::Loss, late));
        let by = ChooseBy::CalibratedLoss;
        assert!(loss(by, late) < loss(by, early));
        // Of mixed quality both count.
        assert_eq!(by.loss(late, Some(early)), loss(by, late) + loss(by, early));
    }
}
