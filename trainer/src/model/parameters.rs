//! Named weights: drawn, saved, loaded.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Result, Tensor, Var};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

/// Name, shape and values of a tensor.
pub type NamedTensor = (String, Vec<usize>, Vec<f32>);

/// The trainable variables of a model in a fixed order, and its buffers.
pub struct Parameters {
    names: Vec<String>,
    vars: Vec<Var>,
    buffers: Vec<(String, Tensor)>,
    device: Device,
    rng: ChaCha8Rng,
}

/// Why weights could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ParametersError {
    /// A tensor is missing, or has another shape or type than the model needs.
    #[error(
        "tensor {name} should be f32 of shape {expected:?} and is {found}; these weights belong to another model"
    )]
    Mismatch {
        /// Its name.
        name: String,
        /// The shape that the model has.
        expected: Vec<usize>,
        /// What the file holds.
        found: String,
    },
    /// A weight is NaN or infinite.
    #[error(
        "tensor {0} holds a value that is not a finite number; train again or take an earlier checkpoint"
    )]
    NotFinite(String),
    /// The bytes are no safetensors file.
    #[error("not a safetensors file: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// Candle failed.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl Parameters {
    pub(super) fn new(seed: u64, device: &Device) -> Self {
        Self {
            names: Vec::new(),
            vars: Vec::new(),
            buffers: Vec::new(),
            device: device.clone(),
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Where the variables are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    fn add(&mut self, name: String, values: Vec<f32>, shape: &[usize]) -> Result<Tensor> {
        let var = Var::from_vec(values, shape, &self.device)?;
        let tensor = var.as_tensor().clone();
        self.names.push(name);
        self.vars.push(var);
        Ok(tensor)
    }

    /// Weight `[output, input]` drawn uniformly after Glorot and Bengio (2010), bias 0.
    pub(super) fn linear(
        &mut self,
        name: &str,
        input: usize,
        output: usize,
    ) -> Result<(Tensor, Tensor)> {
        let bound = (6.0 / (input + output) as f32).sqrt();
        let values = (0..input * output)
            .map(|_| self.rng.random_range(-bound..bound))
            .collect();
        Ok((
            self.add(format!("{name}.weight"), values, &[output, input])?,
            self.constant(&format!("{name}.bias"), 0.0, output)?,
        ))
    }

    /// A vector of one value.
    pub(super) fn constant(&mut self, name: &str, value: f32, size: usize) -> Result<Tensor> {
        self.add(name.to_owned(), vec![value; size], &[size])
    }

    /// Values spread evenly over ±`bound`.
    pub(super) fn uniform(&mut self, name: &str, bound: f32, shape: &[usize]) -> Result<Tensor> {
        let values = (0..shape.iter().product())
            .map(|_| self.rng.random_range(-bound..bound))
            .collect();
        self.add(name.to_owned(), values, shape)
    }

    /// Zeros, which will be given their values.
    pub(super) fn zeros(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.add(name.to_owned(), vec![0.0; shape.iter().product()], shape)
    }

    /// Overwrites a variable or buffer in place, so that the model sees the new values.
    ///
    /// # Errors
    /// When the model has none of that name and shape.
    pub(super) fn set(&self, name: &str, shape: &[usize], values: &[f32]) -> Result<()> {
        let vars = self.names.iter().zip(self.vars.iter().map(Var::as_tensor));
        let buffers = self.buffers.iter().map(|(name, tensor)| (name, tensor));
        match vars.chain(buffers).find(|(other, _)| *other == name) {
            Some((_, tensor)) if tensor.dims() == shape => overwrite(tensor, values),
            _ => candle_core::bail!("the model has no {name} of shape {shape:?}"),
        }
    }

    /// A buffer: saved with the weights, never trained.
    pub(super) fn buffer(&mut self, name: &str, value: Tensor) {
        self.buffers.push((name.to_owned(), value));
    }

    /// The buffer of that name.
    ///
    /// # Panics
    /// When the model has none: names are fixed in the code.
    pub fn buffer_value(&self, name: &str) -> &Tensor {
        &self
            .buffers
            .iter()
            .find(|(n, _)| n == name)
            .expect("the model has this buffer")
            .1
    }

    /// Overwrites a buffer in place, so that the model sees the new value.
    ///
    /// # Errors
    /// When the shapes differ.
    pub fn set_buffer(&self, name: &str, value: &[f32]) -> Result<()> {
        overwrite(self.buffer_value(name), value)
    }

    /// Names of the trainable variables.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The trainable variables, in the order of [`Self::names`].
    pub fn vars(&self) -> &[Var] {
        &self.vars
    }

    /// How many trainable numbers there are.
    pub fn count(&self) -> usize {
        self.vars.iter().map(|var| var.elem_count()).sum()
    }

    /// Every variable and buffer with its values.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn values(&self) -> Result<Vec<NamedTensor>> {
        let vars = self.names.iter().zip(self.vars.iter().map(Var::as_tensor));
        let buffers = self.buffers.iter().map(|(name, tensor)| (name, tensor));
        vars.chain(buffers)
            .map(|(name, t)| Ok((name.clone(), t.dims().to_vec(), t.flatten_all()?.to_vec1()?)))
            .collect()
    }

    /// Sets every variable and buffer from a safetensors file's bytes.
    ///
    /// # Errors
    /// When one is missing, misshapen or not finite; nothing is changed then.
    pub fn load(&self, file: &SafeTensors) -> std::result::Result<(), ParametersError> {
        let mut loaded = Vec::new();
        for (name, shape, _) in self.values()? {
            loaded.push(read_f32(file, &name, &shape)?);
        }
        let targets = self
            .vars
            .iter()
            .map(Var::as_tensor)
            .chain(self.buffers.iter().map(|(_, t)| t));
        for (target, values) in targets.zip(loaded) {
            overwrite(target, &values)?;
        }
        Ok(())
    }

    /// Sets every variable and buffer from a file, see [`Self::load`].
    ///
    /// # Errors
    /// Names the file, besides what [`Self::load`] says.
    pub fn load_file(&self, path: &Path) -> anyhow::Result<()> {
        use anyhow::Context;
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = SafeTensors::deserialize(&bytes)
            .map_err(ParametersError::from)
            .with_context(|| format!("cannot load {}", path.display()))?;
        self.load(&file)
            .with_context(|| format!("cannot load {}", path.display()))
    }
}

