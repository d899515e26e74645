//! Everything a run needs to go on as if it had never stopped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use evenkeel::evaluation::Share;
use evenkeel::files::write_atomically;
use evenkeel::window::{Modality, PerSensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::metrics::{EpochMetrics, Sums};
use super::optimiser::Optimiser;
use crate::model::{Model, read_f32, to_safetensors};
use crate::rollingq::KeyStatistics;

/// How far a run has come.
///
/// Written as TOML into a tensor of bytes: its floats come back with every bit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Whole epochs done.
    pub epoch: u32,
    /// Steps done in the epoch under way.
    pub step: u64,
    /// Updates done in all.
    pub updates: u64,
    /// Rotations done.
    pub rotations: u32,
    /// Smallest loss on the validation split so far.
    pub best: Option<f64>,
    /// Sums over the epoch under way.
    pub sums: SavedSums,
    /// The epochs so far.
    pub epochs: Vec<EpochMetrics>,
}

/// [`Sums`] in a form that TOML can hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SavedSums {
    counts: [u64; 7],
    loss: f64,
    probe_loss: PerSensor<f64>,
    attention: [f64; 3],
    air_sum: f64,
    audio_keys: Vec<f64>,
    camera_keys: Vec<f64>,
    /// Steps in which a method of balance was at work, and in how many it acted on audio and on camera.
    #[serde(default)]
    balanced: [u64; 3],
    #[serde(default)]
    cosine_sums: PerSensor<f64>,
    /// Of the sensors beyond a microphone and a camera.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    further: BTreeMap<Modality, SavedFurther>,
}

/// What [`SavedSums`] holds of one more sensor.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct SavedFurther {
    probe_correct: u64,
    probe_examples: u64,
    acted: u64,
    attention: f64,
    keys: Vec<f64>,
}

impl SavedFurther {
    fn of(s: &Sums, modality: Modality) -> Self {
        Self {
            probe_correct: s.probe_correct[modality],
            probe_examples: s.probe_examples[modality],
            acted: s.acted[modality],
            attention: s.attention.sensors[modality],
            keys: s.keys.key_sums[modality].clone(),
        }
    }

    fn put_into(&self, s: &mut Sums, modality: Modality) {
        s.probe_correct[modality] = self.probe_correct;
        s.probe_examples[modality] = self.probe_examples;
        s.acted[modality] = self.acted;
        s.attention.sensors[modality] = self.attention;
        s.keys.key_sums[modality].clone_from(&self.keys);
    }
}

impl From<&Sums> for SavedSums {
    fn from(s: &Sums) -> Self {
        Self {
            counts: [
                s.examples,
                s.correct,
                s.probe_correct.audio,
                s.probe_correct.camera,
                s.probe_examples.audio,
                s.probe_examples.camera,
                s.keys.samples,
            ],
            loss: s.loss,
            probe_loss: s.probe_loss,
            attention: [
                s.attention.class_token,
                s.attention.sensors.audio,
                s.attention.sensors.camera,
            ],
            air_sum: s.keys.air_sum,
            audio_keys: s.keys.key_sums.audio.clone(),
            camera_keys: s.keys.key_sums.camera.clone(),
            balanced: [s.steps, s.acted.audio, s.acted.camera],
            cosine_sums: s.keys.cosine_sums,
            further: Modality::FURTHER
                .into_iter()
                .map(|modality| (modality, SavedFurther::of(s, modality)))
                .filter(|(_, saved)| *saved != SavedFurther::default())
                .collect(),
        }
    }
}

