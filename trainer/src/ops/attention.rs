//! Multi-head self-attention of an encoder block, between its two linear layers.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::matrix::{Into, Matrix, multiply};
use super::softmax::softmax_in_place;
use super::{plain, values, with_values};

/// softmax(q·kᵀ/√(d/heads))·v in each head, heads side by side (Vaswani et al. 2017).
///
/// `qkv` is `[samples · tokens, 3·d]`: query, key and value of each token, each split in heads. The
/// result is `[samples · tokens, d]`. Tokens attend to the tokens of their own sample.
///
/// # Errors
/// When the shapes do not fit.
pub fn self_attention(qkv: &Tensor, tokens: usize, heads: usize) -> Result<Tensor> {
    let (rows, width) = qkv.dims2()?;
    if tokens == 0 || heads == 0 || !rows.is_multiple_of(tokens) || !width.is_multiple_of(3 * heads)
    {
        bail!("attention: {rows}×{width} does not split into {tokens} tokens and {heads} heads");
    }
    if !qkv.device().is_cpu() {
        return plain::self_attention(qkv, tokens, heads);
    }
    qkv.apply_op1(SelfAttention {
        tokens,
        heads,
        d: width / 3,
    })
}

struct SelfAttention {
    tokens: usize,
    heads: usize,
    d: usize,
}

impl SelfAttention {
    fn head(&self) -> usize {
        self.d / self.heads
    }

    fn scale(&self) -> f32 {
        (self.head() as f32).sqrt().recip()
    }

    /// Query, key or value (0, 1, 2) of one head in one sample's rows of `qkv`.
    fn part<'a>(&self, sample: &'a [f32], which: usize, head: usize) -> Matrix<'a> {
        let offset = which * self.d + head * self.head();
        Matrix::rows(&sample[offset..], self.tokens, self.head(), 3 * self.d)
    }

    /// Attention weights `[tokens, tokens]` of one head.
    fn weights(&self, sample: &[f32], head: usize, weights: &mut [f32]) {
        let query = self.part(sample, 0, head);
        let key = self.part(sample, 1, head);
        multiply(
            weights,
            self.tokens,
            Into::Replace,
            self.scale(),
            query,
            key.transposed(),
        );
        for row in weights.chunks_exact_mut(self.tokens) {
            softmax_in_place(row);
        }
    }
}

impl CustomOp1 for SelfAttention {
    fn name(&self) -> &'static str {
        "self-attention"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let qkv = values(storage, layout, self.name())?;
        let (tokens, d) = (self.tokens, self.d);
        let rows = qkv.len() / (3 * d);
        let mut out = vec![0.0; rows * d];
        let mut weights = vec![0.0; tokens * tokens];
        for (sample, out) in qkv
            .chunks_exact(tokens * 3 * d)
            .zip(out.chunks_exact_mut(tokens * d))
        {
            for head in 0..self.heads {
                self.weights(sample, head, &mut weights);
                multiply(
                    &mut out[head * self.head()..],
                    d,
                    Into::Replace,
                    1.0,
                    Matrix::rows(&weights, tokens, tokens, tokens),
                    self.part(sample, 2, head),
                );
            }
        }
        Ok((CpuStorage::F32(out), (rows, d).into()))
    }

    fn bwd(&self, qkv: &Tensor, _out: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (tokens, d, size) = (self.tokens, self.d, self.head());
        with_values([qkv, grad], self.name(), |[xs, gs]| {
            let mut dx = vec![0.0; xs.len()];
            // Recomputed rather than kept: cheaper than the memory traffic of storing them.
            let mut weights = vec![0.0; tokens * tokens];
            let mut dscores = vec![0.0; tokens * tokens];
            for ((sample, g), dx) in xs
                .chunks_exact(tokens * 3 * d)
                .zip(gs.chunks_exact(tokens * d))
                .zip(dx.chunks_exact_mut(tokens * 3 * d))
            {
                for head in 0..self.heads {
                    self.weights(sample, head, &mut weights);
                    let g = Matrix::rows(&g[head * size..], tokens, size, d);
                    let value = self.part(sample, 2, head);
                    multiply(
                        &mut dscores,
                        tokens,
                        Into::Replace,
                        1.0,
                        g,
                        value.transposed(),
                    );
                    // Through the softmax: ds = p ∘ (dp − Σ p·dp).
                    for (ds, p) in dscores
                        .chunks_exact_mut(tokens)
                        .zip(weights.chunks_exact(tokens))
                    {
                        let mean: f32 = std::iter::zip(&*ds, p).map(|(ds, p)| ds * p).sum();
                        for (ds, p) in std::iter::zip(ds, p) {
                            *ds = p * (*ds - mean);
                        }
                    }
                    let ds = Matrix::rows(&dscores, tokens, tokens, tokens);
                    let p = Matrix::rows(&weights, tokens, tokens, tokens);
                    let (query, key) = (self.part(sample, 0, head), self.part(sample, 1, head));
                    let mut write = |which: usize, scale: f32, a: Matrix, b: Matrix| {
                        let offset = which * d + head * size;
                        multiply(&mut dx[offset..], 3 * d, Into::Replace, scale, a, b);
                    };
                    write(0, self.scale(), ds, key);
                    write(1, self.scale(), ds.transposed(), query);
                    write(2, 1.0, p.transposed(), g);
                }
            }
            Ok(Some(Tensor::from_vec(dx, qkv.dims(), qkv.device())?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn agrees_with_primitive_operations() {
        let (samples, tokens, heads, size) = (2, 5, 3, 4);
        let d = heads * size;
        let qkv = check::random(1, &[samples * tokens, 3 * d]);
        let found = self_attention(&qkv, tokens, heads).unwrap();
        let split = qkv
            .reshape((samples, tokens, 3, heads, size))
            .unwrap()
            .permute((2, 0, 3, 1, 4))
            .unwrap();
        let part = |i| split.get(i).unwrap().contiguous().unwrap();
        let scores =
            (part(0).matmul(&part(1).t().unwrap()).unwrap() / (size as f64).sqrt()).unwrap();
        let exp = scores.exp().unwrap();
        let weights = exp.broadcast_div(&exp.sum_keepdim(3).unwrap()).unwrap();
        let expected = weights
            .matmul(&part(2))
            .unwrap()
            .transpose(1, 2)
            .unwrap()
            .reshape((samples * tokens, d))
            .unwrap();
        let difference = (found - expected).unwrap().abs().unwrap();
        let largest: f32 = difference.max_all().unwrap().to_scalar().unwrap();
        assert!(largest < 1e-5, "{largest}");
    }

    #[test]
    fn gradients_agree_with_differences() {
        let inputs = [check::random(2, &[6, 12])];
        check::gradients(&inputs, |t| self_attention(&t[0], 3, 2));
    }
}