/// The f32 numbers that files hold, four bytes each.
pub fn little_endian(bytes: &[u8]) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

/// Values of an f32 tensor of a safetensors file.
///
/// # Errors
/// When it is missing, misshapen or not finite.
pub fn read_f32(
    file: &SafeTensors,
    name: &str,
    shape: &[usize],
) -> std::result::Result<Vec<f32>, ParametersError> {
    let mismatch = |found: String| ParametersError::Mismatch {
        name: name.to_owned(),
        expected: shape.to_vec(),
        found,
    };
    let view = file
        .tensor(name)
        .map_err(|_| mismatch("missing".to_owned()))?;
    if view.dtype() != Dtype::F32 || view.shape() != shape {
        return Err(mismatch(format!(
            "{:?} of shape {:?}",
            view.dtype(),
            view.shape()
        )));
    }
    let values = little_endian(view.data());
    match values.iter().all(|v| v.is_finite()) {
        true => Ok(values),
        false => Err(ParametersError::NotFinite(name.to_owned())),
    }
}

/// A safetensors file of f32 tensors. The same tensors give the same bytes.
///
/// # Errors
/// When a shape does not fit its values.
pub fn to_safetensors(tensors: &[NamedTensor]) -> std::result::Result<Vec<u8>, ParametersError> {
    let bytes: HashMap<&str, Vec<u8>> = tensors
        .iter()
        .map(|(name, _, values)| {
            (
                name.as_str(),
                values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            )
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, shape, _)| {
            Ok((
                name.as_str(),
                TensorView::new(Dtype::F32, shape.clone(), &bytes[name.as_str()])?,
            ))
        })
        .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()?;
    Ok(safetensors::serialize(views, None)?)
}

/// Replaces the values of a tensor that others hold too.
pub(crate) fn overwrite(tensor: &Tensor, values: &[f32]) -> Result<()> {
    if tensor.elem_count() != values.len() {
        candle_core::bail!(
            "{} values for a tensor of shape {:?}",
            values.len(),
            tensor.dims()
        );
    }
    let values = Tensor::from_slice(values, tensor.dims(), tensor.device())?;
    tensor.slice_set(&values, 0, 0)
}
