//! One graph, optimised and ready to run on one thread.

use std::path::PathBuf;
use std::sync::Arc;

use tract_onnx::prelude::*;

use super::fuse::fuse;
use super::tensors::MAX_ELEMENTS;
use super::verify::{Port, verify};
use super::{EngineError, shown};
use crate::finite::all_finite;
use crate::panics;

/// One graph and the state that it keeps between windows. Clones share the weights.
#[derive(Clone)]
pub(super) struct Graph {
    file: PathBuf,
    plan: Arc<TypedSimplePlan>,
    state: TypedSimpleState,
    outputs: Vec<Port>,
}

impl Graph {
    /// Checks, loads and optimises `bytes`, the contents of `file`. `check_inputs` looks at what the
    /// graph takes before anything is built; its error is the rest of a sentence on the file.
    pub fn load(
        file: PathBuf,
        bytes: &[u8],
        check_inputs: impl FnOnce(&[Port]) -> Result<(), String>,
    ) -> Result<Self, EngineError> {
        let refuse = |what: String| EngineError::Graph {
            file: file.clone(),
            what,
        };
        let verified = verify(bytes).map_err(refuse)?;
        check_inputs(&verified.inputs).map_err(refuse)?;
        // The checks above are meant to leave nothing for tract to stumble over; if something gets
        // past them, the caller still gets an error and not a panic.
        let plan = panics::catch(|| optimise(&verified.model))
            .unwrap_or_else(|_| Err("it made the inference library panic".to_owned()))
            .map_err(|what| refuse(format!("cannot be run ({})", shown::sentence(&what))))?;
        let mut outputs = Vec::new();
        for (index, name) in verified.outputs.iter().enumerate() {
            let shape = plan
                .model()
                .output_fact(index)
                .ok()
                .and_then(fixed_f32_shape);
            let Some(shape) = shape else {
                return Err(refuse(format!(
                    "gives `{}` that is not f32 of a fixed shape",
                    shown::name(name)
                )));
            };
            outputs.push(Port {
                name: name.clone(),
                shape,
            });
        }
        let state = plan.spawn().map_err(|error| {
            let what = shown::sentence(&error.to_string());
            refuse(format!("cannot be run ({what})"))
        })?;
        Ok(Self {
            file,
            plan,
            state,
            outputs,
        })
    }

    /// Where the output called `name` stands in what [`Graph::run`] gives, and its shape.
    pub fn output(&self, name: &str) -> Result<(usize, &[usize]), EngineError> {
        self.outputs
            .iter()
            .position(|port| port.name == name)
            .map(|index| (index, self.outputs[index].shape.as_slice()))
            .ok_or_else(|| self.refuse(format!("gives no output `{name}`")))
    }

    /// Refuses outputs besides `expected`.
    pub fn check_outputs(&self, expected: &[&str]) -> Result<(), EngineError> {
        let stray = self
            .outputs
            .iter()
            .find(|port| !expected.contains(&port.name.as_str()));
        match stray {
            Some(port) => {
                let name = shown::name(&port.name);
                Err(self.refuse(format!("gives an output `{name}` that nobody reads")))
            }
            None => Ok(()),
        }
    }

    /// Whether the graph gives an output of this name.
    pub fn has_output(&self, name: &str) -> bool {
        self.outputs.iter().any(|port| port.name == name)
    }

    /// Where the output `name` stands, which must have this shape.
    pub fn shaped_output(&self, name: &str, expected: &[usize]) -> Result<usize, EngineError> {
        let (index, shape) = self.output(name)?;
        if shape == expected {
            Ok(index)
        } else {
            Err(self.refuse(format!(
                "gives `{name}` of shape {shape:?} where model.toml says {expected:?}"
            )))
        }
    }

    /// An error about what this graph is.
    pub fn refuse(&self, what: String) -> EngineError {
        EngineError::Graph {
            file: self.file.clone(),
            what,
        }
    }

    fn failed(&self, what: &str) -> EngineError {
        EngineError::Run {
            file: self.file.clone(),
            what: shown::sentence(what),
        }
    }

    /// Runs the graph once; inputs in the order in which `check_inputs` saw them.
    pub fn run(&mut self, inputs: TVec<TValue>) -> Result<TVec<TValue>, EngineError> {
        let outcome = panics::catch(|| self.state.run(inputs))
            .unwrap_or_else(|_| Err(TractError::msg("the inference library panicked")));
        outcome.map_err(|error| {
            // What the failed run left in its state must not meet the next window.
            if let Ok(state) = self.plan.spawn() {
                self.state = state;
            }
            self.failed(&error.root_cause().to_string())
        })
    }

    /// The numbers of `value`, output `name` of this graph, all of them finite.
    pub fn numbers<'a>(
        &self,
        value: &'a TValue,
        name: &'static str,
    ) -> Result<&'a [f32], EngineError> {
        let numbers = value
            .try_as_plain_ram()
            .and_then(|view| view.as_slice::<f32>())
            .map_err(|error| self.failed(&error.to_string()))?;
        if all_finite(numbers) {
            Ok(numbers)
        } else {
            Err(EngineError::NotFinite {
                file: self.file.clone(),
                output: name,
            })
        }
    }
}

fn optimise(model: &tract_onnx::pb::ModelProto) -> Result<Arc<TypedSimplePlan>, String> {
    let root = |error: TractError| error.root_cause().to_string();
    let typed = tract_onnx::onnx()
        .model_for_proto_model(model)
        .and_then(|model| model.into_typed())
        .map_err(root)?;
    for node in typed.nodes() {
        for output in &node.outputs {
            let volume = output.fact.shape.as_concrete().and_then(|shape| {
                shape
                    .iter()
                    .try_fold(1usize, |volume, &dim| volume.checked_mul(dim))
            });
            match volume {
                Some(volume) if volume <= MAX_ELEMENTS => {}
                Some(_) => return Err(format!("`{}` is too large", node.name)),
                None => return Err(format!("the shape of `{}` is not fixed", node.name)),
            }
        }
    }
    typed
        .into_decluttered()
        .and_then(fuse)
        .and_then(|model| model.into_optimized())
        .and_then(|model| model.into_runnable())
        .map_err(root)
}

fn fixed_f32_shape(fact: &TypedFact) -> Option<Vec<usize>> {
    (fact.datum_type == f32::datum_type())
        .then(|| fact.shape.as_concrete().map(<[usize]>::to_vec))
        .flatten()
}

/// A tensor of zeros for `graph`.
pub(super) fn zeros(graph: &Graph, shape: &[usize]) -> Result<Arc<Tensor>, EngineError> {
    Tensor::zero::<f32>(shape)
        .map(Arc::new)
        .map_err(|error| graph.refuse(format!("cannot be run ({error})")))
}

/// Overwrites an f32 tensor, an input of `graph`, by as many values as it has. In place, unless a
/// clone of the engine or a run that failed still holds it.
pub(super) fn fill(
    graph: &Graph,
    tensor: &mut Arc<Tensor>,
    values: &[f32],
) -> Result<(), EngineError> {
    let failed = |error: TractError| graph.failed(&error.to_string());
    let mut view = Arc::make_mut(tensor)
        .try_as_plain_ram_mut()
        .map_err(failed)?;
    let numbers = view.as_slice_mut::<f32>().map_err(failed)?;
    if numbers.len() != values.len() {
        let (takes, given) = (numbers.len(), values.len());
        return Err(graph.failed(&format!("it takes {takes} values and was given {given}")));
    }
    numbers.copy_from_slice(values);
    Ok(())
}
