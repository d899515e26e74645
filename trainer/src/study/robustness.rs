//! How every method of one seed keeps going when a sensor fails.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use evenkeel::corruption::{Corruption, Part, Severity};
use evenkeel::engine::Recogniser;
use evenkeel::evaluation::robustness::{
    CellResult, Clips, Donor, Group, LabelledClip, Models, Plan, Portion, Role, Summary, cells,
    run, spread,
};
use evenkeel::files::write_atomically;
use evenkeel::package::Package;
use evenkeel::policy::PolicyKind;
use serde::{Deserialize, Serialize};

use super::background::{Background, background};
use super::faults::{FaultTrial, fault_trials};
use super::robustness_table::mean_accuracy;
use super::{Method, StudyConfig};
use crate::data::{Dataset, Split};
use crate::export::{FinishedRun, Naming};
use crate::fit::{FitConfig, MixedQuality, noise_bank, sources};

/// The `[robustness]` section of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobustnessConfig {
    /// The method that is measured, with each policy; the others answer without any.
    pub main: String,
    /// The method whose attention is set beside it.
    pub vanilla: String,
    /// What the main method has, and the method that is the same without it.
    #[serde(default)]
    pub layers: BTreeMap<String, String>,
    /// The split that is measured: `test`, unless something is still to be chosen.
    #[serde(default = "test")]
    pub split: Split,
    /// Windows of each seed, evenly spread over the split.
    pub clips: usize,
    /// Collection of recorded noise; all noise is made if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<String>,
    /// Windows in which nothing is to be recognised, beside those of the test split; for data sets that
    /// can make them.
    #[serde(default)]
    pub background: usize,
}

/// Windows of another split whose voices and pictures get into others.
const DONORS: usize = 64;

fn test() -> Split {
    Split::Test
}

/// What was found on one seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeedRobustness {
    /// The study's `[robustness]` section, the recipe of the main method and those of the others, as TOML.
    pub recipe: Vec<String>,
    /// The seed.
    pub seed: u64,
    /// All methods under all corruptions.
    pub summary: Summary,
    /// What is said of windows in which there is nothing, and of those in which there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
    /// How soon each fault is noticed.
    pub faults: FaultTrial,
}

impl StudyConfig {
    /// Where the robustness of one seed is kept.
    pub fn robustness_in(&self, folder: &Path, seed: u64) -> PathBuf {
        folder.join(format!("robustness-{seed}.json"))
    }

    /// What was found on one seed, `None` if it is not there yet.
    ///
    /// # Errors
    /// When it is damaged, or was found with other recipes than today's.
    pub fn robustness(&self, seed: u64, folder: &Path) -> Result<Option<SeedRobustness>> {
        let path = self.robustness_in(folder, seed);
        if !path.exists() {
            return Ok(None);
        }
        let found = SeedRobustness::read(&path)?;
        ensure!(
            found.recipe == self.robustness_recipe(seed)?,
            "{} was found with another configuration; delete it, or choose another --results folder",
            path.display()
        );
        Ok(Some(found))
    }

    /// What was found on the seeds that there are.
    ///
    /// # Errors
    /// See [`Self::robustness`].
    pub fn all_robustness(&self, folder: &Path) -> Result<Vec<SeedRobustness>> {
        let mut all = Vec::new();
        for &seed in &self.seeds {
            all.extend(self.robustness(seed, folder)?);
        }
        Ok(all)
    }

    fn robustness_recipe(&self, seed: u64) -> Result<Vec<String>> {
        let Some(robustness) = &self.robustness else {
            return Ok(Vec::new());
        };
        let main = self.method(&robustness.main)?;
        let others = self.methods.iter().filter(|method| *method != main);
        let recipes = std::iter::once(main)
            .chain(others)
            .map(|method| method.config(self, seed)?.text());
        std::iter::once(Ok(toml::to_string(robustness)?))
            .chain(recipes)
            .collect()
    }

