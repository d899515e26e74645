//! Layer norm over the last axis, without its scale and shift.

use pulp::{Simd, WithSimd};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::math::{Mul, Sub};
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer, RmsNorm};

use super::{input_of, is_binary, number, only_reader, shape, values};

/// (x − mean)/√(variance + ε) of each row (Ba, Kiros, Hinton 2016).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LayerNorm {
    epsilon: Arc<Tensor>,
}

/// What the inference library makes of a layer norm: the sum of x times 1/n is taken from x, and the rest is divided by
/// its root mean square.
pub fn find(model: &TypedModel, node: &TypedNode) -> TractResult<Option<TypedModelPatch>> {
    let Some((source, epsilon)) = parts(model, node) else {
        return Ok(None);
    };
    let mut patch = TypedModelPatch::default();
    let tap = patch.tap_model(model, source)?;
    let output = patch.wire_node(&node.name, LayerNorm { epsilon }, &[tap])?;
    patch.shunt_outside(model, OutletId::new(node.id, 0), output[0])?;
    Ok(Some(patch))
}

fn parts(model: &TypedModel, node: &TypedNode) -> Option<(OutletId, Arc<Tensor>)> {
    let norm = node.op_as::<RmsNorm>()?;
    let difference = input_of(model, node, 0)?;
    let mean = input_of(model, difference, 1)?;
    let sum = input_of(model, mean, 0)?;
    only_reader(model, difference)?;
    let reduce = sum.op_as::<Reduce>()?;
    let source = *difference.inputs.first()?;
    let shape = shape(model, difference, 0)?;
    let (&length, last) = (shape.last()?, shape.len() - 1);
    let mean_is_meant = (number(model, mean, 1)? * length as f32 - 1.0).abs() < 1e-5;
    let fits = is_binary::<Sub>(difference)
        && is_binary::<Mul>(mean)
        && reduce.reducer == Reducer::Sum
        && reduce.axes.as_slice() == [last]
        && norm.axis == last
        && sum.inputs.as_slice() == [source];
    (fits && mean_is_meant).then(|| (source, norm.eps.clone()))
}

impl Op for LayerNorm {
    fn name(&self) -> StaticName {
        "EvenkeelLayerNorm".into()
    }

    op_as_typed_op!();
}

impl EvalOp for LayerNorm {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let epsilon = self.epsilon.cast_to_scalar::<f32>()?;
        let length = *input.shape().last().context("a layer norm of a number")?;
        let mut output = Tensor::zero::<f32>(input.shape())?;
        let mut view = output.try_as_plain_ram_mut()?;
        let (given, normed) = (values(&input)?, view.as_slice_mut::<f32>()?);
        pulp::Arch::new().dispatch(Normalise {
            given,
            normed,
            length,
            epsilon,
        });
        Ok(tvec![output.into_tvalue()])
    }
}

impl TypedOp for LayerNorm {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec![inputs[0].without_value()])
    }

    as_op!();
}

struct Normalise<'a> {
    given: &'a [f32],
    normed: &'a mut [f32],
    /// Of a row.
    length: usize,
    epsilon: f32,
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.given.chunks_exact(self.length);
        for (row, normed) in rows.zip(self.normed.chunks_exact_mut(self.length)) {
            normalise(row, normed, self.epsilon);
        }
    }
}

#[inline(always)]
fn normalise(row: &[f32], normed: &mut [f32], epsilon: f32) {
    let length = row.len() as f32;
    let mean = sum(row, |x| x) / length;
    let variance = sum(row, |x| (x - mean) * (x - mean)) / length;
    let scale = (variance + epsilon).sqrt().recip();
    for (out, x) in normed.iter_mut().zip(row) {
        *out = (x - mean) * scale;
    }
}

/// The sum of `f` over the row, in sixteen parts, which become vectors.
#[inline(always)]
fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut parts = [0.0; 16];
    let chunks = row.chunks_exact(parts.len());
    let rest: f32 = chunks.remainder().iter().map(|&x| f(x)).sum();
    for chunk in chunks {
        for (part, &x) in parts.iter_mut().zip(chunk) {
            *part += f(x);
        }
    }
    parts.iter().sum::<f32>() + rest
}
