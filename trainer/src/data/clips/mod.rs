//! Recorded audio-visual clips of the user's own, from a folder per class or a CSV file.

mod augment;
pub mod cache;
mod config;
mod split;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use evenkeel::clip::{Clip, ClipEntry, ClipList};
use evenkeel::random;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

pub use self::augment::Augmentation;
use self::cache::{ClipCache, Reduction};
pub use self::config::ClipsConfig;
pub use self::split::Splits;
use super::fetch::{self, Store};
use super::{Dataset, Example, Split, hash};

/// Share of the clips that may be unusable before training is refused.
const MOST_BAD: f32 = 0.1;
/// Reasons for leaving clips out that are printed; more would hide the rest of what is.
const REASONS: usize = 10;

/// The data set. Every clip is decoded once, into the cache.
pub struct Clips {
    config: ClipsConfig,
    seed: u64,
    labels: Vec<String>,
    cache: ClipCache,
    /// All clips that are listed, and their labels.
    clips: Vec<(ClipEntry, usize)>,
    /// Which of them are in each split and can be read.
    splits: [Vec<usize>; 3],
    /// Why the others are not.
    left_out: Vec<String>,
    how: &'static str,
    from: String,
}

impl Clips {
    /// Lists the clips, splits them and decodes those that are not in `store`'s cache yet. They are
    /// split as the CSV says, else by its groups and by the files that clips share, else at random
    /// with every class in its share (70 % training, 15 % validation, 15 % test), from `seed`.
    ///
    /// Clips that cannot be read are named and left out, unless they are more than a tenth. They have
    /// their place in the split all the same: which clips are readable today moves no other.
    ///
    /// # Errors
    /// When the list is unusable, a clip has no label, there is one class only or one without a clip
    /// for training, too many clips cannot be read, or a split would be empty.
    pub fn load(config: &ClipsConfig, seed: u64, store: &Store) -> anyhow::Result<Self> {
        let listed = Listed::open(config, store)?;
        let split = listed.split(seed)?;
        let reasons = listed.prepare();
        let clips = Self::of(listed, split, &reasons, config, seed)?;
        say_left_out(&clips.left_out, reasons.len());
        Ok(clips)
    }

    /// Makes a data set of clips that were listed and split; `reasons` are why each of them cannot be
    /// read, as [`Listed::prepare`] gives them.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn of(
        listed: Listed,
        (mut splits, how): Splits,
        reasons: &[Option<String>],
        config: &ClipsConfig,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let Listed {
            root,
            from,
            entries,
            labels,
            cache,
            ..
        } = listed;
        let path = root.display();
        let left_out: Vec<String> = reasons.iter().flatten().cloned().collect();
        refuse_many(&left_out, entries.len(), &root)?;
        for list in &mut splits {
            list.retain(|&at| reasons[at].is_none());
        }
        let mut clips = Vec::with_capacity(entries.len());
        for entry in entries {
            match labels.iter().position(|l| Some(l) == entry.label.as_ref()) {
                Some(label) => clips.push((entry, label)),
                None => bail!("{path}: clip {} has no label", entry.name),
            }
        }
        if let Some(most) = config.most_per_class {
            let train = &mut splits[Split::Train as usize];
            split::thin(train, |at| clips[at].1, most, seed);
        }
        let clips = Self {
            config: config.clone(),
            seed,
            labels,
            cache,
            clips,
            splits,
            left_out,
            how,
            from,
        };
        clips
            .check()
            .with_context(|| format!("cannot use {path}"))?;
        Ok(clips)
    }

    /// Clip `index` of a split and its label.
    fn clip(&self, split: Split, index: usize) -> anyhow::Result<(Clip, usize)> {
        let Some(&at) = self.splits[split as usize].get(index) else {
            bail!(
                "the {split} split has {} examples, there is no number {index}",
                self.len(split)
            );
        };
        let (entry, label) = &self.clips[at];
        Ok((self.cache.read(entry)?, *label))
    }

    /// Refuses what nothing can be learnt from, or nothing chosen or reported on.
    fn check(&self) -> anyhow::Result<()> {
        for split in [Split::Train, Split::Validation, Split::Test] {
            ensure!(
                self.len(split) > 0,
                "no clip of the {split} split can be read; mend them or add others"
            );
        }
        let train = &self.splits[Split::Train as usize];
        for (number, label) in self.labels.iter().enumerate() {
            ensure!(
                train.iter().any(|&at| self.clips[at].1 == number),
                "no clip of the class {label:?} is for training; add clips or groups of it, or take the class out"
            );
        }
        Ok(())
    }
}

/// The clips that a configuration names, before they are split.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The folder or list that they were read from.
    pub root: PathBuf,
    /// What to call that.
    from: String,
    /// Each cut to a little more than a window, so that it can be moved about. At least one.
    pub entries: Vec<ClipEntry>,
    /// Class names in alphabetical order, the one for nothing last.
    pub labels: Vec<String>,
    /// Where they are kept once they were decoded.
    pub cache: ClipCache,
    /// The class for there being nothing, whether there are clips of it or not.
    nothing: String,
}

