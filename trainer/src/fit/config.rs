//! The configuration file of a training run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use evenkeel::frontend::{AudioConfig, CameraConfig, SensorConfig, SensorConfigs, SignalConfig};
use evenkeel::package::Precision;
use evenkeel::window::{Modality, PerSensor};
use serde::{Deserialize, Serialize};

use super::choice::ChooseBy;
use super::device::TrainingDevice;
use super::preset;
use super::quality::MixedQuality;
use crate::balance::Balance;
use crate::data::DataConfig;
use crate::model::{ModelSpec, sensors};
use crate::rollingq::RollingQ;

/// Everything that fixes a run: the same configuration gives the same weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitConfig {
    /// What to train on.
    pub data: DataConfig,
    /// Shape of the model.
    pub model: ModelSpec,
    /// Microphone frontend; leave out for a model without microphone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioConfig>,
    /// Camera frontend; leave out for a model without camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<CameraConfig>,
    /// Frontend of a sensor of numbers.
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
    /// How to train.
    pub training: Training,
    /// Windows of mixed quality ([`Self::quality`]); all are as they were recorded if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<MixedQuality>,
    /// Rotation, for the fusion `rollingq`.
    #[serde(default)]
    pub rollingq: RollingQ,
    /// Another method that keeps the sensors in balance, with any fusion of several; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
    /// In which numbers the model is exported; it has no part in the training.
    #[serde(default, skip_serializing_if = "ExportSettings::is_default")]
    pub export: ExportSettings,
}

/// In which numbers a model is exported, where the command says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportSettings {
    /// Number format of the weights.
    pub precision: Precision,
    /// Largest difference of a probability from the model in f32; what is usual for the format if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<f32>,
    /// Share of answers that may be others; what is usual for the format if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_answers: Option<f32>,
}

impl Default for ExportSettings {
    fn default() -> Self {
        Self {
            precision: Precision::F32,
            drift: None,
            drift_answers: None,
        }
    }
}

impl ExportSettings {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which rule updates the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimiserKind {
    /// AdamW (Loshchilov and Hutter 2019) with β = 0.9, 0.999.
    Adamw,
    /// Stochastic gradient descent with momentum 0.9, as in the official RollingQ runs.
    Sgd,
}

/// How to train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Seed of the first weights, the order of examples and sensor dropout.
    #[serde(default)]
    pub seed: u64,
    /// Passes over the training split.
    pub epochs: u32,
    /// Examples per step.
    pub batch: usize,
    /// How many renditions of each training example there are, epoch after epoch in turn: each with its own augmentation
    /// and its own faults. What frontends and frozen networks give for them is computed once and kept in memory. With 0
    /// every epoch has its own, and nothing is kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub renditions: u32,
    /// Threads; each computes the gradient of its part of the batch. Part of the recipe, because
    /// sums in another order differ in their last bits.
    #[serde(default = "two_threads")]
    pub shards: usize,
    /// Where the weights are and gradients are computed; examples are made on the CPU in any case.
    #[serde(default, skip_serializing_if = "TrainingDevice::is_cpu")]
    pub device: TrainingDevice,
    /// Update rule.
    #[serde(default = "adamw")]
    pub optimiser: OptimiserKind,
    /// Highest learning rate, reached after the warm-up.
    pub learning_rate: f64,
    /// Decoupled decay (AdamW) or L2 penalty (SGD) of the weight matrices.
    #[serde(default = "usual_decay")]
    pub weight_decay: f64,
    /// Epochs of linear warm-up before the cosine decay to zero.
    #[serde(default = "short_warmup")]
    pub warmup_epochs: f64,
    /// The gradient is scaled down to this norm; 0 leaves it alone.
    #[serde(default = "unit_norm")]
    pub max_gradient_norm: f64,
    /// Share of training examples in which one sensor, at random, is absent.
    #[serde(default)]
    pub sensor_dropout: f64,
    /// How much of a probe's gradient reaches its encoder, so that each sensor learns to answer alone
    /// too; 0, as in the paper, leaves the encoders to the fused loss.
    #[serde(default)]
    pub probe_gradient: f64,
    /// What the weights of an epoch are chosen by.
    #[serde(default, skip_serializing_if = "ChooseBy::is_usual")]
    pub choose_by: ChooseBy,
}

fn is_zero(renditions: &u32) -> bool {
    *renditions == 0
}

fn two_threads() -> usize {
    2
}

fn adamw() -> OptimiserKind {
    OptimiserKind::Adamw
}

fn usual_decay() -> f64 {
    0.05
}

fn short_warmup() -> f64 {
    2.0
}

fn unit_norm() -> f64 {
    1.0
}

