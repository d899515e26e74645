//! Looks at an ONNX file before the inference library does.
//!
//! A package is untrusted. What is refused here never reaches tract: tensors whose stated size is
//! not the size of their data, data kept in other files, numbers that are not finite, sub-graphs,
//! and operators outside the feed-forward set below.

use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, tensor_shape_proto, type_proto,
};
use tract_onnx::prelude::Framework;

/// Largest number of elements in one tensor: 64 Mi, or 256 MiB of f32.
pub(super) const MAX_ELEMENTS: usize = 64 << 20;

/// Operators that a package may use: what convolutional and transformer encoders need, in floating
/// point or quantised. Nothing here loops, draws random numbers, or makes a tensor whose size is
/// itself data.
const OPERATORS: &[&str] = &[
    "Abs",
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Concat",
    "Constant",
    "Conv",
    "ConvInteger",
    "DequantizeLinear",
    "Div",
    "Dropout",
    "DynamicQuantizeLinear",
    "Equal",
    "Erf",
    "Exp",
    "Flatten",
    "Gather",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "Greater",
    "GreaterOrEqual",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LayerNormalization",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "MatMul",
    "MatMulInteger",
    "Max",
    "MaxPool",
    "Min",
    "Mul",
    "Neg",
    "Pow",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
    "Reciprocal",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceSum",
    "Relu",
    "Reshape",
    "Shape",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Tanh",
    "Transpose",
    "Unsqueeze",
    "Where",
];

/// A named tensor of the graph's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Port {
    /// Its name.
    pub name: String,
    /// Its shape, fixed.
    pub shape: Vec<usize>,
}

/// A graph that may be given to the inference library.
pub(super) struct Verified {
    /// The decoded file.
    pub model: ModelProto,
    /// What it takes, in the file's order.
    pub inputs: Vec<Port>,
    /// What it gives, in the file's order.
    pub outputs: Vec<String>,
}

/// Size of a graph, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphSize {
    /// Operators.
    pub nodes: usize,
    /// Numbers in its constant tensors.
    pub parameters: usize,
}

/// Counts the operators and constants of ONNX `bytes`; `None` when they are no ONNX file.
pub fn graph_size(bytes: &[u8]) -> Option<GraphSize> {
    let graph = decode(bytes).ok()?.graph?;
    let parameters = graph
        .initializer
        .iter()
        .map(|tensor| elements(&tensor.dims).unwrap_or(0))
        .fold(0usize, usize::saturating_add);
    Some(GraphSize {
        nodes: graph.node.len(),
        parameters,
    })
}

/// Decodes and checks one graph. The error is the rest of a sentence that begins with the file.
pub(super) fn verify(bytes: &[u8]) -> Result<Verified, String> {
    let model = decode(bytes)?;
    if !model.functions.is_empty() {
        return Err("defines functions of its own, which packages may not".into());
    }
    let graph = model
        .graph
        .as_ref()
        .ok_or("is not an ONNX model (it holds no graph)")?;
    if !graph.sparse_initializer.is_empty() {
        return Err("holds sparse tensors, which packages may not".into());
    }
    for tensor in &graph.initializer {
        check_tensor(tensor)?;
    }
    for node in &graph.node {
        check_node(node)?;
    }
    let inputs = graph
        .input
        .iter()
        .filter(|input| {
            graph
                .initializer
                .iter()
                .all(|tensor| tensor.name != input.name)
        })
        .map(port)
        .collect::<Result<Vec<_>, _>>()?;
    check_wiring(graph, &inputs)?;
    let outputs = graph
        .output
        .iter()
        .map(|output| output.name.clone())
        .collect();
    Ok(Verified {
        inputs,
        outputs,
        model,
    })
}

fn decode(bytes: &[u8]) -> Result<ModelProto, String> {
    let mut reader = bytes;
    tract_onnx::onnx()
        .proto_model_for_read(&mut reader)
        .map_err(|_| "is not an ONNX model (it cannot be decoded)".to_owned())
}

/// Product of `dims`, or `None` when one is negative or the product passes [`MAX_ELEMENTS`].
fn elements(dims: &[i64]) -> Option<usize> {
    dims.iter().try_fold(1usize, |product, &dim| {
        let product = product.checked_mul(usize::try_from(dim).ok()?)?;
        (product <= MAX_ELEMENTS).then_some(product)
    })
}

