//! The model in Candle: one encoder per sensor, a fusion, and a probe head on each encoder.

mod backbone;
mod encoder;
mod fusion;
mod parameters;
pub mod spec;
mod stem;
mod vit;

pub use backbone::{Convolutions, Frozen};
pub use fusion::{AttentionState, Pooled};
pub(crate) use parameters::overwrite;
pub use parameters::{
    NamedTensor, Parameters, ParametersError, little_endian, read_f32, to_safetensors,
};
pub use spec::{Activation, Convolution, Fusion, ModelSpec, Stem};
pub use stem::{Stage, StemLayout};

use std::ops::Range;
use std::sync::Arc;

use candle_core::{D, Device, Result, Tensor, bail};
use evenkeel::frontend::{Features, SensorConfigs};
use evenkeel::window::{Attention, Modality, PerSensor};

use crate::data::fetch::Store;
use crate::ops::{After, linear};
use encoder::Encoder;
use fusion::FusionHead;

/// Name of the buffer that holds the rotation R, `[d, d]`.
pub const ROTATION: &str = "fusion.rotation";

/// A trained or trainable model.
pub struct Model {
    /// Its shape.
    pub spec: ModelSpec,
    /// Number of classes.
    pub classes: usize,
    /// Its weights and buffers.
    pub parameters: Parameters,
    layouts: PerSensor<Option<StemLayout>>,
    backbones: PerSensor<Option<Arc<Convolutions>>>,
    encoders: PerSensor<Option<Encoder>>,
    fusion: FusionHead,
}

/// A batch of features cut into patches, or for a sensor with a pre-trained network into pixels.
pub struct Batch {
    /// Samples.
    pub size: usize,
    /// `[size · patches, patch]` of the stem's first stage, or `[size · pixels, channels]`, for each sensor of the model.
    pub patches: PerSensor<Option<Tensor>>,
    /// Validity of each sensor in each sample, 0..1.
    pub validity: PerSensor<Vec<f32>>,
}

/// What the model says of a batch.
pub struct Forward {
    /// Fused logits `[size, classes]`.
    pub logits: Tensor,
    /// Logits of each encoder's probe head `[size, classes]`.
    pub probes: PerSensor<Option<Tensor>>,
    /// Mean token of each sensor `[size, d]`, outside the graph of gradients.
    pub means: PerSensor<Option<Tensor>>,
    /// Attention of the fusion, `[size, 3 + further sensors]`: share on class token, audio and camera, and on the
    /// model's further sensors ([`Model::attention`] reads a row).
    pub attention: Tensor,
    /// What AIR and the rotation need, for fusions with a query.
    pub state: Option<AttentionState>,
}

/// Which sensors a model with this fusion and these frontends has.
pub fn sensors(fusion: Fusion, configs: &SensorConfigs) -> PerSensor<bool> {
    PerSensor::from_fn(|modality| {
        configs[modality].is_some() && fusion.only().is_none_or(|only| only == modality)
    })
}

