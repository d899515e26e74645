//! One graph, optimised and ready to run on one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use tract_onnx::prelude::*;

use super::EngineError;
use super::verify::{MAX_ELEMENTS, Port, verify};

/// One graph and the state that it keeps between windows. Clones share the weights.
#[derive(Clone)]
pub(super) struct Graph {
    file: PathBuf,
    plan: Arc<TypedSimplePlan>,
    state: TypedSimpleState,
    /// What it takes, in the order of [`Graph::run`]'s argument.
    pub inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl Graph {
    /// Checks, loads and optimises `bytes`, the contents of `file`.
    pub fn load(file: PathBuf, bytes: &[u8]) -> Result<Self, EngineError> {
        let refuse = |what: String| EngineError::Graph {
            file: file.clone(),
            what,
        };
        let verified = verify(bytes).map_err(refuse)?;
        // The checks above are meant to leave nothing for tract to stumble over; if something gets
        // past them, the caller still gets an error and not a panic.
        let plan = catch_unwind(AssertUnwindSafe(|| optimise(&verified.model)))
            .unwrap_or_else(|_| Err("it made the inference library panic".to_owned()))
            .map_err(|what| refuse(format!("cannot be run ({what})")))?;
        let mut outputs = Vec::new();
        for (index, name) in verified.outputs.iter().enumerate() {
            let shape = plan
                .model()
                .output_fact(index)
                .ok()
                .and_then(fixed_f32_shape);
            let Some(shape) = shape else {
                return Err(refuse(format!(
                    "gives `{name}` that is not f32 of a fixed shape"
                )));
            };
            outputs.push(Port {
                name: name.clone(),
                shape,
            });
        }
        let state = plan
            .spawn()
            .map_err(|error| refuse(format!("cannot be run ({error})")))?;
        Ok(Self {
            file,
            plan,
            state,
            inputs: verified.inputs,
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

    /// Names of the outputs, in order.
    pub fn output_names(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|port| port.name.as_str())
    }

    /// An error about what this graph is.
    pub fn refuse(&self, what: String) -> EngineError {
        EngineError::Graph {
            file: self.file.clone(),
            what,
        }
    }

    /// Runs the graph once.
    pub fn run(&mut self, inputs: TVec<TValue>) -> Result<TVec<TValue>, EngineError> {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.state.run(inputs)))
            .unwrap_or_else(|_| Err(TractError::msg("the inference library panicked")));
        outcome.map_err(|error| {
            // What the failed run left in its state must not meet the next window.
            if let Ok(state) = self.plan.spawn() {
                self.state = state;
            }
            EngineError::Run {
                file: self.file.clone(),
                what: error.root_cause().to_string(),
            }
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
            .map_err(|error| EngineError::Run {
                file: self.file.clone(),
                what: error.to_string(),
            })?;
        if numbers.iter().all(|x| x.is_finite()) {
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
        .into_optimized()
        .and_then(|model| model.into_runnable())
        .map_err(root)
}

fn fixed_f32_shape(fact: &TypedFact) -> Option<Vec<usize>> {
    (fact.datum_type == f32::datum_type())
        .then(|| fact.shape.as_concrete().map(<[usize]>::to_vec))
        .flatten()
}
