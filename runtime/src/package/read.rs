//! Opening a package.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::folder::{CheckedFolder, read_capped};
use super::layout::{CARD, FUSION, MODEL, encoder};
use super::{FORMAT, Manifest, PackageError};
use crate::window::{Modality, PerSensor};

/// A model package whose files have been verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// The folder it is in.
    pub dir: PathBuf,
    /// Its model.toml.
    pub manifest: Manifest,
    /// Its graphs.
    pub graphs: Graphs,
}

/// The graphs of a model, each the bytes of an ONNX file. Nothing in them has been checked yet but
/// their hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Graphs {
    /// Encoder of each sensor; absent exactly in a model without that sensor.
    pub encoders: PerSensor<Option<Vec<u8>>>,
    /// From the encoders' tokens to the answer.
    pub fusion: Vec<u8>,
}

impl fmt::Debug for Graphs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut graphs = f.debug_struct("Graphs");
        for modality in Modality::ALL {
            if let Some(bytes) = &self.encoders[modality] {
                graphs.field(&format!("{modality}_bytes"), &bytes.len());
            }
        }
        graphs.field("fusion_bytes", &self.fusion.len()).finish()
    }
}

impl Package {
    /// Reads and verifies the package in the folder `dir`.
    ///
    /// Checked before anything is used: the format; that the folder holds exactly the files that
    /// SHA256SUMS lists, no links among them; the size and the hash of each file; the sense of
    /// model.toml. What is inside the graphs is for the engine to check.
    ///
    /// # Errors
    /// [`PackageError`] names the first file that is not as it should be.
    pub fn open(dir: &Path) -> Result<Self, PackageError> {
        // The format comes first: a later format may have other files and other rules.
        if dir.join(MODEL).exists() {
            check_format(&dir.join(MODEL), &read_capped(dir, MODEL)?)?;
        }
        let folder = CheckedFolder::open(dir)?;
        let manifest = parse_manifest(&folder.path(MODEL), &folder.read(MODEL)?)?;
        let mut graphs = Graphs {
            encoders: PerSensor::default(),
            fusion: folder.read(FUSION)?,
        };
        folder.read(CARD)?;
        for name in folder.names() {
            let sensor = Modality::ALL.into_iter().find(|&m| encoder(m) == name);
            match (name, sensor) {
                (_, Some(modality)) => graphs.encoders[modality] = Some(folder.read(name)?),
                (MODEL | FUSION | CARD, None) => {}
                (golden, None) => drop(folder.read(golden)?),
            }
        }
        check_sensors(&manifest, &graphs).map_err(PackageError::contents(folder.path(MODEL)))?;
        Ok(Self {
            dir: dir.to_owned(),
            manifest,
            graphs,
        })
    }
}

impl Package {
    /// CARD.md: what a person should know about the model.
    ///
    /// # Errors
    /// [`PackageError`] when the file changed since the package was opened, or is no UTF-8 text.
    pub fn card(&self) -> Result<String, PackageError> {
        let folder = CheckedFolder::open(&self.dir)?;
        String::from_utf8(folder.read(CARD)?)
            .map_err(|_| PackageError::contents(folder.path(CARD))("it is not UTF-8 text"))
    }
}

/// A sensor has a graph exactly if model.toml describes it.
pub(super) fn check_sensors(manifest: &Manifest, graphs: &Graphs) -> Result<(), String> {
    let has = manifest.sensors();
    for sensor in Modality::ALL {
        let (described, present) = (has[sensor], graphs.encoders[sensor].is_some());
        if described && !present {
            return Err(format!(
                "it describes the sensor [{sensor}], but there is no {sensor}.onnx"
            ));
        }
        if present && !described {
            return Err(format!(
                "there is a {sensor}.onnx, but it does not describe the sensor [{sensor}]"
            ));
        }
    }
    Ok(())
}

fn check_format(path: &Path, bytes: &[u8]) -> Result<(), PackageError> {
    #[derive(Deserialize)]
    struct OnlyFormat {
        format: u64,
    }
    let OnlyFormat { format } = parse_toml(path, bytes)?;
    if format > u64::from(FORMAT) {
        return Err(PackageError::NewerFormat {
            path: path.to_owned(),
            found: format,
        });
    }
    Ok(())
}

/// Understands a model.toml and checks that it makes sense.
pub(super) fn parse_manifest(path: &Path, bytes: &[u8]) -> Result<Manifest, PackageError> {
    let manifest: Manifest = parse_toml(path, bytes)?;
    manifest.check().map_err(PackageError::contents(path))?;
    Ok(manifest)
}

fn parse_toml<T: serde::de::DeserializeOwned>(
    path: &Path,
    bytes: &[u8],
) -> Result<T, PackageError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| PackageError::contents(path)("it is not UTF-8 text"))?;
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = error.span().map_or("", |span| &text[..span.start]);
        PackageError::Line {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            what: error.message().trim().replace('\n', ", "),
        }
    })
}

#[cfg(test)]
mod tests;
