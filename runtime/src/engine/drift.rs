//! How far two answers to one window are apart, in what a user sees.

use super::Output;
use crate::package::Manifest;
use crate::probability::{most_probable, softmax};
use crate::window::{Attention, Modality};

/// How far two answers to one window are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Departure {
    /// Largest difference of a probability (of the answer, at the model's temperature, or of a sensor's own probe) or of a
    /// share of attention; infinite when the answers do not have the same parts.
    pub probability: f32,
    /// Whether they amount to different labels, or one of them to a label and the other to "unsure".
    pub changed: bool,
    /// Whether the most probable label is another, sure or not.
    pub relabelled: bool,
}

/// Compares two answers to one window by models that differ in the numbers of their weights; `manifest` is that of either.
pub fn departure(found: &Output, expected: &Output, manifest: &Manifest) -> Departure {
    let temperature = manifest.thresholds.temperature;
    let [ours, theirs] = [found, expected].map(|output| softmax(&output.logits, temperature));
    let mut probability = largest_difference(&ours, &theirs).max(largest_share_difference(
        found.attention,
        expected.attention,
    ));
    for modality in Modality::ALL {
        let [found, expected] = [found, expected].map(|output| {
            let probe = output.probes[modality].as_deref();
            probe.map(|logits| softmax(logits, 1.0))
        });
        probability = probability.max(match (found, expected) {
            (Some(found), Some(expected)) => largest_difference(&found, &expected),
            (None, None) => 0.0,
            _ => f32::INFINITY,
        });
    }
    let labels = [&ours, &theirs].map(|probabilities| most_probable(probabilities));
    let sure = |probabilities: &[f32], label: usize| {
        (probabilities[label] >= manifest.thresholds.confidence).then_some(label)
    };
    Departure {
        probability,
        changed: sure(&ours, labels[0]) != sure(&theirs, labels[1]),
        relabelled: labels[0] != labels[1],
    }
}

/// Largest difference of a share of attention.
pub fn largest_share_difference(a: Attention, b: Attention) -> f32 {
    a.shares().zip(b.shares()).fold(0.0, |worst, (a, b)| {
        worst.max(largest_difference(&[a], &[b]))
    })
}

/// Largest difference; infinite when the lengths differ or a difference is not a number.
pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    if a.len() != b.len() {
        return f32::INFINITY;
    }
    a.iter()
        .zip(b)
        .map(|(x, y)| (x - y).abs())
        .fold(0.0, |largest, d| {
            if d.is_nan() {
                f32::INFINITY
            } else {
                largest.max(d)
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::example;
    use crate::window::PerSensor;

    fn output(logits: [f32; 3]) -> Output {
        Output {
            logits: logits.to_vec(),
            attention: [0.2, 0.3, 0.5].into(),
            probes: PerSensor::from_fn(|_| Some(vec![0.0; 3])),
        }
    }

    #[test]
    fn an_answer_that_becomes_unsure_has_changed_and_one_that_stays_unsure_has_not() {
        // Temperature 1.5; sure from 0.6.
        let manifest = example::manifest();
        let far = |a, b| departure(&output(a), &output(b), &manifest);
        assert!(!far([3.0, 0.0, 0.0], [4.0, 0.0, 0.0]).changed);
        assert!(far([3.0, 0.0, 0.0], [0.0, 3.0, 0.0]).changed);
        assert!(far([3.0, 0.0, 0.0], [0.5, 0.0, 0.0]).changed);
        let unsure = far([0.4, 0.0, 0.0], [0.0, 0.4, 0.0]);
        assert!(!unsure.changed && unsure.relabelled);
        assert!(!far([3.0, 0.0, 0.0], [0.5, 0.0, 0.0]).relabelled);
    }

    #[test]
    fn every_part_of_an_answer_counts() {
        let manifest = example::manifest();
        let expected = output([1.0, 0.0, 0.0]);
        assert_eq!(departure(&expected, &expected, &manifest).probability, 0.0);
        let mut found = expected.clone();
        found.attention.class_token += 0.1;
        let far = departure(&found, &expected, &manifest).probability;
        assert!((far - 0.1).abs() < 1e-6, "{far}");
        let mut found = expected.clone();
        found.probes.camera.as_mut().unwrap()[2] = 9.0;
        assert!(departure(&found, &expected, &manifest).probability > 0.6);
        found.probes.camera = None;
        let far = departure(&found, &expected, &manifest).probability;
        assert!(far.is_infinite());
        let mut found = expected.clone();
        found.logits[0] = 2.0;
        // softmax(2/1.5, 0, 0) − softmax(1/1.5, 0, 0).
        let share = |x: f32| (x / 1.5).exp() / ((x / 1.5).exp() + 2.0);
        let far = departure(&found, &expected, &manifest).probability;
        assert!((far - (share(2.0) - share(1.0))).abs() < 1e-6, "{far}");
    }
}
