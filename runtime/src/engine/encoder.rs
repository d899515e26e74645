//! One encoder: from features to tokens.

use std::path::PathBuf;
use std::sync::Arc;

use tract_onnx::prelude::{TValue, Tensor, tvec};

use super::graph::{Graph, fill, zeros};
use super::{EngineError, shown};
use crate::finite::all_finite;
use crate::frontend::SensorConfig;
use crate::package::Manifest;
use crate::window::Modality;

/// Name of the output that not every graph has.
const RELIABILITY: &str = "reliability";

/// What an encoder made of one sensor's part of a window.
#[derive(Debug, Clone)]
pub struct Encoding {
    pub(super) tokens: TValue,
    /// Logits of the sensor's own probe head.
    pub probe: Vec<f32>,
    /// How sure that head is, 0..1; none where the graph does not say.
    pub reliability: Option<f32>,
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

/// One sensor's graph and its buffers.
#[derive(Clone)]
pub(super) struct Encoder {
    modality: Modality,
    graph: Graph,
    tokens: usize,
    probe: usize,
    reliability: Option<usize>,
    input: Arc<Tensor>,
    /// What the fusion graph gets in place of tokens when the sensor is gone.
    pub absent: TValue,
}

impl Encoder {
    /// Checks and loads the encoder of one sensor.
    pub fn load(
        modality: Modality,
        file: PathBuf,
        bytes: &[u8],
        manifest: &Manifest,
    ) -> Result<Self, EngineError> {
        let mut shape = Vec::new();
        let graph = Graph::load(file, bytes, |inputs| {
            let [port] = inputs else {
                return Err(format!("must take one input, `{modality}`"));
            };
            if port.name != modality.to_string() || !fits(manifest, modality, &port.shape) {
                return Err(format!(
                    "takes `{}` of shape {:?}, which does not fit [{modality}] of model.toml",
                    shown::name(&port.name),
                    port.shape
                ));
            }
            shape.clone_from(&port.shape);
            Ok(())
        })?;
        let input = zeros(&graph, &shape)?;
        graph.check_outputs(&["tokens", "probe", RELIABILITY])?;
        let probe = graph.shaped_output("probe", &[1, manifest.labels.len()])?;
        let reliability = graph
            .has_output(RELIABILITY)
            .then(|| graph.shaped_output(RELIABILITY, &[1, 1]))
            .transpose()?;
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
            reliability,
            input,
            absent,
        })
    }

    /// `[1, L, d]`.
    pub fn token_shape(&self) -> Vec<usize> {
        self.absent.shape().to_vec()
    }

    /// Runs the encoder on features of the length that it takes.
    pub fn run(&mut self, features: &[f32]) -> Result<Encoding, EngineError> {
        let expected = self.input.len();
        if features.len() != expected {
            return Err(EngineError::Features {
                modality: self.modality,
                expected,
                found: features.len(),
            });
        }
        // A rectifier in the graph would turn NaN into an innocent zero.
        if !all_finite(features) {
            return Err(EngineError::BadFeatures {
                modality: self.modality,
            });
        }
        fill(&self.graph, &mut self.input, features)?;
        let mut values = self
            .graph
            .run(tvec![TValue::from_const(self.input.clone())])?;
        let probe = self.graph.numbers(&values[self.probe], "probe")?.to_vec();
        self.graph.numbers(&values[self.tokens], "tokens")?;
        let reliability = match self.reliability {
            // A graph is untrusted input: what it calls a share need not be one.
            Some(at) => Some(self.graph.numbers(&values[at], RELIABILITY)?[0].clamp(0.0, 1.0)),
            None => None,
        };
        Ok(Encoding {
            tokens: values.swap_remove(self.tokens),
            probe,
            reliability,
        })
    }
}

/// Whether an encoder input of this shape takes what the manifest's frontend gives.
fn fits(manifest: &Manifest, modality: Modality, shape: &[usize]) -> bool {
    let Some(config) = manifest.sensor_configs()[modality] else {
        return false;
    };
    let [pictures, channels, height, width] = config.shape();
    match config {
        SensorConfig::Audio(_) | SensorConfig::Signal(_) => shape == config.shape(),
        // Several frames may share a token: their channels are stacked.
        SensorConfig::Camera(_) => matches!(*shape, [groups, stacked, rows, columns]
            if rows == height
                && columns == width
                && stacked > 0
                && stacked % channels == 0
                && groups.checked_mul(stacked) == pictures.checked_mul(channels)),
    }
}
