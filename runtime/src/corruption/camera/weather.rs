//! Weather between the lens and the world. Parameters of ImageNet-C (Hendrycks & Dietterich, ICLR
//! 2019), lengths scaled to the picture.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::field::{Field, cells};
use super::padded::Streak;
use super::picture::{Size, Veil, byte, standing};
use crate::corruption::Severity;
use crate::random::NORMAL;
use crate::window::Frame;

/// Parameters of ImageNet-C's snow.
#[derive(Clone, Copy)]
struct Snowfall {
    /// Mean and deviation of the noise that flakes are made of.
    mean: f32,
    deviation: f32,
    /// Size of its grains, in pixels.
    grain: f32,
    /// Noise below this is air.
    air: f32,
    /// Length and deviation of the flakes' streaks, in pixels.
    length: f32,
    sigma: f32,
    /// Share of the picture that is not whitened.
    keep: f32,
}

const fn snowfall([mean, air, grain, length, sigma, keep]: [f32; 6]) -> Snowfall {
    Snowfall {
        mean,
        // 0.3 where ImageNet-C blends grains evenly; the blend of a surface is steeper and leaves
        // more of the deviation.
        deviation: 0.27,
        grain,
        air,
        length,
        sigma,
        keep,
    }
}

/// Streaks of white before a whitened picture; the flakes fall from frame to frame.
pub fn snow(frames: &mut [Frame], start: Duration, severity: Severity, rng: &mut ChaCha8Rng) {
    let snowfall = severity.pick([
        snowfall([0.1, 0.5, 3.0, 21.0, 4.0, 0.8]),
        snowfall([0.2, 0.5, 2.0, 25.0, 4.0, 0.7]),
        snowfall([0.55, 0.9, 4.0, 25.0, 8.0, 0.7]),
        snowfall([0.55, 0.85, 4.5, 25.0, 8.0, 0.65]),
        snowfall([0.55, 0.85, 2.5, 25.0, 12.0, 0.55]),
    ]);
    let (sin, cos) = rng.random_range(45.0..135.0_f32).to_radians().sin_cos();
    let make = |size: Size, rng: &mut ChaCha8Rng| snowfall.flakes(size, [cos, sin], rng);
    standing(frames, rng, make, |flakes, frame| {
        // A picture's height in a second, as a flake near the lens.
        let seconds = frame.time.saturating_sub(start).as_secs_f32();
        let fallen = [cos, sin].map(|part| part * seconds * frame.height as f32);
        snowfall.whiten(frame, flakes, fallen);
    });
}

impl Snowfall {
    /// How white each pixel becomes, 0 and more.
    fn flakes(self, size: Size, direction: [f32; 2], rng: &mut ChaCha8Rng) -> Field {
        /// Smaller ones would be single pixels, which nothing smoothes, and too many.
        const LEAST_GRAIN: f32 = 2.0;
        let scale = size.scale();
        let mut layer = Field::flat(size);
        let grain = (self.grain * scale).max(LEAST_GRAIN);
        layer.add_surface(cells(size, grain), rng, |byte| {
            self.mean + self.deviation * NORMAL[usize::from(byte)]
        });
        for value in &mut layer.values {
            *value = if *value < self.air {
                0.0
            } else {
                value.min(1.0)
            };
        }
        Streak::new(self.length * scale, self.sigma * scale, direction).smear_field(&mut layer);
        // The same flakes once more, upside down.
        let (mut first, mut last) = (0, layer.values.len() - 1);
        while first <= last {
            let both = layer.values[first] + layer.values[last];
            layer.values[first] = both;
            layer.values[last] = both;
            first += 1;
            last = last.saturating_sub(1);
        }
        layer
    }

    /// Whitens a picture and puts the flakes in front, moved by `fallen` pixels.
    fn whiten(self, frame: &mut Frame, flakes: &Field, fallen: [f32; 2]) {
        let Size { width, height } = flakes.size;
        let [right, down] = fallen.map(|pixels| pixels.round() as i64);
        let right = right.rem_euclid(width as i64) as usize;
        let down = down.rem_euclid(height as i64) as usize;
        for (y, pixels) in frame.rgb.chunks_exact_mut(3 * width).enumerate() {
            let row = (y + height - down) % height * width;
            let (before, after) = flakes.values[row..][..width].split_at(width - right);
            let flakes = after.iter().chain(before);
            for (pixel, flake) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(flakes) {
                let [red, green, blue] = pixel.map(f32::from);
                let grey = 0.299 * red + 0.587 * green + 0.114 * blue;
                let white = grey * 1.5 + 127.5;
                for value in pixel {
                    let old = f32::from(*value);
                    let whitened = self.keep * old + (1.0 - self.keep) * old.max(white);
                    *value = byte(whitened + 255.0 * flake);
                }
            }
        }
    }
}

