//! Pareto integration of the fused and the unimodal losses (Wei and Hu, ICML 2024, "MMPareto: Boosting
//! Multimodal Learning with Innocent Unimodal Assistance").

use serde::{Deserialize, Serialize};

/// How the two gradients of an encoder become one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MmPareto {
    /// γ, above 0: the gradient's length as a multiple of that of the plain sum.
    #[serde(default = "of_the_paper")]
    pub gamma: f64,
}

fn of_the_paper() -> f64 {
    1.5
}

/// A sum of vectors that is shorter than this share of their lengths is rounding of f32.
const CANCELLED: f64 = 1e-6;

/// Inner products of the fused and the unimodal gradient of an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Products {
    fused: f64,
    mixed: f64,
    unimodal: f64,
}

/// How an encoder's two gradients are combined: `fused`·f + `unimodal`·u.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Weights {
    fused: f64,
    unimodal: f64,
}

impl MmPareto {
    /// Combines the gradients of one encoder, its variables one after the other: what is in `fused`
    /// becomes the combination. Says whether the two were in conflict: more than a right angle apart.
    ///
    /// In peace they are added. In conflict h = 2α·f + 2(1 − α)·u, where α makes the length of
    /// α·f + (1 − α)·u the smallest there is: that direction helps both losses. Either way the result is as
    /// long as γ·|f + u|, so that it keeps the strength, and with it the noise, that Pareto weights take away.
    pub fn combine(&self, fused: &mut [Vec<f32>], unimodal: &[Vec<f32>]) -> bool {
        let products = Products::of(fused, unimodal);
        let weights = self.weights(products);
        let (f, u) = (weights.fused as f32, weights.unimodal as f32);
        for (fused, unimodal) in std::iter::zip(fused, unimodal) {
            for (value, &other) in std::iter::zip(fused, unimodal) {
                *value = f * *value + u * other;
            }
        }
        products.in_conflict()
    }

    fn weights(&self, products: Products) -> Weights {
        let alpha = products.shortest();
        let (fused, unimodal) = (2.0 * alpha, 2.0 * (1.0 - alpha));
        let length = products.length(fused, unimodal);
        let parts = products.length(fused, 0.0) + products.length(0.0, unimodal);
        // Of gradients that cancel out only rounding is left, and no direction helps both losses.
        let scale = match length > CANCELLED * parts {
            true => self.gamma * products.length(1.0, 1.0) / length,
            false => 0.0,
        };
        Weights {
            fused: scale * fused,
            unimodal: scale * unimodal,
        }
    }
}

impl Products {
    fn of(fused: &[Vec<f32>], unimodal: &[Vec<f32>]) -> Self {
        let mut products = Self::default();
        for (fused, unimodal) in std::iter::zip(fused, unimodal) {
            for (&f, &u) in std::iter::zip(fused, unimodal) {
                let (f, u) = (f64::from(f), f64::from(u));
                products.fused += f * f;
                products.mixed += f * u;
                products.unimodal += u * u;
            }
        }
        products
    }

    fn in_conflict(self) -> bool {
        self.mixed < 0.0
    }

    /// The weight α of the fused gradient: ½ in peace; in conflict that of the shortest vector
    /// α·f + (1 − α)·u, in closed form (Désidéri 2012; Sener and Koltun 2018).
    fn shortest(self) -> f64 {
        if self.in_conflict() {
            // The divisor is |f − u|², which in conflict is not 0.
            (self.unimodal - self.mixed) / (self.fused + self.unimodal - 2.0 * self.mixed)
        } else {
            0.5
        }
    }

    /// |a·f + b·u|.
    fn length(self, a: f64, b: f64) -> f64 {
        let square = a * a * self.fused + 2.0 * a * b * self.mixed + b * b * self.unimodal;
        square.max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MMPARETO: MmPareto = MmPareto { gamma: 1.5 };

    /// The combination of gradients of one encoder with two variables, and whether they were in conflict.
    fn combined(fused: [f32; 2], unimodal: [f32; 2]) -> ([f32; 2], bool) {
        let mut fused = fused.map(|value| vec![value]);
        let conflict = MMPARETO.combine(&mut fused, &unimodal.map(|value| vec![value]));
        (fused.map(|variable| variable[0]), conflict)
    }

    fn assert_close(found: [f32; 2], expected: [f32; 2]) {
        for (f, e) in std::iter::zip(found, expected) {
            assert!((f - e).abs() < 1e-5, "{found:?}, not {expected:?}");
        }
    }

    #[test]
    fn in_peace_the_sum_is_lengthened() {
        let (found, conflict) = combined([1.0, 0.0], [1.0, 2.0]);
        assert!(!conflict);
        assert_close(found, [3.0, 3.0]);
    }

    /// By hand: f = (2, 0), u = (−1, 1) have the products 4, −2 and 2, so α = (2 + 2)/(4 + 2 + 4) = 0.4 and
    /// h = 0.8·f + 1.2·u = (0.4, 1.2). |f + u| = √2, |h| = √1.6, so h becomes 1.5·√(2/1.6)·h.
    #[test]
    fn in_conflict_the_shortest_direction_takes_the_length_of_the_sum() {
        let (found, conflict) = combined([2.0, 0.0], [-1.0, 1.0]);
        assert!(conflict);
        let scale = 1.5 * 1.25f32.sqrt();
        assert_close(found, [0.4 * scale, 1.2 * scale]);
        // It helps both losses, and both equally; the plain sum (1, 1) helps the unimodal one not at all.
        let [x, y] = found;
        assert!((2.0 * x - (y - x)).abs() < 1e-5 && 2.0 * x > 0.0);
    }

    #[test]
    fn gradients_that_are_zero_or_cancel_out_leave_numbers() {
        assert_eq!(combined([0.0, 0.0], [0.0, 0.0]), ([0.0, 0.0], false));
        assert_eq!(combined([1.0, 2.0], [0.0, 0.0]), ([1.5, 3.0], false));
        for times in [0.1, 1.0, 3.0] {
            let opposite = [-times, -2.0 * times];
            assert_eq!(combined([1.0, 2.0], opposite), ([0.0, 0.0], true));
        }
    }
}
