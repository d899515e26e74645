//! The rotation of the query, in closed form.

use super::KeyStatistics;
use evenkeel::window::{Modality, PerSensor};

/// A rotation of d-dimensional space, row-major `[d, d]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RotationMatrix {
    d: usize,
    values: Vec<f64>,
}

/// One planned rotation.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    /// What is multiplied from the left to the running rotation.
    pub matrix: RotationMatrix,
    /// Weight of each sensor's direction in the target, 0..1; together 1.
    pub weights: PerSensor<f64>,
    /// How far the query turns, degrees.
    pub degrees: f64,
}

fn unit(v: &[f64]) -> Option<Vec<f64>> {
    let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    (norm > 1e-12).then(|| v.iter().map(|x| x / norm).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    std::iter::zip(a, b).map(|(x, y)| x * y).sum()
}

impl RotationMatrix {
    /// No rotation.
    pub fn identity(d: usize) -> Self {
        let values = (0..d * d)
            .map(|i| f64::from(u8::from(i / d == i % d)))
            .collect();
        Self { d, values }
    }

    /// From row-major f32 values.
    ///
    /// # Panics
    /// When there are not d² of them.
    pub fn from_f32(d: usize, values: &[f32]) -> Self {
        assert_eq!(values.len(), d * d, "a rotation is square");
        let values = values.iter().map(|&v| f64::from(v)).collect();
        Self { d, values }
    }

    /// Row-major f32 values.
    pub fn to_f32(&self) -> Vec<f32> {
        self.values.iter().map(|&v| v as f32).collect()
    }

    /// The rotation that takes unit vector x to unit vector y and leaves everything orthogonal to
    /// both alone: I − (x+y)(x+y)ᵀ/(1 + x·y) + 2·y·xᵀ.
    ///
    /// Near x = −y the plane of rotation is undefined; then it turns by way of a direction
    /// orthogonal to x, in two quarter turns.
    pub fn between(x: &[f64], y: &[f64]) -> Self {
        let d = x.len();
        let cosine = dot(x, y);
        if cosine < -0.999 {
            let half = halfway(x, y);
            return Self::between(&half, y).after(&Self::between(x, &half));
        }
        let sum: Vec<f64> = std::iter::zip(x, y).map(|(a, b)| a + b).collect();
        let mut result = Self::identity(d);
        for i in 0..d {
            for j in 0..d {
                result.values[i * d + j] += 2.0 * y[i] * x[j] - sum[i] * sum[j] / (1.0 + cosine);
            }
        }
        result
    }

    /// The product self·other: first `other`, then `self`.
    pub fn after(&self, other: &Self) -> Self {
        let d = self.d;
        let mut values = vec![0.0; d * d];
        for i in 0..d {
            for k in 0..d {
                let a = self.values[i * d + k];
                for j in 0..d {
                    values[i * d + j] += a * other.values[k * d + j];
                }
            }
        }
        Self { d, values }
    }

    /// The rotated vector.
    pub fn apply(&self, v: &[f64]) -> Vec<f64> {
        self.values
            .chunks_exact(self.d)
            .map(|row| dot(row, v))
            .collect()
    }
}

/// A unit vector orthogonal to x, in the plane of x and y where they span one.
fn halfway(x: &[f64], y: &[f64]) -> Vec<f64> {
    let orthogonal = |v: &[f64]| -> Option<Vec<f64>> {
        let along = dot(v, x);
        let rest: Vec<f64> = std::iter::zip(v, x).map(|(v, x)| v - along * x).collect();
        (dot(&rest, &rest) > 1e-18).then(|| unit(&rest)).flatten()
    };
    orthogonal(y).unwrap_or_else(|| {
        // Exactly opposite: any axis far from x will do.
        let smallest = (0..x.len())
            .min_by(|&i, &j| x[i].abs().total_cmp(&x[j].abs()))
            .expect("a query has dimensions");
        let mut axis = vec![0.0; x.len()];
        axis[smallest] = 1.0;
        orthogonal(&axis).expect("the axis is not parallel to x")
    })
}

impl Rotation {
    /// The rotation that a set of samples asks for, from the query after the rotations so far.
    ///
    /// The target is Σ αₘ·k̂ₘ over the sensors with α = softmaxₘ(−2σ·cₘ), cₘ = mean[cos(q, k̄ₘ)], so that a sensor
    /// that was favoured less gets a larger weight; for two sensors α = (1 + tanh(−σ·AIR))/2 and 1 − α. `None` where a direction is undefined: a zero
    /// query or key, or a target that cancels out.
    pub fn plan(query: &[f64], statistics: &KeyStatistics, sigma: f64) -> Option<Self> {
        let weights = weights(statistics, sigma);
        let mut target = vec![0.0; query.len()];
        for modality in statistics.sensors() {
            let key = unit(&statistics.mean_key(modality))?;
            for (sum, value) in std::iter::zip(&mut target, key) {
                *sum += weights[modality] * value;
            }
        }
        let (from, to) = (unit(query)?, unit(&target)?);
        Some(Self {
            degrees: dot(&from, &to).clamp(-1.0, 1.0).acos().to_degrees(),
            matrix: RotationMatrix::between(&from, &to),
            weights,
        })
    }
}

/// α of each sensor: softmaxₘ(−2σ·cₘ), cₘ = mean[cos(q, k̄ₘ)]. For two sensors that is the paper's
/// α = (1 + tanh(−σ·AIR))/2 for the first and 1 − α for the second, and is computed so.
fn weights(statistics: &KeyStatistics, sigma: f64) -> PerSensor<f64> {
    let mut weights = PerSensor::default();
    let sensors: Vec<Modality> = statistics.sensors().collect();
    if let [first, second] = sensors[..] {
        let alpha = (1.0 + (-sigma * statistics.air()).tanh()) / 2.0;
        weights[first] = alpha;
        weights[second] = 1.0 - alpha;
        return weights;
    }
    let exponent = |modality: Modality| -2.0 * sigma * statistics.mean_cosine(modality);
    let largest = sensors
        .iter()
        .map(|&m| exponent(m))
        .fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = sensors.iter().map(|&m| (exponent(m) - largest).exp()).sum();
    for modality in sensors {
        weights[modality] = (exponent(modality) - largest).exp() / total;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::super::cosine;
    use super::*;

    fn random_unit(seed: u64, d: usize) -> Vec<f64> {
        let values = crate::ops::check::random(seed, &[d])
            .to_vec1::<f32>()
            .unwrap();
        unit(&values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>()).unwrap()
    }

    fn assert_rotation_from_to(r: &RotationMatrix, x: &[f64], y: &[f64]) {
        let d = x.len();
        for (found, expected) in std::iter::zip(r.apply(x), y) {
            assert!((found - expected).abs() < 1e-9);
        }
        // Orthogonal: lengths and angles stay.
        for i in 0..d {
            for j in 0..d {
                let column =
                    |c: usize| -> Vec<f64> { (0..d).map(|r_| r.values[r_ * d + c]).collect() };
                let expected = f64::from(u8::from(i == j));
                assert!((dot(&column(i), &column(j)) - expected).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn takes_one_direction_to_the_other_and_is_orthogonal() {
        for seed in 0..5 {
            let (x, y) = (random_unit(seed, 8), random_unit(seed + 100, 8));
            assert_rotation_from_to(&RotationMatrix::between(&x, &y), &x, &y);
        }
    }

    #[test]
    fn opposite_directions_have_a_rotation_too() {
        let x = random_unit(7, 8);
        let mut y: Vec<f64> = x.iter().map(|v| -v).collect();
        assert_rotation_from_to(&RotationMatrix::between(&x, &y), &x, &y);
        y[0] += 1e-4;
        let y = unit(&y).unwrap();
        assert_rotation_from_to(&RotationMatrix::between(&x, &y), &x, &y);
    }

    #[test]
    fn what_is_orthogonal_to_both_stays() {
        let x = [1.0, 0.0, 0.0, 0.0];
        let y = [0.6, 0.8, 0.0, 0.0];
        let r = RotationMatrix::between(&x, &y);
        assert_eq!(r.apply(&[0.0, 0.0, 3.0, -2.0]), [0.0, 0.0, 3.0, -2.0]);
    }

    /// The point of it all: a query that follows one sensor is brought to favour the other slightly,
    /// or neither where σ is 0.
    #[test]
    fn the_rotated_query_is_balanced() {
        let (audio, camera) = (random_unit(1, 8), random_unit(2, 8));
        let narrow = |v: &[f64]| v.iter().map(|&x| x as f32).collect::<Vec<f32>>();
        let query: Vec<f64> = audio.iter().map(|v| v * 3.0).collect();
        let mut statistics = KeyStatistics::default();
        let keys = PerSensor::pair(Some(vec![narrow(&audio)]), Some(vec![narrow(&camera)]));
        statistics.add(&narrow(&query), &keys);
        assert!(statistics.air() > 0.1);
        for (sigma, low, high) in [(0.0, -1e-6, 1e-6), (1.0, -2.0, -0.01)] {
            let plan = Rotation::plan(&query, &statistics, sigma).unwrap();
            let turned = plan.matrix.apply(&query);
            let air = cosine(&turned, &audio) - cosine(&turned, &camera);
            assert!(air > low && air < high, "σ {sigma}: {air}");
            let length = dot(&turned, &turned).sqrt();
            assert!((length - 3.0).abs() < 1e-6);
        }
    }
    /// Statistics of one sample with these keys, for a query along the first axis.
    fn statistics(keys: &[(Modality, [f32; 3])]) -> KeyStatistics {
        let mut given = PerSensor::default();
        for (modality, key) in keys {
            given[*modality] = Some(vec![key.to_vec()]);
        }
        let mut statistics = KeyStatistics::default();
        statistics.add(&[2.0, 0.0, 0.0], &given);
        statistics
    }

    #[test]
    fn weights_of_two_sensors_are_the_softmax_that_more_have() {
        let (audio, camera) = ([0.9, 0.1, 0.3], [0.2, 0.7, -0.1]);
        let two = statistics(&[(Modality::Audio, audio), (Modality::Camera, camera)]);
        for sigma in [0.0, 0.5, 3.0] {
            let by_tanh = weights(&two, sigma);
            let exponents = [Modality::Audio, Modality::Camera]
                .map(|m| (-2.0 * sigma * two.mean_cosine(m)).exp());
            let share = exponents[0] / (exponents[0] + exponents[1]);
            assert!((by_tanh.audio - share).abs() < 1e-12, "σ {sigma}");
            assert!((by_tanh.audio + by_tanh.camera - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn of_three_sensors_the_least_favoured_gets_most() {
        let three = statistics(&[
            (Modality::Audio, [1.0, 0.0, 0.0]),
            (Modality::Camera, [0.6, 0.8, 0.0]),
            (Modality::Signal, [0.0, 0.0, 1.0]),
        ]);
        let plan = Rotation::plan(&[2.0, 0.0, 0.0], &three, 1.0).unwrap();
        let PerSensor { audio, camera, .. } = plan.weights;
        let signal = plan.weights[Modality::Signal];
        assert!(audio < camera && camera < signal);
        assert!((audio + camera + signal - 1.0).abs() < 1e-12);
        let turned = plan.matrix.apply(&[2.0, 0.0, 0.0]);
        assert!((dot(&turned, &turned).sqrt() - 2.0).abs() < 1e-9);
        // Weighed alike, the query lies evenly between three keys at right angles.
        let even = statistics(&[
            (Modality::Audio, [1.0, 0.0, 0.0]),
            (Modality::Camera, [0.0, 1.0, 0.0]),
            (Modality::Signal, [0.0, 0.0, 1.0]),
        ]);
        let turned = Rotation::plan(&[2.0, 0.0, 0.0], &even, 0.0).unwrap();
        let turned = turned.matrix.apply(&[1.0, 0.0, 0.0]);
        assert!(turned.iter().all(|x| (x - 1.0 / 3f64.sqrt()).abs() < 1e-9));
    }
}
