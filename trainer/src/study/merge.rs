//! Results of several machines in one folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use evenkeel::files::write_atomically;

use super::StudyConfig;

/// Missing results that are named; more would hide what to do.
const NAMED: usize = 5;

impl StudyConfig {
    /// Copies the results of this study in the folders `from` to the folder `to`, which then has all of them.
    ///
    /// # Errors
    /// When a result is of another configuration than today's, is not the same in two folders, or is in none.
    pub fn merge(&self, from: &[PathBuf], to: &Path) -> Result<()> {
        for folder in from {
            for path in self.result_files(folder) {
                copy(&path, to)?;
            }
        }
        let mut missing = Vec::new();
        for &seed in &self.seeds {
            for method in &self.methods {
                if method.result(self, seed, to)?.is_none() {
                    missing.push(format!("{}, seed {seed}", method.name));
                }
            }
            if self.robustness.is_some() && self.robustness(seed, to)?.is_none() {
                missing.push(format!("every corruption, seed {seed}"));
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let count = missing.len();
        missing.truncate(NAMED);
        let more = if count > NAMED { ", ..." } else { "" };
        bail!(
            "{count} results are missing in {}: {}{more}; do the parts that they belong to again",
            to.display(),
            missing.join("; ")
        )
    }

    /// The files of results that there are in a folder.
    fn result_files(&self, folder: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for &seed in &self.seeds {
            files.extend(
                self.methods
                    .iter()
                    .map(|method| method.result_in(folder, seed)),
            );
            files.push(self.robustness_in(folder, seed));
        }
        files.retain(|path| path.is_file());
        files
    }
}

/// Copies a file into the folder `to`, where it may be already.
fn copy(path: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let copy = to.join(path.file_name().unwrap_or_default());
    match fs::read(&copy) {
        Ok(there) if there == bytes => Ok(()),
        Ok(_) => bail!(
            "{} and {} are both results of the same run, and differ; delete the one that is wrong",
            copy.display(),
            path.display()
        ),
        Err(_) => write_atomically(&copy, &bytes)
            .with_context(|| format!("cannot write {}", copy.display())),
    }
}
