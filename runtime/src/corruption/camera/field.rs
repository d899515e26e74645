//! Random surfaces: one number for each pixel.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::picture::Size;

/// One value for each pixel, rows from the top.
pub struct Field {
    pub size: Size,
    pub values: Vec<f32>,
}

/// Standard deviation of a surface over that of the heights that it goes through: halfway
/// between heights it is a mean of them. For the blend 3t² − 2t³ it is ∫(1 − s)² + s² = 26/35.
const FLATTER: f32 = 26.0 / 35.0;

impl Field {
    /// Flat, at zero.
    pub fn flat(size: Size) -> Self {
        Self {
            size,
            values: vec![0.0; size.pixels()],
        }
    }

    /// Adds a smooth surface through random heights, `cells` of them across and down; `height`
    /// makes each of a random byte. It goes on beyond an edge where it begins at the other.
    pub fn add_surface(
        &mut self,
        cells: [usize; 2],
        rng: &mut ChaCha8Rng,
        height: impl Fn(u8) -> f32,
    ) {
        let [across, down] = cells.map(|cells| cells.max(1));
        let mut bytes = vec![0; across * down];
        rng.fill_bytes(&mut bytes);
        let heights: Vec<f32> = bytes.into_iter().map(height).collect();
        let Size { width, height } = self.size;
        let columns: Vec<Between> = (0..width).map(|x| Between::of(x, width, across)).collect();
        let mut line = vec![0.0; across];
        for (y, row) in self.values.chunks_exact_mut(width).enumerate() {
            let Between { from, to, share } = Between::of(y, height, down);
            let (above, below) = (&heights[from * across..], &heights[to * across..]);
            for ((value, a), b) in line.iter_mut().zip(above).zip(below) {
                *value = a + (b - a) * share;
            }
            for (value, &Between { from, to, share }) in row.iter_mut().zip(&columns) {
                *value += line[from] + (line[to] - line[from]) * share;
            }
        }
    }

    /// A smooth surface of the given standard deviation, its heights about `cell` pixels apart.
    pub fn smooth(size: Size, cell: f32, deviation: f32, rng: &mut ChaCha8Rng) -> Self {
        let mut field = Self::flat(size);
        let factor = deviation / FLATTER;
        field.add_surface(cells(size, cell), rng, |byte| {
            factor * crate::random::NORMAL[usize::from(byte)]
        });
        field
    }

    /// Clouds from 0 to 1: surfaces of finer and finer cells, the first half as wide as the
    /// picture, each lower than the one before by `decay` (Perlin, SIGGRAPH 1985).
    pub fn clouds(size: Size, decay: f32, rng: &mut ChaCha8Rng) -> Self {
        let mut field = Self::flat(size);
        let (mut cell, mut amplitude) = (size.longer() / 2.0, 1.0);
        while cell >= 1.0 {
            field.add_surface(cells(size, cell), rng, |byte| amplitude * f32::from(byte));
            cell /= 2.0;
            amplitude /= decay;
        }
        field.stretch();
        field
    }

    /// Shifts and scales the values to 0..1.
    fn stretch(&mut self) {
        let least = self.values.iter().copied().fold(f32::INFINITY, f32::min);
        let most = self.values.iter().copied().fold(least, f32::max);
        let factor = (most - least).max(f32::MIN_POSITIVE).recip();
        for value in &mut self.values {
            *value = (*value - least) * factor;
        }
    }
}

/// How many cells of `cell` pixels fit in across and down, at least one.
pub fn cells(size: Size, cell: f32) -> [usize; 2] {
    [size.width, size.height].map(|side| ((side as f32 / cell).round() as usize).max(1))
}

/// Where a pixel lies between two heights.
struct Between {
    from: usize,
    to: usize,
    share: f32,
}

impl Between {
    /// Pixel `i` of `pixels` where `cells` heights are spread over them.
    fn of(i: usize, pixels: usize, cells: usize) -> Self {
        let at = i as f32 * cells as f32 / pixels as f32;
        let from = (at as usize).min(cells - 1);
        let t = at - from as f32;
        Self {
            from,
            to: (from + 1) % cells,
            share: t * t * (3.0 - 2.0 * t),
        }
    }
}
