//! Layer normalisation over the last dimension.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::{plain, values, with_values};

/// Added to the variance; the same value stands in the exported graphs.
pub const LAYER_NORM_EPSILON: f32 = 1e-5;

/// (x − mean)/√(variance + ε)·weight + bias for each row of x `[n, d]`, weight and bias `[d]`
/// (Ba, Kiros, Hinton 2016).
///
/// # Errors
/// When the shapes do not fit.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let (_, d) = x.dims2()?;
    if weight.dims() != [d] || bias.dims() != [d] {
        bail!(
            "layer norm: x {:?} and weight {:?} do not fit",
            x.dims(),
            weight.dims()
        );
    }
    if !x.device().is_cpu() {
        return plain::layer_norm(x, weight, bias);
    }
    x.apply_op3(weight, bias, LayerNorm { d })
}

struct LayerNorm {
    d: usize,
}

/// Mean and reciprocal standard deviation of one row.
fn statistics(row: &[f32]) -> (f32, f32) {
    let d = row.len() as f32;
    let mean = row.iter().sum::<f32>() / d;
    let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / d;
    (mean, (variance + LAYER_NORM_EPSILON).sqrt().recip())
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
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
        let mut y = vec![0.0; x.len()];
        for (row, out) in std::iter::zip(x.chunks_exact(self.d), y.chunks_exact_mut(self.d)) {
            let (mean, scale) = statistics(row);
            for i in 0..self.d {
                out[i] = (row[i] - mean) * scale * weight[i] + bias[i];
            }
        }
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _bias: &Tensor,
        _y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let d = self.d;
        with_values([x, weight, grad], self.name(), |[xs, ws, gs]| {
            let mut dx = vec![0.0; xs.len()];
            let mut dw = vec![0.0; d];
            let mut db = vec![0.0; d];
            // One row of x normalised and of the gradient times the weight.
            let mut normal = vec![0.0; d];
            let mut scaled = vec![0.0; d];
            for ((row, g), out) in xs
                .chunks_exact(d)
                .zip(gs.chunks_exact(d))
                .zip(dx.chunks_exact_mut(d))
            {
                let (mean, scale) = statistics(row);
                for i in 0..d {
                    normal[i] = (row[i] - mean) * scale;
                    scaled[i] = g[i] * ws[i];
                    dw[i] += g[i] * normal[i];
                    db[i] += g[i];
                }
                let mean_scaled = scaled.iter().sum::<f32>() / d as f32;
                let projection = std::iter::zip(&scaled, &normal)
                    .map(|(s, n)| s * n)
                    .sum::<f32>()
                    / d as f32;
                for i in 0..d {
                    out[i] = scale * (scaled[i] - mean_scaled - normal[i] * projection);
                }
            }
            Ok((
                Some(Tensor::from_vec(dx, x.dims(), x.device())?),
                Some(Tensor::from_vec(dw, d, x.device())?),
                Some(Tensor::from_vec(db, d, x.device())?),
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn rows_are_normalised() {
        let x = (check::random(1, &[5, 64]) * 3.0).unwrap();
        let one = Tensor::ones(64, x.dtype(), x.device()).unwrap();
        let y = layer_norm(&x, &one, &one.zeros_like().unwrap()).unwrap();
        for row in y.to_vec2::<f32>().unwrap() {
            let mean = row.iter().sum::<f32>() / 64.0;
            let variance = row.iter().map(|v| v * v).sum::<f32>() / 64.0;
            assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn gradients_agree_with_differences() {
        let inputs = [
            check::random(2, &[4, 8]),
            check::random(3, &[8]),
            check::random(4, &[8]),
        ];
        check::gradients(&inputs, |t| layer_norm(&t[0], &t[1], &t[2]));
    }
}
