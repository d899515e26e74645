//! Runs the three graphs of a model package in tract.
//!
//! The only module of the runtime that names tract.
//!
//! | graph | inputs | outputs |
//! |---|---|---|
//! | audio.onnx | `audio` [1, 1, mel_bands, frames] | `tokens` [1, L_a, d], `probe` [1, C] |
//! | camera.onnx | `camera` [N, c, height, width], N·c = frames·channels | `tokens` [1, L_c, d], `probe` [1, C] |
//! | fusion.onnx | `audio` [1, L_a, d], `camera` [1, L_c, d], `validity` [1, 2] | `logits` [1, C], `attention` [1, 3] |
//!
//! `validity` is 0..1 for audio and camera; a sensor with validity 0 contributes nothing, whatever
//! its tokens hold. `attention` is the share on the class token, on audio and on camera, summing
//! to 1. A model without one of the sensors has neither that graph nor that input of the fusion
//! graph; `validity` and `attention` keep their shape.

mod error;
mod golden;
mod graph;
mod recogniser;
mod verify;

#[cfg(test)]
mod tests;

pub use error::EngineError;
pub use golden::{GOLDEN_TOLERANCE, GoldenCheck, check_golden};
pub use recogniser::{Answer, Recogniser, Verdict};
pub use verify::{GraphSize, graph_size};

use std::sync::Arc;

use tract_onnx::prelude::{TValue, TVec, Tensor, tvec};

use crate::frontend::Features;
use crate::package::{Manifest, Package};
use crate::window::{Modality, PerSensor};
use graph::Graph;

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

/// What an encoder made of one sensor's part of a window.
#[derive(Debug, Clone)]
pub struct Encoding {
    tokens: TValue,
    /// Logits of the sensor's own probe head.
    pub probe: Vec<f32>,
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

#[derive(Clone)]
struct Encoder {
    modality: Modality,
    graph: Graph,
    tokens: usize,
    probe: usize,
    input: Arc<Tensor>,
    /// What the fusion graph gets in place of tokens when the sensor is gone.
    absent: TValue,
}

impl Encoding {
    /// The tokens, `[L, d]` row-major.
    pub fn tokens(&self) -> &[f32] {
        // The engine only makes encodings of f32 tensors.
        self.tokens
            .as_plain_ram()
            .and_then(|view| view.as_slice().ok())
            .unwrap_or_default()
    }
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
                (true, Some(bytes)) => {
                    Encoder::load(modality, Graph::load(file, bytes)?, manifest).map(Some)
                }
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
        let fusion = Graph::load(package.dir.join("fusion.onnx"), &package.graphs.fusion)?;
        let mut fusion_inputs = Vec::new();
        for port in &fusion.inputs {
            let (role, expected) = match port.name.as_str() {
                "validity" => (None, Some(vec![1, 2])),
                "audio" => (
                    Some(Modality::Audio),
                    encoders.audio.as_ref().map(Encoder::token_shape),
                ),
                "camera" => (
                    Some(Modality::Camera),
                    encoders.camera.as_ref().map(Encoder::token_shape),
                ),
                _ => (None, None),
            };
            match expected {
                Some(shape) if shape == port.shape => fusion_inputs.push(role),
                Some(shape) => {
                    return Err(fusion.refuse(format!(
                        "takes `{}` of shape {:?} where the rest of the model gives {shape:?}",
                        port.name, port.shape
                    )));
                }
                None => {
                    return Err(fusion.refuse(format!(
                        "takes an input `{}` that the model does not have",
                        port.name
                    )));
                }
            }
        }
        let sensors = Modality::ALL
            .iter()
            .filter(|m| encoders[**m].is_some())
            .count();
        if fusion_inputs.len() != sensors + 1 {
            return Err(fusion.refuse("does not take every sensor's tokens and `validity`".into()));
        }
        check_outputs(&fusion, ["logits", "attention"])?;
        let logits = shaped_output(&fusion, "logits", &[1, manifest.labels.len()])?;
        let attention = shaped_output(&fusion, "attention", &[1, 3])?;
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
        fill(&mut self.validity, &weights);
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
        Ok((logits, [shares[0], shares[1], shares[2]]))
    }

    /// Which sensors the model has.
    pub fn sensors(&self) -> PerSensor<bool> {
        PerSensor::from_fn(|modality| self.encoders[modality].is_some())
    }
}

