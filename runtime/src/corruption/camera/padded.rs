//! Pictures with a margin, so that what looks at neighbours need not ask where the edges are.

use super::field::Field;
use super::picture::{Size, byte};
use crate::window::Frame;

/// A picture or a field with a margin on all sides.
pub struct Padded {
    size: Size,
    channels: usize,
    margin: usize,
    /// Rows of `(width + 2 · margin) · channels` values, `height + 2 · margin` of them.
    values: Vec<f32>,
}

/// What lies beyond the edges.
#[derive(Clone, Copy)]
enum Beyond {
    /// More of the pixels at the edge.
    Edge,
    /// The picture again.
    Again,
}

impl Beyond {
    fn index(self, padded: usize, margin: usize, pixels: usize) -> usize {
        match self {
            Beyond::Edge => padded.saturating_sub(margin).min(pixels - 1),
            Beyond::Again => (padded + pixels - margin % pixels) % pixels,
        }
    }
}

impl Padded {
    /// A picture, its edges repeated `margin` pixels outwards.
    pub fn frame(frame: &Frame, margin: usize) -> Self {
        let values: Vec<f32> = frame.rgb.iter().map(|&value| f32::from(value)).collect();
        Self::new(&values, Size::of(frame), 3, margin, Beyond::Edge)
    }

    /// A field that goes on beyond an edge where it begins at the other.
    pub fn field(field: &Field, margin: usize) -> Self {
        Self::new(&field.values, field.size, 1, margin, Beyond::Again)
    }

    fn new(source: &[f32], size: Size, channels: usize, margin: usize, beyond: Beyond) -> Self {
        let (wide, high) = (size.width + 2 * margin, size.height + 2 * margin);
        let mut values = Vec::with_capacity(wide * high * channels);
        for y in 0..high {
            let row = beyond.index(y, margin, size.height) * size.width * channels;
            let row = &source[row..][..size.width * channels];
            let pad = |columns: std::ops::Range<usize>, values: &mut Vec<f32>| {
                for x in columns {
                    let at = beyond.index(x, margin, size.width) * channels;
                    values.extend_from_slice(&row[at..at + channels]);
                }
            };
            pad(0..margin, &mut values);
            values.extend_from_slice(row);
            pad(margin + size.width..wide, &mut values);
        }
        Self {
            size,
            channels,
            margin,
            values,
        }
    }

    fn stride(&self) -> usize {
        (self.size.width + 2 * self.margin) * self.channels
    }

    /// A weighted mean of neighbours for each pixel, handed on row by row.
    ///
    /// No neighbour may lie further away than the margin.
    fn gather(&self, neighbours: &[Neighbour], mut finish: impl FnMut(usize, &[f32])) {
        let stride = self.stride();
        let mut sums = vec![0.0; self.size.width * self.channels];
        for y in 0..self.size.height {
            sums.fill(0.0);
            for &Neighbour {
                right,
                down,
                weight,
            } in neighbours
            {
                let row = (y + self.margin).wrapping_add_signed(down) * stride;
                let from = row + self.margin.wrapping_add_signed(right) * self.channels;
                let values = &self.values[from..][..sums.len()];
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += weight * value;
                }
            }
            finish(y, &sums);
        }
    }
}

/// A pixel near another, and how much it counts.
struct Neighbour {
    right: isize,
    down: isize,
    weight: f32,
}

/// What a point becomes that moves on a straight line: half of a Gaussian, as in ImageMagick's
/// motion blur, which ImageNet-C uses.
pub struct Streak {
    neighbours: Vec<Neighbour>,
    length: usize,
}

impl Streak {
    /// `length` and the standard deviation `sigma` are in pixels; `direction` has length 1.
    pub fn new(length: f32, sigma: f32, direction: [f32; 2]) -> Self {
        let length = (length.round() as usize).max(2);
        let weight = |k: usize| {
            let far = k as f32 / sigma;
            (-far * far / 2.0).exp()
        };
        let total: f32 = (0..length).map(weight).sum();
        let neighbours = (0..length)
            .map(|k| {
                let [right, down] = direction.map(|part| (part * k as f32).round() as isize);
                Neighbour {
                    right,
                    down,
                    weight: weight(k) / total,
                }
            })
            .collect();
        Self { neighbours, length }
    }

