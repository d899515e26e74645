//! Builds ONNX files: opset 17, standard operators, fixed f32 shapes.

use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

const OPSET: i64 = 17;
/// The oldest file version that may hold opset 17.
const IR_VERSION: i64 = 8;

/// An attribute of an operator.
pub(super) enum Attribute<'a> {
    Int(&'a str, i64),
    Ints(&'a str, &'a [i64]),
    Float(&'a str, f32),
}

/// A graph under construction. Values are named; a node's only output is named after the node.
pub(super) struct GraphBuilder {
    graph: GraphProto,
}

impl GraphBuilder {
    pub fn new(name: &str) -> Self {
        Self {
            graph: GraphProto {
                name: name.to_owned(),
                ..GraphProto::default()
            },
        }
    }

    /// Declares an f32 input and gives its name.
    pub fn input(&mut self, name: &str, shape: &[usize]) -> String {
        self.graph.input.push(value_info(name, shape));
        name.to_owned()
    }

    /// Declares that the value `name` is an f32 output.
    pub fn output(&mut self, name: &str, shape: &[usize]) {
        self.graph.output.push(value_info(name, shape));
    }

    /// An f32 constant.
    pub fn constant(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len());
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initializer(name, shape, DataType::Float, raw)
    }

    /// A constant list of integers: shapes and axes.
    pub fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initializer(name, &[values.len()], DataType::Int64, raw)
    }

    fn initializer(
        &mut self,
        name: &str,
        shape: &[usize],
        kind: DataType,
        raw_data: Vec<u8>,
    ) -> String {
        self.graph.initializer.push(TensorProto {
            name: name.to_owned(),
            dims: shape.iter().map(|&dim| dim as i64).collect(),
            data_type: kind as i32,
            raw_data,
            ..TensorProto::default()
        });
        name.to_owned()
    }

    /// Adds an operator with one output, called `name`.
    pub fn node(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&str],
        attributes: &[Attribute],
    ) -> String {
        self.node_with(name, operator, inputs, attributes, &[name]);
        name.to_owned()
    }

    /// Adds an operator with these outputs.
    pub fn node_with(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&str],
        attributes: &[Attribute],
        outputs: &[&str],
    ) {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        self.graph.node.push(NodeProto {
            name: name.to_owned(),
            op_type: operator.to_owned(),
            input: own(inputs),
            output: own(outputs),
            attribute: attributes.iter().map(attribute).collect(),
            ..NodeProto::default()
        });
    }

    /// Reshape to a fixed shape.
    pub fn reshape(&mut self, name: &str, input: &str, shape: &[usize]) -> String {
        let dims: Vec<i64> = shape.iter().map(|&dim| dim as i64).collect();
        let dims = self.integers(&format!("{name}.shape"), &dims);
        self.node(name, "Reshape", &[input, &dims], &[])
    }

    /// The file.
    pub fn finish(self) -> Vec<u8> {
        ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version: OPSET,
            }],
            producer_name: env!("CARGO_PKG_NAME").to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(self.graph),
            ..ModelProto::default()
        }
        .encode_to_vec()
    }
}

fn attribute(attribute: &Attribute) -> AttributeProto {
    let mut proto = AttributeProto::default();
    let (name, kind) = match *attribute {
        Attribute::Int(name, value) => {
            proto.i = value;
            (name, AttributeType::Int)
        }
        Attribute::Ints(name, values) => {
            proto.ints = values.to_vec();
            (name, AttributeType::Ints)
        }
        Attribute::Float(name, value) => {
            proto.f = value;
            (name, AttributeType::Float)
        }
    };
    proto.name = name.to_owned();
    proto.r#type = kind as i32;
    proto
}

fn value_info(name: &str, shape: &[usize]) -> ValueInfoProto {
    let dim = shape
        .iter()
        .map(|&size| Dimension {
            value: Some(dimension::Value::DimValue(size as i64)),
            ..Dimension::default()
        })
        .collect();
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                elem_type: DataType::Float as i32,
                shape: Some(TensorShapeProto { dim }),
            })),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}
