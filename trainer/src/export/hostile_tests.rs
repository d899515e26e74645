//! Hostile and broken graphs: the engine must refuse each with one sentence and never panic.

use evenkeel::engine::{Engine, EngineError};
use evenkeel::package::Package;
use prost::Message;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, StringStringEntryProto, type_proto};

use super::random_model::model;
use crate::model::{Activation, Fusion};

fn package() -> Package {
    model(Fusion::Rollingq, Activation::Relu, 21).package()
}

/// The error of a package whose audio graph was changed.
fn refused(change: impl FnOnce(&mut GraphProto)) -> String {
    let mut package = package();
    let bytes = package.graphs.encoders.audio.take().unwrap();
    let mut model = ModelProto::decode(bytes.as_slice()).unwrap();
    change(model.graph.as_mut().unwrap());
    package.graphs.encoders.audio = Some(model.encode_to_vec());
    let error = Engine::load(&package).map(|_| ()).unwrap_err();
    assert!(matches!(error, EngineError::Graph { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("audio.onnx") && !text.contains('\n'),
        "{text}"
    );
    text
}

fn set_input_dim(graph: &mut GraphProto, axis: usize, size: Option<i64>) {
    let kind = graph.input[0]
        .r#type
        .as_mut()
        .unwrap()
        .value
        .as_mut()
        .unwrap();
    let type_proto::Value::TensorType(tensor) = kind;
    tensor.shape.as_mut().unwrap().dim[axis] = Dimension {
        value: size.map(dimension::Value::DimValue),
        ..Dimension::default()
    };
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let text = refused(|graph| {
            graph.initializer[0].raw_data[..4].copy_from_slice(&bad.to_le_bytes());
        });
        assert!(text.contains("not finite"), "{text}");
    }
}

#[test]
fn tensors_that_lie_about_their_size_are_refused() {
    let shapes: [&[i64]; 5] = [
        &[1 << 40, 1 << 40],
        &[i64::MAX],
        &[-1, 4],
        &[1 << 20, 64],
        &[3],
    ];
    for shape in shapes {
        let text = refused(|graph| graph.initializer[0].dims = shape.to_vec());
        assert!(text.contains("stem.weight"), "{shape:?}: {text}");
    }
    refused(|graph| {
        graph.initializer[0].raw_data.pop();
    });
    refused(|graph| graph.initializer[0].data_type = 8);
    refused(|graph| graph.initializer[0].data_type = 9_999);
}

#[test]
fn data_in_other_files_is_refused() {
    let text = refused(|graph| {
        let tensor = &mut graph.initializer[0];
        tensor.raw_data.clear();
        tensor.data_location = Some(DataLocation::External as i32);
        tensor.external_data.push(StringStringEntryProto {
            key: "location".into(),
            value: "../../etc/passwd".into(),
        });
    });
    assert!(text.contains("another file"), "{text}");
}

#[test]
fn a_signature_that_does_not_fit_the_manifest_is_refused() {
    assert!(refused(|graph| set_input_dim(graph, 2, Some(99))).contains("99"));
    refused(|graph| set_input_dim(graph, 2, None));
    refused(|graph| set_input_dim(graph, 0, Some(-1)));
    refused(|graph| set_input_dim(graph, 0, Some(1 << 60)));
    refused(|graph| graph.input[0].name = "camera".into());
    refused(|graph| graph.input.clear());
    assert!(refused(|graph| drop(graph.output.remove(1))).contains("probe"));
    refused(|graph| graph.output[0].name = "nowhere".into());
}

#[test]
fn operators_and_wiring_outside_the_rules_are_refused() {
    let unknown = refused(|graph| graph.node[0].op_type = "Telephone".into());
    assert!(unknown.contains("`Telephone`"), "{unknown}");
    assert!(refused(|graph| graph.node[0].op_type = "Loop".into()).contains("`Loop`"));
    refused(|graph| graph.node[0].domain = "com.example".into());
    refused(|graph| graph.node[2].input[0] = "nowhere".into());
    refused(|graph| graph.node[1].output[0] = graph.node[0].output[0].clone());
    refused(|graph| graph.node.reverse());
    refused(|graph| graph.node[0].input.clear());
    refused(|graph| {
        graph.node[0].attribute[0].g = Some(GraphProto::default());
    });
    refused(|graph| graph.node.insert(0, NodeProto::default()));
}

#[test]
fn bytes_that_are_no_graph_are_refused() {
    for bytes in [&b""[..], b"garbage", &[0xff; 300]] {
        let mut package = package();
        package.graphs.encoders.camera = Some(bytes.to_vec());
        let text = Engine::load(&package).map(|_| ()).unwrap_err().to_string();
        assert!(text.contains("camera.onnx"), "{text}");
    }
    let whole = package().graphs.fusion;
    for length in (0..whole.len()).step_by(97) {
        let mut package = package();
        package.graphs.fusion = whole[..length].to_vec();
        assert!(Engine::load(&package).is_err(), "cut at {length}");
    }
}

#[test]
fn a_changed_bit_never_panics() {
    let whole = package().graphs.fusion;
    for index in (0..whole.len()).step_by(131) {
        let mut package = package();
        package.graphs.fusion[index] ^= 1 << (index % 8);
        // Some changes only move a weight; whatever happens, it is an answer or an error.
        if let Ok(mut engine) = Engine::load(&package) {
            let one = evenkeel::window::PerSensor::pair(1.0, 1.0);
            let _ = engine.run(
                &model(Fusion::Rollingq, Activation::Relu, 21).features(1),
                one,
            );
        }
    }
}

#[test]
fn features_and_validity_that_do_not_fit_are_refused() {
    let model = model(Fusion::Rollingq, Activation::Relu, 21);
    let mut engine = Engine::load(&model.package()).unwrap();
    let one = evenkeel::window::PerSensor::pair(1.0, 1.0);
    let features = model.features(1);
    let mut short = features.clone();
    short.audio.as_mut().unwrap().pop();
    assert!(engine.run(&short, one).is_err());
    for bad in [f32::NAN, -0.1, 1.1] {
        let mut validity = one;
        validity.camera = bad;
        assert!(engine.run(&features, validity).is_err(), "{bad}");
    }
    let mut broken = features.clone();
    broken.camera.as_mut().unwrap()[0] = f32::NAN;
    let error = engine.run(&broken, one).unwrap_err();
    assert!(matches!(error, EngineError::BadFeatures { .. }), "{error}");
    // The engine still answers after an error.
    assert!(engine.run(&features, one).is_ok());
}
