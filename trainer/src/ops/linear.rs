//! y = x·Wᵀ + b, with the non-linearity that follows it.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::matrix::{Into, Matrix, multiply};
use super::{After, plain, values, with_values};

/// x·Wᵀ + b for x `[n, in]`, W `[out, in]`, b `[period, out]`: row i gets row i mod `period` of b.
///
/// A period of 1 is an ordinary bias; a period of the tokens in a sample adds a position embedding
/// in the same pass.
///
/// # Errors
/// When the shapes do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor, after: After) -> Result<Tensor> {
    let (n, input) = x.dims2()?;
    let (output, expected) = weight.dims2()?;
    let (period, width) = bias.dims2()?;
    if input != expected || width != output || period == 0 || !n.is_multiple_of(period) {
        bail!(
            "linear: x {:?}, weight {:?} and bias {:?} do not fit",
            x.dims(),
            weight.dims(),
            bias.dims()
        );
    }
    if !x.device().is_cpu() {
        return plain::linear(x, weight, bias, after);
    }
    let needs_input_gradient = x.track_op();
    x.apply_op3(
        weight,
        bias,
        Linear {
            n,
            input,
            output,
            period,
            after,
            needs_input_gradient,
        },
    )
}

struct Linear {
    n: usize,
    input: usize,
    output: usize,
    period: usize,
    after: After,
    needs_input_gradient: bool,
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
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
        let mut y = Vec::with_capacity(self.n * self.output);
        for _ in 0..self.n / self.period {
            y.extend_from_slice(bias);
        }
        multiply(
            &mut y,
            self.output,
            Into::Add,
            1.0,
            Matrix::rows(x, self.n, self.input, self.input),
            Matrix::rows(weight, self.output, self.input, self.input).transposed(),
        );
        self.after.apply(&mut y);
        Ok((CpuStorage::F32(y), (self.n, self.output).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _bias: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Self {
            n, input, output, ..
        } = *self;
        with_values([x, weight, y, grad], self.name(), |[xs, ws, ys, gs]| {
            let before = self.after.backward(gs, ys);
            let gs = before.as_deref().unwrap_or(gs);
            let gradient = Matrix::rows(gs, n, output, output);
            let dx = if self.needs_input_gradient {
                let mut dx = vec![0.0; n * input];
                let weight = Matrix::rows(ws, output, input, input);
                multiply(&mut dx, input, Into::Replace, 1.0, gradient, weight);
                Some(Tensor::from_vec(dx, (n, input), x.device())?)
            } else {
                None
            };
            let mut dw = vec![0.0; output * input];
            multiply(
                &mut dw,
                input,
                Into::Replace,
                1.0,
                gradient.transposed(),
                Matrix::rows(xs, n, input, input),
            );
            let mut db = vec![0.0; self.period * output];
            for chunk in gs.chunks_exact(self.period * output) {
                for (sum, g) in std::iter::zip(&mut db, chunk) {
                    *sum += g;
                }
            }
            Ok((
                dx,
                Some(Tensor::from_vec(dw, (output, input), x.device())?),
                Some(Tensor::from_vec(db, (self.period, output), x.device())?),
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn agrees_with_primitive_operations() {
        let (x, w, b) = (
            check::random(1, &[6, 5]),
            check::random(2, &[4, 5]),
            check::random(3, &[3, 4]),
        );
        let tiled = Tensor::cat(&[&b, &b], 0).unwrap();
        let expected = (x.matmul(&w.t().unwrap()).unwrap() + tiled).unwrap();
        for (after, expected) in [
            (After::Identity, expected.clone()),
            (After::Relu, expected.relu().unwrap()),
        ] {
            let found = linear(&x, &w, &b, after).unwrap();
            let difference = (found - expected).unwrap().abs().unwrap();
            let largest: f32 = difference.max_all().unwrap().to_scalar().unwrap();
            assert!(largest < 1e-5, "{after:?}: {largest}");
        }
    }

    #[test]
    fn gradients_agree_with_differences() {
        for after in [After::Identity, After::Relu] {
            let inputs = [
                check::random(4, &[6, 5]),
                check::random(5, &[4, 5]),
                check::random(6, &[2, 4]),
            ];
            check::gradients(&inputs, |t| linear(&t[0], &t[1], &t[2], after));
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let x = check::random(7, &[6, 5]);
        let w = check::random(8, &[4, 5]);
        assert!(linear(&x, &w, &check::random(9, &[4, 4]), After::Identity).is_err());
        assert!(linear(&x, &w, &check::random(9, &[1, 5]), After::Identity).is_err());
    }
}
