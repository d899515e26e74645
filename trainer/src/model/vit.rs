//! The weights of a Vision Transformer (Dosovitskiy et al. 2021) from a file with the names that PyTorch's model libraries
//! have made usual (timm): `patch_embed.proj`, `pos_embed`, `blocks.N.norm1`, `.attn.qkv`, `.attn.proj`, `.norm2`, `.mlp.fc1`,
//! `.mlp.fc2`, `norm`.
//!
//! An encoder here has no class token: its tokens are those of the patches, so the class token and its position are left
//! behind, as is the classifier. Fewer blocks than the file has are its first ones.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use evenkeel::window::Modality;
use safetensors::SafeTensors;

use super::{ModelSpec, Parameters, StemLayout, read_f32};

/// Sets stem, positions, blocks and last norm of a sensor's encoder.
///
/// # Errors
/// When the file cannot be read, a tensor is missing or has another shape, or the encoder is no plain ViT.
pub(super) fn load(
    parameters: &Parameters,
    modality: Modality,
    spec: &ModelSpec,
    layout: &StemLayout,
    path: &Path,
) -> Result<()> {
    let context = || format!("{} cannot be the {modality} encoder", path.display());
    let bytes = std::fs::read(path).with_context(context)?;
    let file = SafeTensors::deserialize(&bytes).with_context(context)?;
    Loader {
        parameters,
        modality,
        width: spec.width,
        file,
    }
    .encoder(spec, layout)
    .with_context(context)
}

struct Loader<'a> {
    parameters: &'a Parameters,
    modality: Modality,
    width: usize,
    file: SafeTensors<'a>,
}

impl Loader<'_> {
    fn encoder(&self, spec: &ModelSpec, layout: &StemLayout) -> Result<()> {
        let [patches] = layout.stages.as_slice() else {
            bail!("a ViT has no convolutions before its patches: leave them out of the stem");
        };
        let d = self.width;
        let [channels, ..] = patches.input;
        let [rows, columns] = patches.kernel;
        let kernel = self.read("patch_embed.proj.weight", &[d, channels, rows, columns])?;
        self.set("stem.weight", &[d, patches.patch()], &kernel)?;
        self.copy("patch_embed.proj.bias", "stem.bias", &[d])?;
        self.positions(layout.pictures, patches.cells())?;
        for index in 0..spec.depth {
            self.block(index, spec.mlp_ratio * d)?;
        }
        self.layer("norm", "norm", None)
    }

    /// One position for each patch, the same in every picture.
    fn positions(&self, pictures: usize, cells: usize) -> Result<()> {
        let d = self.width;
        let found = self
            .file
            .tensor("pos_embed")
            .map_or(0, |view| match *view.shape() {
                [1, tokens, width] if width == d => tokens,
                _ => 0,
            });
        // With a class token, whose position comes first, or without.
        let class = found.saturating_sub(cells);
        ensure!(
            found >= cells && class <= 1,
            "it has positions for {} patches, and these pictures have {cells}: choose camera.width and camera.height so that \
             there are as many",
            found.saturating_sub(1)
        );
        let all = self.read("pos_embed", &[1, found, d])?;
        let tiled = all[class * d..].repeat(pictures);
        self.set("position", &[pictures * cells, d], &tiled)
    }

    fn block(&self, index: usize, hidden: usize) -> Result<()> {
        let d = self.width;
        let block = format!("blocks.{index}");
        let to = |name: &str| format!("{block}.{name}");
        self.layer(&to("norm1"), &to("norm1"), None)?;
        self.layer(&to("attn.qkv"), &to("attention.qkv"), Some([3 * d, d]))?;
        self.layer(&to("attn.proj"), &to("attention.out"), Some([d, d]))?;
        self.layer(&to("norm2"), &to("norm2"), None)?;
        self.layer(&to("mlp.fc1"), &to("mlp.up"), Some([hidden, d]))?;
        self.layer(&to("mlp.fc2"), &to("mlp.down"), Some([d, hidden]))
    }

    /// Weight and bias of a linear layer, or without a shape of a norm.
    fn layer(&self, theirs: &str, ours: &str, shape: Option<[usize; 2]>) -> Result<()> {
        let weight = shape.map_or_else(|| vec![self.width], |shape| shape.to_vec());
        let bias = [weight[0]];
        self.copy(
            &format!("{theirs}.weight"),
            &format!("{ours}.weight"),
            &weight,
        )?;
        self.copy(&format!("{theirs}.bias"), &format!("{ours}.bias"), &bias)
    }

    fn copy(&self, theirs: &str, ours: &str, shape: &[usize]) -> Result<()> {
        self.set(ours, shape, &self.read(theirs, shape)?)
    }

    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        Ok(read_f32(&self.file, name, shape)?)
    }

    fn set(&self, name: &str, shape: &[usize], values: &[f32]) -> Result<()> {
        let name = format!("{}.{name}", self.modality);
        Ok(self.parameters.set(&name, shape, values)?)
    }
}