/// Fog of 1.5, 2, 2.5, 2.5, 3 times the light of a white surface, in clouds whose octaves fade by
/// the squares of 2, 2, 1.7, 1.5, 1.4.
///
/// ImageNet-C draws the clouds with the diamond-square algorithm, whose program multiplies by the
/// step's height twice, hence the squares; these are octaves of smooth noise.
/// There the fog is as bright as the picture's brightest pixel, which makes it smoke in the dark
/// rooms that a board's camera sees; here it is white.
pub fn fog(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let (density, decay) =
        severity.pick([(1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4)]);
    let make = |size: Size, rng: &mut ChaCha8Rng| {
        let keep = 1.0 / (1.0 + density);
        let clouds = Field::clouds(size, decay * decay, rng);
        let light = |cloud: &f32| [byte(255.0 * keep * density * cloud); 3];
        Veil::new(keep, clouds.values.iter().flat_map(light).collect())
    };
    standing(frames, rng, make, Veil::apply);
}

/// Ice on the lens: 100, 80, 70, 65, 60 % of the picture and 40, 60, 70, 70, 75 % of the ice.
///
/// ImageNet-C has photographs of frosted panes. These are made up: needles with branches at 60°, as
/// ice grows, before a bluish haze.
pub fn frost(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let (keep, ice) = severity.pick([(1.0, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)]);
    let make = |size: Size, rng: &mut ChaCha8Rng| {
        const TINT: [f32; 3] = [0.9, 0.97, 1.0];
        let crystals = crystals(size, rng);
        let light = |crystal: &f32| TINT.map(|tint| byte(255.0 * ice * tint * crystal));
        Veil::new(keep, crystals.values.iter().flat_map(light).collect())
    };
    standing(frames, rng, make, Veil::apply);
}

/// How white the ice is at each pixel, 0..1.
fn crystals(size: Size, rng: &mut ChaCha8Rng) -> Field {
    // Thin lines fill a large picture less than a small one.
    let needles = (280.0 * size.scale()) as usize;
    let mut ice = Field::flat(size);
    for _ in 0..needles {
        let from = [size.width, size.height].map(|side| rng.random_range(0.0..side as f32));
        let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
        let length = size.longer() * rng.random_range(0.08..0.35);
        let white = rng.random_range(0.2..0.5);
        grow(&mut ice, from, [cos, sin], length, white);
    }
    let haze = Field::clouds(size, 1.6, rng);
    for (value, haze) in ice.values.iter_mut().zip(&haze.values) {
        *value = (0.1 + haze * (0.5 + *value)).min(1.0);
    }
    ice
}

/// A needle with branches on both sides that become shorter towards its tip.
fn grow(ice: &mut Field, from: [f32; 2], direction: [f32; 2], length: f32, white: f32) {
    const COS_60: f32 = 0.5;
    const SIN_60: f32 = 0.866_025_4;
    draw(ice, from, direction, length, white);
    let [x, y] = direction;
    let gap = (length / 14.0).max(2.0);
    let mut along = gap;
    while along < length {
        let at = [from[0] + x * along, from[1] + y * along];
        for sin in [-SIN_60, SIN_60] {
            let branch = [x * COS_60 - y * sin, x * sin + y * COS_60];
            draw(ice, at, branch, 0.35 * (length - along), 0.7 * white);
        }
        along += gap;
    }
}

/// A line that fades towards its tip.
fn draw(ice: &mut Field, from: [f32; 2], direction: [f32; 2], length: f32, white: f32) {
    let Size { width, height } = ice.size;
    for k in 0..length as usize {
        let far = k as f32;
        let [x, y] = [0, 1].map(|axis| from[axis] + direction[axis] * far);
        if x < 0.0 || y < 0.0 {
            continue;
        }
        // Shared out among the four pixels that it touches.
        let (left, top) = (x as usize, y as usize);
        let (across, down) = (x - left as f32, y - top as f32);
        let white = white * (1.0 - far / length);
        for (row, share) in [(top, 1.0 - down), (top + 1, down)] {
            for (column, share) in [(left, share * (1.0 - across)), (left + 1, share * across)] {
                if column < width && row < height {
                    ice.values[row * width + column] += white * share;
                }
            }
        }
    }
}
