//! What each sensor contributes (Shapley 1953, "A Value for n-Person Games"; for the modalities of a model Hu,
//! Li and Zhou, IJCAI 2022, "SHAPE: An Unified Approach to Evaluate the Contribution and Cooperation of Individual
//! Modalities").

use evenkeel::window::{Modality, PerSensor};
use serde::{Deserialize, Serialize};

/// What each sensor contributes to the accuracy on a split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shapley {
    /// Accuracy without any sensor, 0..1: that of always answering the split's most frequent class.
    pub nothing: f64,
    /// φ of each sensor, −1..1; together what all sensors add to `nothing`. 0 for one that the model lacks.
    pub value: PerSensor<f64>,
}

impl Shapley {
    /// From the accuracy with each set of the sensors that a model `has`, told as which are present; the first
    /// set is empty.
    ///
    /// # Errors
    /// Any error of `accuracy`.
    pub fn measure<E>(
        has: PerSensor<bool>,
        mut accuracy: impl FnMut(PerSensor<bool>) -> Result<f64, E>,
    ) -> Result<Self, E> {
        // Sensor i of those there are is bit i of a set.
        let sets = 0..1usize << has.count();
        let values = sets
            .map(|set| {
                let mut present = PerSensor::default();
                for (i, modality) in has.sensors().enumerate() {
                    present[modality] = set >> i & 1 == 1;
                }
                accuracy(present)
            })
            .collect::<Result<Vec<f64>, E>>()?;
        let mut value = PerSensor::default();
        for (modality, share) in has.sensors().zip(shapley(&values)) {
            value[modality] = share;
        }
        Ok(Self {
            nothing: values[0],
            value,
        })
    }

    /// A sensor's share of what all contribute; `None` where together they contribute nothing.
    pub fn share(&self, modality: Modality) -> Option<f64> {
        let all: f64 = Modality::ALL.iter().map(|&m| self.value[m]).sum();
        (all > 0.0).then(|| self.value[modality] / all)
    }
}

/// The Shapley value of each of n players: what it adds to a set of others, on average over all orders in
/// which the players could come together,
///
/// φᵢ = Σ over sets S without i of |S|! (n − |S| − 1)! / n! · (v(S ∪ {i}) − v(S)).
///
/// `value[S]` is what the players whose bits are set in S are worth without the others; there are 2ⁿ.
pub fn shapley(value: &[f64]) -> Vec<f64> {
    let players = value.len().ilog2() as usize;
    // 1/(n·C(n−1, s)) = s! (n−s−1)!/n!, by C(n−1, s+1) = C(n−1, s)·(n−1−s)/(s+1).
    let mut weight = 1.0 / players as f64;
    let mut weights = Vec::with_capacity(players);
    for size in 0..players {
        weights.push(weight);
        weight *= (size + 1) as f64 / (players - 1).saturating_sub(size).max(1) as f64;
    }
    (0..players)
        .map(|player| {
            let bit = 1 << player;
            (0..value.len())
                .filter(|set| set & bit == 0)
                .map(|set| weights[set.count_ones() as usize] * (value[set | bit] - value[set]))
                .sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (f, e) in std::iter::zip(found, expected) {
            assert!((f - e).abs() < 1e-12, "{found:?}, not {expected:?}");
        }
    }

    /// One has a left glove, two have a right one each; a pair is worth 1. Of the six orders in which they
    /// come, the left glove completes a pair in four.
    #[test]
    fn three_players_of_the_glove_game() {
        let value = |set: usize| f64::from(u8::from(set & 1 != 0 && set & 6 != 0));
        let values: Vec<f64> = (0..8).map(value).collect();
        assert_close(&shapley(&values), &[2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0]);
    }

    /// Four players whose worth is the square of their number: each gets a quarter of 16.
    #[test]
    fn equal_players_get_equal_shares() {
        let values: Vec<f64> = (0..16u32)
            .map(|s| f64::from(s.count_ones().pow(2)))
            .collect();
        assert_close(&shapley(&values), &[4.0; 4]);
        assert_close(&shapley(&[0.25, 1.0]), &[0.75]);
    }

    /// By hand: the microphone adds 0.8 to nothing and 0.3 to the camera, the camera 0.6 and 0.1.
    #[test]
    fn two_sensors_share_what_they_add_to_the_most_frequent_class() {
        let accuracy = |present: PerSensor<bool>| {
            Ok::<_, Infallible>(match (present.audio, present.camera) {
                (false, false) => 0.1,
                (true, false) => 0.9,
                (false, true) => 0.7,
                (true, true) => 1.0,
            })
        };
        let both = PerSensor::pair(true, true);
        let found = Shapley::measure(both, accuracy).unwrap();
        assert_close(
            &[found.nothing, found.value.audio, found.value.camera],
            &[0.1, 0.55, 0.35],
        );
        let share = found.share(Modality::Audio).unwrap();
        assert!((share - 0.55 / 0.9).abs() < 1e-12);
        let useless = Shapley::measure(both, |_| Ok::<_, Infallible>(0.1)).unwrap();
        assert_eq!(useless.share(Modality::Camera), None);
    }
}