    /// Measures the finished runs of one seed under every corruption, and keeps what was found.
    ///
    /// `progress` is called with the number of windows done and of all.
    ///
    /// # Errors
    /// When a run is missing, or something cannot be read or written.
    pub fn measure_robustness(
        &self,
        robustness: &RobustnessConfig,
        seed: u64,
        runs: &Path,
        results: &Path,
        progress: impl FnMut(usize, usize),
    ) -> Result<()> {
        let main = self.method(&robustness.main)?;
        let main_run = FinishedRun::open(&main.run_in(runs, seed))?;
        let main_package = package(main, &main_run, None, runs, seed)?;
        let mut others = Vec::new();
        for method in self.methods.iter().filter(|method| *method != main) {
            let run = FinishedRun::open(&method.run_in(runs, seed))?;
            let package = package(method, &run, Some(PolicyKind::None), runs, seed)?;
            others.push((method.name.clone(), package));
        }
        let models = Models::new(&main_package, &others)?.with_policies(&PolicyKind::ALL)?;
        let data = &*main_run.data;
        let clips = SplitWindows::new(data, robustness.split, robustness.clips);
        let plan = plan(&main_run, robustness, seed)?;
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let partial = runs.join(format!("robustness-{seed}.partial.jsonl"));
        let found = run(
            &plan,
            models.contestants(),
            &clips,
            || models.panel(),
            threads,
            Portion {
                kept: Some(&partial),
                ..Portion::default()
            },
            progress,
        )?;
        if let Some(broken) = found.summary.broken.first() {
            bail!("{}, seed {seed}: {}", robustness.main, broken.why);
        }
        let mut recogniser = Recogniser::new(&main_package)?;
        let found = SeedRobustness {
            recipe: self.robustness_recipe(seed)?,
            seed,
            summary: found.summary,
            background: background(
                &mut recogniser,
                data,
                robustness.split,
                robustness.background,
            )?,
            faults: fault_trials(&main_package.manifest.health, data, robustness.split, &plan)?,
        };
        let path = self.robustness_in(results, seed);
        write_atomically(
            &path,
            (serde_json::to_string_pretty(&found)? + "\n").as_bytes(),
        )
        .with_context(|| format!("cannot write {}", path.display()))?;
        std::fs::remove_file(&partial)
            .with_context(|| format!("cannot remove {}", partial.display()))
    }
}

impl SeedRobustness {
    /// What was found of the run with this configuration.
    ///
    /// # Errors
    /// When the file is missing or damaged, or its main method is another run.
    pub fn of_run(path: &Path, config: &FitConfig) -> Result<Self> {
        let found = Self::read(path)?;
        let [robustness, main, ..] = found.recipe.as_slice() else {
            bail!("{} does not say what was measured", path.display());
        };
        let robustness: RobustnessConfig = toml::from_str(robustness)
            .with_context(|| format!("{} does not say how it was measured", path.display()))?;
        ensure!(
            robustness.split == Split::Test && *main == config.text()?,
            "{} is not about the test split of this run; measure it with `evenkeel-train study` first",
            path.display()
        );
        Ok(found)
    }

    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not the robustness of a seed", path.display()))
    }

    /// The main figures in sentences, for a model card.
    pub fn sentences(&self) -> Vec<String> {
        let summary = &self.summary;
        let percent = |share: f64| format!("{:.1}", 100.0 * share);
        let accuracy = |group: Group| {
            let of_group = |cell: &CellResult| cell.group == group;
            // The main contestant has no need of its name.
            mean_accuracy(&summary.cells, "", Role::Main, of_group).map(percent)
        };
        let of_groups: Vec<String> = [
            ("it was trained with", accuracy(Group::Training)),
            ("it never saw", accuracy(Group::HeldOut)),
        ]
        .into_iter()
        .filter_map(|(which, accuracy)| Some(format!("{} % of kinds that {which}", accuracy?)))
        .collect();
        let margins = &summary.keel.all;
        let mut sentences = vec![
            format!(
                "{} test windows under each of {} corruptions and severities of one sensor, right on average: {}.",
                summary.clips,
                summary.cells.len(),
                of_groups.join(", "),
            ),
            format!(
                "Above the healthy sensor's own model on the same windows: {:+.1} points on average; more than one \
                 point below it in {} of {} cells.",
                100.0 * margins.mean.unwrap_or(0.0),
                margins.missed.len(),
                margins.cells,
            ),
        ];
        if let (Some(worst), Some(cell)) = (margins.worst, margins.worst_cell) {
            sentences.push(format!("Worst: {cell}, {:+.1} points.", 100.0 * worst));
        }
        if let (Some(clean), Some(corrupted)) = (
            summary.calibration.clean.ece,
            summary.calibration.corrupted.ece,
        ) {
            sentences.push(format!(
                "Expected calibration error: {} % clean, {} % corrupted.",
                percent(clean),
                percent(corrupted)
            ));
        }
        if let Some(background) = &self.background {
            sentences.push(format!(
                "Of {} windows in which there was nothing, {} were answered with a label.",
                background.windows, background.labels
            ));
        }
        sentences
    }
}

