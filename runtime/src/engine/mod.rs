//! Runs the graphs of a model package in tract.
//!
//! The only module of the runtime that names tract.
//!
//! | graph | inputs | outputs |
//! |---|---|---|
//! | audio.onnx | `audio` [1, 1, mel_bands, frames] | `tokens` [1, L_a, d], `probe` [1, C], `reliability` [1, 1] |
//! | camera.onnx | `camera` [N, c, height, width], N·c = frames·channels | `tokens` [1, L_c, d], `probe` [1, C], `reliability` [1, 1] |
//! | signal.onnx | `signal` [1, channels, 1, samples] | `tokens` [1, L_s, d], `probe` [1, C], `reliability` [1, 1] |
//! | fusion.onnx | `audio` [1, L_a, d], `camera` [1, L_c, d], …, `validity` [1, n] | `logits` [1, C], `attention` [1, 1 + n] |
//!
//! `signal2`, `audio2`, `camera2` and so on are like the first of their kind. n is 2 for a model with a
//! microphone, a camera or both; each further sensor of a model has a place behind these two, in the order of
//! [`Modality::ALL`].
//!
//! `reliability` is how sure the sensor's own probe head is, 0..1; a graph need not give it, and such a
//! sensor is not weighed by the policy `soft`. `validity` is 0..1 for each sensor; one with validity 0 contributes nothing, whatever
//! its tokens hold. `attention` is the share on the class token and on each sensor, summing
//! to 1. A model without a microphone or a camera has neither that graph nor that input of the fusion
//! graph; `validity` and `attention` keep their places.

mod drift;
mod encoder;
mod error;
mod fuse;
mod golden;
mod graph;
mod narrow;
mod operators;
mod recogniser;
mod shown;
mod size;
mod tensors;
mod turn;
mod verify;

pub use drift::{Departure, departure, largest_difference, largest_share_difference};
pub use encoder::Encoding;
pub use error::EngineError;
pub use golden::{GOLDEN_TOLERANCE, GoldenCheck, all_valid, check_golden};
pub use recogniser::{Answer, Perception, Recogniser, Spent, Verdict};
pub use size::{GraphSize, graph_size};

use std::sync::Arc;

use rayon::ThreadPool;
use tract_onnx::prelude::{TValue, TVec, Tensor, tvec};

use crate::frontend::Features;
use crate::package::Package;
use crate::window::{Attention, Modality, PerSensor};
use encoder::Encoder;
use graph::{Graph, fill, zeros};
use turn::side_by_side;
use verify::Port;

/// What a model says about one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// One number per label, before temperature and softmax.
    pub logits: Vec<f32>,
    /// Shares of attention.
    pub attention: Attention,
    /// Logits of each sensor's own probe head; `None` for a sensor that was not run.
    pub probes: PerSensor<Option<Vec<f32>>>,
}

/// The graphs of one model, ready to run on one thread, or one for each encoder.
///
/// Clones share the weights and are made without optimising anything again, so one clone per
/// thread is the way to use several. Apart from its answers, a run allocates nothing beyond what
/// the inference library does for the operations of a graph.
#[derive(Clone)]
pub struct Engine {
    encoders: PerSensor<Option<Encoder>>,
    fusion: Graph,
    /// What each input of the fusion graph is, in its order; `None` is the validity.
    fusion_inputs: Vec<Option<Modality>>,
    /// The sensors in the order of validity and attention: audio and camera, and the further ones of the model.
    places: Vec<Modality>,
    logits: usize,
    attention: usize,
    validity: Arc<Tensor>,
    /// Runs the encoders side by side; one after the other without.
    threads: Option<Arc<ThreadPool>>,
}

