//! Pictures that are not sharp. Parameters of ImageNet-C (Hendrycks & Dietterich, ICLR 2019), which
//! are pixels of pictures of 224×224 and are scaled to the picture.

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::padded::{Disc, Streak};
use super::picture::{Size, standing};
use super::warp::Warp;
use crate::corruption::Severity;
use crate::window::Frame;

/// A disc of radius 3, 4, 6, 8, 10.
pub fn defocus(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let radius = severity.pick([3.0, 4.0, 6.0, 8.0, 10.0]);
    standing(
        frames,
        rng,
        |size, _| Disc::new(radius * size.scale()),
        Disc::blur,
    );
}

/// Pixels taken from somewhere near, between two small blurs; the glass stands still.
///
/// ImageNet-C swaps pixels up to 1, 2, 2, 3, 4 apart in 2, 1, 3, 2, 2 rounds. Since variances add
/// up, n rounds take a pixel √n times as far as one; here it goes there at once. Its Gaussian blurs
/// (0.7, 0.9, 1.0, 1.1, 1.5) are discs of twice that radius, which spread light as far.
pub fn glass(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let sigma = severity.pick([0.7, 0.9, 1.0, 1.1, 1.5]);
    let reach = severity.pick([1.41, 2.0, 3.46, 4.24, 5.66]);
    let make = |size: Size, rng: &mut ChaCha8Rng| {
        let disc = Disc::new(2.0 * sigma * size.scale());
        let mut bytes = vec![0; 2 * size.pixels()];
        rng.fill_bytes(&mut bytes);
        let mut pairs = bytes.as_chunks::<2>().0.iter();
        let step = reach * size.scale() / 127.5;
        let warp = Warp::new(size, |x, y| {
            let [right, down] = pairs.next().copied().unwrap_or([128; 2]);
            let moved = |byte: u8| (f32::from(byte) - 127.5) * step;
            (x + moved(right), y + moved(down))
        });
        (disc, warp)
    };
    standing(frames, rng, make, |(disc, warp), frame| {
        disc.blur(frame);
        warp.apply_to(frame);
        disc.blur(frame);
    });
}

/// Half a Gaussian of 3, 5, 8, 12, 15 along a line at up to 45° from level, cut off at 21, 31, 31,
/// 31, 41.
pub fn motion(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let sigma = severity.pick([3.0, 5.0, 8.0, 12.0, 15.0]);
    let length = severity.pick([21.0, 31.0, 31.0, 31.0, 41.0]);
    let make = |size: Size, rng: &mut ChaCha8Rng| {
        let (sin, cos) = rng.random_range(-45.0..45.0_f32).to_radians().sin_cos();
        let scale = size.scale();
        Streak::new(length * scale, sigma * scale, [cos, sin])
    };
    standing(frames, rng, make, Streak::smear);
}

/// The mean of the picture at magnifications from 1 to 1.1, 1.15, 1.2, 1.25, 1.3.
///
/// ImageNet-C takes the mean of 11 to 16 magnifications. Here the picture and its magnification by
/// s give a mean of two, that one and its magnification by s² one of four, and so on: few steps
/// give as many as it takes to have them no more than two pixels apart.
pub fn zoom(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    // Logarithms of the magnifications above.
    let farthest = severity.pick([0.0953_f32, 0.1398, 0.1823, 0.2231, 0.2624]);
    let make = |size: Size, _: &mut ChaCha8Rng| {
        let pixels_at_edge = farthest * size.longer() / 2.0;
        let doublings = (pixels_at_edge / 2.0).log2().ceil().clamp(1.0, 6.0) as u32;
        let mut step = 1.0 + farthest / ((1 << doublings) - 1) as f32;
        let mut warps = Vec::new();
        for _ in 0..doublings {
            warps.push(magnify(size, step));
            step *= step;
        }
        warps
    };
    standing(frames, rng, make, |warps, frame| {
        let mut nearer = vec![0; frame.rgb.len()];
        for (i, warp) in warps.iter().enumerate() {
            warp.apply(&frame.rgb, &mut nearer);
            // Halves are rounded up and down by turns, or the picture would become brighter.
            let up = (i % 2) as u16;
            for (value, near) in frame.rgb.iter_mut().zip(&nearer) {
                *value = ((u16::from(*value) + u16::from(*near) + up) / 2) as u8;
            }
        }
    });
}

/// Seen `factor` times as large.
fn magnify(size: Size, factor: f32) -> Warp {
    let [middle_x, middle_y] = [size.width, size.height].map(|side| (side - 1) as f32 / 2.0);
    let shrink = factor.recip();
    Warp::new(size, |x, y| {
        (
            middle_x + (x - middle_x) * shrink,
            middle_y + (y - middle_y) * shrink,
        )
    })
}
