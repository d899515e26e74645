//! A run folder belongs to one configuration and to one set of data.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use evenkeel::files::write_atomically;

use super::config::FitConfig;
use crate::data::Dataset;

/// Makes the folder this configuration's and these data's, or checks that it is.
pub(super) fn claim(config: &FitConfig, data: &dyn Dataset, run: &Path) -> Result<()> {
    let path = FitConfig::path_in(run);
    let text = config.text()?;
    match read(&path)? {
        Some(found) => ensure!(
            found == text,
            "{} holds a run with another configuration; choose another folder or remove this one",
            run.display()
        ),
        None => write(&path, &text)?,
    }
    let path = fingerprint_path(run);
    if read(&path)?.is_none() {
        write(&path, &(data.fingerprint() + "\n"))?;
    }
    check_data(run, data)
}

/// Checks that a run was trained on these data, with this split.
///
/// # Errors
/// When the run was trained on others, or does not say on which.
pub fn check_data(run: &Path, data: &dyn Dataset) -> Result<()> {
    let path = fingerprint_path(run);
    let found = read(&path)?.with_context(|| {
        format!(
            "{} is missing, which says what the run was trained on; finish the run with `evenkeel-train fit` first",
            path.display()
        )
    })?;
    ensure!(
        found.trim() == data.fingerprint(),
        "{} was trained on other clips, labels or splits than there are now ({}); bring back the data as they were, or train in another folder",
        run.display(),
        data.provenance()
    );
    Ok(())
}

/// Which data a run has, in a run folder.
fn fingerprint_path(run: &Path) -> PathBuf {
    run.join("data.sha256")
}

/// A file's text, `None` if there is no such file.
fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    write_atomically(path, text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::digits::{Digits, DigitsConfig, fixture};

    fn digits(seed: u64) -> Digits {
        Digits::from_material(&DigitsConfig::default(), seed, fixture::material()).unwrap()
    }

    fn config(change: &str) -> FitConfig {
        let text = include_str!("../../configs/digits.toml");
        FitConfig::parse(text, &[change.to_owned()], Path::new("digits.toml")).unwrap()
    }

    #[test]
    fn a_run_is_resumed_only_with_its_configuration_and_its_data() {
        let root = tempfile::tempdir().unwrap();
        let run = root.path().join("run");
        let (recipe, other) = (config("training.epochs=3"), config("training.epochs=4"));
        claim(&recipe, &digits(0), &run).unwrap();
        claim(&recipe, &digits(0), &run).unwrap();
        check_data(&run, &digits(0)).unwrap();
        let error = claim(&other, &digits(0), &run).unwrap_err().to_string();
        assert!(error.contains("another configuration"), "{error}");
        let error = claim(&recipe, &digits(1), &run).unwrap_err().to_string();
        assert!(
            error.contains("other clips") && error.contains("run"),
            "{error}"
        );

        fs::remove_file(fingerprint_path(&run)).unwrap();
        assert!(check_data(&run, &digits(0)).is_err());
    }
}
