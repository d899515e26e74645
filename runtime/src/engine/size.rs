//! What a graph costs: its weights, its work and its tokens.

use std::collections::HashSet;

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, ModelProto};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::Cost;
use tract_onnx::tract_core::ops::cnn::Conv;
use tract_onnx::tract_core::ops::einsum::EinSum;

use super::tensors::elements;
use super::verify::verify;
use crate::panics;

/// What a graph costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct GraphSize {
    /// Operators.
    pub operators: usize,
    /// Trained numbers: those of its constants, without shapes and without the scales of weights in int8.
    pub parameters: usize,
    /// Multiply-accumulates for one input: every product that a convolution or a product of matrices adds up, those
    /// with padding included. Products of single numbers (norms, activations, a softmax) are not among them.
    pub multiply_accumulates: u64,
    /// Tokens that it gives, for an encoder.
    pub tokens: Option<usize>,
}

/// Weighs ONNX `bytes`; `None` when they are no graph that the engine would run.
pub fn graph_size(bytes: &[u8]) -> Option<GraphSize> {
    let model = verify(bytes).ok()?.model;
    let graph = model.graph.as_ref()?;
    // What gets past the checks and still makes the library stumble is no graph either.
    let typed = panics::catch(|| typed(&model)).ok()??;
    let tokens = graph
        .output
        .iter()
        .position(|output| output.name == "tokens")
        .and_then(|place| {
            typed
                .output_fact(place)
                .ok()?
                .shape
                .as_concrete()?
                .get(1)
                .copied()
        });
    Some(GraphSize {
        operators: graph.node.len(),
        parameters: parameters(graph),
        multiply_accumulates: multiply_accumulates(&typed)?,
        tokens,
    })
}

/// The graph with the shape of everything in it, before anything is merged or moved.
fn typed(model: &ModelProto) -> Option<TypedModel> {
    tract_onnx::onnx()
        .model_for_proto_model(model)
        .and_then(|model| model.into_typed())
        .ok()
}

fn parameters(graph: &GraphProto) -> usize {
    let scales: HashSet<&str> = graph
        .node
        .iter()
        .filter(|node| node.op_type == "DequantizeLinear")
        .flat_map(|node| node.input.iter().skip(1))
        .map(String::as_str)
        .collect();
    graph
        .initializer
        .iter()
        .filter(|tensor| !scales.contains(tensor.name.as_str()))
        .filter(|tensor| tensor.data_type != DataType::Int64 as i32)
        .map(|tensor| elements(&tensor.dims).unwrap_or(0))
        .fold(0, usize::saturating_add)
}

fn multiply_accumulates(model: &TypedModel) -> Option<u64> {
    let mut sum = 0u64;
    for node in model.nodes() {
        if !node.op.is::<Conv>() && !node.op.is::<EinSum>() {
            continue;
        }
        let facts = model.node_input_facts(node.id).ok()?;
        for (cost, count) in node.op.cost(&facts).ok()? {
            if matches!(cost, Cost::FMA(_)) {
                sum = sum.checked_add(u64::try_from(count.to_i64().ok()?).ok()?)?;
            }
        }
    }
    Some(sum)
}
