//! Just enough of ONNX's encoding to add a constant tensor to a graph.
//!
//! A protobuf message may hold an embedded message in several pieces that are merged on reading, so
//! a tensor can be added to a model's graph by appending to the file.

const GRAPH_OF_MODEL: u64 = 7;
const INITIALIZER_OF_GRAPH: u64 = 5;
const DIMS_OF_TENSOR: u64 = 1;
const DATA_TYPE_OF_TENSOR: u64 = 2;
const NAME_OF_TENSOR: u64 = 8;
const RAW_DATA_OF_TENSOR: u64 = 9;
const FLOAT: u64 = 1;

/// The model `bytes` with one more constant: f32, of shape `dims`, holding `values`.
pub fn with_constant(mut bytes: Vec<u8>, dims: &[u64], values: &[f32]) -> Vec<u8> {
    let mut tensor = Vec::new();
    for &dim in dims {
        number(&mut tensor, DIMS_OF_TENSOR, dim);
    }
    number(&mut tensor, DATA_TYPE_OF_TENSOR, FLOAT);
    piece(&mut tensor, NAME_OF_TENSOR, b"added.by.test");
    let raw: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    piece(&mut tensor, RAW_DATA_OF_TENSOR, &raw);
    let mut graph = Vec::new();
    piece(&mut graph, INITIALIZER_OF_GRAPH, &tensor);
    piece(&mut bytes, GRAPH_OF_MODEL, &graph);
    bytes
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn piece(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
