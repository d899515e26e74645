//! Faults of a small camera on a board. But for the noise they are the same in all frames of a
//! window. The parameters are this project's own.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::noise;
use super::picture::{Size, Veil, byte, map_channels, standing, table};
use super::warp::Warp;
use crate::corruption::Severity;
use crate::window::Frame;

/// Something over the lens: 30, 18, 10, 4, 0 % of the light passes, some leaks in at one side, and
/// noise of an amplifier of 3 to 8 % of the range is all there is in the end.
pub fn covered(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let passes = severity.pick([0.3, 0.18, 0.1, 0.04, 0.0]);
    let leaks = severity.pick([0.3, 0.22, 0.14, 0.07, 0.0]);
    let make = |size: Size, rng: &mut ChaCha8Rng| Veil::new(passes, leak(size, leaks, rng));
    standing(frames, rng, make, Veil::apply);
    let amplified = severity.pick([0.03, 0.04, 0.05, 0.06, 0.08]);
    noise::add_normal(frames, amplified, rng);
}

/// Reddish light, as it passes through a hand, that falls off from one side.
fn leak(size: Size, brightest: f32, rng: &mut ChaCha8Rng) -> Vec<u8> {
    const COLOUR: [f32; 3] = [1.0, 0.55, 0.4];
    /// Share of the picture's side that it reaches across.
    const REACH: f32 = 0.5;
    let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
    let mut light = Vec::with_capacity(3 * size.pixels());
    for y in 0..size.height {
        let v = y as f32 / size.height as f32 - 0.5;
        for x in 0..size.width {
            let u = x as f32 / size.width as f32 - 0.5;
            let inside = (0.5 - (cos * u + sin * v)) / REACH;
            let near = (1.0 - inside).clamp(0.0, 1.0);
            light.extend(COLOUR.map(|c| byte(255.0 * brightest * near * near * c)));
        }
    }
    light
}

/// A finger from one side that covers 15, 30, 45, 60, 75 % of the picture, out of focus.
pub fn finger(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let share = severity.pick([0.15, 0.3, 0.45, 0.6, 0.75]);
    let make = |size: Size, rng: &mut ChaCha8Rng| Finger::new(size, share, rng);
    standing(frames, rng, make, Finger::apply);
}

/// What covers part of a picture.
struct Finger {
    /// How much of each pixel is still to be seen, in 256ths.
    seen: Vec<u16>,
    /// What is added to each value, in 256ths.
    added: Vec<u16>,
}

impl Finger {
    fn new(size: Size, share: f32, rng: &mut ChaCha8Rng) -> Self {
        let [width, height] = [size.width as f32, size.height as f32];
        // From somewhere far outside to a tip in the picture.
        let tip = [width, height].map(|side| side * rng.random_range(0.3..0.7));
        let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
        let distances = distances(size, tip, [cos, sin]);
        let radius = smallest(&distances, share).max(0.5);
        let soft = 0.1 * size.shorter();

        let bright = rng.random_range(0.08..0.75_f32) * 255.0;
        let skin = [1.0, rng.random_range(0.55..0.8), rng.random_range(0.4..0.7)];
        let mut seen = Vec::with_capacity(size.pixels());
        let mut added = Vec::with_capacity(3 * size.pixels());
        for distance in distances {
            let covers = ((radius - distance) / soft + 0.5).clamp(0.0, 1.0);
            let covers = (covers * covers * (3.0 - 2.0 * covers) * 256.0) as u16;
            // Light passes where it is thin.
            let light = bright * (0.6 + 0.4 * (distance / radius).min(1.0));
            seen.push(256 - covers);
            added.extend(skin.map(|part| covers * u16::from(byte(light * part))));
        }
        Self { seen, added }
    }

    fn apply(&self, frame: &mut Frame) {
        let pixels = frame.rgb.as_chunks_mut::<3>().0;
        for ((pixel, seen), added) in pixels
            .iter_mut()
            .zip(&self.seen)
            .zip(self.added.as_chunks::<3>().0)
        {
            for (value, added) in pixel.iter_mut().zip(added) {
                *value = ((u16::from(*value) * seen + added + 128) >> 8) as u8;
            }
        }
    }
}