    /// Smears a picture.
    pub fn smear(&self, frame: &mut Frame) {
        let padded = Padded::frame(frame, self.length);
        let bytes = 3 * padded.size.width;
        padded.gather(&self.neighbours, |y, sums| {
            let row = &mut frame.rgb[y * bytes..][..bytes];
            row.iter_mut().zip(sums).for_each(|(v, &s)| *v = byte(s));
        });
    }

    /// Smears a field.
    pub fn smear_field(&self, field: &mut Field) {
        let padded = Padded::field(field, self.length);
        let width = field.size.width;
        padded.gather(&self.neighbours, |y, sums| {
            field.values[y * width..][..width].copy_from_slice(sums);
        });
    }
}

/// What a point becomes that is out of focus: an evenly lit disc.
pub struct Disc {
    /// For each row of the disc from the top, half of its width in pixels.
    half_widths: Vec<f32>,
}

impl Disc {
    /// `radius` is in pixels.
    pub fn new(radius: f32) -> Self {
        const PARTS: usize = 8;
        let reach = (radius - 0.5).max(0.0).ceil() as isize;
        let half_width = |row: isize| {
            // The mean over the height of the row.
            let part = |i: usize| {
                let y = row as f32 + (i as f32 + 0.5) / PARTS as f32 - 0.5;
                (radius * radius - y * y).max(0.0).sqrt()
            };
            (0..PARTS).map(part).sum::<f32>() / PARTS as f32
        };
        Self {
            half_widths: (-reach..=reach).map(half_width).collect(),
        }
    }

    /// Puts a picture out of focus, with sums over whole stretches of rows: the work grows with
    /// the radius, not with the area of the disc.
    pub fn blur(&self, frame: &mut Frame) {
        let reach = self.half_widths.len() / 2;
        // A disc is no wider than high, but for the pixel that is only touched at either end.
        let margin = reach + 2;
        let padded = Padded::frame(frame, margin);
        let (stride, bytes) = (padded.stride(), 3 * padded.size.width);
        let before = sums_before(&padded.values, stride);
        let share = (2.0 * self.half_widths.iter().sum::<f32>()).recip();
        let mut sums = vec![0.0_f32; bytes];
        for (y, out) in frame.rgb.chunks_exact_mut(bytes).enumerate() {
            sums.fill(0.0);
            for (row, half_width) in self.half_widths.iter().enumerate() {
                // Whole pixels on either side of the middle one, and how much of the next; in a
                // row narrower than a pixel −1, for the stretches on both sides overlap.
                let whole = (half_width - 0.5).floor();
                let rest = half_width - 0.5 - whole;
                let whole = whole as isize;
                let line = (y + margin + row - reach) * stride;
                let left = line + 3 * margin.wrapping_add_signed(-whole);
                let right = line + 3 * (margin + 1).wrapping_add_signed(whole);
                let stretch = before[left..].iter().zip(&before[right..]);
                let ends = padded.values[left - 3..]
                    .iter()
                    .zip(&padded.values[right..]);
                for ((sum, (from, to)), (a, b)) in sums.iter_mut().zip(stretch).zip(ends) {
                    *sum += to - from + rest * (a + b);
                }
            }
            for (value, sum) in out.iter_mut().zip(&sums) {
                *value = byte(sum * share);
            }
        }
    }
}

/// For each value the sum of those of the same channel before it in its row; exact, since they are
/// whole numbers.
fn sums_before(values: &[f32], stride: usize) -> Vec<f32> {
    let mut before = vec![0.0; values.len()];
    for (row, out) in values
        .chunks_exact(stride)
        .zip(before.chunks_exact_mut(stride))
    {
        let mut sum = [0.0; 3];
        for (pixel, out) in row
            .as_chunks::<3>()
            .0
            .iter()
            .zip(out.as_chunks_mut::<3>().0)
        {
            *out = sum;
            sum.iter_mut().zip(pixel).for_each(|(s, v)| *s += v);
        }
    }
    before
}
