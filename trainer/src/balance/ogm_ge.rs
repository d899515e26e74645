//! On-the-fly gradient modulation with generalisation enhancement (Peng, Wei, Deng, Wang and Hu, CVPR 2022,
//! "Balanced Multimodal Learning via On-the-fly Gradient Modulation").

use evenkeel::window::PerSensor;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::normal::normal;

/// How strongly, and when, the sensor that is ahead is held back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OgmGe {
    /// α, above 0: the encoder that is ahead gets 1 − tanh(α·ρ) of its gradient.
    pub alpha: f64,
    /// The first epoch in which it acts, counted from 1.
    #[serde(default = "one")]
    pub first_epoch: u32,
    /// The last one; to the end of the training if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_epoch: Option<u32>,
}

fn one() -> u32 {
    1
}

impl OgmGe {
    /// Whether it acts in an epoch, counted from 1.
    pub fn acts_in(&self, epoch: u32) -> bool {
        epoch >= self.first_epoch && self.last_epoch.is_none_or(|last| epoch <= last)
    }

    /// What is left of each encoder's gradient, 0..1.
    ///
    /// A sensor's `score` is the sum over the batch of the probability that it alone gives to the right
    /// class. Its discrepancy ratio ρ is its score over that of the sensor that is furthest behind;
    /// k = 1 − tanh(α·ρ) where ρ > 1, else 1 (equation 10 of the paper, which has two sensors). A sensor that
    /// the model does not have is in nobody's way.
    pub fn coefficients(&self, has: PerSensor<bool>, scores: PerSensor<f64>) -> PerSensor<f64> {
        let all = has.sensors().map(|m| scores[m]);
        let behind = all.fold(f64::INFINITY, f64::min);
        scores.map(|score| {
            let ratio = score / behind;
            // Without a sample to score there is no ratio, and nobody is ahead.
            if ratio > 1.0 {
                1.0 - (self.alpha * ratio).tanh()
            } else {
                1.0
            }
        })
    }

    /// Scales the gradient of one variable and adds normal noise as wide as the gradient was before:
    /// what is taken from the gradient's own noise, which helps to generalise, is given back.
    pub fn modulate(gradient: &mut [f32], coefficient: f64, rng: &mut ChaCha8Rng) {
        let deviation = deviation(gradient) as f32;
        for value in gradient {
            *value = coefficient as f32 * *value + deviation * normal(rng);
        }
    }
}

/// Standard deviation of some values around their mean; 0 of none.
fn deviation(values: &[f32]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
    (squares / n).sqrt()
}

#[cfg(test)]
mod tests {
    use evenkeel::random;

    use super::*;

    const OGM_GE: OgmGe = OgmGe {
        alpha: 0.8,
        first_epoch: 2,
        last_epoch: Some(3),
    };

    fn both() -> PerSensor<bool> {
        PerSensor::pair(true, true)
    }

    /// By hand: ρ = 30/20, tanh(0.8·1.5) = 0.833655.
    #[test]
    fn the_sensor_that_is_ahead_is_held_back() {
        let scores = |audio, camera| PerSensor::pair(audio, camera);
        let found = OGM_GE.coefficients(both(), scores(30.0, 20.0));
        assert!((found.audio - 0.166_345).abs() < 1e-6, "{found:?}");
        assert_eq!(found.camera, 1.0);
        let mirrored = OGM_GE.coefficients(both(), scores(20.0, 30.0));
        assert_eq!((mirrored.audio, mirrored.camera), (1.0, found.audio));
        // Equal, or a batch in which no sample has both.
        for score in [7.0, 0.0] {
            let found = OGM_GE.coefficients(both(), scores(score, score));
            assert_eq!((found.audio, found.camera), (1.0, 1.0));
        }
    }

    #[test]
    fn it_acts_from_the_first_epoch_to_the_last() {
        let acts: Vec<bool> = (1..=4).map(|epoch| OGM_GE.acts_in(epoch)).collect();
        assert_eq!(acts, [false, true, true, false]);
        let endless = OgmGe {
            last_epoch: None,
            ..OGM_GE
        };
        assert!(!endless.acts_in(1) && endless.acts_in(1000));
    }

    #[test]
    fn the_noise_is_as_wide_as_the_gradient_was() {
        let mut rng = random::rng("test of OGM-GE", &[]);
        // Mean 1, deviation 3.
        let before: Vec<f32> = (0..20_000)
            .map(|i| if i % 2 == 0 { 4.0 } else { -2.0 })
            .collect();
        let mut after = before.clone();
        OgmGe::modulate(&mut after, 0.25, &mut rng);
        let noise: Vec<f32> = std::iter::zip(&before, &after)
            .map(|(b, a)| a - 0.25 * b)
            .collect();
        let mean = noise.iter().sum::<f32>() / noise.len() as f32;
        assert!(mean.abs() < 0.1, "{mean}");
        assert!((deviation(&noise) - 3.0).abs() < 0.1);
        let mut even = vec![0.5; 10];
        OgmGe::modulate(&mut even, 0.25, &mut rng);
        assert_eq!(even, [0.125; 10]);
    }
}
