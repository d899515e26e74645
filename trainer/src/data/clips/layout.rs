//! What the data sets of clips differ in: where their clips are listed.

use std::path::PathBuf;

use anyhow::Result;
use evenkeel::clip::ClipEntry;

use super::Windows;
use crate::data::fetch::Store;

/// A data set of clips, as the configuration describes it.
pub trait Layout: Sync {
    /// The section of the configuration that has the keys of [`Windows`], such as `data.clips`.
    fn section(&self) -> &'static str;

    /// How windows are cut from the clips.
    fn windows(&self) -> Windows;

    /// # Errors
    /// When a value makes no sense; the message names its key.
    fn check(&self) -> Result<()> {
        self.windows().check(self.section())
    }

    /// Lists the clips, and opens none of them.
    ///
    /// # Errors
    /// When a folder or a list is unusable; the message names it and, for a list, the line.
    fn list(&self, store: &Store) -> Result<Listing>;
}

/// The clips of a data set.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The folder or list that they were read from.
    pub root: PathBuf,
    /// What to call that.
    pub from: String,
    /// Clips with their labels, splits, groups and speakers, as far as they are known.
    pub entries: Vec<ClipEntry>,
    /// The class for there being nothing, whether there are clips of it or not.
    pub nothing: String,
    /// Clips that a list names and that are not on the disk, a line for each.
    pub missing: Vec<String>,
    /// What must be known to read the figures right, a sentence each.
    pub cautions: Vec<String>,
}
