//! The weights of an ONNX file in fewer bits.
//!
//! What is narrowed are the weights of convolutions and products of matrices, nearly all bytes of an encoder. Biases, norms and
//! positions stay in f32. Each weight becomes a constant in fewer bits and an operator that widens it to f32 as the file is
//! loaded: nothing behind it changes, and the graph calculates in f32 as before.

use std::collections::BTreeMap;

use evenkeel::package::Precision;
use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};
use tract_onnx::prelude::f16;

use super::ExportError;

/// The largest whole number of a weight in int8. −128 is left out, so that what is negative reaches as far as what is positive.
const LARGEST: f32 = 127.0;

/// The ONNX file `bytes`, whose weights are f32, with its weights in `precision`.
///
/// # Errors
/// When it is no ONNX file, or a weight is too large for half precision.
pub(super) fn narrow(bytes: &[u8], precision: Precision) -> Result<Vec<u8>, ExportError> {
    if precision == Precision::F32 {
        return Ok(bytes.to_vec());
    }
    let mut model = ModelProto::decode(bytes)
        .map_err(|error| ExportError::Model(format!("a graph is no ONNX file ({error})")))?;
    let graph = model
        .graph
        .as_mut()
        .ok_or_else(|| ExportError::Model("an ONNX file holds no graph".into()))?;
    let axes = output_axes(graph);
    let mut widening = Vec::new();
    for tensor in std::mem::take(&mut graph.initializer) {
        let axis = axes.get(&tensor.name).filter(|axis| {
            tensor.data_type == DataType::Float as i32 && **axis < tensor.dims.len()
        });
        match axis {
            None => graph.initializer.push(tensor),
            Some(&axis) => {
                let (constants, node) = match precision {
                    Precision::Int8 => quantise(&tensor, axis),
                    _ => halve(&tensor)?,
                };
                graph.initializer.extend(constants);
                widening.push(node);
            }
        }
    }
    graph.node.splice(0..0, widening);
    Ok(model.encode_to_vec())
}

/// The weights of a graph by name, each with the axis of its output channels.
fn output_axes(graph: &GraphProto) -> BTreeMap<String, usize> {
    graph
        .node
        .iter()
        .filter_map(|node| {
            let axis = match node.op_type.as_str() {
                // [outputs, inputs, rows, columns]
                "Conv" => 0,
                // [inputs, outputs]
                "MatMul" => 1,
                _ => return None,
            };
            Some((node.input.get(1)?.clone(), axis))
        })
        .collect()
}

type Narrowed = (Vec<TensorProto>, NodeProto);

fn halve(tensor: &TensorProto) -> Result<Narrowed, ExportError> {
    let name = format!("{}.f16", tensor.name);
    let mut raw = Vec::new();
    for value in values(tensor) {
        let half = f16::from_f32(value);
        if !half.is_finite() {
            return Err(ExportError::Model(format!(
                "the weight {value:e} in `{}` is too large for f16; take int8, or train with more weight_decay",
                tensor.name
            )));
        }
        raw.extend(half.to_le_bytes());
    }
    let stored = constant(&name, tensor.dims.clone(), DataType::Float16, raw);
    let to = AttributeProto {
        name: "to".into(),
        i: DataType::Float as i64,
        r#type: AttributeType::Int as i32,
        ..AttributeProto::default()
    };
    Ok((vec![stored], widen(tensor, "Cast", vec![name], to)))
}

/// Symmetric, each output channel by itself: scale = max |w| / 127, q = w / scale rounded to the nearest whole number, as in
/// section 2.1 of Wu et al. 2020, "Integer Quantization for Deep Learning Inference" (arXiv:2004.09602).
fn quantise(tensor: &TensorProto, axis: usize) -> Narrowed {
    let sizes: Vec<usize> = tensor.dims.iter().map(|&dim| dim as usize).collect();
    let channels = sizes[axis];
    let inner: usize = sizes[axis + 1..].iter().product();
    let channel = |place: usize| place / inner % channels;
    let mut largest = vec![0.0f32; channels];
    for (place, value) in values(tensor).enumerate() {
        let most = &mut largest[channel(place)];
        *most = most.max(value.abs());
    }
    // A channel of zeros has any scale, as long as it is a normal number.
    let scales: Vec<f32> = largest
        .iter()
        .map(|most| (most / LARGEST).max(f32::MIN_POSITIVE))
        .collect();
    let raw = values(tensor)
        .enumerate()
        .map(|(place, value)| {
            let whole = (value / scales[channel(place)]).round_ties_even();
            whole.clamp(-LARGEST, LARGEST) as i8 as u8
        })
        .collect();
    let (name, scale) = (
        format!("{}.int8", tensor.name),
        format!("{}.scale", tensor.name),
    );
    let stored = constant(&name, tensor.dims.clone(), DataType::Int8, raw);
    let raw = scales
        .iter()
        .flat_map(|scale| scale.to_le_bytes())
        .collect();
    let scales = constant(&scale, vec![channels as i64], DataType::Float, raw);
    let along = AttributeProto {
        name: "axis".into(),
        i: axis as i64,
        r#type: AttributeType::Int as i32,
        ..AttributeProto::default()
    };
    (
        vec![stored, scales],
        widen(tensor, "DequantizeLinear", vec![name, scale], along),
    )
}

/// The operator that makes `tensor` again.
fn widen(
    tensor: &TensorProto,
    operator: &str,
    input: Vec<String>,
    attribute: AttributeProto,
) -> NodeProto {
    NodeProto {
        name: format!("{}.widened", tensor.name),
        op_type: operator.to_owned(),
        input,
        output: vec![tensor.name.clone()],
        attribute: vec![attribute],
        ..NodeProto::default()
    }
}

fn constant(name: &str, dims: Vec<i64>, kind: DataType, raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims,
        data_type: kind as i32,
        raw_data,
        ..TensorProto::default()
    }
}

/// The numbers of an f32 tensor, wherever the file keeps them.
fn values(tensor: &TensorProto) -> impl Iterator<Item = f32> + '_ {
    let raw = tensor.raw_data.as_chunks::<4>().0.iter();
    raw.map(|bytes| f32::from_le_bytes(*bytes))
        .chain(tensor.float_data.iter().copied())
}
