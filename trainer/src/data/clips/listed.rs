//! The clips that a configuration names, before they are split.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use evenkeel::clip::ClipEntry;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use super::cache::ClipCache;
use super::split::{self, Splits};
use super::{Layout, Listing, Windows};
use crate::data::fetch::Store;

/// The clips that a configuration names, before they are split.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The folder or list that they were read from.
    pub root: PathBuf,
    /// What to call that.
    pub(super) from: String,
    /// Each cut to a little more than a window, so that it can be moved about. At least one.
    pub entries: Vec<ClipEntry>,
    /// Class names in alphabetical order, the one for nothing last.
    pub labels: Vec<String>,
    /// Where they are kept once they were decoded.
    pub cache: ClipCache,
    /// The class for there being nothing, whether there are clips of it or not.
    pub(super) nothing: String,
    /// How windows are cut from them.
    pub windows: Windows,
    /// Clips that are listed and not on the disk, a line for each.
    pub missing: Vec<String>,
    /// What the data set itself says must be known, a sentence each.
    pub cautions: Vec<String>,
}

impl Listed {
    /// Reads the list and opens no clip.
    ///
    /// # Errors
    /// When the configuration or the list is unusable, or a clip has no label.
    pub fn open(layout: &dyn Layout, store: &Store) -> anyhow::Result<Self> {
        layout.check()?;
        let windows = layout.windows();
        let Listing {
            root,
            from,
            entries,
            nothing,
            missing,
            cautions,
        } = layout.list(store)?;
        if let Some(entry) = entries.iter().find(|entry| entry.label.is_none()) {
            bail!(
                "{}: clip {} has no label; training needs the label of every clip",
                root.display(),
                entry.name
            );
        }
        let wanted = windows.wanted();
        let entries: Vec<ClipEntry> = entries.iter().map(|entry| entry.centred(wanted)).collect();
        Ok(Self {
            labels: labels(&entries, &nothing),
            cache: ClipCache::new(store.cache.join("clips"), windows.reduction())?,
            root,
            from,
            entries,
            nothing,
            windows,
            missing,
            cautions,
        })
    }

    /// Indices of the clips of each split, and in words how they were split; see [`Clips::load`](super::Clips::load).
    ///
    /// # Errors
    /// When there is one class only, or the clips cannot be split.
    pub fn split(&self, seed: u64) -> anyhow::Result<Splits> {
        let path = self.root.display();
        ensure!(
            self.labels.len() > 1,
            "{path}: every clip is of the class {:?}; add clips of another class, or of {:?} for there being nothing",
            self.labels[0],
            self.nothing
        );
        split::split(&self.entries, seed).with_context(|| format!("cannot split {path}"))
    }

    /// Decodes every clip that is not in the cache yet; for each why it cannot be read, if so.
    pub fn prepare(&self) -> Vec<Option<String>> {
        let bar = progress("clips", self.entries.len());
        let reasons = self
            .entries
            .par_iter()
            .map(|entry| {
                let result = self.cache.prepare(entry);
                bar.inc(1);
                result.err().map(|error| format!("{error:#}"))
            })
            .collect();
        bar.finish_and_clear();
        reasons
    }
}

/// A bar for so many clips; silent where the output is no terminal.
pub fn progress(what: &'static str, clips: usize) -> ProgressBar {
    ProgressBar::new(clips as u64)
        .with_message(what)
        .with_style(
            ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}")
                .expect("the template is fixed"),
        )
}

/// Class names in alphabetical order, the one for nothing last.
fn labels(entries: &[ClipEntry], nothing: &str) -> Vec<String> {
    let mut labels: Vec<String> = entries
        .iter()
        .filter_map(|entry| entry.label.clone())
        .collect();
    labels.sort_by_key(|label| (label == nothing, label.clone()));
    labels.dedup();
    labels
}
