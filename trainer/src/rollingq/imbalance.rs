//! Attention imbalance rate.

use evenkeel::window::{Modality, PerSensor};

/// Cosine of the angle between two vectors; 0 if either is zero.
pub fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| -> f64 { std::iter::zip(a, b).map(|(x, y)| x * y).sum() };
    let scale = (dot(a, a) * dot(b, b)).sqrt();
    if scale > 0.0 { dot(a, b) / scale } else { 0.0 }
}

/// Sums over samples from which AIR and the rotation follow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeyStatistics {
    /// Samples seen.
    pub samples: u64,
    /// Σ cos(query, mean key of the first sensor) − cos(query, mean key of the second), for two sensors.
    pub air_sum: f64,
    /// Σ cos(query, mean key) of each sensor.
    pub cosine_sums: PerSensor<f64>,
    /// Σ of the samples' mean keys, `[d]` for each sensor of the model; empty for others.
    pub key_sums: PerSensor<Vec<f64>>,
}

impl KeyStatistics {
    /// Adds samples: their common query `[d]` and, for each sensor of the model, their mean keys, one row
    /// each.
    pub fn add(&mut self, query: &[f32], mean_keys: &PerSensor<Option<Vec<Vec<f32>>>>) {
        let wide = |row: &[f32]| -> Vec<f64> { row.iter().map(|&v| f64::from(v)).collect() };
        let query = wide(query);
        let given = Modality::ALL
            .into_iter()
            .filter_map(|modality| Some((modality, mean_keys[modality].as_ref()?)));
        let mut signs = [1.0, -1.0].into_iter();
        let mut samples = 0;
        for (modality, keys) in given {
            // The difference of more than two would mean nothing; nobody reads it then.
            let sign = signs.next().unwrap_or(0.0);
            let sum = &mut self.key_sums[modality];
            sum.resize(query.len(), 0.0);
            for key in keys {
                let key = wide(key);
                let cosine = cosine(&query, &key);
                self.air_sum += sign * cosine;
                self.cosine_sums[modality] += cosine;
                for (sum, value) in std::iter::zip(sum.iter_mut(), &key) {
                    *sum += value;
                }
            }
            samples = keys.len() as u64;
        }
        self.samples += samples;
    }

    /// Adds another sum, for example of another shard.
    pub fn merge(&mut self, other: &Self) {
        self.samples += other.samples;
        self.air_sum += other.air_sum;
        for modality in Modality::ALL {
            self.cosine_sums[modality] += other.cosine_sums[modality];
            let sum = &mut self.key_sums[modality];
            sum.resize(other.key_sums[modality].len().max(sum.len()), 0.0);
            for (sum, value) in std::iter::zip(sum.iter_mut(), &other.key_sums[modality]) {
                *sum += value;
            }
        }
    }

    /// The sensors that have keys.
    pub fn sensors(&self) -> impl Iterator<Item = Modality> + Clone {
        let has = PerSensor::from_fn(|modality| !self.key_sums[modality].is_empty());
        has.sensors()
    }

    /// AIR of two sensors: mean[cos(q, k̄_first) − cos(q, k̄_second)], −2..2; with a microphone and a camera
    /// positive where audio is favoured. Of more sensors: the largest of their mean cosines less the
    /// smallest, 0..2.
    pub fn air(&self) -> f64 {
        if self.sensors().count() <= 2 {
            return self.air_sum / self.samples.max(1) as f64;
        }
        let cosines = || self.sensors().map(|modality| self.mean_cosine(modality));
        let largest = cosines().fold(f64::NEG_INFINITY, f64::max);
        largest - cosines().fold(f64::INFINITY, f64::min)
    }

    /// mean[cos(q, k̄)] of a sensor, −1..1.
    pub fn mean_cosine(&self, modality: Modality) -> f64 {
        self.cosine_sums[modality] / self.samples.max(1) as f64
    }

    /// The average key of a sensor, `[d]`.
    pub fn mean_key(&self, modality: Modality) -> Vec<f64> {
        let scale = 1.0 / self.samples.max(1) as f64;
        self.key_sums[modality].iter().map(|v| v * scale).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn air_is_positive_where_audio_is_favoured_and_sums_over_shards() {
        let keys = |audio: [f32; 2], camera: [f32; 2]| {
            PerSensor::pair(Some(vec![audio.to_vec()]), Some(vec![camera.to_vec()]))
        };
        let query = [2.0, 0.0];
        let mut all = KeyStatistics::default();
        all.add(&query, &keys([3.0, 0.0], [0.0, 1.0]));
        assert!((all.air() - 1.0).abs() < 1e-12);
        let mut other = KeyStatistics::default();
        other.add(&query, &keys([0.0, 1.0], [-1.0, 0.0]));
        all.merge(&other);
        assert!((all.air() - 1.0).abs() < 1e-12);
        assert_eq!(all.mean_key(Modality::Audio), [1.5, 0.5]);
    }
    #[test]
    fn air_of_three_sensors_is_the_spread_of_their_cosines() {
        let mut keys = PerSensor::pair(Some(vec![vec![1.0, 0.0]]), Some(vec![vec![0.0, 1.0]]));
        keys[Modality::Signal] = Some(vec![vec![-1.0, 0.0]]);
        let mut statistics = KeyStatistics::default();
        statistics.add(&[2.0, 0.0], &keys);
        assert!((statistics.air() - 2.0).abs() < 1e-12);
        let cosines = Modality::ALL.map(|m| statistics.mean_cosine(m));
        assert_eq!(cosines[..3], [1.0, 0.0, -1.0]);
        assert_eq!(statistics.sensors().count(), 3);
    }
}
