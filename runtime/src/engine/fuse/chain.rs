//! Finds convolutions that can run as [`Convolutions`].

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat};
use tract_onnx::tract_core::ops::math::Max;
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::convolution::{Convolutions, Stage};
use super::{constant, input_of, is_binary, only_reader, rectifier, shape};

/// The longest chain of convolutions that begins with `node`, with their rectifiers, as one operation.
pub fn find(model: &TypedModel, node: &TypedNode) -> TractResult<Option<TypedModelPatch>> {
    if begins_behind_another(model, node) {
        return Ok(None);
    }
    let Some(shape) = shape(model, node, 0) else {
        return Ok(None);
    };
    let &[_, channels, rows, columns] = shape.as_slice() else {
        return Ok(None);
    };
    let mut input = [rows, columns, channels];
    let (mut stages, mut last) = (Vec::new(), node);
    let mut next = Some(node);
    while let Some((stage, end)) = next
        .and_then(|node| stage(model, node, input).transpose())
        .transpose()?
    {
        input = stage.output;
        stages.push(stage);
        last = end;
        next = only_reader(model, end);
    }
    if stages.is_empty() {
        return Ok(None);
    }
    let mut patch = TypedModelPatch::default();
    let source = patch.tap_model(model, node.inputs[0])?;
    let pixels = patch.wire_node(&node.name, Convolutions { stages }, &[source])?;
    let name = format!("{}.planes", node.name);
    let planes = patch.wire_node(name, AxisOp::Move(3, 1), &pixels)?;
    patch.shunt_outside(model, OutletId::new(last.id, 0), planes[0])?;
    Ok(Some(patch))
}

/// A convolution that this module can do, with the rectifier behind it, as a stage, and the node that it ends with.
fn stage<'a>(
    model: &'a TypedModel,
    node: &'a TypedNode,
    input: [usize; 3],
) -> TractResult<Option<(Stage, &'a TypedNode)>> {
    let Some(conv) = plain_convolution(node) else {
        return Ok(None);
    };
    let (Some(weights), Some(bias)) = (constant(model, node, 1), constant(model, node, 2)) else {
        return Ok(None);
    };
    let rectifier = rectifier(model, node);
    let strides = conv.pool_spec.strides();
    let strides = [strides[0], strides[1]];
    let stage = Stage::new(input, &weights, &bias, strides, rectifier.is_some())?;
    Ok(stage.map(|stage| (stage, rectifier.unwrap_or(node))))
}

/// The convolution that `node` is, if it has two dimensions and neither groups nor padding nor gaps.
fn plain_convolution(node: &TypedNode) -> Option<&Conv> {
    let conv = node.op_as::<Conv>()?;
    let pool = &conv.pool_spec;
    let dense = pool.dilations().iter().all(|&dilation| dilation == 1);
    let strides = pool.strides();
    let inside = (0..pool.rank()).all(|axis| pool.padding.valid_dim(axis, strides[axis] == 1));
    let plain = conv.group == 1
        && conv.q_params.is_none()
        && conv.kernel_fmt == KernelFormat::OIHW
        && pool.data_format == DataFormat::NCHW
        && pool.rank() == 2;
    (plain && dense && inside).then_some(conv)
}

/// Whether the chain that `node` is part of begins further ahead.
fn begins_behind_another(model: &TypedModel, node: &TypedNode) -> bool {
    let Some(before) = input_of(model, node, 0) else {
        return true;
    };
    let convolution = if is_binary::<Max>(before) {
        input_of(model, before, 0)
    } else {
        Some(before)
    };
    convolution.is_some_and(|before| {
        plain_convolution(before).is_some() && only_reader(model, before).is_some()
    })
}
