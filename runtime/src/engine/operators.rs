//! Which operators a graph may use, and with which attributes.

use tract_onnx::pb::{AttributeProto, NodeProto};

use super::shown;
use super::tensors::check_tensor;

/// Operators that a package may use: what convolutional and transformer encoders need, calculating in floating
/// point, with weights stored so or in int8. Nothing here loops, draws random numbers, or makes a tensor whose size is
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
    "DequantizeLinear",
    "Div",
    "Dropout",
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
    "Max",
    "MaxPool",
    "Min",
    "Mul",
    "Neg",
    "Pow",
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

/// Largest padding, kernel, stride or dilation.
const MOST_STEPS: i64 = 1 << 12;
/// Most groups of a convolution.
const MOST_GROUPS: i64 = 1 << 16;

/// Whether `domain` is that of the ONNX standard.
pub(super) fn is_standard(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// Checks one operator. The error is the rest of a sentence that begins with the file.
pub(super) fn check_node(node: &NodeProto) -> Result<(), String> {
    let known =
        is_standard(&node.domain) && OPERATORS.binary_search(&node.op_type.as_str()).is_ok();
    if !known {
        return Err(format!(
            "uses the operator `{}`, which this version does not run",
            shown::name(&node.op_type)
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
        check_range(node, attribute)?;
    }
    Ok(())
}

/// Padding is the one attribute of these operators that makes tensors grow; steps and groups of
/// zero make the inference library divide by zero.
fn check_range(node: &NodeProto, attribute: &AttributeProto) -> Result<(), String> {
    let range = match attribute.name.as_str() {
        "pads" => 0..=MOST_STEPS,
        "kernel_shape" | "dilations" | "strides" => 1..=MOST_STEPS,
        "group" => 1..=MOST_GROUPS,
        _ => return Ok(()),
    };
    let single = (attribute.name == "group").then_some(&attribute.i);
    if attribute
        .ints
        .iter()
        .chain(single)
        .all(|x| range.contains(x))
    {
        return Ok(());
    }
    Err(format!(
        "gives `{}` of operator `{}` a value outside {} to {}",
        attribute.name,
        node.op_type,
        range.start(),
        range.end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_operators_can_be_searched() {
        assert!(OPERATORS.is_sorted(), "binary search needs the list sorted");
    }

    #[test]
    fn steps_and_groups_of_zero_or_less_are_refused() {
        let check = |name: &str, ints: &[i64], i: i64| {
            check_node(&NodeProto {
                op_type: "Conv".into(),
                attribute: vec![AttributeProto {
                    name: name.into(),
                    ints: ints.to_vec(),
                    i,
                    ..AttributeProto::default()
                }],
                ..NodeProto::default()
            })
        };
        for name in ["strides", "dilations", "kernel_shape"] {
            for bad in [0, -1, i64::MIN, 1 << 13] {
                let what = check(name, &[1, bad], 0).unwrap_err();
                assert!(what.contains(name) && what.contains("Conv"), "{what}");
            }
            assert_eq!(check(name, &[1, 3], 0), Ok(()));
        }
        assert_eq!(check("pads", &[0, 3], 0), Ok(()));
        assert!(check("pads", &[-1], 0).is_err());
        assert!(check("group", &[], 0).is_err());
        assert!(check("group", &[], -8).is_err());
        assert_eq!(check("group", &[], 8), Ok(()));
    }

    #[test]
    fn names_are_shown_without_control_characters() {
        let node = NodeProto {
            op_type: "\x1b[2J".repeat(1000),
            ..NodeProto::default()
        };
        let what = check_node(&node).unwrap_err();
        assert!(!what.contains('\x1b') && what.len() < 700, "{what}");
    }
}