impl Model {
    /// A model with weights drawn from `seed`, on `device`; its frozen networks stay on the CPU.
    ///
    /// # Errors
    /// When the specification does not fit the frontends: stems larger than their input, heads that
    /// do not divide the width, a fusion whose sensor is missing.
    pub fn new(
        spec: &ModelSpec,
        configs: &SensorConfigs,
        classes: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        if spec.heads == 0 || !spec.width.is_multiple_of(spec.heads) {
            bail!(
                "width {} does not split into {} heads",
                spec.width,
                spec.heads
            );
        }
        let has = sensors(spec.fusion, configs);
        let fewest = if spec.fusion.only().is_some() { 1 } else { 2 };
        if has.count() < fewest {
            bail!(
                "fusion {:?} needs a sensor that the configuration does not have",
                spec.fusion
            );
        }
        let layouts = PerSensor::try_from_fn(|modality| {
            let Some(config) = configs[modality].filter(|_| has[modality]) else {
                return Ok(None);
            };
            let Some(stem) = spec.stem(modality) else {
                bail!(
                    "there is a [{modality}] but no [model.{modality}] with the stem of its encoder"
                );
            };
            let input = spec.input(config).map_err(candle_core::Error::msg)?;
            StemLayout::new(input, stem, spec.width).map(Some)
        })?;
        let mut parameters = Parameters::new(seed, device);
        let mut backbones: PerSensor<Option<Arc<Convolutions>>> = PerSensor::default();
        let mut encoders = PerSensor::default();
        for modality in Modality::ALL {
            if let Some(layout) = &layouts[modality] {
                let stem = spec.stem(modality);
                if let (Some(plan), Some(stem)) = (
                    &layout.backbone,
                    stem.and_then(|stem| stem.backbone.as_ref()),
                ) {
                    let network = Convolutions::new(&mut parameters, modality, plan, stem.tuned)?;
                    backbones[modality] = Some(Arc::new(network));
                }
                encoders[modality] = Some(Encoder::new(
                    &mut parameters,
                    &modality.to_string(),
                    spec,
                    layout,
                    classes,
                )?);
            }
        }
        let fusion = FusionHead::new(&mut parameters, spec, has, classes)?;
        Ok(Self {
            spec: spec.clone(),
            classes,
            parameters,
            layouts,
            backbones,
            encoders,
            fusion,
        })
    }

    /// Puts published weights into its pre-trained networks and encoders, if it has any.
    ///
    /// # Errors
    /// When they are not on this machine, or do not fit.
    pub fn load_pretrained(&self) -> anyhow::Result<()> {
        for modality in Modality::ALL {
            let Some(stem) = self.spec.stem(modality) else {
                continue;
            };
            if let (Some(layout), Some(path)) = (&self.layouts[modality], &stem.vit) {
                vit::load(&self.parameters, modality, &self.spec, layout, path)?;
            }
            if let (Some(network), Some(spec)) = (&self.backbones[modality], &stem.backbone) {
                let weights = spec.network.pretrained(&Store::from_environment()?)?;
                network.set(&self.parameters, modality, &weights)?;
            }
        }
        Ok(())
    }

    /// Its frozen networks, which share their weights with it.
    pub fn frozen(&self) -> Frozen {
        Frozen(PerSensor::from_fn(|m| {
            self.backbones[m].clone().filter(|network| !network.tuned)
        }))
    }

    /// Which sensors it has.
    pub fn sensors(&self) -> PerSensor<bool> {
        PerSensor::from_fn(|m| self.encoders[m].is_some())
    }

    /// A row of [`Forward::attention`].
    pub fn attention(&self, row: &[f32]) -> Attention {
        let has = self.sensors();
        Attention::from_row(row, Modality::FURTHER.into_iter().filter(|&m| has[m]))
    }

    /// Cuts the features of some samples, embedded by [`Self::frozen`], into patches.
    ///
    /// `validity` is multiplied by 0 where a sample has no features of a sensor.
    ///
    /// # Errors
    /// When features have another size than the frontends of this model give.
    pub fn batch(&self, samples: &[(&Features, PerSensor<f32>)]) -> Result<Batch> {
        let device = self.parameters.device();
        let mut batch = Batch {
            size: samples.len(),
            patches: PerSensor::default(),
            validity: PerSensor::default(),
        };
        for modality in Modality::ALL {
            batch.validity[modality] = samples
                .iter()
                .map(|(features, validity)| match features[modality] {
                    Some(_) => validity[modality],
                    None => 0.0,
                })
                .collect();
            if let Some(layout) = &self.layouts[modality] {
                let given = samples
                    .iter()
                    .map(|(features, _)| features[modality].as_deref());
                batch.patches[modality] = Some(match &self.backbones[modality] {
                    Some(network) => layout.pixels(given, network.tuned, device)?,
                    None => layout.cut(given, device)?,
                });
            }
        }
        Ok(batch)
    }

