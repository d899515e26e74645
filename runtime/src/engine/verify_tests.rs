use tract_onnx::pb::{NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto};

use super::*;

/// A model with the input `x` of shape [1], the constant `c` of shape [200000, 1], and `nodes`
/// (operator, inputs, output).
fn model(nodes: &[(&str, &[&str], &str)]) -> ModelProto {
    let dim = tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(1)),
        ..Default::default()
    };
    let x = type_proto::Tensor {
        elem_type: DataType::Float as i32,
        shape: Some(TensorShapeProto { dim: vec![dim] }),
    };
    let x = ValueInfoProto {
        name: "x".into(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(x)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    };
    let c = TensorProto {
        name: "c".into(),
        dims: vec![200_000, 1],
        data_type: DataType::Float as i32,
        float_data: vec![1.0; 200_000],
        ..TensorProto::default()
    };
    let node = |(operator, inputs, output): &(&str, &[&str], &str)| NodeProto {
        op_type: (*operator).into(),
        input: inputs.iter().map(|&name| name.to_owned()).collect(),
        output: vec![(*output).into()],
        ..NodeProto::default()
    };
    ModelProto {
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 17,
        }],
        graph: Some(GraphProto {
            input: vec![x],
            initializer: vec![c],
            node: nodes.iter().map(node).collect(),
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    }
}

fn refusal(model: ModelProto) -> String {
    check(model).map(|_| ()).unwrap_err()
}

#[test]
fn operators_on_constants_alone_are_refused() {
    assert!(check(model(&[("Add", &["x", "c"], "y")])).is_ok());
    let what = refusal(model(&[
        ("Add", &["x", "c"], "y"),
        ("Transpose", &["c"], "row"),
        ("MatMul", &["c", "row"], "huge"),
    ]));
    assert!(what.contains("`row` from constants alone"), "{what}");
    let what = refusal(model(&[
        ("Shape", &["x"], "shape"),
        ("Constant", &[], "k"),
        ("Concat", &["shape", "k", ""], "longer"),
    ]));
    assert!(what.contains("`longer` from constants alone"), "{what}");
}

#[test]
fn an_opset_that_is_old_or_unknown_is_refused() {
    let mut old = model(&[]);
    old.opset_import[0].version = 16;
    assert!(refusal(old).contains("opset 16"));
    let mut unknown = model(&[]);
    unknown.opset_import[0].domain = "com.example".into();
    assert!(refusal(unknown).contains("does not say"));
}

#[test]
fn names_are_shown_without_control_characters() {
    let what = refusal(model(&[("Add", &["x", "\x1b[2Jgone"], "y")]));
    assert!(!what.contains('\x1b') && what.contains("gone"), "{what}");
}