impl From<&SavedSums> for Sums {
    fn from(s: &SavedSums) -> Self {
        let [
            examples,
            correct,
            audio,
            camera,
            audio_examples,
            camera_examples,
            samples,
        ] = s.counts;
        let [steps, acted_audio, acted_camera] = s.balanced;
        let [class_token, audio_share, camera_share] = s.attention;
        let mut sums = Self {
            examples,
            loss: s.loss,
            probe_loss: s.probe_loss,
            correct,
            probe_correct: PerSensor::pair(audio, camera),
            probe_examples: PerSensor::pair(audio_examples, camera_examples),
            attention: Share {
                class_token,
                sensors: PerSensor::pair(audio_share, camera_share),
            },
            keys: KeyStatistics {
                samples,
                air_sum: s.air_sum,
                cosine_sums: s.cosine_sums,
                key_sums: PerSensor::pair(s.audio_keys.clone(), s.camera_keys.clone()),
            },
            steps,
            acted: PerSensor::pair(acted_audio, acted_camera),
        };
        for (&modality, saved) in &s.further {
            saved.put_into(&mut sums, modality);
        }
        sums
    }
}

const STATE: &str = "state";

/// Where a run keeps its checkpoint.
pub fn path_in(run: &Path) -> PathBuf {
    run.join("checkpoint.safetensors")
}

/// Writes weights, averages and progress, whole or not at all.
///
/// # Errors
/// When the disk is full or the folder cannot be written.
pub fn save(run: &Path, model: &Model, optimiser: &Optimiser, progress: &Progress) -> Result<()> {
    let mut tensors = model.parameters.values()?;
    for (prefix, averages) in [("first", &optimiser.first), ("second", &optimiser.second)] {
        for (name, values) in model.parameters.names().iter().zip(averages) {
            tensors.push((
                format!("optimiser.{prefix}.{name}"),
                vec![values.len()],
                values.clone(),
            ));
        }
    }
    // One f32 per byte keeps the file a plain list of f32 tensors.
    let state = toml::to_string(progress)?;
    let state: Vec<f32> = state.bytes().map(f32::from).collect();
    tensors.push((STATE.to_owned(), vec![state.len()], state));
    let path = path_in(run);
    write_atomically(&path, &to_safetensors(&tensors)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Restores weights and averages; `None` if the run has no checkpoint yet.
///
/// # Errors
/// When the checkpoint belongs to another model or is damaged.
pub fn load(run: &Path, model: &Model, optimiser: &mut Optimiser) -> Result<Option<Progress>> {
    let path = path_in(run);
    if !path.exists() {
        return Ok(None);
    }
    let context = || {
        format!(
            "cannot resume from {}; remove the folder to start again",
            path.display()
        )
    };
    let bytes = std::fs::read(&path).with_context(context)?;
    let file = SafeTensors::deserialize(&bytes).with_context(context)?;
    let state_length = file.tensor(STATE).with_context(context)?.shape().to_vec();
    let state = read_f32(&file, STATE, &state_length).with_context(context)?;
    let state: Vec<u8> = state.into_iter().map(|v| v as u8).collect();
    let progress: Progress =
        toml::from_str(&String::from_utf8(state).with_context(context)?).with_context(context)?;
    for (prefix, averages) in [
        ("first", &mut optimiser.first),
        ("second", &mut optimiser.second),
    ] {
        for (name, values) in model.parameters.names().iter().zip(averages) {
            *values = read_f32(
                &file,
                &format!("optimiser.{prefix}.{name}"),
                &[values.len()],
            )
            .with_context(context)?;
        }
    }
    model.parameters.load(&file).with_context(context)?;
    optimiser.steps = progress.updates;
    ensure!(progress.epoch as usize == progress.epochs.len(), context());
    Ok(Some(progress))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_comes_back_bit_for_bit() {
        let progress = Progress {
            step: 3,
            best: Some(0.7),
            sums: SavedSums {
                loss: 0.1 + 0.2,
                air_sum: 1.0 / 3.0,
                audio_keys: vec![1e-300, -2.5e17, std::f64::consts::PI],
                ..SavedSums::default()
            },
            ..Progress::default()
        };
        let again: Progress = toml::from_str(&toml::to_string(&progress).unwrap()).unwrap();
        assert_eq!(again, progress);
    }
}
