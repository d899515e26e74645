//! Why a model could not be exported.

use std::path::PathBuf;

use evenkeel::engine::EngineError;
use evenkeel::package::{Drift, PackageError};

/// Why a model could not be exported. Nothing stands at the destination afterwards.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file of weights cannot be read.
    #[error("{} cannot be read ({what}); point at a safetensors file that `fit` wrote", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system or the safetensors library says.
        what: String,
    },
    /// A tensor of the weights that is missing or broken.
    #[error("tensor `{tensor}` in {} {what}; train again or take another checkpoint", file.display())]
    Weight {
        /// The file.
        file: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// What is wrong, as the rest of the sentence.
        what: String,
    },
    /// A model whose parts contradict each other.
    #[error("the model cannot be exported: {0}")]
    Model(String),
    /// The exported model does not answer like the trained one.
    #[error(
        "the exported model differs from the trained one by {found:e} in {what}, and {allowed:e} is allowed; nothing was written"
    )]
    Differs {
        /// Which numbers, on which windows.
        what: String,
        /// Largest difference.
        found: f32,
        /// Largest difference that would have passed.
        allowed: f32,
    },
    /// In fewer bits the model does not answer like in f32.
    #[error(
        "in fewer bits the model answers too differently: a probability is off by {probability:.4}, and {} is allowed; {changed} of {answers} \
         answers changed, and {:.2} % may; farthest off are {farthest}; nothing was written: keep f32, take f16, or allow more",
        allowed.probability, 100.0 * allowed.answers
    )]
    Drifts {
        /// Largest difference of a probability or a share of attention.
        probability: f32,
        /// Answers that became others.
        changed: usize,
        /// Answers compared.
        answers: usize,
        /// What would have passed.
        allowed: Drift,
        /// The windows that differ most.
        farthest: String,
    },
    /// The trained model could not answer.
    #[error("the trained model failed on a window of the parity check: {0}")]
    Reference(String),
    /// The package could not be written or read back.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The exported graphs could not be loaded or run.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A folder could not be made or moved.
    #[error("{} cannot be written ({what}); check that the folder exists and has room", file.display())]
    Write {
        /// The folder.
        file: PathBuf,
        /// What the system says.
        what: String,
    },
}