impl FitConfig {
    /// Reads a TOML file and applies `key=value` changes such as `training.epochs=3`; `key=` takes an entry out.
    ///
    /// # Errors
    /// When the file is missing, is not TOML, or has unknown or senseless entries.
    pub fn read(path: &Path, changes: &[String]) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        Self::parse(&text, changes, path)
    }

    /// Like [`Self::read`], from text; `path` is named in errors and is where relative paths in the
    /// configuration start.
    ///
    /// # Errors
    /// See [`Self::read`].
    pub fn parse(text: &str, changes: &[String], path: &Path) -> Result<Self> {
        let context = || format!("{} is not a training configuration", path.display());
        let mut table: toml::Table = toml::from_str(text).with_context(context)?;
        for change in changes {
            apply(&mut table, change)?;
        }
        preset::spell_out(&mut table).with_context(context)?;
        let mut config: Self = toml::Value::Table(table).try_into().with_context(context)?;
        let base = path.parent().unwrap_or(Path::new("."));
        config.data.resolve(base).with_context(context)?;
        for (_, stem) in config.model.stems_mut() {
            if let Some(vit) = &mut stem.vit {
                *vit = std::path::absolute(base.join(&*vit)).with_context(context)?;
            }
        }
        config.check().with_context(context)?;
        Ok(config)
    }

    /// The frontends of the sensors that the model has.
    pub fn frontends(&self) -> SensorConfigs<'_> {
        let has = self.sensors();
        let all = self.sensor_configs();
        PerSensor::from_fn(|modality| all[modality].filter(|_| has[modality]))
    }

    /// All sections of sensors, those that the model's fusion leaves out too.
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

    /// How windows are spoilt, `None` where none ever is.
    pub fn quality(&self) -> Option<&MixedQuality> {
        let quality = self.quality.as_ref();
        quality.filter(|quality| quality.share > 0.0 || quality.elsewhere > 0.0)
    }

    /// The sensors that the model has.
    pub fn sensors(&self) -> PerSensor<bool> {
        sensors(self.model.fusion, &self.sensor_configs())
    }

    /// The whole configuration as TOML; the same text means the same run.
    ///
    /// # Errors
    /// When a path in it is not text.
    pub fn text(&self) -> Result<String> {
        toml::to_string(self).context("the configuration cannot be written as text")
    }

    /// The configuration kept in a run folder.
    pub fn path_in(run: &Path) -> PathBuf {
        run.join("config.toml")
    }
}

/// Sets one entry; the value is read as TOML, or as text where that fails. Without a value the entry is taken out.
fn apply(table: &mut toml::Table, change: &str) -> Result<()> {
    let (key, value) = change
        .split_once('=')
        .with_context(|| format!("'{change}' is not KEY=VALUE, for example training.epochs=3"))?;
    let value = (!value.is_empty()).then(|| {
        toml::from_str::<toml::Table>(&format!("v = {value}"))
            .ok()
            .and_then(|mut table| table.remove("v"))
            .unwrap_or_else(|| toml::Value::String(value.to_owned()))
    });
    let mut parts: Vec<&str> = key.trim().split('.').collect();
    let last = parts
        .pop()
        .filter(|p| !p.is_empty())
        .with_context(|| format!("'{change}' has no key"))?;
    let mut table = table;
    for part in parts {
        table = table
            .entry(part)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .with_context(|| format!("'{key}' goes through {part}, which is not a section"))?;
    }
    match value {
        Some(value) => table.insert(last.to_owned(), value),
        None => table.remove(last),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> &'static str {
        include_str!("../../configs/digits.toml")
    }

    #[test]
    fn changes_reach_into_sections() {
        let changes = [
            "training.epochs=3".to_owned(),
            "model.fusion=sum".to_owned(),
        ];
        let config = FitConfig::parse(text(), &changes, Path::new("digits.toml")).unwrap();
        assert_eq!(config.training.epochs, 3);
        assert_eq!(config.model.fusion, crate::model::Fusion::Sum);
    }

    #[test]
    fn a_change_without_a_value_takes_the_entry_out() {
        let changes = ["camera=".to_owned(), "model.fusion=audio".to_owned()];
        let config = FitConfig::parse(text(), &changes, Path::new("digits.toml")).unwrap();
        assert_eq!(config.camera, None);
    }

    #[test]
    fn senseless_configurations_name_the_entry() {
        for (change, word) in [
            ("training.epochs=0", "epochs"),
            ("training.shards=1000", "shards"),
            ("training.speed=9", "speed"),
            ("training", "KEY=VALUE"),
        ] {
            let error = FitConfig::parse(text(), &[change.to_owned()], Path::new("digits.toml"))
                .unwrap_err();
            assert!(format!("{error:#}").contains(word), "{error:#}");
        }
    }

    #[test]
    fn a_written_configuration_reads_back() {
        let config = FitConfig::parse(text(), &[], Path::new("digits.toml")).unwrap();
        let again = toml::to_string(&config).unwrap();
        assert_eq!(
            FitConfig::parse(&again, &[], Path::new("digits.toml")).unwrap(),
            config
        );
    }
}
