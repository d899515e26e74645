//! Looks at an ONNX file before the inference library does.
//!
//! A package is untrusted. What is refused here never reaches tract: tensors whose stated size is
//! not the size of their data, data kept in other files, numbers that are not finite, sub-graphs,
//! operators outside a feed-forward set, and operators on constants alone, but for those that widen weights
//! stored in fewer bits.

use std::collections::HashSet;

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto, tensor_shape_proto, type_proto};
use tract_onnx::prelude::Framework;

use super::narrow::Narrow;
use super::operators::{check_node, is_standard};
use super::shown;
use super::tensors::{MAX_ELEMENTS, check_tensor, elements};

/// The oldest version of the standard that packages are in; before it, operators mean other things.
const OLDEST_OPSET: i64 = 17;

/// Most numbers in all constants of a graph: 128 Mi, or 512 MiB once they are f32.
const MOST_NUMBERS: usize = 2 * MAX_ELEMENTS;

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

/// Decodes and checks one graph. The error is the rest of a sentence that begins with the file.
pub(super) fn verify(bytes: &[u8]) -> Result<Verified, String> {
    check(decode(bytes)?)
}

fn check(model: ModelProto) -> Result<Verified, String> {
    if !model.functions.is_empty() {
        return Err("defines functions of its own, which packages may not".into());
    }
    check_opset(&model)?;
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
    check_total(graph)?;
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

fn check_opset(model: &ModelProto) -> Result<(), String> {
    let versions = model
        .opset_import
        .iter()
        .filter(|import| is_standard(&import.domain))
        .map(|import| import.version);
    match versions.min() {
        None => Err("does not say which ONNX opset it is in".into()),
        Some(oldest) if oldest < OLDEST_OPSET => Err(format!(
            "is in ONNX opset {oldest} and must be in {OLDEST_OPSET} or newer"
        )),
        Some(_) => Ok(()),
    }
}

/// In int8 the largest file that a package may have would hold four times the weights that it holds in f32.
fn check_total(graph: &GraphProto) -> Result<(), String> {
    let total = graph
        .initializer
        .iter()
        .filter_map(|tensor| elements(&tensor.dims))
        .fold(0usize, usize::saturating_add);
    if total <= MOST_NUMBERS {
        return Ok(());
    }
    Err(format!(
        "holds {total} numbers in its constants and may hold {MOST_NUMBERS}"
    ))
}

/// The shape and name of a graph input, which must be fixed f32.
fn port(info: &ValueInfoProto) -> Result<Port, String> {
    let name = shown::name(&info.name);
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
    Ok(Port {
        name: info.name.clone(),
        shape,
    })
}

/// Every name that is read must have been written before, and once only; and no operator may have
/// constants alone to work on: tract computes these while it loads, before anybody has seen how large
/// the result is, and a column times a row can be a matrix of any size.
fn check_wiring(graph: &GraphProto, inputs: &[Port]) -> Result<(), String> {
    let mut known = HashSet::new();
    let mut fixed = HashSet::new();
    let mut narrow = Narrow::new(graph);
    for port in inputs {
        define(&mut known, &port.name)?;
    }
    for tensor in &graph.initializer {
        define(&mut known, &tensor.name)?;
        fixed.insert(tensor.name.as_str());
    }
    for node in &graph.node {
        let read = || node.input.iter().filter(|name| !name.is_empty());
        let written = || node.output.iter().filter(|name| !name.is_empty());
        if let Some(name) = read().find(|name| !known.contains(name.as_str())) {
            return Err(format!(
                "reads `{}`, which nothing before it gives",
                shown::name(name)
            ));
        }
        let widens = narrow.widens(node)?;
        if !widens && node.op_type != "Constant" && read().all(|name| fixed.contains(name.as_str()))
        {
            return Err(format!(
                "computes `{}` from constants alone, which packages may not",
                shown::name(written().next().unwrap_or(&node.name))
            ));
        }
        for name in written() {
            define(&mut known, name)?;
            // Shapes are known as soon as the graph is read.
            if widens || matches!(node.op_type.as_str(), "Constant" | "Shape") {
                fixed.insert(name);
            }
        }
    }
    for output in &graph.output {
        if !known.contains(output.name.as_str()) {
            return Err(format!(
                "promises an output `{}` that it does not give",
                shown::name(&output.name)
            ));
        }
    }
    Ok(())
}

fn define<'a>(known: &mut HashSet<&'a str>, name: &'a str) -> Result<(), String> {
    if known.insert(name) {
        Ok(())
    } else {
        Err(format!("defines `{}` twice", shown::name(name)))
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
