//! Runs the three graphs of a model package in tract.
//!
//! The only module of the runtime that names tract.
//!
//! | graph | inputs | outputs |
//! |---|---|---|
//! | audio.onnx | `audio` [1, 1, mel_bands, frames] | `tokens` [1, L_a, d], `probe` [1, C], `reliability` [1, 1] |
//! | camera.onnx | `camera` [N, c, height, width], N·c = frames·channels | `tokens` [1, L_c, d], `probe` [1, C], `reliability` [1, 1] |
//! | fusion.onnx | `audio` [1, L_a, d], `camera` [1, L_c, d], `validity` [1, 2] | `logits` [1, C], `attention` [1, 3] |
//!
//! `reliability` is how sure the sensor's own probe head is, 0..1; a graph need not give it, and such a
//! sensor is not weighed by the policy `soft`. `validity` is 0..1 for audio and camera; a sensor with validity 0 contributes nothing, whatever
//! its tokens hold. `attention` is the share on the class token, on audio and on camera, summing
//! to 1. A model without one of the sensors has neither that graph nor that input of the fusion
//! graph; `validity` and `attention` keep their shape.

mod drift;
mod encoder;
mod error;
mod golden;
mod graph;
mod narrow;
mod operators;
mod recogniser;
mod shown;
mod size;
mod tensors;
mod verify;

pub use drift::{Departure, departure};
pub use encoder::Encoding;
pub use error::EngineError;
pub use golden::{GOLDEN_TOLERANCE, GoldenCheck, both_valid, check_golden};
pub use recogniser::{Answer, Perception, Recogniser, Spent, Verdict};
pub use size::{GraphSize, graph_size};

use std::sync::Arc;

use tract_onnx::prelude::{TValue, TVec, Tensor, tvec};

use crate::frontend::Features;
use crate::package::{Manifest, Package};
use crate::window::{Modality, PerSensor};
use encoder::Encoder;
use graph::{Graph, fill, zeros};
use verify::Port;

/// What a model says about one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// One number per label, before temperature and softmax.
    pub logits: Vec<f32>,
    /// Share of attention on the class token, on audio and on camera; sums to 1 where there is any.
    pub attention: [f32; 3],
    /// Logits of each sensor's own probe head; `None` for a sensor that was not run.
    pub probes: PerSensor<Option<Vec<f32>>>,
}

/// The graphs of one model, ready to run on one thread.
///
/// Clones share the weights and are made without optimising anything again, so one clone per
/// thread is the way to use several. Apart from its answers, a run allocates nothing beyond what
/// the inference library does.
#[derive(Clone)]
pub struct Engine {
    encoders: PerSensor<Option<Encoder>>,
    fusion: Graph,
    /// What each input of the fusion graph is, in its order; `None` is the validity.
    fusion_inputs: Vec<Option<Modality>>,
    logits: usize,
    attention: usize,
    validity: Arc<Tensor>,
}

impl Engine {
    /// Checks and loads the graphs of a package.
    ///
    /// # Errors
    /// [`EngineError::Graph`] when a graph is broken, hostile, or does not fit the manifest.
    pub fn load(package: &Package) -> Result<Self, EngineError> {
        let manifest = &package.manifest;
        let encoder = |modality: Modality, bytes: &Option<Vec<u8>>| {
            let file = package.dir.join(format!("{modality}.onnx"));
            match (has_sensor(manifest, modality), bytes) {
                (true, Some(bytes)) => Encoder::load(modality, file, bytes, manifest).map(Some),
                (false, None) => Ok(None),
                (true, None) => Err(EngineError::Graph {
                    file,
                    what: format!("is missing, though model.toml has [{modality}]"),
                }),
                (false, Some(_)) => Err(EngineError::Graph {
                    file,
                    what: format!("is there, though model.toml has no [{modality}]"),
                }),
            }
        };
        let encoders = PerSensor {
            audio: encoder(Modality::Audio, &package.graphs.audio)?,
            camera: encoder(Modality::Camera, &package.graphs.camera)?,
        };
        let token_shapes =
            PerSensor::from_fn(|modality| encoders[modality].as_ref().map(Encoder::token_shape));
        let mut fusion_inputs = Vec::new();
        let fusion = Graph::load(
            package.dir.join("fusion.onnx"),
            &package.graphs.fusion,
            |inputs| {
                fusion_inputs = fusion_roles(inputs, &token_shapes)?;
                Ok(())
            },
        )?;
        fusion.check_outputs(&["logits", "attention"])?;
        let logits = fusion.shaped_output("logits", &[1, manifest.labels.len()])?;
        let attention = fusion.shaped_output("attention", &[1, 3])?;
        let validity = zeros(&fusion, &[1, 2])?;
        Ok(Self {
            encoders,
            fusion,
            fusion_inputs,
            logits,
            attention,
            validity,
        })
    }

