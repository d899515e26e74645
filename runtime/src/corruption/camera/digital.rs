//! What is done to the numbers of a picture. Parameters of ImageNet-C (Hendrycks & Dietterich, ICLR
//! 2019); those of contrast and JPEG are also READ's (Yang et al., ICLR 2024).

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::field::Field;
use super::picture::{Size, byte, map_channels, standing, table};
use super::warp::Warp;
use crate::corruption::Severity;
use crate::resize::resize;
use crate::window::Frame;

/// Adds 10, 20, 30, 40, 50 % of the range to the value of hue, saturation and value.
pub fn brightness(frames: &mut [Frame], severity: Severity) {
    let more = severity.pick([0.1, 0.2, 0.3, 0.4, 0.5]) * 255.0;
    // Hue and saturation stay if all channels are scaled alike; the value is the largest of them.
    let gains: [f32; 256] = std::array::from_fn(|value| {
        let value = value as f32;
        (value + more).min(255.0) / value.max(1.0)
    });
    for frame in frames {
        for pixel in frame.rgb.as_chunks_mut::<3>().0 {
            let value = pixel[0].max(pixel[1]).max(pixel[2]);
            let gain = gains[usize::from(value)];
            *pixel = match value {
                0 => [byte(more); 3],
                _ => pixel.map(|value| byte(f32::from(value) * gain)),
            };
        }
    }
}

/// Brings all values nearer to the mean of their channel, to 40, 30, 20, 10, 5 % of the distance.
pub fn contrast(frames: &mut [Frame], severity: Severity) {
    let keep = severity.pick([0.4, 0.3, 0.2, 0.1, 0.05]);
    for frame in frames {
        let pixels = frame.rgb.as_chunks::<3>().0;
        let mut sums = [0_u64; 3];
        for pixel in pixels {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += u64::from(*value);
            }
        }
        let means = sums.map(|sum| sum as f32 / pixels.len() as f32);
        let tables = means.map(|mean| table(|value| mean + (value - mean) * keep));
        map_channels(frame, &tables);
    }
}

/// ImageNet-C's elastic transformation, in shares of a picture's side where it has factors of 244.
#[derive(Clone, Copy)]
struct Stretch {
    /// Height of the noise that displaces pixels, before it is smoothed.
    noise: f32,
    /// Standard deviation of the Gaussian that smoothes it.
    sigma: f32,
    /// How far the corners of the middle of the picture move at most.
    corners: f32,
}

/// Moves three corners of the middle of the picture at random, and each pixel a little: more of the
/// former at severities 1 and 2, more of the latter from 3 on. The picture is the same in all frames.
pub fn elastic(frames: &mut [Frame], severity: Severity, rng: &mut ChaCha8Rng) {
    let stretch = severity.pick(
        [
            [2.0, 0.7, 0.1],
            [2.0, 0.08, 0.2],
            [0.05, 0.01, 0.02],
            [0.07, 0.01, 0.02],
            [0.12, 0.01, 0.02],
        ]
        .map(|[noise, sigma, corners]| Stretch {
            noise: 244.0 * noise,
            sigma: 244.0 * sigma,
            corners: 244.0 * corners,
        }),
    );
    let make = |size: Size, rng: &mut ChaCha8Rng| stretch.warp(size, rng);
    standing(frames, rng, make, Warp::apply_to);
}

impl Stretch {
    fn warp(self, size: Size, rng: &mut ChaCha8Rng) -> Warp {
        let scale = size.scale();
        // White noise between −1 and 1 has deviation 1/√3; a Gaussian of sigma pixels leaves
        // 1/(2 √π sigma) of it, and neighbours alike over some two and a half sigma.
        let deviation = self.noise / (3.0_f32.sqrt() * 2.0 * 1.772_453_9 * self.sigma) * scale;
        let cell = 2.5 * self.sigma * scale;
        let [right, down] = [0, 1].map(|_| Field::smooth(size, cell, deviation, rng));
        // Of the corners (1, 1), (1, −1), (−1, −1) of a square around the middle.
        let most = self.corners * scale;
        let [first, second, third] =
            [0, 1, 2].map(|_| [0, 1].map(|_| rng.random_range(-1.0..1.0_f32) * most));
        let side = 2.0 * (size.shorter() / 3.0).max(1.0);
        let affine = [0, 1].map(|axis| {
            let constant = (first[axis] + third[axis]) / 2.0;
            let per_column = (second[axis] - third[axis]) / side;
            let per_row = (first[axis] - second[axis]) / side;
            [constant, per_column, per_row]
        });
        let [middle_x, middle_y] = [size.width, size.height].map(|side| (side - 1) as f32 / 2.0);
        let mut displaced = right.values.iter().zip(&down.values);
        Warp::new(size, |x, y| {
            let (right, down) = displaced.next().unwrap_or((&0.0, &0.0));
            let (u, v) = (x - middle_x, y - middle_y);
            let [across, along] =
                affine.map(|[constant, column, row]| constant + column * u + row * v);
            (
                mirrored(x + across + right, size.width),
                mirrored(y + along + down, size.height),
            )
        })
    }
}

/// A place beyond an edge is as far inside of it.
fn mirrored(at: f32, pixels: usize) -> f32 {
    let last = (pixels - 1) as f32;
    last - (last - at.abs()).abs()
}

/// Keeps 60, 50, 40, 30, 25 % of the columns and rows of a picture of up to 224 pixels a side, and
/// as many of a larger one.
pub fn pixelate(frames: &mut [Frame], severity: Severity) {
    let keep = severity.pick([0.6, 0.5, 0.4, 0.3, 0.25]);
    let mut resizer = Resizer::new();
    let boxes = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
    let nearest = ResizeOptions::new().resize_alg(ResizeAlg::Nearest);
    for frame in frames {
        let share = keep / Size::of(frame).scale().max(1.0);
        let part = |side: u32| ((side as f32 * share) as u32).max(1);
        let many = (frame.width, frame.height);
        let few = (part(frame.width), part(frame.height));
        let mut small = vec![0; 3 * few.0 as usize * few.1 as usize];
        resize(&mut resizer, (&frame.rgb, many), (&mut small, few), &boxes)
            .and_then(|()| {
                resize(
                    &mut resizer,
                    (&small, few),
                    (&mut frame.rgb, many),
                    &nearest,
                )
            })
            .expect("the frame has been found whole");
    }
}

/// JPEG of quality 25, 18, 15, 10, 7. A picture of a size that JPEG cannot hold stays as it is.
pub fn jpeg(frames: &mut [Frame], severity: Severity) {
    let quality = severity.pick([25, 18, 15, 10, 7]);
    for frame in frames {
        let mut bytes = Vec::new();
        let encoded = JpegEncoder::new_with_quality(&mut bytes, quality).encode(
            &frame.rgb,
            frame.width,
            frame.height,
            ExtendedColorType::Rgb8,
        );
        let decoded =
            encoded.and_then(|()| image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg));
        if let Ok(picture) = decoded {
            frame.rgb = picture.into_rgb8().into_raw();
        }
    }
}
