//! Sound that is missing, too fast, or late.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::corruption::Severity;
use crate::window::Sound;

/// Zeroes pieces of 20 to 150 ms that together are 15 to 75 % of the sound; the last of them is as
/// long as is still missing.
pub(super) fn drop_out(sound: &mut Sound, severity: Severity, rng: &mut ChaCha8Rng) {
    let share = severity.pick([0.15, 0.3, 0.45, 0.6, 0.75]);
    let total = sound.samples.len();
    let dropped = (share * total as f32).round() as usize;
    let mut lengths = Vec::new();
    let mut missing = dropped;
    while missing > 0 {
        let seconds: f32 = rng.random_range(0.02..0.15);
        let length = ((seconds * sound.rate.hz() as f32) as usize).clamp(1, missing);
        lengths.push(length);
        missing -= length;
    }
    // Where in what is kept the pieces are put in: any place is as likely.
    let mut places: Vec<usize> = lengths
        .iter()
        .map(|_| rng.random_range(0..=total - dropped))
        .collect();
    places.sort_unstable();
    let mut before = 0;
    for (place, length) in places.into_iter().zip(lengths) {
        sound.samples[place + before..][..length].fill(0.0);
        before += length;
    }
}

/// Zeroes the last 20 to 100 % of the window from `start` to `end`.
pub(super) fn die(sound: &mut Sound, start: Duration, end: Duration, severity: Severity) {
    let alive = severity.pick([0.8, 0.6, 0.4, 0.2, 0.0]);
    let death = start + end.saturating_sub(start).mul_f64(alive);
    let last = sound.rate.samples_in(death.saturating_sub(sound.start));
    if let Some(dead) = sound.samples.get_mut(last..) {
        dead.fill(0.0);
    }
}

/// Plays the sound 0.6 to 3 % too fast or too slow.
pub(super) fn misclock(sound: &mut Sound, severity: Severity, rng: &mut ChaCha8Rng) {
    let off = severity.pick([0.006, 0.012, 0.018, 0.024, 0.03]);
    let speed = if rng.random_bool(0.5) {
        1.0 + off
    } else {
        1.0 - off
    };
    let original = &sound.samples;
    let at = |i: isize| match usize::try_from(i) {
        Ok(i) => original.get(i).copied().unwrap_or(0.0),
        Err(_) => 0.0,
    };
    let played = (0..original.len()).map(|i| {
        let place = i as f64 * speed;
        let before = place as isize;
        let around = [-1, 0, 1, 2].map(|step| at(before + step));
        between(around, place.fract() as f32)
    });
    sound.samples = played.collect();
}

/// The value `t` of the way from the second to the third, on the cubic through all four (Catmull
/// and Rom, "A class of local interpolating splines", 1974).
fn between([a, b, c, d]: [f32; 4], t: f32) -> f32 {
    let slope = 0.5 * (c - a);
    let bend = a - 2.5 * b + 2.0 * c - 0.5 * d;
    let twist = 0.5 * (d - a) + 1.5 * (b - c);
    b + t * (slope + t * (bend + t * twist))
}

/// Delays the sound by 0.1 to 1 s, to no later than the `end` of the window.
pub(super) fn delay(sound: &mut Sound, end: Duration, severity: Severity, rng: &mut ChaCha8Rng) {
    let seconds = severity.pick([0.1, 0.2, 0.4, 0.7, 1.0]);
    let late = sound.rate.samples_in(Duration::from_secs_f64(seconds));
    let ended = sound.start.saturating_add(sound.duration());
    let room = sound.rate.samples_in(end.saturating_sub(ended));
    let total = sound.samples.len() + room.min(late);
    let mut delayed = quiet(sound, late.min(total), rng);
    delayed.extend_from_slice(&sound.samples[..total - delayed.len()]);
    sound.samples = delayed;
}

/// What could be heard while nobody speaks: 20 ms pieces from anywhere in the quietest 100 ms, with
/// either sign, faded into one another so that their level is even and nothing repeats.
fn quiet(sound: &Sound, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let hundred_ms = (sound.rate.hz() as usize / 10).max(1);
    let energy = |piece: &&[f32]| piece.iter().map(|s| s * s).sum::<f32>();
    let quietest = sound
        .samples
        .chunks_exact(hundred_ms)
        .min_by(|a, b| energy(a).total_cmp(&energy(b)))
        .unwrap_or(&sound.samples);
    let length = (hundred_ms / 5).clamp(1, quietest.len());
    let fade: Vec<f32> = (0..length)
        .map(|i| (std::f32::consts::PI * (i as f32 + 0.5) / length as f32).sin())
        .collect();
    let step = length.div_ceil(2);
    // One step more at the beginning, which is only faded in.
    let mut noise = vec![0.0; step + samples];
    for at in (0..noise.len()).step_by(step) {
        let from = rng.random_range(0..=quietest.len() - length);
        let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        let piece = quietest[from..].iter().zip(&fade);
        for (out, (sample, fade)) in noise[at..].iter_mut().zip(piece) {
            *out += sign * sample * fade;
        }
    }
    noise.split_off(step)
}
