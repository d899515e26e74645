//! Light, lens and sensor.

use evenkeel::random::NORMAL;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::{PIXELS, Planes, SCENE_SIDE, luma, uniform};

/// Lights the scene from one side, with a darker rim, sometimes with a soft shadow across it, and
/// in light that is not white.
pub fn light(planes: &mut Planes, uneven: f32, rng: &mut ChaCha8Rng) {
    let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
    let fall = rng.random_range(0.0..=uneven) / 2.0;
    let rim = rng.random_range(0.0..=uneven);
    let (shadow_sin, shadow_cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
    let shadow = if rng.random_bool(0.3) {
        rng.random_range(0.0..=uneven)
    } else {
        0.0
    };
    let soft = rng.random_range(2.0..20.0_f32);
    let edge = rng.random_range(-0.3..0.3_f32);
    // A low sun is reddish, a cloudy sky bluish.
    let warmth = rng.random_range(-0.18..0.18_f32);
    let white = [1.0 + warmth, 1.0, 1.0 - warmth];
    let [red, green, blue] = planes;
    let step = 1.0 / SCENE_SIDE as f32;
    for y in 0..SCENE_SIDE {
        let py = (y as f32 + 0.5) * step - 0.5;
        for x in 0..SCENE_SIDE {
            let px = (x as f32 + 0.5) * step - 0.5;
            let across = 1.0 - fall + 2.0 * fall * (cos * px + sin * py);
            let far = 1.0 - rim * (px * px + py * py);
            let behind = ((shadow_cos * px + shadow_sin * py - edge) * soft + 0.5).clamp(0.0, 1.0);
            let power = across * far * (1.0 - shadow * behind);
            let i = y * SCENE_SIDE + x;
            red[i] *= power * white[0];
            green[i] *= power * white[1];
            blue[i] *= power * white[2];
        }
    }
}

/// A lens that is a little out of focus, and a hand or a table that sometimes moves.
pub fn blur(planes: &mut Planes, sigma: [f32; 2], rng: &mut ChaCha8Rng) {
    let sigma = uniform(sigma, rng);
    let moved = rng
        .random_bool(0.2)
        .then(|| (rng.random_bool(0.5), rng.random_range(0.5..2.0)));
    let mut spare = vec![0.0; PIXELS];
    for plane in planes {
        spread(plane, &mut spare, sigma, true);
        spread(plane, &mut spare, sigma, false);
        if let Some((sideways, by)) = moved {
            spread(plane, &mut spare, by, sideways);
        }
    }
}

/// Blurs along rows or columns with standard deviation `sigma`: three-point averages, repeated,
/// since variances add up (one pass with weights w, 1 − 2w, w has variance 2w).
fn spread(plane: &mut Vec<f32>, spare: &mut Vec<f32>, sigma: f32, sideways: bool) {
    /// Beyond a quarter the averages ring.
    const MOST: f32 = 0.5;
    let variance = sigma * sigma;
    let passes = (variance / MOST).ceil().max(1.0);
    let w = variance / passes / 2.0;
    for _ in 0..passes as usize {
        if sideways {
            for (row, out) in plane
                .chunks_exact(SCENE_SIDE)
                .zip(spare.chunks_exact_mut(SCENE_SIDE))
            {
                out[0] = row[0] + w * (row[1] - row[0]);
                for (o, r) in out[1..].iter_mut().zip(row.windows(3)) {
                    *o = r[1] + w * (r[0] + r[2] - 2.0 * r[1]);
                }
                let last = SCENE_SIDE - 1;
                out[last] = row[last] + w * (row[last - 1] - row[last]);
            }
        } else {
            for y in 0..SCENE_SIDE {
                let line = |y: usize| &plane[y * SCENE_SIDE..][..SCENE_SIDE];
                let (above, here) = (line(y.saturating_sub(1)), line(y));
                let below = line((y + 1).min(SCENE_SIDE - 1));
                let out = &mut spare[y * SCENE_SIDE..][..SCENE_SIDE];
                for (((o, h), a), b) in out.iter_mut().zip(here).zip(above).zip(below) {
                    *o = h + w * (a + b - 2.0 * h);
                }
            }
        }
        std::mem::swap(plane, spare);
    }
}

/// Sets the exposure, adds the sensor's noise and rounds to bytes.
pub fn expose(planes: &Planes, noise: [f32; 2], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mean = planes.each_ref().map(|plane| mean(plane));
    let wanted = rng.random_range(0.3..0.6_f32);
    let gain = (wanted / luma(mean).max(0.01)).clamp(0.6, 2.0) * 255.0;
    let deviation = uniform(noise, rng) * 255.0;
    let scaled: [f32; 256] = NORMAL.map(|z| z * deviation + 0.5);
    let mut bytes = vec![0; 3 * PIXELS];
    rng.fill_bytes(&mut bytes);
    let [red, green, blue] = planes;
    for (((out, r), g), b) in bytes.chunks_exact_mut(3).zip(red).zip(green).zip(blue) {
        // A cast from float to byte saturates.
        out[0] = (r * gain + scaled[usize::from(out[0])]) as u8;
        out[1] = (g * gain + scaled[usize::from(out[1])]) as u8;
        out[2] = (b * gain + scaled[usize::from(out[2])]) as u8;
    }
    bytes
}

/// The mean, in eight partial sums that a processor adds at once.
fn mean(plane: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for part in plane.chunks_exact(8) {
        sums.iter_mut()
            .zip(part)
            .for_each(|(sum, value)| *sum += value);
    }
    sums.iter().sum::<f32>() / plane.len() as f32
}
