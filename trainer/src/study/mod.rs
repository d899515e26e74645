//! Methods × seeds, in one table and one figure.

mod background;
mod faults;
mod figure;
mod health_table;
mod merge;
mod robustness;
mod robustness_table;
mod table;

pub use figure::figure;
pub use robustness::{RobustnessConfig, SeedRobustness};
pub use robustness_table::robustness_table;
pub use table::table;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use evenkeel::files::write_atomically;
use serde::Deserialize;

use crate::fit::{self, FitConfig, RunResult, Unseen, Watcher};

/// What a study compares.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyConfig {
    /// Training configuration that all runs share, relative to this file.
    pub base: PathBuf,
    /// What all runs change in their base configuration, as `key=value`.
    #[serde(default)]
    pub set: Vec<String>,
    /// Seeds: fold of the data, first weights and order alike.
    pub seeds: Vec<u64>,
    /// How the models are measured with a sensor corrupted; they are not if absent.
    #[serde(default)]
    pub robustness: Option<RobustnessConfig>,
    /// Further test data, from other sources than the configuration's own.
    #[serde(default)]
    pub unseen: Vec<OtherData>,
    /// What is compared.
    #[serde(rename = "method")]
    pub methods: Vec<Method>,
}

/// Data on which every model of the study is measured once more.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherData {
    /// Their name in the table.
    pub name: String,
    /// What makes the base configuration's data these, as `key=value`; of them the test split is used.
    pub set: Vec<String>,
}

impl OtherData {
    fn config(&self, study: &StudyConfig) -> Result<FitConfig> {
        FitConfig::read(&study.base, &[&study.set[..], &self.set].concat())
    }
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Its name in the table.
    pub name: String,
    /// Its own training configuration, relative to the study, in place of the study's.
    #[serde(default)]
    pub base: Option<PathBuf>,
    /// What it changes besides, as `key=value`.
    #[serde(default)]
    pub set: Vec<String>,
}

/// The results that there are, a row of seeds for each method.
pub struct Results {
    /// Method names with their results in the order of the seeds.
    pub methods: Vec<(String, Vec<RunResult>)>,
}

impl StudyConfig {
    /// Reads a study.
    ///
    /// # Errors
    /// When the file is missing or is not a study, or two methods have one name.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the study {}", path.display()))?;
        let mut study: Self =
            toml::from_str(&text).with_context(|| format!("{} is not a study", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let bases = study.methods.iter_mut().filter_map(|m| m.base.as_mut());
        for base in bases.chain([&mut study.base]) {
            *base = folder.join(&*base);
        }
        let mut names: Vec<String> = study.methods.iter().map(Method::file_name).collect();
        names.sort();
        names.dedup();
        ensure!(
            names.len() == study.methods.len() && !study.seeds.is_empty() && !names.is_empty(),
            "{} needs seeds, and methods with different names",
            path.display()
        );
        if let Some(robustness) = &study.robustness {
            let named = [&robustness.main, &robustness.vanilla];
            for name in named.into_iter().chain(robustness.layers.values()) {
                study.method(name)?;
            }
            ensure!(
                robustness.clips > 0,
                "{}: robustness.clips must be at least 1",
                path.display()
            );
        }
        Ok(study)
    }

    fn method(&self, name: &str) -> Result<&Method> {
        self.methods
            .iter()
            .find(|method| method.name == name)
            .with_context(|| format!("the study has no method {name:?}, which robustness names"))
    }

    /// Reads the results kept in `folder`; methods without any are left out.
    ///
    /// # Errors
    /// See [`Method::result`].
    pub fn results(&self, folder: &Path) -> Result<Results> {
        let mut methods = Vec::new();
        for method in &self.methods {
            let mut results = Vec::new();
            for &seed in &self.seeds {
                results.extend(method.result(self, seed, folder)?);
            }
            if !results.is_empty() {
                methods.push((method.name.clone(), results));
            }
        }
        Ok(Results { methods })
    }
}

impl Method {
    fn file_name(&self) -> String {
        self.name
            .replace(|c: char| !c.is_ascii_alphanumeric(), "-")
            .to_lowercase()
    }

    /// The folder of one seed's run.
    pub fn run_in(&self, runs: &Path, seed: u64) -> PathBuf {
        runs.join(format!("{}-{seed}", self.file_name()))
    }

    /// Where the result of one seed is kept.
    pub fn result_in(&self, folder: &Path, seed: u64) -> PathBuf {
        folder.join(format!("{}-{seed}.json", self.file_name()))
    }

    /// What is trained with one seed.
    ///
    /// # Errors
    /// When the study's base is unusable, or does not take the method's changes.
    pub fn config(&self, study: &StudyConfig, seed: u64) -> Result<FitConfig> {
        let mut changes = [&study.set[..], &self.set].concat();
        changes.push(format!("data.seed={seed}"));
        changes.push(format!("training.seed={seed}"));
        FitConfig::read(self.base.as_ref().unwrap_or(&study.base), &changes)
    }

