//! From a checkpoint to a model package.
//!
//! Writes the ONNX graphs, loads what it wrote with the runtime's engine, and finishes only
//! if that answers like the trained model on real windows, with all sensors and with each absent. A package in fewer bits is
//! made of the one in f32, and must answer like it.

mod backbone;
mod card;
mod convert;
mod drift;
mod encoder;
mod error;
mod finished;
mod fold;
mod fusion;
mod narrow;
mod onnx;
mod parity;
mod untrained;
mod weights;

#[cfg(test)]
mod backbone_tests;
#[cfg(test)]
mod convert_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod narrow_tests;
#[cfg(test)]
mod random_model;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use card::{CardNotes, Measured};
pub use convert::{Narrowing, convert};
pub use drift::{DriftWindow, Farthest, MeasuredDrift};
pub use error::ExportError;
pub use finished::{FinishedRun, Naming};
pub use parity::{FOLDED_TOLERANCE, PARITY_TOLERANCE, Parity, Reference};
pub use untrained::untrained;
pub use weights::Weights;

use std::path::Path;

use evenkeel::engine::{Recogniser, all_valid};
use evenkeel::frontend::Features;
use evenkeel::package::{
    self, GoldenAnswer, GoldenWindow, Graphs, Manifest, Package, PackageContents, Precision,
};
use evenkeel::window::{Modality, PerSensor, Window};

use crate::model::{Fusion, ModelSpec};
use convert::prove;
use encoder::Layout;

/// Everything that an export needs.
pub struct ExportRequest<'a> {
    /// The trained weights.
    pub weights: &'a Weights,
    /// Their shape.
    pub spec: &'a ModelSpec,
    /// model.toml; its `audio`, `camera` and so on are the frontends that the model was trained with.
    /// `format`, `precision`, `drift` and `token_width` are set by the export.
    pub manifest: Manifest,
    /// What the logits of each probe are divided by before they become a reliability.
    pub probe_temperature: PerSensor<f32>,
    /// What the card says that model.toml does not.
    pub notes: CardNotes,
    /// Windows to keep in the package, with the names of their labels; at least one.
    pub golden: Vec<(Window, String)>,
    /// Features of real windows on which the exported model must answer like the trained one; at
    /// least one.
    pub parity: &'a [Features],
    /// The numbers of the package, where they are not f32.
    pub narrowing: Option<Narrowing>,
    /// Windows of validation on which a package in fewer bits must answer like in f32; at least one for such a package.
    pub drift: &'a [DriftWindow],
}

/// How far an exported package is from what it was made of.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Exported {
    /// The model in f32 from the trained one.
    #[serde(flatten)]
    pub parity: Parity,
    /// The package from the model in f32, where it is in fewer bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<MeasuredDrift>,
}

/// Writes the package `destination`, and gives how far it is from the trained model.
///
/// # Errors
/// When the weights do not fit the specification, the exported model does not answer like
/// `reference` ([`ExportError::Differs`]), it drifts in fewer bits beyond what is allowed ([`ExportError::Drifts`]), or the
/// package cannot be written. `destination` is then untouched.
pub fn export(
    request: ExportRequest,
    reference: &mut Reference,
    destination: &Path,
) -> Result<Exported, ExportError> {
    if request.parity.is_empty() || request.golden.is_empty() {
        return Err(ExportError::Model(
            "the parity check and the golden windows need at least one window each".into(),
        ));
    }
    let mut manifest = request.manifest;
    manifest.format = package::FORMAT;
    manifest.precision = Precision::F32;
    manifest.drift = None;
    manifest.token_width = request.spec.width;
    let graphs = graphs(
        request.weights,
        request.spec,
        &manifest,
        request.probe_temperature,
    )?;

    let mut contents = PackageContents {
        card: card::card(&manifest, &request.notes),
        manifest,
        graphs,
        golden: Vec::new(),
    };
    contents.golden = golden(&contents, request.golden, destination)?;

    let (_folder, written) = prove(&contents, destination)?;
    let parity = parity::check(
        &written,
        request.weights,
        request.spec,
        request.parity,
        reference,
    )?;
    let drift = match request.narrowing {
        None => {
            package::write(destination, &contents)?;
            None
        }
        Some(narrowing) => Some(convert(&written, narrowing, request.drift, destination)?),
    };
    Ok(Exported { parity, drift })
}

/// The ONNX files of a model.
///
/// # Errors
/// When the specification contradicts itself or the weights do not fit it.
pub fn graphs(
    weights: &Weights,
    spec: &ModelSpec,
    manifest: &Manifest,
    probe_temperature: PerSensor<f32>,
) -> Result<Graphs, ExportError> {
    let classes = manifest.labels.len();
    let configs = manifest.sensor_configs();
    for modality in Modality::ALL {
        let needed = needs(spec.fusion, weights, modality);
        if needed != configs[modality].is_some() {
            let (has, takes) = if needed {
                ("no", "takes one")
            } else {
                ("a", "takes none")
            };
            return Err(ExportError::Model(format!(
                "there is {has} {modality} frontend, and this fusion {takes}"
            )));
        }
    }
    let layouts = PerSensor::try_from_fn(|modality| {
        let Some(config) = configs[modality] else {
            return Ok(None);
        };
        let input = spec.input(config).map_err(ExportError::Model)?;
        Layout::new(modality, input, spec, classes, probe_temperature[modality]).map(Some)
    })?;
    let encoders = PerSensor::try_from_fn(|modality| {
        let layout = layouts[modality].as_ref();
        layout
            .map(|layout| encoder::encoder(layout, weights))
            .transpose()
    })?;
    let tokens = PerSensor::from_fn(|modality| layouts[modality].as_ref().map(Layout::tokens));
    Ok(Graphs {
        encoders,
        fusion: fusion::fusion(spec.fusion, weights, tokens, spec.width, classes)?,
    })
}

/// Whether a model takes a sensor: the only one of its fusion, or each that it was trained with.
fn needs(fusion: Fusion, weights: &Weights, modality: Modality) -> bool {
    match fusion.only() {
        Some(only) => only == modality,
        None => weights.has_encoder(modality),
    }
}

/// The golden windows with this machine's answers.
fn golden(
    contents: &PackageContents,
    windows: Vec<(Window, String)>,
    destination: &Path,
) -> Result<Vec<GoldenWindow>, ExportError> {
    let mut recogniser = Recogniser::new(&Package {
        dir: destination.to_owned(),
        manifest: contents.manifest.clone(),
        graphs: contents.graphs.clone(),
    })?;
    windows
        .into_iter()
        .map(|(window, label)| {
            let output = all_valid(&mut recogniser, &window)?.output;
            Ok(GoldenWindow {
                window,
                label,
                answer: GoldenAnswer::new(output.logits, output.attention, output.probes),
            })
        })
        .collect()
}
