//! Noise and voices added to sound, at a level that is measured against it.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::corruption::sources::{Recording, voice};
use crate::noise::{gain, rms};
use crate::window::{SampleRate, Sound, Window};

/// Sound below this level, dBFS, is silence…
const SILENCE: f32 = -70.0;
/// …and noise is added to it as to sound of this level, dBFS.
const INSTEAD_OF_SILENCE: f32 = -40.0;

/// Adds noise `db` below the level of the sound (above it where negative). The level of the noise
/// is its root mean square: it has no pauses.
pub(super) fn add(sound: &mut Sound, noise: &[f32], db: f32) {
    mix(sound, noise, rms(noise), db);
}

/// Adds what is said in one of the `others`, or a voice that says nothing where they are silent.
/// There are pauses in both, so the levels of both are those of their active parts.
pub(super) fn talk_over(sound: &mut Sound, others: &[Window], db: f32, rng: &mut ChaCha8Rng) {
    let (rate, count) = (sound.rate, sound.samples.len());
    let other = other_voice(others, rate, count, rng).unwrap_or_else(|| voice(rate, count, rng));
    mix(sound, &other, active_level(&other, rate), db);
}

/// The first of the others that can be heard, from a random one on.
fn other_voice(
    others: &[Window],
    rate: SampleRate,
    samples: usize,
    rng: &mut ChaCha8Rng,
) -> Option<Vec<f32>> {
    if others.is_empty() {
        return None;
    }
    let (before, after) = others.split_at(rng.random_range(0..others.len()));
    let mut heard = after
        .iter()
        .chain(before)
        .filter_map(|window| window.sound.as_ref());
    heard.find_map(|sound| Recording::of(sound)?.piece(rate, samples, rng))
}

fn mix(sound: &mut Sound, noise: &[f32], noise_level: f32, db: f32) {
    let level = active_level(&sound.samples, sound.rate);
    let level = if level < gain(SILENCE) {
        gain(INSTEAD_OF_SILENCE)
    } else {
        level
    };
    let scale = level * gain(-db) / noise_level.max(1e-9);
    for (sample, noise) in sound.samples.iter_mut().zip(noise) {
        *sample = (*sample + scale * noise).clamp(-1.0, 1.0);
    }
}

/// Root mean square of the louder half of the 20 ms pieces.
pub(super) fn active_level(samples: &[f32], rate: SampleRate) -> f32 {
    let pieces = samples.chunks_exact((rate.hz() as usize / 50).max(1));
    let mut powers: Vec<f32> = pieces.map(|piece| rms(piece).powi(2)).collect();
    if powers.is_empty() {
        return rms(samples);
    }
    powers.sort_unstable_by(|a, b| b.total_cmp(a));
    let active = &powers[..powers.len().div_ceil(2)];
    (active.iter().sum::<f32>() / active.len() as f32).sqrt()
}
