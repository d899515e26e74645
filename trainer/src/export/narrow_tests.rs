//! Weights in fewer bits: what is stored, what the engine makes of it, and what it refuses.

use evenkeel::engine::{Engine, EngineError, graph_size};
use evenkeel::package::{Package, Precision};
use evenkeel::window::PerSensor;
use prost::Message;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, TensorProto};
use tract_onnx::prelude::f16;

use super::narrow::narrow;
use super::random_model::model;
use crate::model::{Activation, Fusion};

const NARROW: [Precision; 2] = [Precision::F16, Precision::Int8];

fn package() -> Package {
    model(Fusion::Rollingq, Activation::Gelu, 31).package()
}

fn graph(bytes: &[u8]) -> GraphProto {
    ModelProto::decode(bytes).unwrap().graph.unwrap()
}

fn tensor<'a>(graph: &'a GraphProto, name: &str) -> &'a TensorProto {
    let mut all = graph.initializer.iter();
    all.find(|tensor| tensor.name == name).unwrap()
}

fn singles(tensor: &TensorProto) -> Vec<f32> {
    assert_eq!(tensor.data_type, DataType::Float as i32);
    let raw = tensor.raw_data.as_chunks::<4>().0.iter();
    raw.map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[test]
fn every_stored_weight_is_the_nearest_that_its_format_has() {
    let bytes = package().graphs.encoders.camera.unwrap();
    let (wide, half) = (
        graph(&bytes),
        graph(&narrow(&bytes, Precision::F16).unwrap()),
    );
    let eighth = graph(&narrow(&bytes, Precision::Int8).unwrap());
    // [outputs, inputs, rows, columns] and [inputs, outputs].
    for (name, axis) in [("stem.weight", 0), ("blocks.1.mlp.up.weight", 1)] {
        let original = singles(tensor(&wide, name));
        let raw = &tensor(&half, &format!("{name}.f16")).raw_data;
        let halves = raw.as_chunks::<2>().0.iter();
        let halves: Vec<f32> = halves.map(|b| f16::from_le_bytes(*b).to_f32()).collect();
        assert_eq!(halves.len(), original.len());
        for (found, value) in halves.iter().zip(&original) {
            // Half of the last of 11 binary digits.
            assert!(
                (found - value).abs() <= value.abs() / 2048.0 + 3e-8,
                "{found} {value}"
            );
        }
        let stored = tensor(&eighth, &format!("{name}.int8"));
        let scales = singles(tensor(&eighth, &format!("{name}.scale")));
        assert_eq!(scales.len() as i64, stored.dims[axis]);
        assert_eq!(stored.raw_data.len(), original.len());
        let inner: i64 = stored.dims[axis + 1..].iter().product();
        for (place, (&byte, value)) in stored.raw_data.iter().zip(&original).enumerate() {
            let scale = scales[place / inner as usize % scales.len()];
            let found = f32::from(byte as i8) * scale;
            assert!(
                (found - value).abs() <= 0.501 * scale,
                "{found} {value} {scale}"
            );
        }
        assert!(stored.raw_data.iter().all(|&byte| byte as i8 != i8::MIN));
    }
}

#[test]
fn a_graph_in_fewer_bits_is_smaller_and_otherwise_the_same() {
    let wide = package();
    let [audio, camera] = [&wide.graphs.encoders.audio, &wide.graphs.encoders.camera]
        .map(|one| one.as_ref().unwrap());
    for bytes in [audio, camera] {
        let before = graph_size(bytes).unwrap();
        for (precision, share) in NARROW.into_iter().zip([0.75, 0.65]) {
            let narrowed = narrow(bytes, precision).unwrap();
            let after = graph_size(&narrowed).unwrap();
            assert_eq!(after.parameters, before.parameters);
            assert_eq!(after.multiply_accumulates, before.multiply_accumulates);
            assert_eq!(after.tokens, before.tokens);
            let smaller = narrowed.len() as f64 / bytes.len() as f64;
            assert!(smaller < share, "{precision}: {smaller}");
        }
        assert_eq!(&narrow(bytes, Precision::F32).unwrap(), bytes);
    }
}

#[test]
fn the_engine_computes_with_the_very_weights_that_are_stored() {
    let random = model(Fusion::Rollingq, Activation::Relu, 32);
    let valid = PerSensor::from_fn(|_| 1.0);
    for precision in NARROW {
        let mut package = random.package();
        let audio = package.graphs.encoders.audio.take().unwrap();
        let narrowed = narrow(&audio, precision).unwrap();
        // The same numbers in f32: rounding twice changes nothing.
        package.graphs.encoders.audio = Some(widened(&audio, &narrowed));
        let features = random.features(4);
        let expected = Engine::load(&package)
            .unwrap()
            .run(&features, valid)
            .unwrap();
        package.graphs.encoders.audio = Some(narrowed);
        let found = Engine::load(&package)
            .unwrap()
            .run(&features, valid)
            .unwrap();
        assert_eq!(found, expected, "{precision}");
    }
}

/// The graph `wide` with the weights of `narrowed`.
fn widened(wide: &[u8], narrowed: &[u8]) -> Vec<u8> {
    let stored = graph(narrowed);
    let mut model = ModelProto::decode(wide).unwrap();
    for tensor_of_model in &mut model.graph.as_mut().unwrap().initializer {
        let name = tensor_of_model.name.clone();
        let named = |ending: &str| {
            let name = format!("{name}.{ending}");
            stored.initializer.iter().find(|tensor| tensor.name == name)
        };
        let values: Vec<f32> = if let Some(half) = named("f16") {
            let halves = half.raw_data.as_chunks::<2>().0.iter();
            halves.map(|b| f16::from_le_bytes(*b).to_f32()).collect()
        } else if let (Some(whole), Some(scale)) = (named("int8"), named("scale")) {
            let scales = singles(scale);
            let axis = if whole.dims.len() == 4 { 0 } else { 1 };
            let inner: i64 = whole.dims[axis + 1..].iter().product();
            let values = whole.raw_data.iter().enumerate();
            values
                .map(|(place, &byte)| {
                    f32::from(byte as i8) * scales[place / inner as usize % scales.len()]
                })
                .collect()
        } else {
            continue;
        };
        tensor_of_model.raw_data = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    }
    model.encode_to_vec()
}

#[test]
fn a_weight_beyond_half_precision_is_refused_by_name() {
    let bytes = package().graphs.encoders.audio.unwrap();
    let mut model = ModelProto::decode(bytes.as_slice()).unwrap();
    let tensors = &mut model.graph.as_mut().unwrap().initializer;
    let weight = tensors
        .iter_mut()
        .find(|t| t.name == "stem.weight")
        .unwrap();
    weight.raw_data[..4].copy_from_slice(&7e4f32.to_le_bytes());
    let error = narrow(&model.encode_to_vec(), Precision::F16).unwrap_err();
    assert!(error.to_string().contains("`stem.weight`"), "{error}");
    assert!(narrow(&model.encode_to_vec(), Precision::Int8).is_ok());
}

/// What the engine says of a package whose audio graph in `precision` was changed.
fn refused(precision: Precision, change: impl FnOnce(&mut GraphProto)) -> String {
    let mut package = package();
    let bytes = narrow(&package.graphs.encoders.audio.unwrap(), precision).unwrap();
    let mut model = ModelProto::decode(bytes.as_slice()).unwrap();
    change(model.graph.as_mut().unwrap());
    package.graphs.encoders.audio = Some(model.encode_to_vec());
    let error = Engine::load(&package).map(|_| ()).unwrap_err();
    assert!(matches!(error, EngineError::Graph { .. }), "{error}");
    error.to_string()
}

fn change<'a>(graph: &'a mut GraphProto, name: &str) -> &'a mut TensorProto {
    let mut all = graph.initializer.iter_mut();
    all.find(|tensor| tensor.name == name).unwrap()
}

