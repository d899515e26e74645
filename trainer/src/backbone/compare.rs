//! Whether a network gives what the original gives.

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use safetensors::{Dtype, SafeTensors};

use super::{Backbone, Plan, Tensors};
use crate::model::{Convolutions, little_endian};

/// How far one layer is from the original's.
#[derive(Debug, Clone)]
pub struct LayerDifference {
    /// Its name.
    pub name: String,
    /// Largest absolute difference.
    pub difference: f32,
    /// Largest absolute value of the original's.
    pub largest: f32,
}

impl LayerDifference {
    /// The difference as a share of the largest value.
    pub fn share(&self) -> f32 {
        self.difference / self.largest.max(f32::MIN_POSITIVE)
    }
}

/// Runs a network with these weights on the `input` of `reference` and compares each layer with the tensor of its name,
/// `[channels, rows, columns]`; then, where there is a `long.input`, what it gives for that with `long.output`.
///
/// # Errors
/// When a tensor is missing or has another shape, or the weights do not fit the network.
pub fn compare(
    backbone: Backbone,
    weights: &Tensors,
    reference: &SafeTensors,
) -> Result<Vec<LayerDifference>> {
    let (plan, layers) = run(backbone, weights, reference, "input")?;
    let mut differences = Vec::new();
    for (step, (name, found)) in plan.steps.iter().zip(&layers) {
        let (shape, expected) = planes(reference, name)?;
        ensure!(
            shape == step.output,
            "{name} is {shape:?} in the original and {:?} here",
            step.output
        );
        differences.push(difference(name, found, &expected)?);
    }
    if reference.tensor("long.input").is_ok() {
        let (_, layers) = run(backbone, weights, reference, "long.input")?;
        let (_, last) = layers.last().context("a network has layers")?;
        let (_, expected) = planes(reference, "long.output")?;
        differences.push(difference("long.output", last, &expected)?);
    }
    Ok(differences)
}

fn run(
    backbone: Backbone,
    weights: &Tensors,
    reference: &SafeTensors,
    input: &str,
) -> Result<(Plan, Vec<(String, Tensor)>)> {
    let (size, values) = planes(reference, input)?;
    let plan = Plan::new(&backbone.network(), None, size)?;
    let layers = Convolutions::with_weights(&plan, weights)?.layers(&values)?;
    Ok((plan, layers))
}

fn planes(reference: &SafeTensors, name: &str) -> Result<([usize; 3], Vec<f32>)> {
    let view = reference
        .tensor(name)
        .with_context(|| format!("the original gives no {name}"))?;
    let shape = <[usize; 3]>::try_from(view.shape().to_vec());
    let (Ok(shape), Dtype::F32) = (shape, view.dtype()) else {
        anyhow::bail!("{name} is no f32 tensor of channels, rows and columns");
    };
    Ok((shape, little_endian(view.data())))
}

/// `found` is pixels with their channels side by side, `expected` plane by plane.
fn difference(name: &str, found: &Tensor, expected: &[f32]) -> Result<LayerDifference> {
    let found = found.t()?.flatten_all()?.to_vec1::<f32>()?;
    ensure!(
        found.len() == expected.len(),
        "{name} has {} values in the original and {} here",
        expected.len(),
        found.len()
    );
    let far = |(a, b): (&f32, &f32)| {
        if (a - b).is_finite() {
            (a - b).abs()
        } else {
            f32::INFINITY
        }
    };
    Ok(LayerDifference {
        name: name.to_owned(),
        difference: found.iter().zip(expected).map(far).fold(0.0, f32::max),
        largest: expected.iter().fold(0.0, |most, v| v.abs().max(most)),
    })
}
