//! What one picture tells about the camera.

use pulp::{Simd, WithSimd};

use super::camera::CameraReadings;
use super::fingerprint::fingerprint;
use super::statistic::{CAMERA_STATISTICS, CameraStatistic as Is, Statistic};
use super::sums::{refill, total};
use crate::window::Frame;

/// Rows and columns that are looked at, at most; of a larger picture every second, every third…
const MOST_SIDE: usize = 128;
/// Darker than any lit surface, of 255; black is up to 16 in limited-range video.
const BLACK: f32 = 10.0;
/// As white as it gets, of 255.
const WHITE: f32 = 250.0;
/// Mean luma, of 255, below which colours are a matter of rounding.
const TOO_DARK_FOR_COLOUR: f32 = 8.0;
/// Less detail, or less contrast, than rounding to bytes leaves, of 255.
const ROUNDING: f32 = 0.3;

/// A picture of at least one pixel, thinned out evenly to at most 128×128.
pub(super) struct View<'a> {
    /// Whole rows of the picture, `3 * width` bytes each.
    pixels: &'a [u8],
    row_bytes: usize,
    step: usize,
}

impl<'a> View<'a> {
    /// `None` if there is not one whole row.
    pub(super) fn new(frame: &'a Frame) -> Option<Self> {
        let row_bytes = 3 * frame.width as usize;
        let rows = (frame.height as usize).min(frame.rgb.len().checked_div(row_bytes)?);
        let longest = (frame.width as usize).max(rows);
        (rows > 0).then(|| Self {
            pixels: &frame.rgb[..rows * row_bytes],
            row_bytes,
            step: longest.div_ceil(MOST_SIDE),
        })
    }

    fn rows(&self) -> impl Iterator<Item = &'a [u8]> {
        self.pixels.chunks_exact(self.row_bytes).step_by(self.step)
    }

    /// Equal for pictures with the same bits in every row that is looked at.
    pub(super) fn fingerprint(&self) -> u64 {
        match self.step {
            1 => fingerprint(std::iter::once(self.pixels)),
            _ => fingerprint(self.rows()),
        }
    }
}

/// A number that tells pictures apart as the camera's health does: equal for pictures with the same bits in
/// every row that is looked at, and all but always different for others. `None` for a picture without a whole row.
pub fn picture_fingerprint(frame: &Frame) -> Option<u64> {
    Some(View::new(frame)?.fingerprint())
}

/// Reads pictures, keeping its buffers.
#[derive(Debug, Clone, Default)]
pub(super) struct PictureGauge {
    /// Luma of the pixels that are looked at, 0..255, row by row.
    luma: Vec<f32>,
    width: usize,
    /// Second differences between three rows.
    bend: Vec<f32>,
    /// Of each column, how much detail and how much noise there is.
    detail: Vec<f32>,
    noise: Vec<f32>,
    /// Differences between two rows.
    row: Vec<f32>,
    /// Mean step of each row from the one above, both ways alike.
    steps: Vec<f32>,
}

/// Sums over all pixels of luma.
struct Sums {
    luma: f32,
    /// Of squares of what they differ from the first, which are small where a picture is all alike and their mean is not to
    /// drown in rounding.
    squares: f32,
    black: u32,
    white: u32,
    equal: u32,
}

/// The reading of a picture, compiled for the widest vectors of the processor: what it calls is inlined.
struct Reading<'a> {
    gauge: &'a mut PictureGauge,
    view: &'a View<'a>,
}

impl WithSimd for Reading<'_> {
    type Output = CameraReadings;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> CameraReadings {
        self.gauge.seen(self.view)
    }
}

impl PictureGauge {
    /// All statistics of the picture itself; NaN for the others, and where the picture is too small
    /// or too dark to tell.
    pub(super) fn read(&mut self, view: &View) -> CameraReadings {
        pulp::Arch::new().dispatch(Reading { gauge: self, view })
    }

    #[inline(always)]
    fn seen(&mut self, view: &View) -> CameraReadings {
        let channels = self.take_in(view);
        let pixels = self.luma.len() as f32;
        let sums = self.sums();
        let mean = sums.luma / pixels;
        let off = mean - self.luma[0];
        let contrast = (sums.squares / pixels - off * off).max(0.0).sqrt();
        let (detail, noise) = self.detail_and_noise();

        let mut readings = [f32::NAN; CAMERA_STATISTICS];
        let mut note = |statistic: Is, value: f32| readings[statistic.index()] = value;
        note(Is::BlackShare, sums.black as f32 / pixels);
        note(Is::WhiteShare, sums.white as f32 / pixels);
        note(Is::Brightness, mean / 255.0);
        note(Is::Contrast, contrast / 255.0);
        note(Is::EqualNeighbours, sums.equal as f32 / pixels);
        if mean >= TOO_DARK_FOR_COLOUR {
            let grey = channels.iter().sum::<f32>() / 3.0;
            let [weakest, strongest] = [f32::min, f32::max]
                .map(|pick| channels.into_iter().reduce(pick).unwrap_or(grey) / grey);
            note(Is::WeakestChannel, weakest);
            note(Is::StrongestChannel, strongest);
        }
        note(Is::Noise, noise / 255.0);
        let relative = detail.max(ROUNDING) / contrast.max(ROUNDING);
        // Not f32::max: it would make a value of NaN, for "cannot tell".
        if !detail.is_nan() {
            note(Is::Sharpness, 20.0 * relative.log10());
        }
        note(Is::Tear, self.tear());
        readings
    }

