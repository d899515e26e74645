//! Normal random numbers.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A standard normal number after Box and Muller (1958).
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let u: f32 = 1.0 - rng.random::<f32>();
    let v: f32 = rng.random();
    (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos()
}