/// From each pixel to the line from `tip` to infinity in a direction of length 1, in pixels.
fn distances(size: Size, tip: [f32; 2], [cos, sin]: [f32; 2]) -> Vec<f32> {
    let mut distances = Vec::with_capacity(size.pixels());
    for y in 0..size.height {
        let v = y as f32 - tip[1];
        distances.extend((0..size.width).map(|x| {
            let u = x as f32 - tip[0];
            let behind = (u * cos + v * sin).min(0.0);
            let beside = u * sin - v * cos;
            (behind * behind + beside * beside).sqrt()
        }));
    }
    distances
}

/// The value that the given share of the values lies below, from some thousands of them.
fn smallest(values: &[f32], share: f32) -> f32 {
    const ENOUGH: usize = 2000;
    // An odd step does not stay in the same columns of pictures of even width.
    let step = (values.len() / ENOUGH) | 1;
    let mut some: Vec<f32> = values.iter().copied().step_by(step).collect();
    let at = ((some.len() as f32 * share) as usize).min(some.len() - 1);
    *some.select_nth_unstable_by(at, f32::total_cmp).1
}

/// Gain of 1.3, 1.7, 2.3, 3.2, 5, or what takes 10, 25, 45, 65, 85 % of all values to their limit,
/// if that is more.
pub fn over_exposed(frames: &mut [Frame], severity: Severity) {
    const MOST: f32 = 64.0;
    let least = severity.pick([1.3_f32, 1.7, 2.3, 3.2, 5.0]);
    let at_limit = severity.pick([0.1, 0.25, 0.45, 0.65, 0.85]);
    let gain = (255.0 / exceeded(frames, at_limit)).clamp(least, MOST);
    let tables = [table(|value| value * gain); 3];
    for frame in frames {
        map_channels(frame, &tables);
    }
}

/// The largest value that the given share of all values reaches, at least 1.
fn exceeded(frames: &[Frame], share: f64) -> f32 {
    let mut counts = [0_u64; 256];
    for &value in frames.iter().flat_map(|frame| &frame.rgb) {
        counts[usize::from(value)] += 1;
    }
    let wanted = share * counts.iter().sum::<u64>() as f64;
    let mut reached = 0;
    for value in (1..=255_u8).rev() {
        reached += counts[usize::from(value)];
        if reached as f64 >= wanted {
            return f32::from(value);
        }
    }
    1.0
}

/// One channel amplified and another weakened 1.15, 1.35, 1.7, 2.4, 4 times.
pub fn white_balance(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let gain = severity.pick([1.15_f32, 1.35, 1.7, 2.4, 4.0]);
    let stronger = rng.random_range(0..3);
    let weaker = (stronger + rng.random_range(1..3)) % 3;
    let mut gains = [1.0; 3];
    gains[stronger] = gain;
    gains[weaker] = gain.recip();
    amplify(frames, gains);
}

/// 60, 45, 30, 15, 0 % are left of one channel.
pub fn dead_channel(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let mut gains = [1.0; 3];
    gains[rng.random_range(0..3)] = severity.pick([0.6, 0.45, 0.3, 0.15, 0.0]);
    amplify(frames, gains);
}

fn amplify(frames: &mut [Frame], gains: [f32; 3]) {
    let tables = gains.map(|gain| table(|value| value * gain));
    for frame in frames {
        map_channels(frame, &tables);
    }
}

/// Turned about its middle by 15, 30, 60, 120, 180 degrees, either way.
pub fn rolled(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    const HALF_ROOT_3: f32 = 0.866_025_4;
    let (cos, sin) = severity.pick([
        (0.965_925_8, 0.258_819_04),
        (HALF_ROOT_3, 0.5),
        (0.5, HALF_ROOT_3),
        (-0.5, HALF_ROOT_3),
        (-1.0, 0.0),
    ]);
    let sin: f32 = if rng.random() { sin } else { -sin };
    let make = |size: Size, _: &mut ChaCha8Rng| {
        let [middle_x, middle_y] = [size.width, size.height].map(|side| (side - 1) as f32 / 2.0);
        Warp::new(size, |x, y| {
            let (u, v) = (x - middle_x, y - middle_y);
            (middle_x + cos * u + sin * v, middle_y + cos * v - sin * u)
        })
    };
    standing(frames, rng, make, Warp::apply_to);
}