    /// Fills `luma` (ITU-R BT.601, in 256ths) and returns the means of red, green and blue, 0..255.
    #[inline(always)]
    fn take_in(&mut self, view: &View) -> [f32; 3] {
        self.width = (view.row_bytes / 3).div_ceil(view.step);
        let rows = view.pixels.len() / view.row_bytes;
        self.luma.resize(self.width * rows.div_ceil(view.step), 0.0);
        let mut sums = [0_u32; 3];
        for (row, luma) in view.rows().zip(self.luma.chunks_exact_mut(self.width)) {
            let (pixels, _) = row.as_chunks::<3>();
            match view.step {
                1 => take_in_row(pixels.iter(), luma, &mut sums),
                step => take_in_row(pixels.iter().step_by(step), luma, &mut sums),
            }
        }
        sums.map(|sum| sum as f32 / self.luma.len() as f32)
    }

    #[inline(always)]
    fn sums(&self) -> Sums {
        let first = self.luma[0];
        let mut all = Sums {
            luma: total(&self.luma, |value| value),
            squares: total(&self.luma, |value| (value - first) * (value - first)),
            black: count(&self.luma, |value| value < BLACK),
            white: count(&self.luma, |value| value > WHITE),
            equal: 0,
        };
        for row in self.luma.chunks_exact(self.width) {
            let pairs = row.iter().zip(&row[1..]);
            let equal = pairs.map(|(a, b)| u32::from((a == b) & (BLACK..=WHITE).contains(a)));
            all.equal += equal.sum::<u32>();
        }
        all
    }

    /// The mean size of the Laplacian with four neighbours, and the noise after Immerkær: the mean
    /// size of the response to the mask 1 −2 1 / −2 4 −2 / 1 −2 1, which sees neither slopes nor
    /// straight edges, times √(π/2)/6. Both 0..255; NaN of a picture smaller than 3×3.
    #[inline(always)]
    fn detail_and_noise(&mut self) -> (f32, f32) {
        let (width, height) = (self.width, self.luma.len() / self.width);
        if width < 3 || height < 3 {
            return (f32::NAN, f32::NAN);
        }
        for columns in [&mut self.detail, &mut self.noise] {
            columns.clear();
            columns.resize(width - 2, 0.0);
        }
        for rows in self.luma.windows(3 * width).step_by(width) {
            let (above, rest) = rows.split_at(width);
            let (here, below) = rest.split_at(width);
            let columns = above.iter().zip(here).zip(below);
            refill(&mut self.bend, columns.map(|((a, h), b)| a - 2.0 * h + b));
            let along = here.windows(3).zip(&self.bend[1..]);
            for (detail, (h, bend)) in self.detail.iter_mut().zip(along) {
                *detail += (h[0] - 2.0 * h[1] + h[2] + bend).abs();
            }
            for (noise, bend) in self.noise.iter_mut().zip(self.bend.windows(3)) {
                *noise += (bend[0] - 2.0 * bend[1] + bend[2]).abs();
            }
        }
        let [detail, noise] = [&self.detail, &self.noise].map(|sums| total(sums, |sum| sum));
        let inner = ((width - 2) * (height - 2)) as f32;
        let to_deviation = (std::f32::consts::PI / 2.0).sqrt() / 6.0;
        (detail / inner, noise / inner * to_deviation)
    }

    /// How much the largest step from row to row exceeds those next to it, and the mean one. The
    /// lens softens edges of things over a few rows; where two pictures meet, one row is enough. An
    /// edge along the row steps the same way everywhere, which is taken off.
    #[inline(always)]
    fn tear(&mut self) -> f32 {
        let width = self.width;
        self.steps.clear();
        for rows in self.luma.windows(2 * width).step_by(width) {
            let (above, below) = rows.split_at(width);
            refill(&mut self.row, above.iter().zip(below).map(|(a, b)| a - b));
            let along = total(&self.row, |step| step).abs();
            self.steps
                .push((total(&self.row, f32::abs) - along) / width as f32);
        }
        let mean = total(&self.steps, |step| step) / self.steps.len().max(1) as f32;
        let usual = mean.max(ROUNDING);
        self.steps
            .windows(3)
            .map(|step| step[1].max(usual) / step[0].max(step[2]).max(usual))
            .fold(f32::NAN, f32::max)
    }
}

/// The luma of some pixels, and their red, green and blue added to `sums`.
#[inline(always)]
fn take_in_row<'a>(
    pixels: impl Iterator<Item = &'a [u8; 3]>,
    luma: &mut [f32],
    sums: &mut [u32; 3],
) {
    for (luma, pixel) in luma.iter_mut().zip(pixels) {
        // Byte by byte: three at once are no vector.
        let (r, g, b) = (
            u32::from(pixel[0]),
            u32::from(pixel[1]),
            u32::from(pixel[2]),
        );
        sums[0] += r;
        sums[1] += g;
        sums[2] += b;
        *luma = (77 * r + 150 * g + 29 * b) as f32 / 256.0;
    }
}

#[inline(always)]
fn count(values: &[f32], is: impl Fn(f32) -> bool) -> u32 {
    values.iter().map(|&value| u32::from(is(value))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Luma that is no whole number, of as many pixels as are ever looked at.
    #[test]
    fn a_wall_of_any_colour_has_no_contrast_and_no_detail() {
        for colour in (0..=255_u8).map(|i| [i, i.wrapping_mul(7), 255 - i / 3]) {
            let frame = Frame {
                time: Duration::ZERO,
                width: MOST_SIDE as u32,
                height: MOST_SIDE as u32,
                rgb: colour.repeat(MOST_SIDE * MOST_SIDE),
            };
            let readings = PictureGauge::default().read(&View::new(&frame).unwrap());
            let of = |statistic: Is| readings[statistic.index()];
            assert!(of(Is::Contrast) < 1e-3, "{colour:?}: {}", of(Is::Contrast));
            assert_eq!(of(Is::Sharpness), 0.0, "{colour:?}");
        }
    }
}