    /// The result of one seed, `None` if it is not there yet.
    ///
    /// # Errors
    /// When it is damaged, or was had with another configuration than today's.
    pub fn result(
        &self,
        study: &StudyConfig,
        seed: u64,
        results: &Path,
    ) -> Result<Option<RunResult>> {
        let path = self.result_in(results, seed);
        if !path.exists() {
            return Ok(None);
        }
        let result = fit::read_result_file(&path)?;
        ensure!(
            result.recipe == self.config(study, seed)?.text()?,
            "{} is the result of another configuration; delete it, or choose another --results folder",
            path.display()
        );
        Ok(Some(result))
    }

    /// Trains with one seed in a folder of its own under `runs`, and keeps the result in `results`.
    ///
    /// # Errors
    /// When the run cannot be carried out or its result not written.
    pub fn run(
        &self,
        study: &StudyConfig,
        seed: u64,
        runs: &Path,
        results: &Path,
        watcher: &mut dyn Watcher,
    ) -> Result<()> {
        let config = self.config(study, seed)?;
        let folder = self.run_in(runs, seed);
        // Before the data, which may take hours to decode.
        config.training.device.open()?;
        let data = config.data.open()?;
        let epochs = fit::fit(&config, &*data, &folder, watcher)?;
        let mut result = fit::measure(&config, &*data, &folder, &epochs)?;
        for unseen in &study.unseen {
            let elsewhere = unseen.config(study)?.data.open()?;
            result.unseen.push(Unseen {
                name: unseen.name.clone(),
                data: elsewhere.provenance(),
                test: fit::measure_on(&config, &*data, &*elsewhere, &folder)?,
            });
        }
        let path = self.result_in(results, seed);
        write_atomically(
            &path,
            (serde_json::to_string_pretty(&result)? + "\n").as_bytes(),
        )
        .with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use evenkeel::window::PerSensor;

    use super::*;
    use crate::balance::Shapley;

    fn study(name: &str) -> StudyConfig {
        let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
        StudyConfig::read(&configs.join(name)).unwrap()
    }

    fn results(folder: &str) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        root.join("docs/results").join(folder)
    }

    /// A slip in the last method of a study would come out after hours.
    #[test]
    fn every_method_of_every_study_of_the_repository_can_be_begun() {
        for name in [
            "study.toml",
            "rotation-study.toml",
            "balance-study.toml",
            "robustness-study.toml",
            "grid-study.toml",
            "grid-robustness-study.toml",
            "pretrained-grid-study.toml",
            "unseen-study.toml",
            "learning-curve.toml",
            "three-sensors-study.toml",
        ] {
            let study = study(name);
            for other in &study.unseen {
                other.config(&study).unwrap();
            }
            for method in &study.methods {
                let config = method.config(&study, study.seeds[0]);
                config.unwrap_or_else(|error| panic!("{name}, {}: {error:#}", method.name));
            }
        }
        let study = study("balance-study.toml");
        let balanced = |method: &&Method| method.config(&study, 0).unwrap().balance.is_some();
        assert_eq!(study.methods.iter().filter(balanced).count(), 4);
    }

    /// Results from before there were Shapley values are still drawn as they were.
    #[test]
    fn results_without_shapley_values_have_the_table_that_they_had() {
        let folder = results("rotation");
        let kept = std::fs::read_to_string(folder.join("table.md")).unwrap();
        let drawn = table(&study("rotation-study.toml").results(&folder).unwrap());
        assert_eq!(drawn, kept);
    }

    #[test]
    fn shapley_values_and_what_a_method_did_are_in_the_table() {
        let folder = results("rotation");
        let mut results = study("rotation-study.toml").results(&folder).unwrap();
        let (_, runs) = &mut results.methods[0];
        runs.truncate(2);
        for (run, audio) in runs.iter_mut().zip([0.5, 0.4]) {
            run.shapley = Some(Shapley {
                nothing: 0.1,
                value: PerSensor::pair(audio, 0.8 - audio),
            });
            run.acted = [(0.75, 0.0), (0.25, 0.5)]
                .map(|(audio, camera)| PerSensor::pair(audio, camera))
                .to_vec();
        }
        let text = table(&results);
        let section = text
            .split("## What each sensor contributes")
            .nth(1)
            .unwrap();
        let row = |name: &str| {
            let start = format!("| {name} |");
            section
                .lines()
                .find(|line| line.starts_with(&start))
                .unwrap()
        };
        // Student's t of one degree of freedom, 12.706, times the standard error of the mean, 5 points.
        assert!(row("attention").contains("| 45.00 ± 63.53 | 35.00 ± 63.53 | 56.25 ± 79.41 |"));
        assert!(row("attention").ends_with("| 50.00 ± 0.00 | 25.00 ± 0.00 |"));
        assert!(row("rollingq").ends_with("| – | – | – | – | – |"));
    }
}
