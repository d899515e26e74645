//! The constants of an ONNX file.

use anyhow::{Context, Result, ensure};
use prost::Message;
use tract_onnx::pb::ModelProto;
use tract_onnx::pb::tensor_proto::DataType;

use super::Tensors;
use crate::model::little_endian;

/// Its tensors of f32.
///
/// # Errors
/// When it is no ONNX file, or a tensor is shorter than its shape says.
pub fn tensors(bytes: &[u8]) -> Result<Tensors> {
    let model = ModelProto::decode(bytes).context("it is no ONNX file")?;
    let graph = model.graph.context("the ONNX file has no graph")?;
    graph
        .initializer
        .into_iter()
        .filter(|tensor| tensor.data_type == DataType::Float as i32)
        .map(|tensor| {
            let shape: Vec<usize> = tensor.dims.iter().map(|&dim| dim as usize).collect();
            let values = if tensor.raw_data.is_empty() {
                tensor.float_data
            } else {
                little_endian(&tensor.raw_data)
            };
            ensure!(
                values.len() == shape.iter().product::<usize>(),
                "{} does not hold as many numbers as its shape says",
                tensor.name
            );
            Ok((tensor.name, (shape, values)))
        })
        .collect()
}