/// A method's package; with another policy than its own, if one is given.
fn package(
    method: &Method,
    run: &FinishedRun,
    policy: Option<PolicyKind>,
    runs: &Path,
    seed: u64,
) -> Result<Package> {
    let naming = Naming {
        name: method.file_name(),
        version: "0.0.0".to_owned(),
        license: "see the data".to_owned(),
        commit: None,
    };
    let mut package = run.package(&naming, &method.run_in(runs, seed))?;
    package.manifest.policy.kind = policy.unwrap_or(package.manifest.policy.kind);
    Ok(package)
}

/// What is done to the windows: everything, with voices and pictures of another split, and recordings of
/// noise that no training may use.
fn plan(run: &FinishedRun, robustness: &RobustnessConfig, seed: u64) -> Result<Plan> {
    let data = &*run.data;
    let labels = data.labels().to_vec();
    let donors = match robustness.split {
        Split::Test => Split::Validation,
        Split::Train | Split::Validation => Split::Train,
    };
    let noises = noise_bank(robustness.noise.as_deref(), Part::Test)?;
    let nothing = data.nothing();
    Ok(Plan {
        cells: cells(&Corruption::standard(), &Severity::ALL),
        training_kinds: run
            .config
            .quality()
            .into_iter()
            .flat_map(MixedQuality::occurring)
            .collect(),
        length: data.window_length(),
        seed,
        noises,
        // Somebody of the split itself would be the same voice where a split is one speaker.
        donors: sources(data, donors)?
            .others
            .into_iter()
            .take(DONORS)
            .map(|window| Donor {
                // Of no clip of the split.
                clip: usize::MAX,
                window,
            })
            .collect(),
        nothing: nothing.and_then(|nothing| labels.iter().position(|label| label == nothing)),
        labels,
    })
}

/// Windows of a split, as clips.
struct SplitWindows<'a> {
    data: &'a dyn Dataset,
    split: Split,
    chosen: Vec<usize>,
}

impl<'a> SplitWindows<'a> {
    fn new(data: &'a dyn Dataset, split: Split, count: usize) -> Self {
        Self {
            data,
            split,
            chosen: spread(data.len(split), count),
        }
    }
}

impl Clips for SplitWindows<'_> {
    fn len(&self) -> usize {
        self.chosen.len()
    }

    fn name(&self, index: usize) -> String {
        format!("{} window {}", self.split, self.chosen[index])
    }

    fn read(&self, index: usize) -> Result<LabelledClip, String> {
        let example = self
            .data
            .example(self.split, 0, self.chosen[index])
            .map_err(|error| format!("{}: {error:#}", self.name(index)))?;
        Ok(LabelledClip {
            windows: vec![example.window],
            label: example.label,
        })
    }
}
