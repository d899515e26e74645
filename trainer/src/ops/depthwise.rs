//! A convolution of each channel by itself.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::{After, Patches, plain, values, with_values};

/// Σₖ w(k)·x(patch pixel k) + b in each channel, for pictures x `[pictures · rows · columns, channels]`, w
/// `[kernel rows · kernel columns, channels]`, b `[channels]`: `[pictures · patches, channels]`.
///
/// # Errors
/// When the shapes do not fit.
pub fn depthwise(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    patches: Patches,
    after: After,
) -> Result<Tensor> {
    let (pixels, channels) = x.dims2()?;
    patches.check(pixels, "depthwise")?;
    let expected = (patches.kernel[0] * patches.kernel[1], channels);
    if weight.dims2()? != expected || bias.dims1()? != channels {
        bail!(
            "depthwise: x {:?}, weight {:?} and bias {:?} do not fit",
            x.dims(),
            weight.dims(),
            bias.dims()
        );
    }
    if !x.device().is_cpu() {
        return plain::depthwise(x, weight, bias, patches, after);
    }
    x.apply_op3(weight, bias, Depthwise { patches, after })
}

struct Depthwise {
    patches: Patches,
    after: After,
}

impl Depthwise {
    /// Calls `f` with the patch, the number of the kernel's pixel, and the picture's pixel under it.
    fn each(&self, pictures: usize, mut f: impl FnMut(usize, usize, usize)) {
        let [lines, width] = self.patches.kernel;
        for (i, line) in self.patches.lines(pictures).enumerate() {
            let first = i % lines * width + line.skipped;
            for column in 0..line.count {
                f(i / lines, first + column, line.start + column);
            }
        }
    }
}

/// a += b·c, element by element.
fn add_product(a: &mut [f32], b: &[f32], c: &[f32]) {
    for (a, (b, c)) in a.iter_mut().zip(std::iter::zip(b, c)) {
        *a += b * c;
    }
}

impl CustomOp3 for Depthwise {
    fn name(&self) -> &'static str {
        "depthwise"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = values(s1, l1, self.name())?;
        let weight = values(s2, l2, self.name())?;
        let bias = values(s3, l3, self.name())?;
        let (pixels, channels) = l1.shape().dims2()?;
        let pictures = self.patches.pictures(pixels);
        let [rows, columns] = self.patches.grid();
        let patches = pictures * rows * columns;
        let mut y = bias.repeat(patches);
        self.each(pictures, |patch, k, pixel| {
            add_product(
                &mut y[patch * channels..][..channels],
                &weight[k * channels..][..channels],
                &x[pixel * channels..][..channels],
            );
        });
        self.after.apply(&mut y);
        Ok((CpuStorage::F32(y), (patches, channels).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (pixels, channels) = x.dims2()?;
        with_values([x, weight, y, grad], self.name(), |[xs, ws, ys, gs]| {
            let before = self.after.backward(gs, ys);
            let gs = before.as_deref().unwrap_or(gs);
            let mut dx = vec![0.0; xs.len()];
            let mut dw = vec![0.0; ws.len()];
            let mut db = vec![0.0; channels];
            self.each(self.patches.pictures(pixels), |patch, k, pixel| {
                let g = &gs[patch * channels..][..channels];
                let (k, pixel) = (k * channels, pixel * channels);
                add_product(&mut dx[pixel..][..channels], g, &ws[k..][..channels]);
                add_product(&mut dw[k..][..channels], g, &xs[pixel..][..channels]);
            });
            for g in gs.chunks_exact(channels) {
                for (sum, g) in db.iter_mut().zip(g) {
                    *sum += g;
                }
            }
            Ok((
                Some(Tensor::from_vec(dx, x.dims(), x.device())?),
                Some(Tensor::from_vec(dw, weight.dims(), x.device())?),
                Some(Tensor::from_vec(db, bias.dims(), x.device())?),
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::super::{check, unfold};
    use super::*;

    fn padded() -> Patches {
        Patches {
            before: [1, 0],
            behind: [1, 1],
            ..Patches::inside([3, 4], [3, 2], [2, 1])
        }
    }

    #[test]
    fn agrees_with_a_product_over_the_patches_of_each_channel() {
        let (x, w, b) = (
            check::random(1, &[24, 3]),
            check::random(2, &[6, 3]),
            check::random(3, &[3]),
        );
        let found = depthwise(&x, &w, &b, padded(), After::Relu6).unwrap();
        let patches = unfold(&x, padded()).unwrap();
        let (count, _) = patches.dims2().unwrap();
        let expected = patches
            .reshape((count, 6, 3))
            .unwrap()
            .broadcast_mul(&w)
            .unwrap()
            .sum(1)
            .unwrap()
            .broadcast_add(&b)
            .unwrap()
            .clamp(0f32, 6f32)
            .unwrap();
        let difference = (found - expected).unwrap().abs().unwrap();
        let largest: f32 = difference.max_all().unwrap().to_scalar().unwrap();
        assert!(largest < 1e-6, "{largest}");
    }

    #[test]
    fn gradients_agree_with_differences() {
        for after in [After::Identity, After::LeakyFloor] {
            let inputs = [
                check::random(4, &[24, 2]),
                check::random(5, &[6, 2]),
                check::random(6, &[2]),
            ];
            check::gradients(&inputs, |t| depthwise(&t[0], &t[1], &t[2], padded(), after));
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let x = Tensor::zeros((24, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        let (w, b) = (check::random(5, &[6, 3]), check::random(6, &[2]));
        assert!(depthwise(&x, &w, &b, padded(), After::Relu).is_err());
    }
}
