//! A finished run, calibrated: all that a package is made of.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use candle_core::Device;
use evenkeel::package::{Manifest, Package, Training};
use evenkeel::window::Modality;

use super::{Weights, graphs, untrained};
use crate::data::Dataset;
use crate::fit::{self, Calibrated, FitConfig, MixedQuality, RunResult, Workers};
use crate::model::Model;

/// What a model is called, and what only its maker knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Naming {
    /// Lower-case letters, digits and dashes.
    pub name: String,
    /// `major.minor.patch`.
    pub version: String,
    /// Licence of the weights, an SPDX expression.
    pub license: String,
    /// Commit of evenkeel that trained it.
    pub commit: Option<String>,
}

/// The best weights of a run with everything that belongs to them.
pub struct FinishedRun {
    /// The recipe.
    pub config: FitConfig,
    /// What it was trained on.
    pub data: Box<dyn Dataset>,
    /// The model with its weights.
    pub model: Model,
    /// The weights by name.
    pub weights: Weights,
    /// What they are worth.
    pub result: RunResult,
    /// What was chosen after training.
    pub calibrated: Calibrated,
}

impl FinishedRun {
    /// Loads the run in a folder and calibrates it.
    ///
    /// # Errors
    /// When the run is not finished, its data are not what they were, or its weights are damaged.
    pub fn open(run: &Path) -> Result<Self> {
        let config = FitConfig::read(&FitConfig::path_in(run), &[])?;
        let weights_path = fit::best_weights(run);
        let weights = Weights::read(&weights_path)?;
        let result = fit::read_result(run)?;
        let data = config.data.open()?;
        fit::check_data(run, &*data)?;
        // Wherever it was trained: not every machine has that device.
        let model = fit::new_model(&config, &*data, &Device::Cpu)?;
        model.parameters.load_file(&weights_path)?;
        let calibrated = fit::calibrate(
            &config,
            &*data,
            &model,
            &mut Workers::new(&config, &model.frozen())?,
        )?;
        Ok(Self {
            config,
            data,
            model,
            weights,
            result,
            calibrated,
        })
    }

    /// Its model.toml.
    pub fn manifest(&self, naming: &Naming) -> Manifest {
        let result = &self.result;
        let mut metrics = BTreeMap::from([
            ("test.accuracy".to_owned(), result.test.accuracy),
            ("test.examples".to_owned(), result.test.examples as f64),
            ("validation.accuracy".to_owned(), result.validation.accuracy),
        ]);
        for (&sensor, summary) in &result.absent {
            let name = match sensor {
                Modality::Audio | Modality::Camera => sensor.sensor_name(),
                further => further.id(),
            };
            metrics.insert(format!("test.accuracy.without-{name}"), summary.accuracy);
        }
        let quality = self.config.quality();
        let labels = self.data.labels().to_vec();
        Manifest {
            name: naming.name.clone(),
            version: naming.version.clone(),
            license: naming.license.clone(),
            nothing: self.data.nothing().map(str::to_owned),
            thresholds: self.calibrated.thresholds.clone(),
            policy: self.calibrated.policy,
            health: self.calibrated.health.clone(),
            training: Training {
                data: self.data.provenance(),
                method: format!("{:?}", self.config.model.fusion).to_lowercase(),
                seed: self.config.data.seed,
                commit: naming.commit.clone(),
                corruptions: quality
                    .into_iter()
                    .flat_map(MixedQuality::occurring)
                    .map(|kind| kind.to_string())
                    .collect(),
                metrics,
            },
            ..untrained::manifest(&self.config, labels)
        }
    }

    /// The package in memory, as the runtime runs it; `dir` is what its errors name.
    ///
    /// # Errors
    /// When the weights do not fit the configuration.
    pub fn package(&self, naming: &Naming, dir: &Path) -> Result<Package> {
        let manifest = self.manifest(naming);
        let probes = self.calibrated.probe_temperature;
        let graphs = graphs(&self.weights, &self.config.model, &manifest, probes)?;
        Ok(Package {
            dir: dir.to_owned(),
            manifest,
            graphs,
        })
    }
}