#[test]
fn scales_that_are_no_positive_numbers_are_refused() {
    for bad in [0.0, -0.0, -0.5, 1e-40, f32::NAN, f32::INFINITY] {
        let text = refused(Precision::Int8, |graph| {
            change(graph, "stem.weight.scale").raw_data[..4].copy_from_slice(&bad.to_le_bytes());
        });
        assert!(
            text.contains("positive") || text.contains("finite"),
            "{bad}: {text}"
        );
    }
}

#[test]
fn scales_that_would_make_a_weight_grow_are_refused() {
    let longer = |graph: &mut GraphProto| {
        let scale = change(graph, "stem.weight.scale");
        scale.dims = vec![1 << 10];
        scale.raw_data = [1f32.to_le_bytes(); 1 << 10].concat();
    };
    assert!(refused(Precision::Int8, longer).contains("along one of its axes"));
    for axis in [9, -9] {
        let text = refused(Precision::Int8, |graph| graph.node[0].attribute[0].i = axis);
        assert!(text.contains("along one of its axes"), "{axis}: {text}");
    }
    let text = refused(Precision::Int8, |graph| {
        // Along the inputs instead of the outputs: 20 where there are 24 scales.
        graph.node[0].attribute[0] = AttributeProto {
            i: 3,
            ..graph.node[0].attribute[0].clone()
        };
    });
    assert!(text.contains("along one of its axes"), "{text}");
}