impl Engine {
    /// Checks and loads the graphs of a package.
    ///
    /// # Errors
    /// [`EngineError::Graph`] when a graph is broken, hostile, or does not fit the manifest.
    pub fn load(package: &Package) -> Result<Self, EngineError> {
        let manifest = &package.manifest;
        let has = manifest.sensors();
        let encoders = PerSensor::try_from_fn(|modality| {
            let bytes = package.graphs.encoders[modality].as_deref();
            let file = package.dir.join(format!("{modality}.onnx"));
            match (has[modality], bytes) {
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
        })?;
        let places: Vec<Modality> = Modality::LIVE
            .into_iter()
            .chain(manifest.further())
            .collect();
        let token_shapes =
            PerSensor::from_fn(|modality| encoders[modality].as_ref().map(Encoder::token_shape));
        let mut fusion_inputs = Vec::new();
        let fusion = Graph::load(
            package.dir.join("fusion.onnx"),
            &package.graphs.fusion,
            |inputs| {
                fusion_inputs = fusion_roles(inputs, &token_shapes, places.len())?;
                Ok(())
            },
        )?;
        fusion.check_outputs(&["logits", "attention"])?;
        let logits = fusion.shaped_output("logits", &[1, manifest.labels.len()])?;
        let attention = fusion.shaped_output("attention", &[1, 1 + places.len()])?;
        let validity = zeros(&fusion, &[1, places.len()])?;
        Ok(Self {
            encoders,
            fusion,
            fusion_inputs,
            places,
            logits,
            attention,
            validity,
            threads: None,
        })
    }

    /// Runs the encoders at the same time on these threads from now on; the answers stay the same.
    pub fn use_threads(&mut self, threads: Arc<ThreadPool>) {
        self.threads = Some(threads);
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
        let encodings = self.encode_all(features, validity)?;
        let (logits, attention) = self.fuse(&encodings, validity)?;
        Ok(Output {
            logits,
            attention,
            probes: encodings.map(|encoding| Some(encoding?.probe)),
        })
    }

    /// Runs the encoder of every sensor that counts and gave something.
    fn encode_all(
        &mut self,
        features: &Features,
        validity: PerSensor<f32>,
    ) -> Result<PerSensor<Option<Encoding>>, EngineError> {
        let mut encoders = self.encoders.iter_mut();
        let mut tasks: [_; Modality::ALL.len()] = std::array::from_fn(|_| {
            let (modality, encoder) = encoders.next()?;
            let values = features[modality].as_deref()?;
            let encoder = encoder.as_mut().filter(|_| validity[modality] != 0.0)?;
            Some((modality, encoder, values, None))
        });
        side_by_side(&mut tasks, self.threads.as_deref(), &|task| {
            let (_, encoder, values, outcome) = task;
            *outcome = Some(encoder.run(values));
        });
        let mut encodings = PerSensor::default();
        for (modality, _, _, outcome) in tasks.into_iter().flatten() {
            encodings[modality] = outcome.transpose()?;
        }
        Ok(encodings)
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
    ) -> Result<(Vec<f32>, Attention), EngineError> {
        let mut weights = [0.0; Modality::ALL.len()];
        for (&modality, weight) in self.places.iter().zip(&mut weights) {
            let value = validity[modality];
            if !(0.0..=1.0).contains(&value) {
                return Err(EngineError::Validity { modality, value });
            }
            if encodings[modality].is_some() {
                *weight = value;
            }
        }
        let weights = &weights[..self.places.len()];
        fill(&self.fusion, &mut self.validity, weights)?;
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
        let further = self.places.iter().skip(Modality::LIVE.len()).copied();
        let mut attention = Attention::from_row(shares, further);
        // A graph is untrusted input: what it calls a share need not be one.
        attention.class_token = attention.class_token.clamp(0.0, 1.0);
        attention.sensors = attention.sensors.map(|share| share.clamp(0.0, 1.0));
        Ok((logits, attention))
    }

    /// Which sensors the model has.
    pub fn sensors(&self) -> PerSensor<bool> {
        PerSensor::from_fn(|modality| self.encoders[modality].is_some())
    }
}

/// What each input of the fusion graph is, `None` for the validity of so many `places`; every token tensor
/// must have the shape that its encoder gives.
fn fusion_roles(
    inputs: &[Port],
    tokens: &PerSensor<Option<Vec<usize>>>,
    places: usize,
) -> Result<Vec<Option<Modality>>, String> {
    let mut roles = Vec::new();
    for port in inputs {
        let sensor = Modality::from_id(&port.name);
        let validity = (port.name == "validity").then(|| vec![1, places]);
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
