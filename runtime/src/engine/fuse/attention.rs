//! Attention of some tokens to each other, all heads at once.

use pulp::{Simd, WithSimd};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::nn::{Softmax, SoftmaxKind};

use super::exponential::exponentials;
use super::scratch;
use super::tile::{Columns, GROUP, Product, Rows, Starts, pack_into, packed_length};
use super::{axes, input_of, only_reader, shape, values};

/// softmax(q·kᵀ)·v of each head, from queries, keys and values `[tokens, heads, width]` to as many.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Attention;

/// Product of queries and keys, softmax over the keys, product with the values.
pub fn find(model: &TypedModel, node: &TypedNode) -> TractResult<Option<TypedModelPatch>> {
    let Some((scores, mixed)) = parts(model, node) else {
        return Ok(None);
    };
    let inputs = [scores.inputs[0], scores.inputs[1], mixed.inputs[1]];
    let mut patch = TypedModelPatch::default();
    let mut taps = TVec::new();
    for input in inputs {
        taps.push(patch.tap_model(model, input)?);
    }
    let output = patch.wire_node(&mixed.name, Attention, &taps)?;
    patch.shunt_outside(model, OutletId::new(mixed.id, 0), output[0])?;
    Ok(Some(patch))
}

/// The first and the last product around the softmax that `node` is, if they are those of an attention.
fn parts<'a>(model: &'a TypedModel, node: &TypedNode) -> Option<(&'a TypedNode, &'a TypedNode)> {
    let softmax = node.op_as::<Softmax>()?;
    let usual = softmax.axes.as_slice() == [2]
        && softmax.kind == SoftmaxKind::Softmax
        && softmax.quant_output_dt.is_none();
    let (scores, mixed) = (input_of(model, node, 0)?, only_reader(model, node)?);
    only_reader(model, scores)?;
    let products = axes(&scores.op_as::<EinSum>()?.axes) == "012,312->103"
        && axes(&mixed.op_as::<EinSum>()?.axes) == "012,203->103"
        && mixed.inputs[0].node == node.id;
    let tokens = shape(model, scores, 0)?;
    let same = shape(model, scores, 1)? == tokens && shape(model, mixed, 1)? == tokens;
    (usual && products && same).then_some((scores, mixed))
}

impl Op for Attention {
    fn name(&self) -> StaticName {
        "EvenkeelAttention".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Attention {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let (queries, keys, given) = args_3!(inputs);
        let &[tokens, heads, width] = queries.shape() else {
            bail!("attention takes [tokens, heads, width]");
        };
        let mut output = Tensor::zero::<f32>(queries.shape())?;
        let mut view = output.try_as_plain_ram_mut()?;
        let mixed = view.as_slice_mut::<f32>()?;
        let (queries, keys, given) = (values(&queries)?, values(&keys)?, values(&given)?);
        let row = heads * width;
        let padded = tokens.next_multiple_of(GROUP);
        let zeros = scratch::filled(padded.max(width.next_multiple_of(GROUP)), 0.0);
        let mut scores = scratch::filled(tokens * padded, NOTHING);
        let mut turned = scratch::filled(packed_length(tokens, width), 0.0);
        let mut packed = scratch::filled(packed_length(width, tokens), 0.0);
        for head in 0..heads {
            let from = head * width;
            pack_into(&mut turned, tokens, width, |token, place| {
                keys[token * row + from + place]
            });
            pack_into(&mut packed, width, tokens, |place, token| {
                given[token * row + from + place]
            });
            Product {
                rows: Rows {
                    values: queries,
                    starts: Starts::Every {
                        rows: tokens,
                        distance: row,
                        first: from,
                    },
                    lines: 1,
                    stride: 0,
                    run: width,
                },
                columns: Columns {
                    packed: &turned,
                    count: tokens,
                },
                bias: &zeros,
                rectified: false,
                output: &mut scores,
                output_stride: padded,
            }
            .run();
            pulp::Arch::new().dispatch(Shares {
                scores: &mut scores,
                row: padded,
                tokens,
            });
            Product {
                rows: Rows {
                    values: &scores,
                    starts: Starts::Every {
                        rows: tokens,
                        distance: padded,
                        first: 0,
                    },
                    lines: 1,
                    stride: 0,
                    run: tokens,
                },
                columns: Columns {
                    packed: &packed,
                    count: width,
                },
                bias: &zeros,
                rectified: false,
                output: &mut mixed[from..],
                output_stride: row,
            }
            .run();
        }
        Ok(tvec![output.into_tvalue()])
    }
}

impl TypedOp for Attention {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec![inputs[0].without_value()])
    }

    as_op!();
}

/// The score of a key that is none: its share is (almost) zero.
const NOTHING: f32 = -1e30;

/// Turns scores into shares, row by row.
struct Shares<'a> {
    scores: &'a mut [f32],
    /// Of scores, a multiple of [`GROUP`].
    row: usize,
    /// How many of a row are of keys.
    tokens: usize,
}

impl WithSimd for Shares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for shares in self.scores.chunks_exact_mut(self.row) {
            softmax(shares);
            // As it was, for the next head.
            shares[self.tokens..].fill(NOTHING);
        }
    }
}

/// Plain loops over a multiple of [`GROUP`] values, which become vectors.
#[inline(always)]
fn softmax(scores: &mut [f32]) {
    let mut highest = [f32::NEG_INFINITY; GROUP];
    for group in scores.chunks_exact(GROUP) {
        for (highest, &score) in highest.iter_mut().zip(group) {
            *highest = if score > *highest { score } else { *highest };
        }
    }
    let highest = highest.into_iter().fold(f32::NEG_INFINITY, f32::max);
    if !highest.is_finite() || scores.iter().any(|score| score.is_nan()) {
        // No shares at all, which the engine notices, rather than some of nothing.
        scores.fill(f32::NAN);
        return;
    }
    let mut sums = [0.0; GROUP];
    for group in scores.chunks_exact_mut(GROUP) {
        for score in group.iter_mut() {
            *score -= highest;
        }
        exponentials(group);
        for (sum, &share) in sums.iter_mut().zip(group.iter()) {
            *sum += share;
        }
    }
    let scale = 1.0 / sums.iter().sum::<f32>();
    for share in scores {
        *share *= scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_that_are_no_numbers_give_no_shares() {
        for broken in [f32::NAN, f32::INFINITY] {
            let mut scores = [0.0; GROUP];
            scores[3] = broken;
            softmax(&mut scores);
            assert!(scores.iter().all(|share| share.is_nan()), "{scores:?}");
        }
        let mut scores = [NOTHING; GROUP];
        scores[..2].fill(-5.0);
        softmax(&mut scores);
        assert!((scores[0] - 0.5).abs() < 1e-6 && scores[2] < 1e-30);
    }
}
