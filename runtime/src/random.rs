//! Random numbers that depend on what they are for, and on nothing else.

use std::sync::LazyLock;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A generator for one purpose: equal `purpose` and `numbers` give equal streams, on every machine
/// and in whatever order or thread the streams are asked for; any difference gives an unrelated one.
pub fn rng(purpose: &str, numbers: &[u64]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    // The length keeps a purpose that ends in number bytes apart from a shorter one.
    hash.update((purpose.len() as u64).to_le_bytes());
    hash.update(purpose.as_bytes());
    for number in numbers {
        hash.update(number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// The middle of each of 256 equally likely pieces of the normal distribution: one random byte
/// makes one sample of noise.
pub static NORMAL: LazyLock<[f32; 256]> = LazyLock::new(|| {
    // Walk the distribution function in small steps and note where it passes each middle.
    let mut table = [0.0; 256];
    let (mut z, mut below) = (-6.0_f64, 0.0_f64);
    let step = 1e-4;
    for (i, value) in table.iter_mut().enumerate() {
        let middle = (i as f64 + 0.5) / 256.0;
        while below < middle {
            below += (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt() * step;
            z += step;
        }
        *value = z as f32;
    }
    table
});

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn streams_are_repeatable_and_unrelated() {
        let draw = |purpose, numbers: &[u64]| rng(purpose, numbers).random::<u64>();
        assert_eq!(draw("scene", &[1, 2]), draw("scene", &[1, 2]));
        assert_ne!(draw("scene", &[1, 2]), draw("scene", &[2, 1]));
        assert_ne!(draw("scene", &[1, 2]), draw("voice", &[1, 2]));
    }
}
