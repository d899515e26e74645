//! Levels of sound, and noise to add to it.

use std::f32::consts::TAU;

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use crate::random::NORMAL;
use crate::window::SampleRate;

/// Root mean square; 0 of no samples.
pub fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

/// The factor of `db` decibels of amplitude.
pub fn gain(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

/// Brings the root mean square to 1; silence stays silence.
pub fn normalise(noise: &mut [f32]) {
    let level = rms(noise).max(1e-9);
    noise.iter_mut().for_each(|s| *s /= level);
}

/// The share of the way to its input that a slow average goes in one sample, so that it passes
/// what is below `hz` and falls by 6 dB an octave above.
pub fn smoothing(hz: f32, rate: SampleRate) -> f32 {
    1.0 - (-TAU * hz / rate.hz() as f32).exp()
}

/// Normal samples.
pub fn white(samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut bytes = vec![0; samples];
    rng.fill_bytes(&mut bytes);
    let normal = &*NORMAL;
    bytes
        .iter()
        .map(|&byte| normal[usize::from(byte)])
        .collect()
}

/// White noise through three slow averages of different speed, whose sum falls by about 3 dB an
/// octave.
pub fn pink(samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut noise = white(samples, rng);
    let mut state = [0.0_f32; 3];
    const KEEP: [f32; 3] = [0.997, 0.965, 0.57];
    const TAKE: [f32; 3] = [0.029, 0.10, 0.45];
    for sample in &mut noise {
        for ((s, keep), take) in state.iter_mut().zip(KEEP).zip(TAKE) {
            *s = keep * *s + take * *sample;
        }
        *sample = state[0] + state[1] + state[2] + 0.15 * *sample;
    }
    noise
}

/// Hum of the mains: 50 or 60 Hz and its first seven overtones over a quiet hiss.
pub fn hum(rate: SampleRate, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut noise = white(samples, rng);
    noise.iter_mut().for_each(|s| *s *= 0.06);
    let mains = if rng.random_bool(0.5) { 50.0 } else { 60.0 };
    // Eight rotating pointers side by side; the noise gets their heights.
    let turn = |k: usize| (TAU * mains * (k + 1) as f32 / rate.hz() as f32).sin_cos();
    let turns: [(f32, f32); 8] = std::array::from_fn(turn);
    let (sin, cos) = (turns.map(|t| t.0), turns.map(|t| t.1));
    let mut height = [0.0_f32; 8];
    let mut across = [0.0_f32; 8];
    for k in 0..8 {
        let strength = rng.random_range(0.3..1.0_f32) / (k + 1) as f32;
        let phase = rng.random_range(0.0..TAU);
        height[k] = strength * phase.sin();
        across[k] = strength * phase.cos();
    }
    for sample in &mut noise {
        *sample += height.iter().sum::<f32>();
        for k in 0..8 {
            let (x, y) = (across[k], height[k]);
            across[k] = x * cos[k] - y * sin[k];
            height[k] = x * sin[k] + y * cos[k];
        }
    }
    noise
}
