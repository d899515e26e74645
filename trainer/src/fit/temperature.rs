//! Temperature scaling: one number that makes confidence honest.

use super::metrics::cross_entropy;

/// The temperature that gives these logits and labels the smallest cross-entropy (Guo et al. 2017),
/// between 0.2 and 5, and their mean cross-entropy at it, nats; to be fitted on validation data.
pub(super) fn fit_temperature(answers: &[(Vec<f32>, u32)]) -> (f32, f64) {
    // The loss is convex in 1/T, so sections of the golden ratio find its minimum.
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (0.2f64, 5.0f64);
    for _ in 0..40 {
        let step = ratio * (high - low);
        let (left, right) = (high - step, low + step);
        if loss(answers, left) < loss(answers, right) {
            high = right;
        } else {
            low = left;
        }
    }
    // Found as an inverse temperature.
    let temperature = (2.0 / (low + high)) as f32;
    (temperature, loss(answers, 1.0 / f64::from(temperature)))
}

/// Mean cross-entropy of logits multiplied by `inverse`.
fn loss(answers: &[(Vec<f32>, u32)], inverse: f64) -> f64 {
    let one = |(logits, label): &(Vec<f32>, u32)| cross_entropy(logits, *label as usize, inverse);
    answers.iter().map(one).sum::<f64>() / answers.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits of ±4 claim 99.97 %; right three times of four, they should claim 75 %.
    #[test]
    fn overconfident_logits_are_cooled_to_their_accuracy() {
        let answers: Vec<_> = (0..100)
            .map(|i| (vec![4.0f32, -4.0], u32::from(i % 4 == 0)))
            .collect();
        let (temperature, _) = fit_temperature(&answers);
        let confidence = 1.0 / (1.0 + (-8.0 / temperature).exp());
        // 75 % would need T = 7.3; the bound holds it at 5.
        assert!(
            (temperature - 5.0).abs() < 0.01 && confidence < 0.85,
            "{temperature}"
        );
        let answers: Vec<_> = (0..100)
            .map(|i| (vec![1.0f32, -1.0], u32::from(i % 4 == 0)))
            .collect();
        let confidence = 1.0 / (1.0 + (-2.0 / fit_temperature(&answers).0).exp());
        assert!((confidence - 0.75).abs() < 0.01, "{confidence}");
    }
}
