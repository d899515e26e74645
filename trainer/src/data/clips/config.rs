//! The `[data.clips]` section of a training configuration.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use evenkeel::clip::ClipList;
use serde::{Deserialize, Serialize};

use super::windows::is_one;
use super::{Augmentation, Layout, Listing, Windows};
use crate::data::fetch::{self, Store};
use crate::data::{digits, everyone};

/// Which clips, and how they are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClipsConfig {
    /// A folder per class, or a CSV file as `evenkeel evaluate` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// In place of `path`: a collection that `evenkeel-train data get` knows, such as `grid-digits`, or `digits-of-everyone`:
    /// the collection `digits` as clips of six people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// How long a window is, in seconds, 0.05..60; it is taken from the middle of each clip. At least
    /// as long as the windows of the frontends.
    pub window_seconds: f32,
    /// Samples per second that are kept, 1,000..384,000; best the microphone frontend's own rate.
    pub sample_rate: u32,
    /// Frames per second that are kept, 0..1000; all if 0.
    pub frame_rate: f32,
    /// Longer side of the frames that are kept, in pixels, 1..4096. At least what the camera frontend
    /// cuts out of them.
    pub max_side: u32,
    /// The label that means that there is nothing to recognise.
    pub nothing: String,
    /// At most this many clips of each class are trained on, drawn from the seed; all if absent. To see how much more
    /// clips would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_per_class: Option<usize>,
    /// How many times an epoch goes through the training clips, each time with other changes, 1..10,000: for few clips,
    /// which would be gone through sooner than the model is validated.
    #[serde(skip_serializing_if = "is_one")]
    pub passes: usize,
    /// What training windows are changed by.
    pub augmentation: Augmentation,
}

impl Default for ClipsConfig {
    fn default() -> Self {
        let windows = Windows::default();
        Self {
            path: None,
            collection: None,
            window_seconds: windows.window_seconds,
            sample_rate: windows.sample_rate,
            frame_rate: windows.frame_rate,
            max_side: windows.max_side,
            nothing: digits::NOTHING.to_owned(),
            most_per_class: windows.most_per_class,
            passes: windows.passes,
            augmentation: windows.augmentation,
        }
    }
}

impl ClipsConfig {
    /// Where the clips are listed, and what to call that.
    fn source(&self, store: &Store) -> Result<(PathBuf, String)> {
        match (&self.path, &self.collection) {
            (Some(path), _) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                Ok((path.clone(), name.display().to_string()))
            }
            (None, Some(name)) if name == everyone::NAME => {
                let from = format!("{name} ({})", fetch::table::DIGITS.licence);
                Ok((everyone::clips(store)?, from))
            }
            (None, Some(name)) => {
                let collection = fetch::collection(name)?;
                let from = format!("{name} ({})", collection.licence);
                Ok((store.unpacked(collection)?, from))
            }
            (None, None) => bail!("data.clips needs a path or a collection"),
        }
    }
}

impl Layout for ClipsConfig {
    fn section(&self) -> &'static str {
        "data.clips"
    }

    fn windows(&self) -> Windows {
        Windows {
            window_seconds: self.window_seconds,
            sample_rate: self.sample_rate,
            frame_rate: self.frame_rate,
            max_side: self.max_side,
            most_per_class: self.most_per_class,
            passes: self.passes,
            augmentation: self.augmentation,
        }
    }

    fn check(&self) -> Result<()> {
        ensure!(
            self.path.is_some() != self.collection.is_some(),
            "data.clips needs either a path or a collection, and not both"
        );
        self.windows().check(self.section())
    }

    fn list(&self, store: &Store) -> Result<Listing> {
        let (root, from) = self.source(store)?;
        Ok(Listing {
            entries: ClipList::read(&root)?.entries,
            root,
            from,
            nothing: self.nothing.clone(),
            missing: Vec::new(),
            cautions: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_documentation_has_every_key_with_its_default() {
        let text = include_str!("../../../../docs/data.md");
        let (_, rest) = text.split_once("```toml\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let table: toml::Table = example.parse().unwrap();
        let mut written: ClipsConfig = table["data"]["clips"].clone().try_into().unwrap();
        written.check().unwrap();
        let plain = ClipsConfig {
            window_seconds: written.window_seconds,
            ..toml::from_str("path = 'recordings'").unwrap()
        };
        assert_eq!(written, plain);
        // And none is missing, but the one that excludes another.
        written.collection = Some(String::new());
        let all = toml::Table::try_from(&written).unwrap();
        let keys = |table: &toml::Table| -> HashSet<String> {
            let inner = table["augmentation"].as_table().unwrap();
            table.keys().chain(inner.keys()).cloned().collect()
        };
        let mut found = keys(table["data"]["clips"].as_table().unwrap());
        found.insert("collection".to_owned());
        assert_eq!(found, keys(&all));
    }
}
