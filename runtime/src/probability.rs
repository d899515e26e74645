//! From logits to probabilities, and to the label they speak for.

/// Softmax of `logits / temperature`; sums to 1 for any finite logits.
pub fn softmax(logits: &[f32], temperature: f32) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut shares: Vec<f32> = logits
        .iter()
        .map(|logit| ((logit - largest) / temperature).exp())
        .collect();
    let total: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= total);
    shares
}

/// Index of the highest probability, or logit: the first of equals.
pub fn most_probable(probabilities: &[f32]) -> usize {
    (1..probabilities.len()).fold(0, |best, label| {
        if probabilities[label] > probabilities[best] {
            label
        } else {
            best
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_finite_for_any_logits_and_flatter_with_temperature() {
        for logits in [[1e30, -1e30, 0.0], [-3e38, -3e38, -3e38], [1.0, 2.0, 3.0]] {
            let sharp = softmax(&logits, 1.0);
            assert!((sharp.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{sharp:?}");
            let flat = softmax(&logits, 4.0);
            let label = most_probable(&sharp);
            assert!(flat[label] <= sharp[label]);
            assert_eq!(most_probable(&flat), label);
        }
    }
}
