//! A transformer over the patches of one sensor.

use std::ops::Range;

use candle_core::{Result, Tensor};

use super::{Activation, ModelSpec, Parameters, StemLayout, dense};
use crate::ops::{After, Patches, layer_norm, linear, self_attention, unfold};

/// Weight and bias.
type Affine = (Tensor, Tensor);

/// Stem, position embedding, pre-norm transformer blocks, a last norm; and the probe head.
pub struct Encoder {
    /// Places of its variables among the model's, without those of the probe head.
    pub variables: Range<usize>,
    heads: usize,
    activation: Activation,
    stem: StemLayout,
    convolutions: Vec<Affine>,
    patches: Affine,
    position: Tensor,
    blocks: Vec<Block>,
    norm: Affine,
    probe: Affine,
}

struct Block {
    norm1: Affine,
    qkv: Affine,
    out: Affine,
    norm2: Affine,
    up: Affine,
    down: Affine,
}

impl Encoder {
    pub fn new(
        parameters: &mut Parameters,
        name: &str,
        spec: &ModelSpec,
        layout: &StemLayout,
        classes: usize,
    ) -> Result<Self> {
        let d = spec.width;
        let norm = |parameters: &mut Parameters, name: String| -> Result<Affine> {
            Ok((
                parameters.constant(&format!("{name}.weight"), 1.0, d)?,
                parameters.constant(&format!("{name}.bias"), 0.0, d)?,
            ))
        };
        let first = parameters.names().len();
        let (last, before) = layout.stages.split_last().expect("a stem has a stage");
        let mut convolutions = Vec::with_capacity(before.len());
        for (i, stage) in before.iter().enumerate() {
            let name = format!("{name}.stem.{i}");
            convolutions.push(parameters.linear(&name, stage.patch(), stage.channels)?);
        }
        let patches = parameters.linear(&format!("{name}.stem"), last.patch(), d)?;
        let position =
            parameters.uniform(&format!("{name}.position"), 0.05, &[layout.tokens(), d])?;
        let mut blocks = Vec::with_capacity(spec.depth);
        for i in 0..spec.depth {
            let block = format!("{name}.blocks.{i}");
            blocks.push(Block {
                norm1: norm(parameters, format!("{block}.norm1"))?,
                qkv: parameters.linear(&format!("{block}.attention.qkv"), d, 3 * d)?,
                out: parameters.linear(&format!("{block}.attention.out"), d, d)?,
                norm2: norm(parameters, format!("{block}.norm2"))?,
                up: parameters.linear(&format!("{block}.mlp.up"), d, spec.mlp_ratio * d)?,
                down: parameters.linear(&format!("{block}.mlp.down"), spec.mlp_ratio * d, d)?,
            });
        }
        let norm = norm(parameters, format!("{name}.norm"))?;
        Ok(Self {
            variables: first..parameters.names().len(),
            heads: spec.heads,
            activation: spec.activation,
            stem: layout.clone(),
            convolutions,
            patches,
            position,
            blocks,
            norm,
            probe: parameters.linear(&format!("{name}.probe"), d, classes)?,
        })
    }

    /// Tokens `[samples · tokens, d]` of the stem's first patches `[samples · patches, patch]`, or behind a pre-trained network
    /// of the pixels that it gives.
    pub fn forward(&self, patches: &Tensor) -> Result<Tensor> {
        let mut x = patches.clone();
        if self.stem.backbone.is_some() {
            let first = self.stem.first();
            let [_, rows, columns] = first.input;
            x = unfold(
                &x,
                Patches::inside([rows, columns], first.kernel, first.stride),
            )?;
        }
        for ((weight, bias), next) in self.convolutions.iter().zip(&self.stem.stages[1..]) {
            let [_, rows, columns] = next.input;
            let sizes = Patches::inside([rows, columns], next.kernel, next.stride);
            x = unfold(&dense(&x, weight, bias, After::Relu)?, sizes)?;
        }
        let shift = self.position.broadcast_add(&self.patches.1)?;
        x = linear(&x, &self.patches.0, &shift, After::Identity)?;
        for block in &self.blocks {
            let h = layer_norm(&x, &block.norm1.0, &block.norm1.1)?;
            let h = dense(&h, &block.qkv.0, &block.qkv.1, After::Identity)?;
            let h = self_attention(&h, self.stem.tokens(), self.heads)?;
            x = (x + dense(&h, &block.out.0, &block.out.1, After::Identity)?)?;
            let h = layer_norm(&x, &block.norm2.0, &block.norm2.1)?;
            let (up, down) = (&block.up, &block.down);
            let h = match self.activation {
                Activation::Relu => dense(&h, &up.0, &up.1, After::Relu)?,
                Activation::Gelu => dense(&h, &up.0, &up.1, After::Identity)?.gelu_erf()?,
            };
            x = (x + dense(&h, &down.0, &down.1, After::Identity)?)?;
        }
        layer_norm(&x, &self.norm.0, &self.norm.1)
    }

    /// Logits of the probe head for mean tokens `[samples, d]`.
    pub fn probe(&self, mean: &Tensor) -> Result<Tensor> {
        dense(mean, &self.probe.0, &self.probe.1, After::Identity)
    }
}
