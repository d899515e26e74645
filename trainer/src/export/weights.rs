//! The weights of a checkpoint, checked before anything is built from them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use evenkeel::window::Modality;
use safetensors::{Dtype, SafeTensors};

use super::ExportError;
use crate::model::little_endian;

/// Named f32 tensors, all finite, and the file that they came from.
#[derive(Debug, Clone)]
pub struct Weights {
    file: PathBuf,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Weights {
    /// Reads a safetensors file of f32 tensors.
    ///
    /// # Errors
    /// When the file cannot be read, or a tensor is not f32 or holds a number that is not finite.
    pub fn read(file: &Path) -> Result<Self, ExportError> {
        let unreadable = |what: String| ExportError::File {
            file: file.to_owned(),
            what,
        };
        let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
        let views =
            SafeTensors::deserialize(&bytes).map_err(|error| unreadable(error.to_string()))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in views.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(ExportError::Weight {
                    file: file.to_owned(),
                    tensor: name.to_owned(),
                    what: format!("is of type {:?} and must be F32", view.dtype()),
                });
            }
            let values = little_endian(view.data());
            tensors.insert(name.to_owned(), (view.shape().to_vec(), values));
        }
        Self::new(file, tensors)
    }

    /// Takes tensors that are already in memory; `file` is what errors call them.
    ///
    /// # Errors
    /// When a tensor holds a number that is not finite, or its shape is not its length.
    pub fn new(
        file: &Path,
        tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    ) -> Result<Self, ExportError> {
        let weights = Self {
            file: file.to_owned(),
            tensors,
        };
        for (name, (shape, values)) in &weights.tensors {
            if shape.iter().product::<usize>() != values.len() {
                return Err(weights.refuse(name, "does not hold as many numbers as its shape says"));
            }
            if !values.iter().all(|value| value.is_finite()) {
                return Err(weights.refuse(name, "holds a number that is not finite"));
            }
        }
        Ok(weights)
    }

    /// Whether there are weights of a sensor's encoder.
    pub fn has_encoder(&self, modality: Modality) -> bool {
        self.tensors.contains_key(&format!("{modality}.position"))
    }

    /// The numbers of a tensor, row-major, which must have this shape.
    ///
    /// # Errors
    /// When there is no such tensor or its shape differs.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<&[f32], ExportError> {
        let Some((found, values)) = self.tensors.get(name) else {
            return Err(self.refuse(name, "is missing"));
        };
        if found != shape {
            return Err(self.refuse(
                name,
                &format!("has shape {found:?} and the configuration says {shape:?}"),
            ));
        }
        Ok(values)
    }

    /// Like [`Weights::get`], in double precision for folding.
    pub(super) fn get_f64(&self, name: &str, shape: &[usize]) -> Result<Vec<f64>, ExportError> {
        Ok(self
            .get(name, shape)?
            .iter()
            .map(|&x| f64::from(x))
            .collect())
    }

    /// Changes the numbers of a tensor.
    #[cfg(test)]
    pub(super) fn edit(&mut self, name: &str, change: impl FnOnce(&mut [f32])) {
        change(&mut self.tensors.get_mut(name).unwrap().1);
    }

    fn refuse(&self, tensor: &str, what: &str) -> ExportError {
        ExportError::Weight {
            file: self.file.clone(),
            tensor: tensor.to_owned(),
            what: what.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, values: &[f32]) {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let view = safetensors::tensor::TensorView::new(Dtype::F32, vec![values.len()], &bytes);
        safetensors::serialize_to_file([("probe.bias", view.unwrap())], None, path).unwrap();
    }

    #[test]
    fn a_bad_tensor_is_refused_by_name_and_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("best.safetensors");
        write(&path, &[1.0, 2.0]);
        let weights = Weights::read(&path).unwrap();
        assert_eq!(weights.get("probe.bias", &[2]).unwrap(), [1.0, 2.0]);

        write(&path, &[1.0, f32::NAN]);
        let errors = [
            Weights::read(&path).unwrap_err(),
            weights.get("probe.bias", &[3]).unwrap_err(),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(
                text.contains("`probe.bias`") && text.contains("best.safetensors"),
                "{text}"
            );
        }
        assert!(
            weights
                .get("probe.weight", &[2])
                .unwrap_err()
                .to_string()
                .contains("is missing")
        );
    }

    #[test]
    fn a_file_that_is_no_checkpoint_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("best.safetensors");
        std::fs::write(&path, b"not a checkpoint").unwrap();
        assert!(Weights::read(&path).is_err());
    }
}
