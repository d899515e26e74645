//! The shape of a model, as written in a configuration file and kept beside its weights.

use std::path::PathBuf;

use evenkeel::frontend::SensorConfig;
use evenkeel::window::{Kind, Modality};
use serde::{Deserialize, Serialize};

use crate::backbone::BackboneSpec;

/// How the sensors' tokens become one answer.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Fusion {
    /// One attention head over `[CLS, audio, camera, …]`, its query rotated while training.
    Rollingq,
    /// The same without rotation.
    Attention,
    /// Mean tokens of all sensors side by side, then a linear layer.
    Concat,
    /// Mean tokens of all sensors added, then a linear layer.
    Sum,
    /// The microphone alone: mean token, then a linear layer.
    Audio,
    /// The camera alone: mean token, then a linear layer.
    Camera,
    /// The sensor of numbers alone: mean token, then a linear layer.
    Signal,
}

impl Fusion {
    /// The only sensor that it uses; `None` for one that uses all there are.
    pub fn only(self) -> Option<Modality> {
        match self {
            Fusion::Audio => Some(Modality::Audio),
            Fusion::Camera => Some(Modality::Camera),
            Fusion::Signal => Some(Modality::Signal),
            Fusion::Rollingq | Fusion::Attention | Fusion::Concat | Fusion::Sum => None,
        }
    }

    /// Numbers that its linear layer takes, of `sensors` tokens of `width`.
    pub fn head_inputs(self, sensors: usize, width: usize) -> usize {
        match self {
            Fusion::Concat => sensors * width,
            _ => width,
        }
    }
}

/// Non-linearity of the transformer blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(x, 0): the cheapest on every board.
    Relu,
    /// x·Φ(x) with the exact error function, as in the paper's ViT.
    Gelu,
}

/// A convolution without padding, followed by max(x, 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convolution {
    /// Channels that it gives.
    pub channels: usize,
    /// Rows and columns of a patch.
    pub kernel: [usize; 2],
    /// Rows and columns from one patch to the next.
    pub stride: [usize; 2],
}

/// The first layers of an encoder, which make its tokens.
///
/// Without convolutions it is the plain patches of a ViT, overlapping where the stride is smaller
/// than the kernel, each times one matrix. A few small convolutions before that let a transformer
/// learn from far fewer examples (Xiao et al. 2021, "Early Convolutions Help Transformers See
/// Better"); each of them is one matrix product over overlapping patches too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stem {
    /// A pre-trained network before everything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backbone: Option<BackboneSpec>,
    /// A safetensors file with a pre-trained Vision Transformer that the encoder begins as; relative to the configuration file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vit: Option<PathBuf>,
    /// What comes before the patches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub convolutions: Vec<Convolution>,
    /// Rows and columns of a patch.
    pub kernel: [usize; 2],
    /// Rows and columns from one patch to the next.
    pub stride: [usize; 2],
}

/// Everything that fixes the shape of the weights, besides the frontends and the number of classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Length of a token, d.
    pub width: usize,
    /// Transformer blocks in each encoder.
    pub depth: usize,
    /// Attention heads in each block; divides `width`.
    pub heads: usize,
    /// Hidden width of each block's perceptron, as a multiple of `width`.
    pub mlp_ratio: usize,
    /// Non-linearity of the perceptrons.
    pub activation: Activation,
    /// Stem of the audio encoder over `[1, mel_bands, frames]`.
    pub audio: Stem,
    /// Stem of the camera encoder over `[tubelet · channels, height, width]`.
    pub camera: Stem,
    /// Stem of a sensor of numbers over `[channels, 1, samples]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Stem>,
    /// Stem of a second microphone; that of the first if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio2: Option<Stem>,
    /// Stem of a second camera; that of the first if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera2: Option<Stem>,
    /// Stem of a second sensor of numbers; that of the first if absent. So are the next two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal2: Option<Stem>,
    /// Of a third one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal3: Option<Stem>,
    /// Of a fourth one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal4: Option<Stem>,
    /// Consecutive frames that share one token; divides the frames of a window.
    #[serde(default = "one")]
    pub tubelet: usize,
    /// How the sensors are fused.
    pub fusion: Fusion,
}

impl ModelSpec {
    /// The stem of a sensor's encoder; `None` for a sensor of numbers where the specification has none.
    pub fn stem(&self, modality: Modality) -> Option<&Stem> {
        let own = match modality {
            Modality::Audio => return Some(&self.audio),
            Modality::Camera => return Some(&self.camera),
            Modality::Signal => return self.signal.as_ref(),
            Modality::Audio2 => &self.audio2,
            Modality::Camera2 => &self.camera2,
            Modality::Signal2 => &self.signal2,
            Modality::Signal3 => &self.signal3,
            Modality::Signal4 => &self.signal4,
        };
        let first = match modality.kind() {
            Kind::Audio => Some(&self.audio),
            Kind::Camera => Some(&self.camera),
            Kind::Signal => self.signal.as_ref(),
        };
        own.as_ref().or(first)
    }

    /// All stems that are written out, each with its sensor.
    pub fn stems_mut(&mut self) -> impl Iterator<Item = (Modality, &mut Stem)> {
        let further = [
            (Modality::Signal, &mut self.signal),
            (Modality::Audio2, &mut self.audio2),
            (Modality::Camera2, &mut self.camera2),
            (Modality::Signal2, &mut self.signal2),
            (Modality::Signal3, &mut self.signal3),
            (Modality::Signal4, &mut self.signal4),
        ];
        let further = further
            .into_iter()
            .filter_map(|(modality, stem)| Some((modality, stem.as_mut()?)));
        [
            (Modality::Audio, &mut self.audio),
            (Modality::Camera, &mut self.camera),
        ]
        .into_iter()
        .chain(further)
    }

    /// What the encoder of a sensor takes of its frontend, `[pictures, channels, rows, columns]`: frames
    /// that share a token are stacked.
    ///
    /// # Errors
    /// Half a sentence, when frames of a window cannot share tokens evenly.
    pub fn input(&self, config: SensorConfig) -> Result<[usize; 4], String> {
        let [pictures, channels, rows, columns] = config.shape();
        let SensorConfig::Camera(_) = config else {
            return Ok(config.shape());
        };
        if self.tubelet == 0 || !pictures.is_multiple_of(self.tubelet) {
            return Err(format!(
                "{pictures} frames of a window cannot share tokens by {}",
                self.tubelet
            ));
        }
        let groups = pictures / self.tubelet;
        Ok([groups, self.tubelet * channels, rows, columns])
    }
}

fn one() -> usize {
    1
}
