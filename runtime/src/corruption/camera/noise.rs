//! Noise of sensors. It differs from frame to frame.

use std::sync::LazyLock;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::corruption::Severity;
use crate::random::NORMAL;
use crate::window::Frame;

/// Normal noise of standard deviation 0.08, 0.12, 0.18, 0.26, 0.38 of the range (ImageNet-C,
/// Hendrycks & Dietterich, ICLR 2019; READ, Yang et al., ICLR 2024, has the same).
pub fn gaussian(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    add_normal(frames, severity.pick([0.08, 0.12, 0.18, 0.26, 0.38]), rng);
}

/// Adds normal noise of the given standard deviation, as a share of the range.
pub fn add_normal(frames: &mut [Frame], deviation: f32, rng: &mut ChaCha8Rng) {
    let table: [i16; 256] = NORMAL.map(|z| (z * deviation * 255.0).round() as i16);
    with_bytes(frames, 1, rng, |values, bytes| {
        // Looked up one by one, then added many at once.
        let mut shifts = [0; 64];
        for (values, bytes) in values.chunks_mut(64).zip(bytes.chunks(64)) {
            for (shift, &random) in shifts.iter_mut().zip(bytes) {
                *shift = table[usize::from(random)];
            }
            for (value, shift) in values.iter_mut().zip(&shifts) {
                *value = (i16::from(*value) + shift).clamp(0, 255) as u8;
            }
        }
    });
}

/// Photons at full light, at each severity (ImageNet-C).
const PHOTONS: [f32; 5] = [60.0, 25.0, 12.0, 5.0, 3.0];

/// For each severity, value and random byte the value that the sensor gives.
static COUNTED: LazyLock<[Vec<[u8; 256]>; 5]> = LazyLock::new(|| {
    PHOTONS.map(|photons| {
        (0..256)
            .map(|value| counted(value as f32, photons))
            .collect()
    })
});

/// The middles of 256 equally likely pieces of a Poisson distribution, as values.
fn counted(value: f32, photons: f32) -> [u8; 256] {
    let mean = f64::from(value / 255.0 * photons);
    let (mut count, mut chance) = (0.0, (-mean).exp());
    let mut below = chance;
    std::array::from_fn(|i| {
        while below < (i as f64 + 0.5) / 256.0 {
            count += 1.0;
            chance *= mean / count;
            below += chance;
        }
        (count / f64::from(photons) * 255.0).round() as u8
    })
}

/// Counts photons, of which there are 60, 25, 12, 5 or 3 at full light (ImageNet-C).
pub fn shot(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let table = severity.pick(COUNTED.each_ref());
    with_bytes(frames, 1, rng, |values, bytes| {
        for (value, &random) in values.iter_mut().zip(bytes) {
            *value = table[usize::from(*value)][usize::from(random)];
        }
    });
}

/// Sets 3, 6, 9, 17, 27 % of the values to the least or to the most (ImageNet-C).
pub fn impulse(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let share = severity.pick([0.03, 0.06, 0.09, 0.17, 0.27]);
    let hit = (share * 65_536.0_f32) as u16;
    with_bytes(frames, 2, rng, |values, bytes| {
        for (value, &random) in values.iter_mut().zip(bytes.as_chunks::<2>().0) {
            let random = u16::from_le_bytes(random);
            let bright = if random < hit { 255 } else { *value };
            *value = if random < hit / 2 { 0 } else { bright };
        }
    });
}

/// Hands over the values of each frame with `each` random bytes for each of them.
fn with_bytes(
    frames: &mut [Frame],
    each: usize,
    rng: &mut ChaCha8Rng,
    apply: impl Fn(&mut [u8], &[u8]),
) {
    let mut bytes = Vec::new();
    for frame in frames {
        bytes.resize(each * frame.rgb.len(), 0);
        rng.fill_bytes(&mut bytes);
        apply(&mut frame.rgb, &bytes);
    }
}
