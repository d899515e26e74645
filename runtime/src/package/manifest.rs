//! model.toml.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::frontend::{AudioConfig, CameraConfig};

/// The newest package format that this version reads, and the one that it writes.
pub const FORMAT: u32 = 1;

/// Everything about a model that is not in its graphs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Package format, [`FORMAT`] or older.
    pub format: u32,
    /// Name of the model: lower-case letters, digits and dashes.
    pub name: String,
    /// Version of the model, `major.minor.patch`.
    pub version: String,
    /// Licence of the weights, an SPDX expression.
    pub license: String,
    /// Class names, in the order of the logits.
    pub labels: Vec<String>,
    /// Which label means that there is nothing to recognise, if the model has such a class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing: Option<String>,
    /// Number format of the weights, `"f32"`.
    pub precision: String,
    /// Length of one token, the same for both encoders.
    pub token_width: usize,
    /// When an answer counts.
    pub thresholds: Thresholds,
    /// Microphone frontend; absent in a model without microphone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioConfig>,
    /// Camera frontend; absent in a model without camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<CameraConfig>,
    /// Where the model comes from.
    pub training: Training,
}

/// When an answer counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Logits are divided by this before the softmax; chosen on validation data, 1 leaves them alone.
    pub temperature: f32,
    /// An answer below this confidence, 0..1, is reported as unsure.
    pub confidence: f32,
}

/// Training provenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// The data set and its licence.
    pub data: String,
    /// Fusion method, for example `rollingq`.
    pub method: String,
    /// Seed of the run.
    pub seed: u64,
    /// Commit of the trainer, if it ran inside a checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Metrics by name, for example `test.accuracy`.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
}
