//! A pre-trained network in Candle.

use std::sync::Arc;

use anyhow::Context;
use candle_core::{DType, Device, Result, Tensor};
use evenkeel::frontend::Features;
use evenkeel::window::{Modality, PerSensor};

use super::{Parameters, dense};
use crate::backbone::{Layer, Plan, Tensors};
use crate::ops::{depthwise, max_pool, unfold};

/// Its layers with their weights.
pub struct Convolutions {
    plan: Plan,
    /// Whether they go on learning.
    pub tuned: bool,
    /// Of each layer that has any.
    weights: Vec<Option<(Tensor, Tensor)>>,
    /// Whether what a layer gives is added to what a later one gives.
    kept: Vec<bool>,
}

/// The name of a layer's weight or bias among the parameters.
pub(super) fn parameter(modality: Modality, layer: &str, part: &str) -> String {
    format!("{modality}.backbone.{layer}.{part}")
}

impl Convolutions {
    /// All weights are zero, until those of a checkpoint or of the pre-trained network are put there.
    pub(super) fn new(
        parameters: &mut Parameters,
        modality: Modality,
        plan: &Plan,
        tuned: bool,
    ) -> Result<Self> {
        let mut weights = Vec::with_capacity(plan.steps.len());
        let mut kept = vec![false; plan.steps.len()];
        for step in &plan.steps {
            if let Layer::Add { layer } = step.layer {
                kept[layer] = true;
            }
            let mut zeros = |part: &str, shape: &[usize]| -> Result<Tensor> {
                let name = parameter(modality, &step.name, part);
                if tuned {
                    return parameters.zeros(&name, shape);
                }
                let zeros = Tensor::zeros(shape, DType::F32, &Device::Cpu)?;
                parameters.buffer(&name, zeros.clone());
                Ok(zeros)
            };
            weights.push(match step.weights() {
                Some([weight, bias]) => Some((zeros("weight", &weight)?, zeros("bias", &bias)?)),
                None => None,
            });
        }
        Ok(Self {
            plan: plan.clone(),
            tuned,
            weights,
            kept,
        })
    }

    /// A network of its own with these weights, `NAME.weight` and `NAME.bias` of each layer.
    ///
    /// # Errors
    /// When one is missing or misshapen.
    pub fn with_weights(plan: &Plan, weights: &Tensors) -> anyhow::Result<Self> {
        let mut parameters = Parameters::new(0, &Device::Cpu);
        let network = Self::new(&mut parameters, Modality::Camera, plan, false)?;
        network.set(&parameters, Modality::Camera, weights)?;
        Ok(network)
    }

    /// Puts weights in place.
    pub(super) fn set(
        &self,
        parameters: &Parameters,
        modality: Modality,
        weights: &Tensors,
    ) -> anyhow::Result<()> {
        let steps = self.plan.steps.iter();
        for step in steps.filter(|step| step.weights().is_some()) {
            for part in ["weight", "bias"] {
                let name = format!("{}.{part}", step.name);
                let (shape, values) = weights
                    .get(&name)
                    .with_context(|| format!("there is no {name}"))?;
                parameters.set(&parameter(modality, &step.name, part), shape, values)?;
            }
        }
        Ok(())
    }

    /// From pixels `[pictures · rows · columns, channels]` to pixels.
    pub(super) fn forward(&self, pixels: &Tensor) -> Result<Tensor> {
        self.run(pixels, |_, _| ())
    }

    /// Shows what each layer gives.
    fn run(&self, pixels: &Tensor, mut show: impl FnMut(&str, &Tensor)) -> Result<Tensor> {
        let mut kept: Vec<Option<Tensor>> = vec![None; self.plan.steps.len()];
        let mut x = pixels.clone();
        for (index, step) in self.plan.steps.iter().enumerate() {
            x = match (step.layer, &self.weights[index]) {
                (
                    Layer::Convolution {
                        kernel,
                        stride,
                        after,
                        ..
                    },
                    Some((weight, bias)),
                ) => {
                    if kernel != [1, 1] || stride != [1, 1] {
                        x = unfold(&x, step.patches)?;
                    }
                    dense(&x, weight, bias, after)?
                }
                (Layer::Depthwise { after, .. }, Some((weight, bias))) => {
                    depthwise(&x, weight, bias, step.patches, after)?
                }
                (Layer::Add { layer }, _) => {
                    (x + kept[layer]
                        .as_ref()
                        .expect("marked when the network was made"))?
                }
                _ => max_pool(&x, step.patches)?,
            };
            show(&step.name, &x);
            if self.kept[index] {
                kept[index] = Some(x.clone());
            }
        }
        Ok(x)
    }

    /// What every layer gives for pictures `[pictures, channels, rows, columns]`, by its name, as pixels; for a comparison
    /// with the original.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn layers(&self, planes: &[f32]) -> Result<Vec<(String, Tensor)>> {
        let mut layers = Vec::new();
        self.run(&self.pixels(planes)?, |name, x| {
            layers.push((name.to_owned(), x.clone()))
        })?;
        Ok(layers)
    }

    /// The pixels of pictures `[pictures, channels, rows, columns]`.
    fn pixels(&self, planes: &[f32]) -> Result<Tensor> {
        let mut pixels = Vec::with_capacity(planes.len());
        side_by_side(&mut pixels, planes, self.plan.input())?;
        let channels = self.plan.input()[0];
        Tensor::from_vec(pixels, (planes.len() / channels, channels), &Device::Cpu)
    }
}

/// The frozen networks of a model. What they give for a window never changes, so it is computed once and kept.
#[derive(Clone, Default)]
pub struct Frozen(pub(super) PerSensor<Option<Arc<Convolutions>>>);

impl Frozen {
    /// What the rest of the model takes: features of sensors with a frozen network become what that gives, pixel by pixel
    /// with the channels side by side.
    ///
    /// # Errors
    /// When features have another size than the network reads.
    pub fn embed(&self, mut features: Features) -> Result<Features> {
        for modality in Modality::ALL {
            let (Some(network), Some(values)) = (&self.0[modality], &features[modality]) else {
                continue;
            };
            let given = network.forward(&network.pixels(values)?)?;
            features[modality] = Some(given.flatten_all()?.to_vec1()?);
        }
        Ok(features)
    }
}

/// Appends the pixels of pictures `[pictures, channels, rows, columns]` with their channels side by side.
pub(super) fn side_by_side(out: &mut Vec<f32>, planes: &[f32], size: [usize; 3]) -> Result<()> {
    let [channels, rows, columns] = size;
    let cells = rows * columns;
    if planes.is_empty() || !planes.len().is_multiple_of(channels * cells) {
        candle_core::bail!(
            "features have {} values, which are no pictures of {channels} × {rows} × {columns}",
            planes.len()
        );
    }
    for picture in planes.chunks(channels * cells) {
        for cell in 0..cells {
            out.extend((0..channels).map(|channel| picture[channel * cells + cell]));
        }
    }
    Ok(())
}