    /// Logits, probes and attention of a batch.
    ///
    /// `probe_gradient` is how much of a probe's gradient reaches its encoder: with 0, as in the
    /// paper, probes measure the encoders and train nothing but themselves.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn forward(&self, batch: &Batch, probe_gradient: f64) -> Result<Forward> {
        let mut pooled: PerSensor<Option<Pooled>> = PerSensor::default();
        let mut probes = PerSensor::default();
        let mut means = PerSensor::default();
        for modality in Modality::ALL {
            let (Some(encoder), Some(layout), Some(patches)) = (
                &self.encoders[modality],
                &self.layouts[modality],
                &batch.patches[modality],
            ) else {
                continue;
            };
            let patches = match &self.backbones[modality] {
                Some(network) if network.tuned => &network.forward(patches)?,
                _ => patches,
            };
            let sensor = Pooled {
                tokens: encoder.forward(patches)?,
                count: layout.tokens(),
                validity: Tensor::from_slice(
                    &batch.validity[modality],
                    (batch.size, 1),
                    self.parameters.device(),
                )?,
            };
            let mean = sensor.mean()?;
            probes[modality] = Some(encoder.probe(&scale_gradient(&mean, probe_gradient)?)?);
            means[modality] = Some(mean.detach());
            pooled[modality] = Some(sensor);
        }
        let (logits, attention, state) = self.fusion.forward(batch.size, &pooled)?;
        Ok(Forward {
            logits,
            probes,
            means,
            attention,
            state,
        })
    }

    /// What each sensor alone says of a batch, logits `[size, classes]` outside the graph of gradients.
    ///
    /// Where the fused logits are a sum over the sensors it is the sensor's part of them. Attention weighs the
    /// tokens of all sensors against each other, so that its logits have no such parts; there the probe
    /// heads speak for their sensors.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn alone(&self, out: &Forward) -> Result<PerSensor<Option<Tensor>>> {
        match self.fusion.parts(&out.means)? {
            Some(parts) => Ok(parts),
            None => Ok(PerSensor::from_fn(|m| {
                out.probes[m].as_ref().map(Tensor::detach)
            })),
        }
    }

    /// Places of each encoder's variables in [`Parameters::vars`], without its probe head; empty for a sensor
    /// that it does not have.
    pub fn encoder_variables(&self) -> PerSensor<Range<usize>> {
        PerSensor::from_fn(|m| {
            let encoder = self.encoders[m].as_ref();
            encoder.map_or(0..0, |encoder| encoder.variables.clone())
        })
    }
}

/// The same values, through which `share` of the gradient passes.
fn scale_gradient(x: &Tensor, share: f64) -> Result<Tensor> {
    if share == 0.0 {
        Ok(x.detach())
    } else if share == 1.0 {
        Ok(x.clone())
    } else {
        (x * share)? + (x.detach() * (1.0 - share))?
    }
}

/// Σ wᵢ·cross-entropy of logits `[n, classes]` against class indices, for weights `[n]`.
///
/// # Errors
/// When a label is not a class, or the lengths differ.
pub fn cross_entropy(logits: &Tensor, labels: &[u32], weights: &[f32]) -> Result<Tensor> {
    let largest = logits.max_keepdim(D::Minus1)?.detach();
    let shifted = logits.broadcast_sub(&largest)?;
    let log_sum = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
    let column = (labels.len(), 1);
    let labels = Tensor::from_slice(labels, column, logits.device())?;
    let weights = Tensor::from_slice(weights, column, logits.device())?;
    let picked = shifted.gather(&labels, D::Minus1)?;
    ((log_sum - picked)? * weights)?.sum_all()
}

/// A linear layer with a plain bias, `weight` `[out, in]`, `bias` `[out]`.
fn dense(x: &Tensor, weight: &Tensor, bias: &Tensor, after: After) -> Result<Tensor> {
    linear(x, weight, &bias.unsqueeze(0)?, after)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vit_tests;
