//! Patches of a picture whose channels lie side by side, for a convolution as one matrix product.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::{values, with_values};

/// The sizes of an [`unfold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfold {
    /// Rows and columns of a picture.
    pub picture: [usize; 2],
    /// Rows and columns of a patch.
    pub kernel: [usize; 2],
    /// Rows and columns from one patch to the next.
    pub stride: [usize; 2],
}

impl Unfold {
    /// Patches down and across.
    fn grid(&self) -> [usize; 2] {
        [0, 1].map(|i| (self.picture[i] - self.kernel[i]) / self.stride[i] + 1)
    }

    /// Where each line of each patch begins, counted in pixels, patch by patch.
    fn lines(&self, pictures: usize) -> impl Iterator<Item = usize> {
        let Self {
            picture: [rows, columns],
            kernel: [lines, _],
            stride: [down, across],
        } = *self;
        let [grid_rows, grid_columns] = self.grid();
        (0..pictures * grid_rows * grid_columns).flat_map(move |patch| {
            let (row, column) = (patch / grid_columns, patch % grid_columns);
            let (picture, row) = (row / grid_rows, row % grid_rows);
            let first = (picture * rows + row * down) * columns + column * across;
            (0..lines).map(move |line| first + line * columns)
        })
    }
}

/// Patches `[pictures · patches, kernel rows · kernel columns · channels]` of pictures
/// `[pictures · rows · columns, channels]`.
///
/// # Errors
/// When the pictures have another size, or the kernel does not fit into them.
pub fn unfold(x: &Tensor, sizes: Unfold) -> Result<Tensor> {
    let (pixels, _) = x.dims2()?;
    let Unfold {
        picture: [rows, columns],
        kernel,
        stride,
    } = sizes;
    let fits = (1..=rows).contains(&kernel[0]) && (1..=columns).contains(&kernel[1]);
    if !fits || stride.contains(&0) || !pixels.is_multiple_of(rows * columns) {
        bail!("unfold: {sizes:?} does not fit x {:?}", x.dims());
    }
    x.apply_op1(sizes)
}

impl CustomOp1 for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout, self.name())?;
        let (pixels, channels) = layout.shape().dims2()?;
        let pictures = pixels / (self.picture[0] * self.picture[1]);
        let [grid_rows, grid_columns] = self.grid();
        let patches = pictures * grid_rows * grid_columns;
        let patch = self.kernel[0] * self.kernel[1] * channels;
        let line = self.kernel[1] * channels;
        let mut out = Vec::with_capacity(patches * patch);
        for start in self.lines(pictures) {
            out.extend_from_slice(&x[start * channels..][..line]);
        }
        Ok((CpuStorage::F32(out), (patches, patch).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (pixels, channels) = x.dims2()?;
        let pictures = pixels / (self.picture[0] * self.picture[1]);
        let line = self.kernel[1] * channels;
        with_values([grad], self.name(), |[grad]| {
            let mut dx = vec![0.0; pixels * channels];
            for (start, part) in self.lines(pictures).zip(grad.chunks_exact(line)) {
                for (sum, g) in std::iter::zip(&mut dx[start * channels..][..line], part) {
                    *sum += g;
                }
            }
            Ok(Some(Tensor::from_vec(dx, (pixels, channels), x.device())?))
        })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::super::check;
    use super::*;

    const SIZES: Unfold = Unfold {
        picture: [3, 4],
        kernel: [2, 2],
        stride: [1, 2],
    };

    #[test]
    fn patches_are_ordered_by_row_column_channel() {
        // Pixel p of two pictures has the values 10·p and 10·p + 1.
        let values: Vec<f32> = (0..24)
            .flat_map(|p| [10.0 * p as f32, 10.0 * p as f32 + 1.0])
            .collect();
        let x = Tensor::from_vec(values, (24, 2), &Device::Cpu).unwrap();
        let rows = unfold(&x, SIZES).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!((rows.len(), rows[0].len()), (8, 8));
        assert_eq!(rows[0], [0.0, 1.0, 10.0, 11.0, 40.0, 41.0, 50.0, 51.0]);
        // Second patch down, second across, in the second picture.
        assert_eq!(
            rows[7],
            [180.0, 181.0, 190.0, 191.0, 220.0, 221.0, 230.0, 231.0]
        );
    }

    #[test]
    fn gradients_agree_with_differences() {
        check::gradients(&[check::random(1, &[24, 3])], |t| unfold(&t[0], SIZES));
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        let x = check::random(2, &[24, 2]);
        for (kernel, stride) in [([4, 1], [1, 1]), ([0, 1], [1, 1]), ([1, 1], [0, 1])] {
            assert!(
                unfold(
                    &x,
                    Unfold {
                        kernel,
                        stride,
                        ..SIZES
                    }
                )
                .is_err()
            );
        }
        assert!(unfold(&check::random(3, &[23, 2]), SIZES).is_err());
    }
}
