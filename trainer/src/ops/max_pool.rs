//! The largest value under each patch.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{Patches, plain, values, with_values};

/// The largest value of each channel under each patch of pictures `[pictures · rows · columns, channels]`:
/// `[pictures · patches, channels]`.
///
/// # Errors
/// When the pictures have another size, or the kernel does not fit into them.
pub fn max_pool(x: &Tensor, patches: Patches) -> Result<Tensor> {
    patches.check(x.dims2()?.0, "max_pool")?;
    if !x.device().is_cpu() {
        return plain::max_pool(x, patches);
    }
    x.apply_op1(MaxPool(patches))
}

struct MaxPool(Patches);

impl MaxPool {
    /// Where in `x` the largest value of each channel of each patch is; the first, if there are several.
    fn places(&self, x: &[f32], channels: usize) -> Vec<usize> {
        let pictures = self.0.pictures(x.len() / channels);
        let [rows, columns] = self.0.grid();
        let mut places = vec![usize::MAX; pictures * rows * columns * channels];
        for (i, line) in self.0.lines(pictures).enumerate() {
            let places = &mut places[i / self.0.kernel[0] * channels..][..channels];
            for pixel in line.start..line.start + line.count {
                for (channel, place) in places.iter_mut().enumerate() {
                    let here = pixel * channels + channel;
                    if *place == usize::MAX || x[here] > x[*place] {
                        *place = here;
                    }
                }
            }
        }
        places
    }
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        "max_pool"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout, self.name())?;
        let (_, channels) = layout.shape().dims2()?;
        let out: Vec<f32> = self.places(x, channels).iter().map(|&i| x[i]).collect();
        let shape = (out.len() / channels, channels);
        Ok((CpuStorage::F32(out), shape.into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (_, channels) = x.dims2()?;
        with_values([x, grad], self.name(), |[x_values, grad]| {
            let mut dx = vec![0.0; x_values.len()];
            for (&place, g) in self.places(x_values, channels).iter().zip(grad) {
                dx[place] += g;
            }
            Ok(Some(Tensor::from_vec(dx, x.dims(), x.device())?))
        })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::super::check;
    use super::*;

    #[test]
    fn the_largest_of_each_channel_is_kept() {
        let values = vec![1.0f32, -8.0, 5.0, -2.0, 3.0, -4.0, 0.0, -1.0];
        let x = Tensor::from_vec(values, (4, 2), &Device::Cpu).unwrap();
        let out = max_pool(&x, Patches::inside([2, 2], [2, 1], [1, 1])).unwrap();
        assert_eq!(out.to_vec2::<f32>().unwrap(), [[3.0, -4.0], [5.0, -1.0]]);
    }

    #[test]
    fn gradients_agree_with_differences() {
        // Values far enough apart that a difference does not change which is the largest.
        let values: Vec<f32> = (0..24).map(|i| ((i * 7) % 24) as f32 * 0.3).collect();
        let x = Tensor::from_vec(values, (12, 2), &Device::Cpu).unwrap();
        let sizes = Patches::inside([3, 4], [2, 2], [1, 2]);
        check::gradients(&[x], |t| max_pool(&t[0], sizes));
    }
}
