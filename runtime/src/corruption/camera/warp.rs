//! Pictures whose pixels come from elsewhere.

use super::picture::Size;
use crate::window::Frame;

/// Where each pixel of a picture of one size comes from.
pub struct Warp {
    taps: Vec<Tap>,
    /// Bytes from a pixel to its neighbour on the right and to the one below, 0 in a picture of
    /// one column or row.
    right: usize,
    below: usize,
}

/// A place between four pixels.
struct Tap {
    /// Byte at which the upper left of the four begins.
    at: u32,
    /// How much of the right and of the lower ones, in 256ths.
    across: u16,
    down: u16,
}

impl Warp {
    /// `from(x, y)` says for each pixel from which column and row it comes; places beyond an edge
    /// are taken to the edge.
    pub fn new(size: Size, mut from: impl FnMut(f32, f32) -> (f32, f32)) -> Self {
        let Size { width, height } = size;
        let mut taps = Vec::with_capacity(size.pixels());
        for y in 0..height {
            for x in 0..width {
                let (column, row) = from(x as f32, y as f32);
                let (left, across) = place(column, width);
                let (top, down) = place(row, height);
                taps.push(Tap {
                    at: (3 * (top * width + left)) as u32,
                    across,
                    down,
                });
            }
        }
        Self {
            taps,
            right: if width > 1 { 3 } else { 0 },
            below: if height > 1 { 3 * width } else { 0 },
        }
    }

    /// The warped picture of `source`, into `out`; both have three bytes for each pixel.
    pub fn apply(&self, source: &[u8], out: &mut [u8]) {
        for (tap, pixel) in self.taps.iter().zip(out.as_chunks_mut::<3>().0) {
            let at = tap.at as usize;
            let four = [0, self.right, self.below, self.right + self.below]
                .map(|step| &source[at + step..][..3]);
            let (across, down) = (u32::from(tap.across), u32::from(tap.down));
            for (c, value) in pixel.iter_mut().enumerate() {
                let [a, b, d, e] = four.map(|pixel| u32::from(pixel[c]));
                let upper = a * (256 - across) + b * across;
                let lower = d * (256 - across) + e * across;
                *value = ((upper * (256 - down) + lower * down + (1 << 15)) >> 16) as u8;
            }
        }
    }

    /// Warps a frame.
    pub fn apply_to(&self, frame: &mut Frame) {
        let mut out = vec![0; frame.rgb.len()];
        self.apply(&frame.rgb, &mut out);
        frame.rgb = out;
    }
}

/// The pixel at or before a place along a side, the last but one at most, and how far behind it
/// the place lies, in 256ths.
fn place(at: f32, pixels: usize) -> (usize, u16) {
    let at = at.clamp(0.0, (pixels - 1) as f32);
    let before = (at as usize).min(pixels.saturating_sub(2));
    (before, ((at - before as f32) * 256.0 + 0.5) as u16)
}
