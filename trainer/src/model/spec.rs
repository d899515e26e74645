//! The shape of a model, as written in a configuration file and kept beside its weights.

use std::path::PathBuf;

use evenkeel::window::Modality;
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
    /// One attention head over `[CLS, audio, camera]`, its query rotated while training.
    Rollingq,
    /// The same without rotation.
    Attention,
    /// Mean tokens of both sensors side by side, then a linear layer.
    Concat,
    /// Mean tokens of both sensors added, then a linear layer.
    Sum,
    /// The microphone alone: mean token, then a linear layer.
    Audio,
    /// The camera alone: mean token, then a linear layer.
    Camera,
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
    /// Consecutive frames that share one token; divides the frames of a window.
    #[serde(default = "one")]
    pub tubelet: usize,
    /// How the sensors are fused.
    pub fusion: Fusion,
}

impl ModelSpec {
    /// The stem of a sensor's encoder.
    pub fn stem(&self, modality: Modality) -> &Stem {
        match modality {
            Modality::Audio => &self.audio,
            Modality::Camera => &self.camera,
        }
    }
}

fn one() -> usize {
    1
}
