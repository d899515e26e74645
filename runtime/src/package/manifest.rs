//! model.toml.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::frontend::{
    AudioConfig, CameraConfig, Frontend, SensorConfig, SensorConfigs, SignalConfig,
};
use crate::health::HealthConfig;
use crate::policy::PolicyConfig;
use crate::window::{Modality, PerSensor};

use super::{Drift, Precision, Rates, precision};

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
    /// In which numbers the weights are stored.
    pub precision: Precision,
    /// Length of one token, the same for both encoders.
    pub token_width: usize,
    /// When an answer counts.
    pub thresholds: Thresholds,
    /// How far the answers may be from those of the same model in f32; absent exactly in f32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// How much each sensor counts.
    #[serde(default)]
    pub policy: PolicyConfig,
    /// Microphone frontend; absent in a model without microphone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioConfig>,
    /// Camera frontend; absent in a model without camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<CameraConfig>,
    /// Frontend of a sensor of numbers; absent in a model without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<SignalConfig>,
    /// Frontend of a second microphone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio2: Option<AudioConfig>,
    /// Frontend of a second camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera2: Option<CameraConfig>,
    /// Frontend of a second sensor of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal2: Option<SignalConfig>,
    /// Frontend of a third sensor of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal3: Option<SignalConfig>,
    /// Frontend of a fourth sensor of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal4: Option<SignalConfig>,
    /// How often the model is run on live sensors.
    #[serde(default, skip_serializing_if = "Rates::is_default")]
    pub rates: Rates,
    /// What the signal of a sensor that is well looks like; what is absent is not judged.
    #[serde(default)]
    pub health: HealthConfig,
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
    /// Kinds of corruption that it was trained with, such as `camera/fog`; all others are held out.
    /// Names that this version does not know are those of another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corruptions: Vec<String>,
    /// Metrics by name, for example `test.accuracy`.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
}

/// More classes than any data set of sounds and pictures has.
const MOST_LABELS: usize = 10_000;
/// Labels are shown in tables and terminals.
const LONGEST_LABEL: usize = 100;
/// More kinds of corruption than any suite has.
const MOST_CORRUPTIONS: usize = 1_000;
/// Wider than any encoder of the trainer.
const MOST_TOKEN_WIDTH: usize = 4096;
/// A larger temperature leaves nothing of any answer.
const HIGHEST_TEMPERATURE: f32 = 1000.0;

