//! Amplifiers and converters that do not do what they should.

use rand_chacha::ChaCha8Rng;

use crate::corruption::Severity;
use crate::noise::{gain, white};
use crate::window::Sound;

/// What electronics make without any sound, dBFS.
const ELECTRONICS: f32 = -75.0;

/// Amplifies by 6 to 36 dB and cuts off what goes beyond the peak of the original.
pub(super) fn clip(sound: &mut Sound, severity: Severity) {
    let amplified = gain(severity.pick([6.0, 12.0, 18.0, 27.0, 36.0]));
    let peak = sound
        .samples
        .iter()
        .fold(0.0_f32, |peak, s| peak.max(s.abs()));
    for sample in &mut sound.samples {
        *sample = (*sample * amplified).clamp(-peak, peak);
    }
}

/// Lowers the level by 20 to 60 dB, adds noise that stays and rounds to 16 bits.
pub(super) fn collapse(sound: &mut Sound, severity: Severity, rng: &mut ChaCha8Rng) {
    let left = gain(-severity.pick([20.0, 30.0, 40.0, 50.0, 60.0]));
    let hiss = gain(ELECTRONICS);
    let noise = white(sound.samples.len(), rng);
    for (sample, noise) in sound.samples.iter_mut().zip(&noise) {
        let heard = (left * *sample + hiss * noise).clamp(-1.0, 1.0);
        *sample = (heard * 32_768.0).round() / 32_768.0;
    }
}
