//! Parts of a graph that run faster as one operation than as those that the inference library makes of them.
//!
//! The graphs of this project are small: half of their time goes into what lies between the products. Convolutions are
//! cut into patches and packed before they are multiplied, an attention of a dozen tokens becomes seven operations that each
//! pack and allocate, a layer norm four. Each of these is one operation here. A graph that looks otherwise stays as it is.

mod attention;
mod chain;
mod convolution;
mod exponential;
mod layer_norm;
mod linear;
mod scratch;
mod tile;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::binary::{BinMiniOp, TypedBinOp};
use tract_onnx::tract_core::ops::math::Max;

/// Puts the operations of this module in place of what they can do, in a decluttered model.
///
/// # Errors
/// Those of the inference library.
pub(super) fn fuse(mut model: TypedModel) -> TractResult<TypedModel> {
    if !tile::has_vectors() {
        return Ok(model);
    }
    for rule in [chain::find, attention::find, linear::find, layer_norm::find] {
        // The numbers of nodes change with each patch, so the search begins anew.
        while let Some(patch) = first(&model, rule)? {
            patch.apply(&mut model)?;
            model.compact()?;
        }
    }
    Ok(model)
}

type Rule = fn(&TypedModel, &TypedNode) -> TractResult<Option<TypedModelPatch>>;

fn first(model: &TypedModel, rule: Rule) -> TractResult<Option<TypedModelPatch>> {
    for &node in &model.eval_order()? {
        if let Some(patch) = rule(model, model.node(node))? {
            return Ok(Some(patch));
        }
    }
    Ok(None)
}

/// The node that gives the input `index` of `node`.
fn input_of<'a>(model: &'a TypedModel, node: &TypedNode, index: usize) -> Option<&'a TypedNode> {
    let outlet = node.inputs.get(index)?;
    Some(model.node(outlet.node))
}

/// The only node that reads what `node` gives, if nothing else does.
fn only_reader<'a>(model: &'a TypedModel, node: &TypedNode) -> Option<&'a TypedNode> {
    let outlet = OutletId::new(node.id, 0);
    let [reader] = model.outlet_successors(outlet) else {
        return None;
    };
    (!model.output_outlets().ok()?.contains(&outlet)).then(|| model.node(reader.node))
}

/// Whether `node` is this operation of two inputs.
fn is_binary<O: BinMiniOp>(node: &TypedNode) -> bool {
    node.op_as::<TypedBinOp>().is_some_and(|op| op.0.is::<O>())
}

/// The rectifier that alone reads what `node` gives.
fn rectifier<'a>(model: &'a TypedModel, node: &TypedNode) -> Option<&'a TypedNode> {
    let next = only_reader(model, node)?;
    let max = is_binary::<Max>(next);
    (max && next.inputs[0].node == node.id && number(model, next, 1) == Some(0.0)).then_some(next)
}

/// The f32 constant that the input `index` of `node` is, if it is one.
fn constant(model: &TypedModel, node: &TypedNode, index: usize) -> Option<Arc<Tensor>> {
    let fact = model.outlet_fact(*node.inputs.get(index)?).ok()?;
    let tensor = fact.konst.clone()?;
    (tensor.datum_type() == f32::datum_type()).then_some(tensor)
}

/// The one number that the input `index` of `node` is, if it is a constant of one number.
fn number(model: &TypedModel, node: &TypedNode, index: usize) -> Option<f32> {
    let tensor = constant(model, node, index)?;
    match tensor.try_as_plain_ram().ok()?.as_slice::<f32>().ok()? {
        [number] => Some(*number),
        _ => None,
    }
}

/// The fixed shape of what the input `index` of `node` is, if it is f32.
fn shape(model: &TypedModel, node: &TypedNode, index: usize) -> Option<TVec<usize>> {
    let fact = model.outlet_fact(*node.inputs.get(index)?).ok()?;
    let shape = fact.shape.as_concrete()?;
    (fact.datum_type == f32::datum_type()).then(|| shape.into())
}

/// The axes of a product with names in the order in which they come, so that equal products have equal texts.
fn axes(mapping: &AxesMapping) -> String {
    let mut names = Vec::new();
    let number = |c: char| -> String {
        if !c.is_alphanumeric() {
            return c.to_string();
        }
        let at = names.iter().position(|&name| name == c).unwrap_or_else(|| {
            names.push(c);
            names.len() - 1
        });
        at.to_string()
    };
    mapping.to_string().chars().map(number).collect()
}

/// Numbers of an f32 tensor.
fn values(tensor: &Tensor) -> TractResult<&[f32]> {
    tensor.try_as_plain_ram()?.as_slice::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a model gives with and without the operations of this module, and how many of them it has.
    fn both(path: &str) -> (Vec<f32>, Vec<f32>, usize) {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/digits");
        let model = tract_onnx::onnx()
            .model_for_path(format!("{root}/{path}"))
            .unwrap()
            .into_typed()
            .unwrap()
            .into_decluttered()
            .unwrap();
        let shape = model.input_fact(0).unwrap().shape.clone();
        let shape: Vec<usize> = shape.as_concrete().unwrap().to_vec();
        let count = shape.iter().product();
        let numbers: Vec<f32> = (0..count).map(|i| (i as f32 * 0.7).sin() * 2.0).collect();
        let input = Tensor::from_shape(&shape, &numbers).unwrap().into_tvalue();
        let fused = fuse(model.clone()).unwrap();
        let own = fused
            .nodes()
            .iter()
            .filter(|node| node.op.name().starts_with("Evenkeel"))
            .count();
        let run = |model: TypedModel| -> Vec<f32> {
            let plan = model.into_optimized().unwrap().into_runnable().unwrap();
            let outputs = plan.run(tvec![input.clone()]).unwrap();
            outputs
                .iter()
                .flat_map(|value| values(value).unwrap().to_vec())
                .collect()
        };
        (run(model), run(fused), own)
    }

    #[test]
    fn fused_graphs_of_the_shipped_model_give_the_same_answers() {
        if !tile::has_vectors() {
            return;
        }
        for path in ["audio.onnx", "camera.onnx"] {
            let (plain, fused, own) = both(path);
            // A stem, five norms, and two attentions with six products each.
            assert_eq!(own, 20, "{path}");
            assert_eq!(plain.len(), fused.len());
            for (a, b) in std::iter::zip(plain, fused) {
                assert!((a - b).abs() < 1e-4, "{path}: {a} {b}");
            }
        }
    }
}
