//! Patches of pictures side by side, for a convolution as one matrix product.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{Patches, plain, values, with_values};

/// Patches `[pictures · patches, kernel rows · kernel columns · channels]` of pictures
/// `[pictures · rows · columns, channels]`.
///
/// # Errors
/// When the pictures have another size, or the kernel does not fit into them.
pub fn unfold(x: &Tensor, patches: Patches) -> Result<Tensor> {
    patches.check(x.dims2()?.0, "unfold")?;
    if !x.device().is_cpu() {
        return plain::unfold(x, patches);
    }
    x.apply_op1(Unfold(patches))
}

struct Unfold(Patches);

impl CustomOp1 for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout, self.name())?;
        let (pixels, channels) = layout.shape().dims2()?;
        let pictures = self.0.pictures(pixels);
        let [rows, columns] = self.0.grid();
        let patches = pictures * rows * columns;
        let width = self.0.kernel[1];
        let patch = self.0.kernel[0] * width * channels;
        let mut out = Vec::with_capacity(patches * patch);
        for line in self.0.lines(pictures) {
            let end = out.len() + width * channels;
            out.resize(out.len() + line.skipped * channels, 0.0);
            out.extend_from_slice(&x[line.start * channels..][..line.count * channels]);
            out.resize(end, 0.0);
        }
        Ok((CpuStorage::F32(out), (patches, patch).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (pixels, channels) = x.dims2()?;
        let width = self.0.kernel[1] * channels;
        with_values([grad], self.name(), |[grad]| {
            let mut dx = vec![0.0; pixels * channels];
            let lines = self.0.lines(self.0.pictures(pixels));
            for (line, part) in lines.zip(grad.chunks_exact(width)) {
                let covered = &mut dx[line.start * channels..][..line.count * channels];
                for (sum, g) in std::iter::zip(covered, &part[line.skipped * channels..]) {
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

    fn sizes() -> Patches {
        Patches::inside([3, 4], [2, 2], [1, 2])
    }

    #[test]
    fn patches_are_ordered_by_row_column_channel() {
        // Pixel p of two pictures has the values 10·p and 10·p + 1.
        let values: Vec<f32> = (0..24)
            .flat_map(|p| [10.0 * p as f32, 10.0 * p as f32 + 1.0])
            .collect();
        let x = Tensor::from_vec(values, (24, 2), &Device::Cpu).unwrap();
        let rows = unfold(&x, sizes()).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!((rows.len(), rows[0].len()), (8, 8));
        assert_eq!(rows[0], [0.0, 1.0, 10.0, 11.0, 40.0, 41.0, 50.0, 51.0]);
        // Second patch down, second across, in the second picture.
        assert_eq!(
            rows[7],
            [180.0, 181.0, 190.0, 191.0, 220.0, 221.0, 230.0, 231.0]
        );
    }

    #[test]
    fn what_lies_outside_is_zero() {
        let x =
            Tensor::from_vec((1..=6).map(|v| v as f32).collect(), (6, 1), &Device::Cpu).unwrap();
        let padded = Patches {
            before: [1, 1],
            behind: [0, 1],
            ..Patches::inside([2, 3], [2, 3], [1, 2])
        };
        let rows = unfold(&x, padded).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(
            rows,
            [
                [0.0, 0.0, 0.0, 0.0, 1.0, 2.0],
                [0.0, 0.0, 0.0, 2.0, 3.0, 0.0],
                [0.0, 1.0, 2.0, 0.0, 4.0, 5.0],
                [2.0, 3.0, 0.0, 5.0, 6.0, 0.0]
            ]
        );
    }

    #[test]
    fn gradients_agree_with_differences() {
        check::gradients(&[check::random(1, &[24, 3])], |t| unfold(&t[0], sizes()));
        let padded = Patches {
            before: [1, 0],
            behind: [1, 1],
            ..sizes()
        };
        check::gradients(&[check::random(1, &[24, 3])], |t| unfold(&t[0], padded));
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        let x = check::random(2, &[24, 2]);
        for (kernel, stride) in [([4, 1], [1, 1]), ([0, 1], [1, 1]), ([1, 1], [0, 1])] {
            assert!(unfold(&x, Patches::inside([3, 4], kernel, stride)).is_err());
        }
        assert!(unfold(&check::random(3, &[23, 2]), sizes()).is_err());
    }
}