impl Encoder {
    fn load(modality: Modality, graph: Graph, manifest: &Manifest) -> Result<Self, EngineError> {
        let name = modality.to_string();
        let [port] = graph.inputs.as_slice() else {
            return Err(graph.refuse(format!("must take one input, `{name}`")));
        };
        if port.name != name || !fits(manifest, modality, &port.shape) {
            return Err(graph.refuse(format!(
                "takes `{}` of shape {:?}, which does not fit [{name}] of model.toml",
                port.name, port.shape
            )));
        }
        let input = zeros(&graph, &port.shape)?;
        check_outputs(&graph, ["tokens", "probe"])?;
        let probe = shaped_output(&graph, "probe", &[1, manifest.labels.len()])?;
        let (tokens, shape) = graph.output("tokens")?;
        if !matches!(shape, &[1, length, width] if length > 0 && width == manifest.token_width) {
            return Err(graph.refuse(format!(
                "gives `tokens` of shape {shape:?} where model.toml says [1, tokens, {}]",
                manifest.token_width
            )));
        }
        let absent = TValue::from_const(zeros(&graph, shape)?);
        Ok(Self {
            modality,
            graph,
            tokens,
            probe,
            input,
            absent,
        })
    }

    fn token_shape(&self) -> Vec<usize> {
        self.absent.shape().to_vec()
    }

    fn run(&mut self, features: &[f32]) -> Result<Encoding, EngineError> {
        let expected = self.input.len();
        if features.len() != expected {
            return Err(EngineError::Features {
                modality: self.modality,
                expected,
                found: features.len(),
            });
        }
        fill(&mut self.input, features);
        let mut values = self
            .graph
            .run(tvec![TValue::from_const(self.input.clone())])?;
        let probe = self.graph.numbers(&values[self.probe], "probe")?.to_vec();
        self.graph.numbers(&values[self.tokens], "tokens")?;
        Ok(Encoding {
            tokens: values.swap_remove(self.tokens),
            probe,
        })
    }
}

fn has_sensor(manifest: &Manifest, modality: Modality) -> bool {
    match modality {
        Modality::Audio => manifest.audio.is_some(),
        Modality::Camera => manifest.camera.is_some(),
    }
}

/// Whether an encoder input of this shape takes what the manifest's frontend gives.
fn fits(manifest: &Manifest, modality: Modality, shape: &[usize]) -> bool {
    match modality {
        Modality::Audio => manifest.audio.as_ref().is_some_and(|config| {
            let [bands, frames] = config.shape();
            shape == [1, 1, bands, frames]
        }),
        Modality::Camera => manifest.camera.as_ref().is_some_and(|config| {
            let [frames, channels, height, width] = config.shape();
            // Several frames may share a token: their channels are stacked.
            matches!(*shape, [groups, stacked, rows, columns]
                if rows == height
                    && columns == width
                    && stacked > 0
                    && stacked % channels == 0
                    && groups.checked_mul(stacked) == frames.checked_mul(channels))
        }),
    }
}

fn check_outputs(graph: &Graph, expected: [&str; 2]) -> Result<(), EngineError> {
    match graph.output_names().find(|name| !expected.contains(name)) {
        Some(name) => Err(graph.refuse(format!("gives an output `{name}` that nobody reads"))),
        None => Ok(()),
    }
}

/// Index of the output `name`, which must have this shape.
fn shaped_output(graph: &Graph, name: &str, expected: &[usize]) -> Result<usize, EngineError> {
    let (index, shape) = graph.output(name)?;
    if shape == expected {
        Ok(index)
    } else {
        Err(graph.refuse(format!(
            "gives `{name}` of shape {shape:?} where model.toml says {expected:?}"
        )))
    }
}

fn zeros(graph: &Graph, shape: &[usize]) -> Result<Arc<Tensor>, EngineError> {
    Tensor::zero::<f32>(shape)
        .map(Arc::new)
        .map_err(|error| graph.refuse(format!("cannot be run ({error})")))
}

/// Overwrites an f32 tensor of the same length. In place, unless a clone of the engine or a run
/// that failed still holds it.
fn fill(tensor: &mut Arc<Tensor>, values: &[f32]) {
    let Ok(mut view) = Arc::make_mut(tensor).try_as_plain_ram_mut() else {
        return;
    };
    if let Ok(numbers) = view.as_slice_mut::<f32>() {
        numbers.copy_from_slice(values);
    }
}
