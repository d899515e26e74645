//! Recorded audio-visual clips of the user's own, from a folder per class or a CSV file.

mod augment;
pub mod cache;
mod split;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use evenkeel::clip::{Clip, ClipEntry, ClipList};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::augment::Augmentation;
use self::cache::{ClipCache, Reduction};
use super::fetch::{self, Store};
use super::{Dataset, Example, Split, seed};

/// Which clips, and how they are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipsConfig {
    /// A folder per class, or a CSV file as `evenkeel evaluate` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// In place of `path`: a collection that `evenkeel-train data get` knows, such as `grid-digits`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// How long a window is, in seconds; it is taken from the middle of each clip.
    #[serde(default = "one_second")]
    pub window_seconds: f32,
    /// Samples per second that are kept; best the microphone frontend's own rate.
    #[serde(default = "sixteen_kilohertz")]
    pub sample_rate: u32,
    /// Frames per second that are kept; all if 0.
    #[serde(default = "twenty_five")]
    pub frame_rate: f32,
    /// Longer side of the frames that are kept, in pixels.
    #[serde(default = "small")]
    pub max_side: u32,
    /// The label that means that there is nothing to recognise.
    #[serde(default = "nothing")]
    pub nothing: String,
    /// What training windows are changed by.
    #[serde(default)]
    pub augmentation: Augmentation,
}

fn one_second() -> f32 {
    1.0
}

fn sixteen_kilohertz() -> u32 {
    16_000
}

fn twenty_five() -> f32 {
    25.0
}

fn small() -> u32 {
    128
}

fn nothing() -> String {
    super::digits::NOTHING.to_owned()
}

/// Shares of clips that may be unusable before training is refused.
const MOST_BAD: f32 = 0.1;

/// The data set. Every clip is decoded once, into the cache.
pub struct Clips {
    config: ClipsConfig,
    seed: u64,
    labels: Vec<String>,
    cache: ClipCache,
    /// Usable clips and their labels.
    clips: Vec<(ClipEntry, usize)>,
    /// Which of them are in each split.
    splits: [Vec<usize>; 3],
    how: &'static str,
    from: String,
}

impl Clips {
    /// Lists the clips, decodes those that are not in `store`'s cache yet, and splits them: as the
    /// CSV says, else by its groups, else at random with every class in its share (70 % training,
    /// 15 % validation, 15 % test), from `seed`.
    ///
    /// Clips that cannot be read are named and left out, unless they are more than a tenth.
    ///
    /// # Errors
    /// When the list is unusable, a clip has no label, too many clips cannot be read, or a split
    /// would be empty.
    pub fn load(config: &ClipsConfig, seed: u64, store: &Store) -> anyhow::Result<Self> {
        let (root, from) = match (&config.path, &config.collection) {
            (Some(path), None) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                (path.clone(), name.display().to_string())
            }
            (None, Some(name)) => {
                let collection = fetch::collection(name)?;
                (
                    store.unpacked(collection)?,
                    format!("{name} ({})", collection.licence),
                )
            }
            _ => bail!("the clips need either a path or a collection, and not both"),
        };
        let path = root.display();
        ensure!(
            (0.05..=60.0).contains(&config.window_seconds),
            "window_seconds of the clips is {}, but must be 0.05 to 60",
            config.window_seconds
        );
        let cache = ClipCache::new(
            store.cache.join("clips"),
            Reduction {
                sample_rate: config.sample_rate,
                frame_rate: config.frame_rate,
                max_side: config.max_side,
            },
        )?;
        let list = ClipList::read(&root)?;
        for entry in &list.entries {
            ensure!(
                entry.label.is_some(),
                "{path}: clip {} has no label; training needs the label of every clip",
                entry.name
            );
        }
        // A little more than a window, so that it can be moved about.
        let wanted =
            Duration::from_secs_f32(config.window_seconds + 2.0 * config.augmentation.shift);
        let entries: Vec<ClipEntry> = list
            .entries
            .iter()
            .map(|entry| entry.centred(wanted))
            .collect();
        let bar = ProgressBar::new(entries.len() as u64)
            .with_message("clips")
            .with_style(
                ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}")
                    .expect("the template is fixed"),
            );
        let results: Vec<Result<(), String>> = entries
            .par_iter()
            .map(|entry| {
                let result = cache.prepare(entry).map_err(|error| format!("{error:#}"));
                bar.inc(1);
                result
            })
            .collect();
        bar.finish_and_clear();
        let bad: Vec<&String> = results
            .iter()
            .filter_map(|result| result.as_ref().err())
            .collect();
        for reason in bad.iter().take(10) {
            eprintln!("left out: {reason}");
        }
        ensure!(
            bad.len() as f32 <= MOST_BAD * entries.len() as f32,
            "{path}: {} of {} clips cannot be used, the first because {}; mend or remove them",
            bad.len(),
            entries.len(),
            bad[0]
        );
        let usable: Vec<ClipEntry> = entries
            .into_iter()
            .zip(&results)
            .filter(|(_, result)| result.is_ok())
            .map(|(entry, _)| entry)
            .collect();
        let labels = labels(&usable, &config.nothing);
        let (splits, how) =
            split::split(&usable, seed).with_context(|| format!("cannot split {path}"))?;
        let number = |entry: &ClipEntry| {
            labels
                .iter()
                .position(|label| Some(label) == entry.label.as_ref())
        };
        let mut clips = Vec::with_capacity(usable.len());
        for entry in usable {
            match number(&entry) {
                Some(label) => clips.push((entry, label)),
                None => bail!("{path}: clip {} has no label", entry.name),
            }
        }
        Ok(Self {
            config: config.clone(),
            seed,
            labels,
            cache,
            clips,
            splits,
            how,
            from,
        })
    }
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

impl Dataset for Clips {
    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn nothing(&self) -> Option<&str> {
        self.labels
            .iter()
            .find(|label| **label == self.config.nothing)
            .map(String::as_str)
    }

    fn len(&self, split: Split) -> usize {
        self.splits[split as usize].len()
    }

    fn example(&self, split: Split, epoch: u32, index: usize) -> anyhow::Result<Example> {
        let Some(&at) = self.splits[split as usize].get(index) else {
            bail!(
                "the {split} split has {} examples, there is no number {index}",
                self.len(split)
            );
        };
        let (entry, label) = &self.clips[at];
        let clip: Clip = self.cache.read(entry)?;
        let length = Duration::from_secs_f32(self.config.window_seconds);
        let middle = clip.duration.saturating_sub(length) / 2;
        let window = if split == Split::Train {
            let mut rng = seed::rng("clips", &[self.seed, u64::from(epoch), index as u64]);
            self.config
                .augmentation
                .window(&clip, middle, length, &mut rng)
        } else {
            clip.window_at(middle, length)
        };
        Ok(Example {
            window,
            label: *label,
        })
    }

    fn provenance(&self) -> String {
        let [train, validation, test] = self.splits.each_ref().map(Vec::len);
        format!(
            "{} clips of {} classes from {}, {}, seed {}: {train} for training, {validation} for validation, {test} for testing",
            self.clips.len(),
            self.labels.len(),
            self.from,
            self.how,
            self.seed
        )
    }
}

#[cfg(test)]
mod tests;
