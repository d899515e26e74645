//! The `[data]` section of a training configuration.

use std::path::Path;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use super::Dataset;
use super::digits::{Digits, DigitsConfig};
use super::fetch::Store;

/// Which data set, and which fold of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Seed of the split and of all augmentation.
    pub seed: u64,
    /// Spoken and handwritten digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<DigitsConfig>,
}

impl DataConfig {
    /// Makes relative paths start at `base`, the folder of the configuration file.
    pub fn resolve(&mut self, _base: &Path) {}

    /// Loads the data set.
    ///
    /// # Errors
    /// When the configuration names none or two, or its files cannot be had.
    pub fn open(&self) -> Result<Box<dyn Dataset>> {
        match &self.digits {
            Some(digits) => Ok(Box::new(Digits::load(digits, self.seed, &Store::from_environment()?)?)),
            None => bail!("the configuration names no data set: write a [data.digits] section"),
        }
    }
}