/// The first operator of the graph with a zero point of this type and length.
fn with_zero_point(graph: &mut GraphProto, kind: DataType, width: usize, count: usize) {
    graph.initializer.push(TensorProto {
        name: "zero".into(),
        dims: vec![count as i64],
        data_type: kind as i32,
        raw_data: vec![0; width * count],
        ..TensorProto::default()
    });
    graph.node[0].input.push("zero".into());
}

#[test]
fn zero_points_of_another_type_or_shape_than_the_weights_are_refused() {
    for (kind, width, count) in [
        (DataType::Float, 4, 24),
        (DataType::Uint8, 1, 24),
        (DataType::Int32, 4, 24),
        (DataType::Int8, 1, 1),
        (DataType::Int8, 1, 1 << 10),
    ] {
        let text = refused(Precision::Int8, |graph| {
            with_zero_point(graph, kind, width, count)
        });
        assert!(text.contains("zero point"), "{kind:?}: {text}");
    }
    let text = refused(Precision::Int8, |graph| {
        graph.node[0].input.push("audio".into())
    });
    assert!(text.contains("zero point"), "{text}");
    // A proper one is fine.
    let mut package = package();
    let bytes = narrow(
        package.graphs.encoders.audio.as_ref().unwrap(),
        Precision::Int8,
    )
    .unwrap();
    let mut model = ModelProto::decode(bytes.as_slice()).unwrap();
    with_zero_point(model.graph.as_mut().unwrap(), DataType::Int8, 1, 24);
    package.graphs.encoders.audio = Some(model.encode_to_vec());
    Engine::load(&package).unwrap();
}

#[test]
fn only_stored_weights_are_widened_and_each_once() {
    let twice = |graph: &mut GraphProto| {
        let mut again = graph.node[0].clone();
        again.output[0] = "again".into();
        graph.node.insert(1, again);
    };
    for precision in NARROW {
        assert!(refused(precision, twice).contains("twice"));
    }
    let text = refused(Precision::Int8, |graph| {
        graph.node[0].input[0] = "audio".into()
    });
    assert!(text.contains("no constant"), "{text}");
    let text = refused(Precision::Int8, |graph| {
        graph.node[0].input[0] = "position".into();
    });
    assert!(text.contains("another type than int8"), "{text}");
    // To anything else than f32, and from anything else than f16.
    for kind in [DataType::Double, DataType::Float16, DataType::String] {
        let text = refused(Precision::F16, |graph| {
            graph.node[0].attribute[0].i = kind as i64
        });
        assert!(text.contains("constants alone"), "{kind:?}: {text}");
    }
    let text = refused(Precision::F16, |graph| {
        graph.node[0].input[0] = "position".into()
    });
    assert!(text.contains("constants alone"), "{text}");
    // A product of two of them is still one of constants.
    let text = refused(Precision::Int8, |graph| {
        let place = graph
            .node
            .iter()
            .position(|node| node.op_type == "MatMul")
            .unwrap();
        graph.node[place].input[0] = graph.node[place].input[1].clone();
    });
    assert!(text.contains("constants alone"), "{text}");
}
