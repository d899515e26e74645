//! Opening a package.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::folder::{CheckedFolder, read_capped};
use super::layout::{AUDIO, CAMERA, CARD, FUSION, MODEL};
use super::{FORMAT, Manifest, PackageError};

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
    /// Encoder of the microphone; absent exactly in a model without microphone.
    pub audio: Option<Vec<u8>>,
    /// Encoder of the camera; absent exactly in a model without camera.
    pub camera: Option<Vec<u8>>,
    /// From the encoders' tokens to the answer.
    pub fusion: Vec<u8>,
}

impl fmt::Debug for Graphs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graphs")
            .field("audio_bytes", &self.audio.as_ref().map(Vec::len))
            .field("camera_bytes", &self.camera.as_ref().map(Vec::len))
            .field("fusion_bytes", &self.fusion.len())
            .finish()
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
            audio: None,
            camera: None,
            fusion: folder.read(FUSION)?,
        };
        folder.read(CARD)?;
        for name in folder.names() {
            match name {
                AUDIO => graphs.audio = Some(folder.read(AUDIO)?),
                CAMERA => graphs.camera = Some(folder.read(CAMERA)?),
                MODEL | FUSION | CARD => {}
                golden => drop(folder.read(golden)?),
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
    for (sensor, described, present) in [
        ("audio", manifest.audio.is_some(), graphs.audio.is_some()),
        ("camera", manifest.camera.is_some(), graphs.camera.is_some()),
    ] {
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
