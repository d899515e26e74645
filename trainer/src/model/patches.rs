//! Cuts a picture or a spectrogram into the patches that the stem multiplies with its matrix.

use candle_core::{Result, bail};

use super::Stem;

/// Where the patches of one input lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchLayout {
    /// `[images, channels, height, width]` of the input.
    input: [usize; 4],
    stem: Stem,
    /// Patches per image, down and across.
    grid: [usize; 2],
}

impl PatchLayout {
    /// # Errors
    /// When the kernel is larger than the input, or a size is zero.
    pub fn new(input: [usize; 4], stem: Stem) -> Result<Self> {
        let [_, _, height, width] = input;
        let fits = |size: usize, i: usize| {
            stem.kernel[i] > 0 && stem.stride[i] > 0 && stem.kernel[i] <= size
        };
        if !fits(height, 0) || !fits(width, 1) {
            bail!(
                "a stem with kernel {:?} and stride {:?} does not fit an input of {height}×{width}",
                stem.kernel,
                stem.stride
            );
        }
        let grid = [
            (height - stem.kernel[0]) / stem.stride[0] + 1,
            (width - stem.kernel[1]) / stem.stride[1] + 1,
        ];
        Ok(Self { input, stem, grid })
    }

    /// Tokens per sample: every patch of every image, image by image, row by row.
    pub fn tokens(&self) -> usize {
        self.input[0] * self.grid[0] * self.grid[1]
    }

    /// Values in a patch, ordered like a convolution's weight: channel, row, column.
    pub fn patch(&self) -> usize {
        self.input[1] * self.stem.kernel[0] * self.stem.kernel[1]
    }

    /// Appends the patches of one input to `out`; zeros if there is none.
    ///
    /// # Errors
    /// When the input has another size.
    pub fn extend(&self, out: &mut Vec<f32>, input: Option<&[f32]>) -> Result<()> {
        let Some(values) = input else {
            out.resize(out.len() + self.tokens() * self.patch(), 0.0);
            return Ok(());
        };
        let [images, channels, height, width] = self.input;
        if values.len() != images * channels * height * width {
            bail!(
                "features have {} values instead of {:?}",
                values.len(),
                self.input
            );
        }
        let ([kernel_rows, kernel_columns], [down, across]) = (self.stem.kernel, self.stem.stride);
        for image in 0..images {
            for (row, column) in
                (0..self.grid[0]).flat_map(|r| (0..self.grid[1]).map(move |c| (r, c)))
            {
                for channel in 0..channels {
                    let plane = (image * channels + channel) * height;
                    for line in 0..kernel_rows {
                        let start = (plane + row * down + line) * width + column * across;
                        out.extend_from_slice(&values[start..start + kernel_columns]);
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_patches_in_the_order_of_a_convolution() {
        let stem = Stem {
            kernel: [2, 2],
            stride: [2, 1],
        };
        // Two channels of 2×3.
        let layout = PatchLayout::new([1, 2, 2, 3], stem).unwrap();
        let mut out = Vec::new();
        let input: Vec<f32> = (0..12).map(|v| v as f32).collect();
        layout.extend(&mut out, Some(&input)).unwrap();
        assert_eq!((layout.tokens(), layout.patch()), (2, 8));
        assert_eq!(out[..8], [0.0, 1.0, 3.0, 4.0, 6.0, 7.0, 9.0, 10.0]);
        assert_eq!(out[8..], [1.0, 2.0, 4.0, 5.0, 7.0, 8.0, 10.0, 11.0]);
    }

    #[test]
    fn a_kernel_larger_than_the_input_is_refused() {
        let stem = Stem {
            kernel: [3, 2],
            stride: [1, 1],
        };
        assert!(PatchLayout::new([1, 1, 2, 9], stem).is_err());
    }
}
