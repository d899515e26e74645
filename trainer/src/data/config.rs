//! The `[data]` section of a training configuration.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::Dataset;
use super::clips::{Clips, ClipsConfig, Layout};
use super::digits::{Digits, DigitsConfig};
use super::fetch::Store;
use super::paper::{CmuMoseiConfig, CremadConfig, KineticsSoundsConfig};

/// Which data set, and which fold of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// CREMA-D: emotions that actors play.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cremad: Option<CremadConfig>,
    /// Kinetics-Sounds: what people do, seen and heard.
    #[serde(
        default,
        rename = "kinetics-sounds",
        skip_serializing_if = "Option::is_none"
    )]
    pub kinetics_sounds: Option<KineticsSoundsConfig>,
    /// CMU-MOSEI: how positive a sentence is.
    #[serde(default, rename = "cmu-mosei", skip_serializing_if = "Option::is_none")]
    pub cmu_mosei: Option<CmuMoseiConfig>,
}

impl DataConfig {
    /// Makes relative paths absolute, from `base`, the folder of the configuration file: a run keeps
    /// its configuration in another folder.
    ///
    /// # Errors
    /// When the current folder is gone.
    pub fn resolve(&mut self, base: &Path) -> Result<()> {
        for path in self.paths_mut() {
            *path = std::path::absolute(base.join(&*path))
                .with_context(|| format!("cannot find the folder of {}", path.display()))?;
        }
        Ok(())
    }

    fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let clips = self.clips.iter_mut().flat_map(|clips| &mut clips.path);
        let cremad = self.cremad.iter_mut().flat_map(CremadConfig::paths_mut);
        let kinetics = self.kinetics_sounds.iter_mut();
        let mosei = self.cmu_mosei.iter_mut();
        clips
            .chain(cremad)
            .chain(kinetics.flat_map(KineticsSoundsConfig::paths_mut))
            .chain(mosei.flat_map(CmuMoseiConfig::paths_mut))
    }

    /// The data sets of clips that are named; one where the configuration makes sense, or none.
    fn layouts(&self) -> impl Iterator<Item = &dyn Layout> {
        let all: [Option<&dyn Layout>; 4] = [
            self.clips.as_ref().map(|set| set as &dyn Layout),
            self.cremad.as_ref().map(|set| set as &dyn Layout),
            self.kinetics_sounds.as_ref().map(|set| set as &dyn Layout),
            self.cmu_mosei.as_ref().map(|set| set as &dyn Layout),
        ];
        all.into_iter().flatten()
    }

    /// The data set, if it is one of clips.
    pub fn layout(&self) -> Option<&dyn Layout> {
        self.layouts().next()
    }

    /// # Errors
    /// When a value makes no sense; the message names its key.
    pub fn check(&self) -> Result<()> {
        if let Some(digits) = &self.digits {
            digits.check()?;
        }
        self.layouts().try_for_each(Layout::check)
    }

    /// Loads the data set.
    ///
    /// # Errors
    /// When the configuration names none or two, or its files cannot be had.
    pub fn open(&self) -> Result<Box<dyn Dataset>> {
        let store = Store::from_environment()?;
        let layouts: Vec<_> = self.layouts().collect();
        match (&self.digits, &layouts[..]) {
            (Some(digits), []) => Ok(Box::new(Digits::load(digits, self.seed, &store)?)),
            (None, &[layout]) => Ok(Box::new(Clips::load(layout, self.seed, &store)?)),
            _ => bail!(
                "the configuration must name one data set: write one section of [data.digits], [data.clips], [data.cremad], [data.kinetics-sounds] and [data.cmu-mosei]"
            ),
        }
    }
}
