//! Weights that are stored in fewer bits and widened to f32 when the graph is loaded.
//!
//! Operators on constants alone are refused elsewhere, because their results can be of any size. Two of them are
//! needed here and are as large as what they read: `Cast` of a half-precision constant to f32, and
//! `DequantizeLinear` of an int8 constant. Each constant may be widened once, so that a small file cannot ask for many large copies.

use std::collections::{HashMap, HashSet};

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

use super::shown;
use super::tensors::{kind, singles};

/// The axis along which the standard lays the scales where nothing is said.
const USUAL_AXIS: i64 = 1;

/// The constants of a graph, and which of them have been widened.
pub(super) struct Narrow<'a> {
    constants: HashMap<&'a str, &'a TensorProto>,
    widened: HashSet<&'a str>,
}

impl<'a> Narrow<'a> {
    pub fn new(graph: &'a GraphProto) -> Self {
        Self {
            constants: graph
                .initializer
                .iter()
                .map(|tensor| (tensor.name.as_str(), tensor))
                .collect(),
            widened: HashSet::new(),
        }
    }

    /// Whether `node` widens a constant as it may. The error is the rest of a sentence that begins with the file.
    pub fn widens(&mut self, node: &NodeProto) -> Result<bool, String> {
        let source = self.constant(node, 0);
        match (node.op_type.as_str(), source) {
            ("Cast", Some(source)) if is_half_to_single(node, source) => self.once(source),
            ("DequantizeLinear", Some(source)) => {
                self.check_scales(node, source)?;
                self.once(source)
            }
            ("DequantizeLinear", None) => Err(format!(
                "dequantises `{}`, which is no constant",
                shown::name(node.input.first().map_or("", String::as_str))
            )),
            _ => Ok(false),
        }
    }

    fn constant(&self, node: &NodeProto, place: usize) -> Option<&'a TensorProto> {
        self.constants.get(node.input.get(place)?.as_str()).copied()
    }

    fn once(&mut self, source: &'a TensorProto) -> Result<bool, String> {
        if self.widened.insert(&source.name) {
            return Ok(true);
        }
        Err(format!(
            "widens the constant `{}` twice",
            shown::name(&source.name)
        ))
    }

    /// `w = (q − zero) · scale`, with one scale for all, or one for each place along an axis.
    fn check_scales(&self, node: &NodeProto, source: &TensorProto) -> Result<(), String> {
        let refuse = |what: &str| {
            let name = shown::name(&source.name);
            Err(format!("dequantises `{name}` {what}"))
        };
        if kind(source) != DataType::Int8 {
            return refuse("of another type than int8");
        }
        let Some(scale) = self
            .constant(node, 1)
            .filter(|scale| kind(scale) == DataType::Float)
        else {
            return refuse("by a scale that is no f32 constant");
        };
        // Zero makes a weight vanish that is there, and below the normal numbers processors differ.
        if !singles(scale).all(|scale| scale.is_normal() && scale > 0.0) {
            return refuse("by a scale that is not a positive number");
        }
        let rank = source.dims.len() as i64;
        let axis = node
            .attribute
            .iter()
            .find(|attribute| attribute.name == "axis")
            .map_or(USUAL_AXIS, |attribute| attribute.i);
        let axis = if axis < 0 { axis + rank } else { axis };
        let along = usize::try_from(axis)
            .ok()
            .and_then(|axis| source.dims.get(axis));
        let one_for_all = scale.dims.is_empty();
        if !one_for_all && (scale.dims.len() != 1 || along != scale.dims.first()) {
            return refuse("by scales that do not go along one of its axes");
        }
        let Some(place) = node.input.get(2).filter(|name| !name.is_empty()) else {
            return Ok(());
        };
        match self.constants.get(place.as_str()) {
            Some(zero) if kind(zero) == DataType::Int8 && zero.dims == scale.dims => Ok(()),
            _ => refuse("with a zero point that is no int8 constant of the shape of its scale"),
        }
    }
}

fn is_half_to_single(node: &NodeProto, source: &TensorProto) -> bool {
    let mut attributes = node.attribute.iter();
    kind(source) == DataType::Float16
        && attributes.any(|one| one.name == "to" && one.i == DataType::Float as i64)
}
