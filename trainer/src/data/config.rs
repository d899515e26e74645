//! The `[data]` section of a training configuration.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::Dataset;
use super::clips::{Clips, ClipsConfig};
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
    /// Recorded clips of the user's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clips: Option<ClipsConfig>,
}

impl DataConfig {
    /// Makes relative paths absolute, from `base`, the folder of the configuration file: a run keeps
    /// its configuration in another folder.
    ///
    /// # Errors
    /// When the current folder is gone.
    pub fn resolve(&mut self, base: &Path) -> Result<()> {
        if let Some(path) = self.clips.as_mut().and_then(|clips| clips.path.as_mut()) {
            *path = std::path::absolute(base.join(&*path))
                .with_context(|| format!("cannot find the folder of {}", path.display()))?;
        }
        Ok(())
    }

    /// # Errors
    /// When a value makes no sense; the message names its key.
    pub fn check(&self) -> Result<()> {
        if let Some(digits) = &self.digits {
            digits.check()?;
        }
        if let Some(clips) = &self.clips {
            clips.check()?;
        }
        Ok(())
    }

    /// Loads the data set.
    ///
    /// # Errors
    /// When the configuration names none or two, or its files cannot be had.
    pub fn open(&self) -> Result<Box<dyn Dataset>> {
        let store = Store::from_environment()?;
        match (&self.digits, &self.clips) {
            (Some(digits), None) => Ok(Box::new(Digits::load(digits, self.seed, &store)?)),
            (None, Some(clips)) => Ok(Box::new(Clips::load(clips, self.seed, &store)?)),
            _ => bail!(
                "the configuration must name one data set: write a [data.digits] or a [data.clips] section"
            ),
        }
    }
}