    /// Runs one window. A sensor whose features are absent, that has validity 0, or that the model
    /// does not have, counts as validity 0 and its encoder is not run.
    ///
    /// # Errors
    /// When the features do not fit the model, a validity is not in 0..1, or the model gives a
    /// number that is not finite.
    pub fn run(
        &mut self,
        features: &Features,
        validity: PerSensor<f32>,
    ) -> Result<Output, EngineError> {
        let mut encode = |modality: Modality| match &features[modality] {
            Some(values) if validity[modality] != 0.0 => self.encode(modality, values),
            _ => Ok(None),
        };
        let encodings = PerSensor {
            audio: encode(Modality::Audio)?,
            camera: encode(Modality::Camera)?,
        };
        let (logits, attention) = self.fuse(&encodings, validity)?;
        Ok(Output {
            logits,
            attention,
            probes: PerSensor {
                audio: encodings.audio.map(|encoding| encoding.probe),
                camera: encodings.camera.map(|encoding| encoding.probe),
            },
        })
    }

    /// Runs one encoder; `None` when the model does not have that sensor.
    ///
    /// # Errors
    /// When the features do not fit the encoder, or it gives a number that is not finite.
    pub fn encode(
        &mut self,
        modality: Modality,
        features: &[f32],
    ) -> Result<Option<Encoding>, EngineError> {
        self.encoders[modality]
            .as_mut()
            .map(|encoder| encoder.run(features))
            .transpose()
    }

    /// Logits and attention from what the encoders gave. An absent encoding counts as validity 0.
    ///
    /// # Errors
    /// When a validity is not in 0..1, or the fusion gives a number that is not finite.
    pub fn fuse(
        &mut self,
        encodings: &PerSensor<Option<Encoding>>,
        validity: PerSensor<f32>,
    ) -> Result<(Vec<f32>, [f32; 3]), EngineError> {
        let mut weights = [0.0; 2];
        for (modality, weight) in Modality::ALL.into_iter().zip(&mut weights) {
            let value = validity[modality];
            if !(0.0..=1.0).contains(&value) {
                return Err(EngineError::Validity { modality, value });
            }
            if encodings[modality].is_some() {
                *weight = value;
            }
        }
        fill(&self.fusion, &mut self.validity, &weights)?;
        let mut inputs: TVec<TValue> = tvec![];
        for role in &self.fusion_inputs {
            let value = role.and_then(|modality| {
                let encoder = self.encoders[modality].as_ref()?;
                let tokens = encodings[modality]
                    .as_ref()
                    .map(|encoding| &encoding.tokens);
                Some(tokens.unwrap_or(&encoder.absent).clone())
            });
            inputs.push(value.unwrap_or_else(|| TValue::from_const(self.validity.clone())));
        }
        let values = self.fusion.run(inputs)?;
        let logits = self
            .fusion
            .numbers(&values[self.logits], "logits")?
            .to_vec();
        let shares = self.fusion.numbers(&values[self.attention], "attention")?;
        // A graph is untrusted input: what it calls a share need not be one.
        let share = |place: usize| shares[place].clamp(0.0, 1.0);
        Ok((logits, [share(0), share(1), share(2)]))
    }

    /// Which sensors the model has.
    pub fn sensors(&self) -> PerSensor<bool> {
        PerSensor::from_fn(|modality| self.encoders[modality].is_some())
    }
}

fn has_sensor(manifest: &Manifest, modality: Modality) -> bool {
    match modality {
        Modality::Audio => manifest.audio.is_some(),
        Modality::Camera => manifest.camera.is_some(),
    }
}

/// What each input of the fusion graph is, `None` for the validity; every token tensor must have
/// the shape that its encoder gives.
fn fusion_roles(
    inputs: &[Port],
    tokens: &PerSensor<Option<Vec<usize>>>,
) -> Result<Vec<Option<Modality>>, String> {
    let mut roles = Vec::new();
    for port in inputs {
        let sensor = Modality::ALL
            .into_iter()
            .find(|modality| port.name == modality.to_string());
        let validity = (port.name == "validity").then(|| vec![1, 2]);
        let expected = match sensor {
            Some(modality) => tokens[modality].clone(),
            None => validity,
        };
        match expected {
            Some(shape) if shape == port.shape => roles.push(sensor),
            Some(shape) => {
                return Err(format!(
                    "takes `{}` of shape {:?} where the rest of the model gives {shape:?}",
                    shown::name(&port.name),
                    port.shape
                ));
            }
            None => {
                return Err(format!(
                    "takes an input `{}` that the model does not have",
                    shown::name(&port.name)
                ));
            }
        }
    }
    let sensors = Modality::ALL
        .into_iter()
        .filter(|modality| tokens[*modality].is_some());
    if roles.len() != sensors.count() + 1 {
        return Err("does not take every sensor's tokens and `validity`".into());
    }
    Ok(roles)
}
