//! Rows times constant weights, with the bias, the rectifier and the sum that come behind.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::math::Add;

use super::tile::{Columns, GROUP, Product, Rows, Starts, pack, packs_well};
use super::{axes, constant, is_binary, only_reader, rectifier, shape, values};

/// x·W + b, at least zero if `rectified`, plus the second input if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Linear {
    /// As [`pack`] gives them.
    weights: Arc<Tensor>,
    /// Up to a whole group of columns.
    bias: Arc<Tensor>,
    columns: usize,
    /// Values in a row of x.
    steps: usize,
    rows: usize,
    rectified: bool,
    /// Of the output.
    shape: TVec<usize>,
}

/// Products of `[rows, steps]` and `[steps, columns]`, in any number of axes that lie so in memory.
const PRODUCTS: [&str; 4] = ["01,12->02", "012,23->13", "01,12->302", "012,123->403"];

/// A product with constant weights, and what follows it.
pub fn find(model: &TypedModel, node: &TypedNode) -> TractResult<Option<TypedModelPatch>> {
    let Some(mut linear) = product(model, node)? else {
        return Ok(None);
    };
    let mut last = node;
    if let Some((next, bias)) = bias(model, last, linear.columns)? {
        linear.bias = Arc::new(tensor1(&bias));
        last = next;
    }
    if let Some(next) = rectifier(model, last) {
        linear.rectified = true;
        last = next;
    }
    let other = other_term(model, last, &linear.shape);
    let mut patch = TypedModelPatch::default();
    let mut inputs = tvec![patch.tap_model(model, node.inputs[0])?];
    if let Some((next, other)) = other {
        inputs.push(patch.tap_model(model, other)?);
        last = next;
    }
    let output = patch.wire_node(&last.name, linear, &inputs)?;
    patch.shunt_outside(model, OutletId::new(last.id, 0), output[0])?;
    Ok(Some(patch))
}

/// The product that `node` is, if its weights are constant.
fn product(model: &TypedModel, node: &TypedNode) -> TractResult<Option<Linear>> {
    let known = node
        .op_as::<EinSum>()
        .is_some_and(|op| op.q_params.is_none() && PRODUCTS.contains(&axes(&op.axes).as_str()));
    let (Some(given), Some(weights)) = (shape(model, node, 0), constant(model, node, 1)) else {
        return Ok(None);
    };
    let written = node.outputs[0].fact.shape.as_concrete();
    let (true, Some(written), Some(&columns)) = (known, written, weights.shape().last()) else {
        return Ok(None);
    };
    let numbers = values(&weights)?;
    let rows = written.iter().product::<usize>() / columns.max(1);
    let steps = numbers.len() / columns.max(1);
    // An axis that is summed up or left out must not be longer than one.
    if rows == 0 || steps == 0 || rows * steps != given.iter().product::<usize>() {
        return Ok(None);
    }
    if !packs_well(columns, steps) {
        return Ok(None);
    }
    let packed = pack(columns, steps, |column, step| {
        numbers[step * columns + column]
    });
    Ok(Some(Linear {
        weights: Arc::new(tensor1(&packed)),
        bias: Arc::new(tensor1(&vec![0.0f32; columns.next_multiple_of(GROUP)])),
        columns,
        steps,
        rows,
        rectified: false,
        shape: written.into(),
    }))
}

/// The addition of a constant row behind `node`, and the row up to a whole group.
fn bias<'a>(
    model: &'a TypedModel,
    node: &TypedNode,
    columns: usize,
) -> TractResult<Option<(&'a TypedNode, Vec<f32>)>> {
    let Some(next) = addition(model, node) else {
        return Ok(None);
    };
    let other = usize::from(next.inputs[0].node == node.id);
    let Some(row) = constant(model, next, other) else {
        return Ok(None);
    };
    let mut bias = values(&row)?.to_vec();
    if row.shape().last() != Some(&columns) || bias.len() != columns {
        return Ok(None);
    }
    bias.resize(columns.next_multiple_of(GROUP), 0.0);
    Ok(Some((next, bias)))
}

/// The addition of something of the same shape behind `node`, and that.
fn other_term<'a>(
    model: &'a TypedModel,
    node: &TypedNode,
    written: &[usize],
) -> Option<(&'a TypedNode, OutletId)> {
    let next = addition(model, node)?;
    let other = usize::from(next.inputs[0].node == node.id);
    (shape(model, next, other)?.as_slice() == written).then(|| (next, next.inputs[other]))
}

/// The addition that alone reads what `node` gives, and gives the same shape.
fn addition<'a>(model: &'a TypedModel, node: &TypedNode) -> Option<&'a TypedNode> {
    let next = only_reader(model, node)?;
    let same = next.outputs[0].fact.shape == node.outputs[0].fact.shape;
    (same && is_binary::<Add>(next) && next.inputs[0] != next.inputs[1]).then_some(next)
}

impl Op for Linear {
    fn name(&self) -> StaticName {
        "EvenkeelLinear".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Linear {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let mut output = Tensor::zero::<f32>(&self.shape)?;
        let mut view = output.try_as_plain_ram_mut()?;
        let given = view.as_slice_mut::<f32>()?;
        Product {
            rows: Rows {
                values: values(&inputs[0])?,
                starts: Starts::Every {
                    rows: self.rows,
                    distance: self.steps,
                    first: 0,
                },
                lines: 1,
                stride: 0,
                run: self.steps,
            },
            columns: Columns {
                packed: values(&self.weights)?,
                count: self.columns,
            },
            bias: values(&self.bias)?,
            rectified: self.rectified,
            output: given,
            output_stride: self.columns,
        }
        .run();
        if let Some(other) = inputs.get(1) {
            for (sum, term) in given.iter_mut().zip(values(other)?) {
                *sum += term;
            }
        }
        Ok(tvec![output.into_tvalue()])
    }
}

impl TypedOp for Linear {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec![f32::fact(&self.shape)])
    }

    as_op!();
}
