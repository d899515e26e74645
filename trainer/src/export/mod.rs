//! From a checkpoint to a model package.
//!
//! Writes the ONNX graphs, loads what it wrote with the runtime's engine, and finishes only
//! if that answers like the trained model on real windows, with all sensors and with each absent.

mod backbone;
mod card;
mod encoder;
mod error;
mod finished;
mod fold;
mod fusion;
mod onnx;
mod parity;
mod weights;

#[cfg(test)]
mod backbone_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod random_model;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use card::{CardNotes, Measured};
pub use error::ExportError;
pub use finished::{FinishedRun, Naming};
pub use parity::{FOLDED_TOLERANCE, PARITY_TOLERANCE, Parity, Reference};
pub use weights::Weights;

use std::path::Path;

use evenkeel::engine::{Recogniser, all_valid, check_golden};
use evenkeel::frontend::Features;
use evenkeel::package::{
    self, GoldenAnswer, GoldenWindow, Graphs, Manifest, Package, PackageContents,
};
use evenkeel::window::{Modality, PerSensor, Window};

use crate::model::{Fusion, ModelSpec};
use encoder::Layout;

/// Everything that an export needs.
pub struct ExportRequest<'a> {
    /// The trained weights.
    pub weights: &'a Weights,
    /// Their shape.
    pub spec: &'a ModelSpec,
    /// model.toml; its `audio`, `camera` and so on are the frontends that the model was trained with.
    /// `format`, `precision` and `token_width` are set by the export.
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
}

/// Writes the package `destination`, and gives how far it is from the trained model.
///
/// # Errors
/// When the weights do not fit the specification, the exported model does not answer like
/// `reference` ([`ExportError::Differs`]), or the package cannot be written. `destination` is then
/// untouched.
pub fn export(
    request: ExportRequest,
    reference: &mut Reference,
    destination: &Path,
) -> Result<Parity, ExportError> {
    if request.parity.is_empty() || request.golden.is_empty() {
        return Err(ExportError::Model(
            "the parity check and the golden windows need at least one window each".into(),
        ));
    }
    let mut manifest = request.manifest;
    manifest.format = package::FORMAT;
    manifest.precision = "f32".into();
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

    let parent = match destination.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let unwritable = |error: std::io::Error| ExportError::Write {
        file: parent.to_owned(),
        what: error.to_string(),
    };
    std::fs::create_dir_all(parent).map_err(unwritable)?;
    let trial = tempfile::tempdir_in(parent).map_err(unwritable)?;
    let trial = trial.path().join("package");
    package::write(&trial, &contents)?;
    let written = Package::open(&trial)?;
    let mut recogniser = Recogniser::new(&written)?;
    let golden = check_golden(&written, &mut recogniser)?;
    if !golden.matches {
        return Err(ExportError::Differs {
            what: "the golden windows after reading them back".into(),
            found: golden.largest_difference,
            allowed: evenkeel::engine::GOLDEN_TOLERANCE,
        });
    }
    let parity = parity::check(
        &written,
        request.weights,
        request.spec,
        request.parity,
        reference,
    )?;
    package::write(destination, &contents)?;
    Ok(parity)
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