impl Listed {
    /// Reads the list and opens no clip.
    ///
    /// # Errors
    /// When the configuration or the list is unusable, or a clip has no label.
    pub fn open(config: &ClipsConfig, store: &Store) -> anyhow::Result<Self> {
        config.check()?;
        let (root, from) = source(config, store)?;
        let entries = listed(&root, config)?;
        Ok(Self {
            labels: labels(&entries, &config.nothing),
            cache: ClipCache::new(store.cache.join("clips"), reduction(config))?,
            nothing: config.nothing.clone(),
            root,
            from,
            entries,
        })
    }

    /// Indices of the clips of each split, and in words how they were split; see [`Clips::load`].
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

/// Where the clips are listed, and what to call that.
fn source(config: &ClipsConfig, store: &Store) -> anyhow::Result<(PathBuf, String)> {
    match (&config.path, &config.collection) {
        (Some(path), _) => {
            let name = path.file_name().unwrap_or(path.as_os_str());
            Ok((path.clone(), name.display().to_string()))
        }
        (None, Some(name)) => {
            let collection = fetch::collection(name)?;
            let from = format!("{name} ({})", collection.licence);
            Ok((store.unpacked(collection)?, from))
        }
        (None, None) => bail!("data.clips needs a path or a collection"),
    }
}

/// The clips of a list, each cut to a little more than a window, so that it can be moved about.
fn listed(root: &Path, config: &ClipsConfig) -> anyhow::Result<Vec<ClipEntry>> {
    let list = ClipList::read(root)?;
    if let Some(entry) = list.entries.iter().find(|entry| entry.label.is_none()) {
        bail!(
            "{}: clip {} has no label; training needs the label of every clip",
            root.display(),
            entry.name
        );
    }
    let wanted = Duration::from_secs_f32(config.window_seconds + 2.0 * config.augmentation.shift);
    Ok(list
        .entries
        .iter()
        .map(|entry| entry.centred(wanted))
        .collect())
}

fn reduction(config: &ClipsConfig) -> Reduction {
    Reduction {
        sample_rate: config.sample_rate,
        frame_rate: config.frame_rate,
        max_side: config.max_side,
    }
}

/// Refuses clips of which too many cannot be used.
fn refuse_many(left_out: &[String], clips: usize, root: &Path) -> anyhow::Result<()> {
    let Some(first) = left_out.first() else {
        return Ok(());
    };
    let bad = left_out.len();
    ensure!(
        bad as f32 <= MOST_BAD * clips as f32,
        "{}: {bad} of {clips} clips cannot be used, the first because {first}; mend or remove them",
        root.display()
    );
    Ok(())
}

/// Says which clips are left out.
fn say_left_out(left_out: &[String], clips: usize) {
    let bad = left_out.len();
    if bad == 0 {
        return;
    }
    eprintln!("{bad} of {clips} clips cannot be used and are left out:");
    for reason in left_out.iter().take(REASONS) {
        eprintln!("  {reason}");
    }
    if bad > REASONS {
        eprintln!("  and {} more", bad - REASONS);
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

    fn window_length(&self) -> Duration {
        Duration::from_secs_f32(self.config.window_seconds)
    }

    fn example(&self, split: Split, epoch: u32, index: usize) -> anyhow::Result<Example> {
        if split != Split::Train {
            return self.as_recorded(split, index);
        }
        let (clip, label) = self.clip(split, index)?;
        let length = self.window_length();
        let middle = clip.duration.saturating_sub(length) / 2;
        let mut rng = random::rng("clips", &[self.seed, u64::from(epoch), index as u64]);
        let augmentation = &self.config.augmentation;
        Ok(Example {
            window: augmentation.window(&clip, middle, length, &mut rng),
            label,
        })
    }

    fn as_recorded(&self, split: Split, index: usize) -> anyhow::Result<Example> {
        let (clip, label) = self.clip(split, index)?;
        let length = self.window_length();
        let middle = clip.duration.saturating_sub(length) / 2;
        Ok(Example {
            window: clip.window_at(middle, length),
            label,
        })
    }

    fn provenance(&self) -> String {
        let [train, validation, test] = self.splits.each_ref().map(Vec::len);
        format!(
            "{} clips of {} classes from {}, {}, seed {}: {train} for training, {validation} for validation, {test} for testing",
            train + validation + test,
            self.labels.len(),
            self.from,
            self.how,
            self.seed
        )
    }

    fn fingerprint(&self) -> String {
        let mut texts = self.labels.clone();
        for split in [Split::Train, Split::Validation, Split::Test] {
            texts.push(split.to_string());
            for &at in &self.splits[split as usize] {
                let (entry, label) = &self.clips[at];
                texts.extend([entry.name.clone(), self.labels[*label].clone()]);
            }
        }
        hash(texts)
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

#[cfg(test)]
mod tests;
