//! Why a model could not be loaded or run.

use std::path::PathBuf;

use crate::frontend::FrontendError;
use crate::package::PackageError;
use crate::window::Modality;

/// Why a model could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A graph that is broken, hostile, or does not fit its model.toml.
    #[error("{} {what}; get a fresh copy of the package or export the model again", file.display())]
    Graph {
        /// The ONNX file.
        file: PathBuf,
        /// What is wrong, as the rest of a sentence that begins with the file's name.
        what: String,
    },
    /// A graph that loaded and then failed.
    #[error("{} failed while it ran: {what}", file.display())]
    Run {
        /// The ONNX file.
        file: PathBuf,
        /// What the inference library says.
        what: String,
    },
    /// A graph whose answer is NaN or infinite.
    #[error("{} gave `{output}` that is not a finite number for this input", file.display())]
    NotFinite {
        /// The ONNX file.
        file: PathBuf,
        /// Name of the output.
        output: &'static str,
    },
    /// Features of the wrong length.
    #[error("the {modality} features hold {found} values where the model takes {expected}")]
    Features {
        /// Which sensor.
        modality: Modality,
        /// Values the encoder takes.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// Features that hold NaN or an infinity.
    #[error("the {modality} features hold a value that is not a finite number")]
    BadFeatures {
        /// Which sensor.
        modality: Modality,
    },
    /// A validity that is no weight.
    #[error("the validity of the {modality} sensor is {value}, and must be a number from 0 to 1")]
    Validity {
        /// Which sensor.
        modality: Modality,
        /// What was given.
        value: f32,
    },
    /// The window could not be turned into features.
    #[error(transparent)]
    Frontend(#[from] FrontendError),
    /// The package could not be read.
    #[error(transparent)]
    Package(#[from] PackageError),
}
