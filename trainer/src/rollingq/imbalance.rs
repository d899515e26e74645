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
    /// Σ cos(query, mean audio key) − cos(query, mean camera key).
    pub air_sum: f64,
    /// Σ of the samples' mean keys, `[d]` for each sensor.
    pub key_sums: PerSensor<Vec<f64>>,
}

impl KeyStatistics {
    /// Adds samples: their common query `[d]` and, for each sensor, their mean keys, one row each.
    pub fn add(&mut self, query: &[f32], mean_keys: &PerSensor<Vec<Vec<f32>>>) {
        let wide = |row: &[f32]| -> Vec<f64> { row.iter().map(|&v| f64::from(v)).collect() };
        let query = wide(query);
        for modality in Modality::ALL {
            let sign = match modality {
                Modality::Audio => 1.0,
                Modality::Camera => -1.0,
            };
            let sum = &mut self.key_sums[modality];
            sum.resize(query.len(), 0.0);
            for key in &mean_keys[modality] {
                let key = wide(key);
                self.air_sum += sign * cosine(&query, &key);
                for (sum, value) in std::iter::zip(sum.iter_mut(), &key) {
                    *sum += value;
                }
            }
        }
        self.samples += mean_keys.audio.len() as u64;
    }

    /// Adds another sum, for example of another shard.
    pub fn merge(&mut self, other: &Self) {
        self.samples += other.samples;
        self.air_sum += other.air_sum;
        for modality in Modality::ALL {
            let sum = &mut self.key_sums[modality];
            sum.resize(other.key_sums[modality].len().max(sum.len()), 0.0);
            for (sum, value) in std::iter::zip(sum.iter_mut(), &other.key_sums[modality]) {
                *sum += value;
            }
        }
    }

    /// AIR = mean[cos(q, k̄_audio) − cos(q, k̄_camera)], −2..2; positive where audio is favoured.
    pub fn air(&self) -> f64 {
        self.air_sum / self.samples.max(1) as f64
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
        let keys = |audio: [f32; 2], camera: [f32; 2]| PerSensor {
            audio: vec![audio.to_vec()],
            camera: vec![camera.to_vec()],
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
}
