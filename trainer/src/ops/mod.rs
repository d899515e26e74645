//! Operations with a hand-written backward pass.
//!
//! Candle's fused layer norm and softmax have no backward pass: everything upstream of them silently
//! stops learning (huggingface/candle#2168). Built from primitive operations they train, but most of
//! a step is then spent on temporary tensors. These few operations cover a transformer block and a
//! convolutional network; each is one pass forward and one backward, single-threaded: the trainer runs
//! one shard of the batch per thread instead. They run on the CPU; tensors elsewhere take the plain form.

mod after;
mod attention;
mod depthwise;
mod layer_norm;
mod linear;
mod matrix;
mod max_pool;
mod patches;
mod plain;
mod softmax;
mod unfold;

pub use after::{After, FLOOR, LEAK};
pub use attention::self_attention;
pub use depthwise::depthwise;
pub use layer_norm::{LAYER_NORM_EPSILON, layer_norm};
pub use linear::linear;
pub use max_pool::max_pool;
pub use patches::Patches;
pub use unfold::unfold;

use candle_core::{CpuStorage, Layout, Result, Tensor, bail};

/// The values of a contiguous f32 tensor, as a custom operation gets it.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout, op: &'static str) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("{op} needs contiguous tensors"),
    }
}

/// Runs `f` on the values of contiguous tensors without copying them.
fn with_values<const N: usize, R>(
    tensors: [&Tensor; N],
    op: &'static str,
    f: impl FnOnce([&[f32]; N]) -> Result<R>,
) -> Result<R> {
    let contiguous = tensors
        .iter()
        .map(|tensor| tensor.contiguous())
        .collect::<Result<Vec<_>>>()?;
    let held: Vec<_> = contiguous.iter().map(Tensor::storage_and_layout).collect();
    let mut slices: [&[f32]; N] = [&[]; N];
    for (slice, (storage, layout)) in slices.iter_mut().zip(&held) {
        *slice = match &**storage {
            candle_core::Storage::Cpu(storage) => values(storage, layout, op)?,
            _ => bail!("{op} runs on the CPU"),
        };
    }
    f(slices)
}

#[cfg(test)]
pub(crate) mod check {
    //! Compares a backward pass with central differences.

    use candle_core::{Device, Result, Tensor, Var};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// A tensor of uniform values in −1..1.
    pub(crate) fn random(seed: u64, shape: &[usize]) -> Tensor {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| rng.random_range(-1.0..1.0)).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// Asserts that the gradient of Σ f(inputs)·w for a fixed random w agrees with central
    /// differences in every element of every input.
    pub(crate) fn gradients(inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) {
        let vars: Vec<Var> = inputs
            .iter()
            .map(|t| Var::from_tensor(t).unwrap())
            .collect();
        let tensors: Vec<Tensor> = vars.iter().map(|v| v.as_tensor().clone()).collect();
        let out = f(&tensors).unwrap();
        let weights = random(99, out.dims());
        let objective = |tensors: &[Tensor]| -> Tensor {
            (f(tensors).unwrap() * &weights).unwrap().sum_all().unwrap()
        };
        let grads = objective(&tensors).backward().unwrap();
        let step = 1e-2f32;
        for (which, input) in inputs.iter().enumerate() {
            let grad = grads
                .get(vars[which].as_tensor())
                .unwrap_or_else(|| panic!("input {which} has no gradient"));
            let grad: Vec<f32> = grad.flatten_all().unwrap().to_vec1().unwrap();
            let base: Vec<f32> = input.flatten_all().unwrap().to_vec1().unwrap();
            for i in 0..base.len() {
                let at = |delta: f32| -> f32 {
                    let mut moved = base.clone();
                    moved[i] += delta;
                    let mut changed = inputs.to_vec();
                    changed[which] = Tensor::from_vec(moved, input.dims(), &Device::Cpu).unwrap();
                    objective(&changed).to_scalar().unwrap()
                };
                let expected = (at(step) - at(-step)) / (2.0 * step);
                let tolerance = 2e-3 + 2e-2 * expected.abs();
                assert!(
                    (grad[i] - expected).abs() < tolerance,
                    "input {which} element {i}: {} instead of {expected}",
                    grad[i]
                );
            }
        }
    }
}