impl Manifest {
    /// The sections of the sensors that it has.
    pub fn sensor_configs(&self) -> SensorConfigs<'_> {
        PerSensor::from_fn(|modality| match modality {
            Modality::Audio => self.audio.as_ref().map(SensorConfig::Audio),
            Modality::Camera => self.camera.as_ref().map(SensorConfig::Camera),
            Modality::Signal => self.signal.as_ref().map(SensorConfig::Signal),
            Modality::Audio2 => self.audio2.as_ref().map(SensorConfig::Audio),
            Modality::Camera2 => self.camera2.as_ref().map(SensorConfig::Camera),
            Modality::Signal2 => self.signal2.as_ref().map(SensorConfig::Signal),
            Modality::Signal3 => self.signal3.as_ref().map(SensorConfig::Signal),
            Modality::Signal4 => self.signal4.as_ref().map(SensorConfig::Signal),
        })
    }

    /// Which sensors it has.
    pub fn sensors(&self) -> PerSensor<bool> {
        self.sensor_configs().map(|config| config.is_some())
    }

    /// Its sensors beyond a microphone and a camera, in the order in which the fusion lists them.
    pub fn further(&self) -> impl Iterator<Item = Modality> + Clone {
        let has = self.sensors();
        Modality::FURTHER.into_iter().filter(move |&m| has[m])
    }

    /// A sensor as people call it: by the name that its section gives it, if it does.
    pub fn sensor_name(&self, modality: Modality) -> &str {
        match self.sensor_configs()[modality] {
            Some(SensorConfig::Signal(config)) => config.name.as_deref(),
            _ => None,
        }
        .unwrap_or(modality.sensor_name())
    }

    /// How long a window is: the longest of the sensors' windows.
    pub fn window_duration(&self) -> Duration {
        let configs = self.sensor_configs().into_values().flatten();
        let lengths = configs.map(|config| config.window_duration());
        lengths.max().unwrap_or_default()
    }

    /// Index of the label that means that there is nothing to recognise.
    pub fn nothing_index(&self) -> Option<usize> {
        let nothing = self.nothing.as_ref()?;
        self.labels.iter().position(|label| label == nothing)
    }

    /// Says in half a sentence what makes no sense, if anything does.
    pub(super) fn check(&self) -> Result<(), String> {
        let Thresholds {
            temperature,
            confidence,
        } = self.thresholds;
        ensure((1..=FORMAT).contains(&self.format), || {
            format!("format must be 1 to {FORMAT}, not {}", self.format)
        })?;
        ensure(is_name(&self.name), || {
            format!(
                "name must be 1 to 64 lower-case letters, digits and dashes, not {:?}",
                self.name
            )
        })?;
        ensure(is_version(&self.version), || {
            format!(
                "version must be three numbers as in 1.0.0, not {:?}",
                self.version
            )
        })?;
        ensure(!self.license.trim().is_empty(), || {
            "license must name the licence of the weights".into()
        })?;
        self.check_labels()?;
        precision::check(self.precision, self.drift.as_ref())?;
        ensure((1..=MOST_TOKEN_WIDTH).contains(&self.token_width), || {
            format!(
                "token_width must be 1 to {MOST_TOKEN_WIDTH}, not {}",
                self.token_width
            )
        })?;
        ensure(
            temperature > 0.0 && temperature <= HIGHEST_TEMPERATURE,
            || {
                format!(
                    "thresholds.temperature must be above 0 and at most {HIGHEST_TEMPERATURE}, not {temperature}"
                )
            },
        )?;
        ensure((0.0..=1.0).contains(&confidence), || {
            format!("thresholds.confidence must be 0 to 1, not {confidence}")
        })?;
        ensure(self.sensors().count() > 0, || {
            "it must describe a sensor, [audio] or [camera] or both, or another".into()
        })?;
        self.policy.check()?;
        self.rates.check()?;
        self.health.check()?;
        let Training {
            data,
            method,
            commit,
            corruptions,
            metrics,
            ..
        } = &self.training;
        for name in metrics.keys() {
            ensure(!name.contains(char::is_control), || {
                format!("the name {name:?} in training.metrics holds control characters")
            })?;
        }
        for text in [&self.license, data, method].into_iter().chain(commit) {
            ensure(!has_control_characters(text), || {
                format!("{text:?} holds control characters")
            })?;
        }
        ensure(corruptions.len() <= MOST_CORRUPTIONS, || {
            format!("training.corruptions must be at most {MOST_CORRUPTIONS} names")
        })?;
        for name in corruptions {
            ensure(
                name.len() <= LONGEST_LABEL && !name.contains(char::is_control),
                || {
                    format!(
                        "each of training.corruptions must be at most {LONGEST_LABEL} printable characters, not {name:?}"
                    )
                },
            )?;
        }
        // Building the frontends is the full check of their parameters, and cheap.
        Frontend::new(&self.sensor_configs())
            .map(drop)
            .map_err(|error| error.to_string())
    }

    fn check_labels(&self) -> Result<(), String> {
        ensure((1..=MOST_LABELS).contains(&self.labels.len()), || {
            format!(
                "labels must be 1 to {MOST_LABELS}, not {}",
                self.labels.len()
            )
        })?;
        let mut seen = BTreeSet::new();
        for label in &self.labels {
            let length = label.chars().count();
            ensure(
                (1..=LONGEST_LABEL).contains(&length) && !has_control_characters(label),
                || {
                    format!(
                        "each of the labels must be 1 to {LONGEST_LABEL} printable characters, not {label:?}"
                    )
                },
            )?;
            ensure(seen.insert(label), || {
                format!("the labels must differ, but {label:?} is there twice")
            })?;
        }
        match &self.nothing {
            Some(nothing) => ensure(seen.contains(nothing), || {
                format!("nothing must be one of the labels, not {nothing:?}")
            }),
            None => Ok(()),
        }
    }
}

fn ensure(fine: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(what()) }
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_version(version: &str) -> bool {
    let parts: Vec<&str> = version.split('.').collect();
    let number = |part: &&str| part.parse::<u32>().is_ok_and(|n| n.to_string() == **part);
    parts.len() == 3 && parts.iter().all(number)
}

/// Characters that can move a terminal's cursor; line ends are fine in longer texts.
fn has_control_characters(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    /// Makes one value wrong.
    type Spoil = fn(&mut Manifest);

    #[test]
    fn each_senseless_value_is_named() {
        let cases: [(Spoil, &str); 19] = [
            (|m| m.format = 0, "format"),
            (|m| m.name = "../evil".into(), "name"),
            (|m| m.name = String::new(), "name"),
            (|m| m.version = "1.0".into(), "version"),
            (|m| m.license = " ".into(), "license"),
            (|m| m.labels.clear(), "labels"),
            (|m| m.labels[0] = String::new(), "labels"),
            (|m| m.labels[0] = "\u{1b}[2J".into(), "labels"),
            (|m| m.labels[1] = m.labels[0].clone(), "twice"),
            (|m| m.nothing = Some("silence".into()), "nothing"),
            (|m| m.precision = Precision::Int8, "precision"),
            (|m| m.token_width = 0, "token_width"),
            (|m| m.thresholds.temperature = f32::NAN, "temperature"),
            (|m| m.thresholds.confidence = 1.5, "confidence"),
            (|m| (m.audio, m.camera) = (None, None), "sensor"),
            (|m| m.policy.sharpness = f32::INFINITY, "policy.sharpness"),
            (
                |m| m.training.corruptions.push("\u{1b}[2J".into()),
                "training.corruptions",
            ),
            (
                |m| m.training.metrics.extend([("\u{1b}[2J".into(), 1.0)]),
                "training.metrics",
            ),
            (
                |m| m.audio.as_mut().unwrap().window_samples = usize::MAX,
                "window_samples",
            ),
        ];
        assert_eq!(example::manifest().check(), Ok(()));
        for (spoil, named) in cases {
            let mut manifest = example::manifest();
            spoil(&mut manifest);
            let fault = manifest.check().unwrap_err();
            assert!(fault.contains(named), "{fault}");
        }
    }
}