fn check_tensor(tensor: &TensorProto) -> Result<(), String> {
    let name = &tensor.name;
    if tensor.data_location == Some(DataLocation::External as i32)
        || !tensor.external_data.is_empty()
    {
        return Err(format!(
            "keeps the data of tensor `{name}` in another file, which packages may not"
        ));
    }
    if tensor.segment.is_some() {
        return Err(format!(
            "holds tensor `{name}` in segments, which packages may not"
        ));
    }
    let count = elements(&tensor.dims).ok_or_else(|| {
        format!(
            "holds a tensor `{name}` of shape {:?}, which is negative or larger than {MAX_ELEMENTS} numbers",
            tensor.dims
        )
    })?;
    let kind = DataType::try_from(tensor.data_type).unwrap_or(DataType::Undefined);
    // Bytes per number in `raw_data`, and how many numbers stand in the typed field.
    let (width, typed) = match kind {
        DataType::Float => (4, tensor.float_data.len()),
        DataType::Double => (8, tensor.double_data.len()),
        DataType::Int64 => (8, tensor.int64_data.len()),
        DataType::Int32 => (4, tensor.int32_data.len()),
        DataType::Int16 | DataType::Uint16 | DataType::Float16 => (2, tensor.int32_data.len()),
        DataType::Int8 | DataType::Uint8 | DataType::Bool => (1, tensor.int32_data.len()),
        _ => {
            return Err(format!(
                "holds a tensor `{name}` of type {}, which packages may not",
                kind.as_str_name()
            ));
        }
    };
    let held = if tensor.raw_data.is_empty() {
        typed
    } else if tensor.raw_data.len().is_multiple_of(width) {
        tensor.raw_data.len() / width
    } else {
        return Err(format!(
            "holds a tensor `{name}` that ends in the middle of a number"
        ));
    };
    if held != count {
        return Err(format!(
            "says that tensor `{name}` has {count} numbers and holds {held}"
        ));
    }
    if is_finite(tensor, kind) {
        Ok(())
    } else {
        Err(format!(
            "holds a number in tensor `{name}` that is not finite"
        ))
    }
}

fn is_finite(tensor: &TensorProto, kind: DataType) -> bool {
    let raw = &tensor.raw_data;
    match kind {
        DataType::Float => {
            tensor.float_data.iter().all(|x| x.is_finite())
                && raw
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .all(|bytes| f32::from_le_bytes(*bytes).is_finite())
        }
        DataType::Double => {
            tensor.double_data.iter().all(|x| x.is_finite())
                && raw
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .all(|bytes| f64::from_le_bytes(*bytes).is_finite())
        }
        DataType::Float16 => {
            // All ones in the exponent is infinity or NaN.
            let finite = |bits: u16| bits & 0x7c00 != 0x7c00;
            tensor.int32_data.iter().all(|&x| finite(x as u16))
                && raw
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .all(|bytes| finite(u16::from_le_bytes(*bytes)))
        }
        _ => true,
    }
}

fn check_node(node: &NodeProto) -> Result<(), String> {
    let known = matches!(node.domain.as_str(), "" | "ai.onnx")
        && OPERATORS.binary_search(&node.op_type.as_str()).is_ok();
    if !known {
        return Err(format!(
            "uses the operator `{}`, which this version does not run",
            node.op_type
        ));
    }
    for attribute in &node.attribute {
        if attribute.g.is_some() || !attribute.graphs.is_empty() {
            return Err("holds a graph inside a graph, which packages may not".into());
        }
        if attribute.sparse_tensor.is_some() || !attribute.sparse_tensors.is_empty() {
            return Err("holds sparse tensors, which packages may not".into());
        }
        for tensor in attribute.t.iter().chain(&attribute.tensors) {
            check_tensor(tensor)?;
        }
        // Padding is the one attribute of these operators that makes tensors grow.
        if matches!(
            attribute.name.as_str(),
            "pads" | "kernel_shape" | "dilations"
        ) && attribute.ints.iter().any(|&x| !(0..=1 << 12).contains(&x))
        {
            return Err(format!(
                "gives `{}` of operator `{}` a value outside 0..4096",
                attribute.name, node.op_type
            ));
        }
    }
    Ok(())
}

/// The shape and name of a graph input, which must be fixed f32.
fn port(info: &ValueInfoProto) -> Result<Port, String> {
    let name = info.name.clone();
    let Some(type_proto::Value::TensorType(tensor)) =
        info.r#type.as_ref().and_then(|kind| kind.value.as_ref())
    else {
        return Err(format!("does not say what type input `{name}` has"));
    };
    if tensor.elem_type != DataType::Float as i32 {
        return Err(format!("takes an input `{name}` that is not f32"));
    }
    let dims = tensor
        .shape
        .iter()
        .flat_map(|shape| &shape.dim)
        .map(|dim| match dim.value {
            Some(tensor_shape_proto::dimension::Value::DimValue(size)) => Ok(size),
            _ => Err(format!("does not fix the shape of input `{name}`")),
        })
        .collect::<Result<Vec<i64>, _>>()?;
    if elements(&dims).is_none() {
        return Err(format!(
            "takes an input `{name}` of impossible shape {dims:?}"
        ));
    }
    let shape = dims.iter().map(|&dim| dim as usize).collect();
    Ok(Port { name, shape })
}

/// Every name that is read must have been written before, and once only.
fn check_wiring(graph: &GraphProto, inputs: &[Port]) -> Result<(), String> {
    let mut known = std::collections::HashSet::new();
    let constants = graph.initializer.iter().map(|tensor| &tensor.name);
    for name in inputs.iter().map(|port| &port.name).chain(constants) {
        if !known.insert(name.as_str()) {
            return Err(format!("defines `{name}` twice"));
        }
    }
    for node in &graph.node {
        for name in node.input.iter().filter(|name| !name.is_empty()) {
            if !known.contains(name.as_str()) {
                return Err(format!("reads `{name}`, which nothing before it gives"));
            }
        }
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if !known.insert(name.as_str()) {
                return Err(format!("defines `{name}` twice"));
            }
        }
    }
    for output in &graph.output {
        if !known.contains(output.name.as_str()) {
            return Err(format!(
                "promises an output `{}` that it does not give",
                output.name
            ));
        }
    }
    Ok(())
}
