//! From a package in f32 to the same model in fewer bits.

use std::path::Path;

use evenkeel::engine::{Recogniser, check_golden};
use evenkeel::package::{self, Drift, Graphs, Package, PackageContents, Precision};
use evenkeel::window::PerSensor;
use tempfile::TempDir;

use super::ExportError;
use super::card;
use super::drift::{self, DriftWindow, MeasuredDrift};
use super::narrow::narrow;

/// In which numbers a package shall be, and how far they may move its answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Narrowing {
    precision: Precision,
    allowed: Drift,
}

impl Narrowing {
    /// None for f32. What is not said of the drift is what is usual for the precision.
    ///
    /// # Errors
    /// When the drift makes no sense.
    pub fn new(
        precision: Precision,
        probability: Option<f32>,
        answers: Option<f32>,
    ) -> Result<Option<Self>, ExportError> {
        let Some(usual) = precision.usual_drift() else {
            return match (probability, answers) {
                (None, None) => Ok(None),
                _ => Err(ExportError::Model(
                    "a package in f32 does not drift; leave out what it may drift, or choose f16 or int8".into(),
                )),
            };
        };
        let allowed = Drift {
            probability: probability.unwrap_or(usual.probability),
            answers: answers.unwrap_or(usual.answers),
        };
        allowed.check().map_err(ExportError::Model)?;
        Ok(Some(Self { precision, allowed }))
    }
}

/// Writes the package `wide`, which is in f32, in fewer bits to `destination`, and gives how far it is from `wide` on `windows`.
///
/// The windows must not be those of the test: what is chosen by them would make its figures too good. The fusion graph stays as it
/// is: it has less than a hundredth of the weights. The golden windows keep the answers of the model in f32.
///
/// # Errors
/// When `wide` is not in f32, or the answers are farther off than is allowed ([`ExportError::Drifts`]), or the package cannot be
/// written. `destination` is then untouched.
pub fn convert(
    wide: &Package,
    narrowing: Narrowing,
    windows: &[DriftWindow],
    destination: &Path,
) -> Result<MeasuredDrift, ExportError> {
    let Narrowing { precision, allowed } = narrowing;
    if wide.manifest.precision != Precision::F32 {
        return Err(ExportError::Model(format!(
            "{} is in {} already; convert the package in f32 that it was made of",
            wide.dir.display(),
            wide.manifest.precision
        )));
    }
    let encoder = |bytes: &Option<Vec<u8>>| {
        let bytes = bytes.as_deref();
        bytes.map(|bytes| narrow(bytes, precision)).transpose()
    };
    let mut manifest = wide.manifest.clone();
    manifest.precision = precision;
    manifest.drift = Some(allowed);
    let mut made = Package {
        dir: destination.to_owned(),
        graphs: Graphs {
            encoders: PerSensor::try_from_fn(|modality| encoder(&wide.graphs.encoders[modality]))?,
            fusion: wide.graphs.fusion.clone(),
        },
        manifest,
    };
    let drift = drift::measure(wide, &made, windows)?;
    drift.judge(allowed)?;
    made.manifest.training.metrics.extend(drift.metrics());
    let contents = PackageContents {
        card: wide.card()? + &card::precision(precision, &drift),
        golden: wide.golden()?,
        manifest: made.manifest,
        graphs: made.graphs,
    };
    prove(&contents, destination)?;
    package::write(destination, &contents)?;
    Ok(drift)
}

/// Writes a package beside `destination`, in a folder that goes with what is returned, and reads it again: its golden windows must
/// come out as they are written down.
pub(super) fn prove(
    contents: &PackageContents,
    destination: &Path,
) -> Result<(TempDir, Package), ExportError> {
    let parent = match destination.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let unwritable = |error: std::io::Error| ExportError::Write {
        file: parent.to_owned(),
        what: error.to_string(),
    };
    std::fs::create_dir_all(parent).map_err(unwritable)?;
    let folder = tempfile::tempdir_in(parent).map_err(unwritable)?;
    let trial = folder.path().join("package");
    package::write(&trial, contents)?;
    let written = Package::open(&trial)?;
    let golden = check_golden(&written, &mut Recogniser::new(&written)?)?;
    if !golden.matches {
        return Err(ExportError::Differs {
            what: "the golden windows after reading them back".into(),
            found: golden.largest_difference,
            allowed: golden.allowed,
        });
    }
    Ok((folder, written))
}
