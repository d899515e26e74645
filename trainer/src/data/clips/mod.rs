//! Recorded audio-visual clips, from wherever a [`Layout`] lists them: the user's own
//! ([`ClipsConfig`]), or a data set of the field ([`paper`](super::paper)).

mod augment;
pub mod cache;
mod caution;
mod config;
mod layout;
mod listed;
mod split;
mod windows;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use evenkeel::clip::{Clip, ClipEntry};
use evenkeel::random;
use evenkeel::window::Modality;

pub use self::augment::Augmentation;
use self::cache::ClipCache;
pub use self::config::ClipsConfig;
pub use self::layout::{Layout, Listing};
pub use self::listed::{Listed, progress};
pub use self::split::Splits;
pub use self::windows::Windows;
use super::fetch::Store;
use super::{Dataset, Example, Split, hash};

/// Share of the clips that may be unusable before training is refused.
const MOST_BAD: f32 = 0.1;
/// Reasons for leaving clips out that are printed; more would hide the rest of what is.
const REASONS: usize = 10;

/// The data set. Every clip is decoded once, into the cache.
pub struct Clips {
    windows: Windows,
    nothing: String,
    seed: u64,
    labels: Vec<String>,
    cache: ClipCache,
    /// All clips that are listed, and their labels.
    clips: Vec<(ClipEntry, usize)>,
    /// Which of them are in each split and can be read.
    splits: [Vec<usize>; 3],
    /// Why the others are not.
    left_out: Vec<String>,
    /// What must be known to read the figures right.
    cautions: Vec<String>,
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
    pub fn load(layout: &dyn Layout, seed: u64, store: &Store) -> anyhow::Result<Self> {
        let listed = Listed::open(layout, store)?;
        let split = listed.split(seed)?;
        let reasons = listed.prepare();
        let clips = Self::of(listed, split, &reasons, seed)?;
        say_left_out(&clips.left_out, reasons.len());
        for caution in &clips.cautions {
            eprintln!("warning: {caution}");
        }
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
        seed: u64,
    ) -> anyhow::Result<Self> {
        let Listed {
            root,
            from,
            entries,
            labels,
            cache,
            nothing,
            windows,
            missing,
            mut cautions,
        } = listed;
        let path = root.display();
        let left_out: Vec<String> = reasons.iter().flatten().cloned().collect();
        refuse_many(&left_out, entries.len(), &root)?;
        for list in &mut splits {
            list.retain(|&at| reasons[at].is_none());
        }
        cautions.extend(caution::missing_clips(&missing, entries.len()));
        cautions.extend(caution::shared_speakers(&entries, &splits));
        let mut clips = Vec::with_capacity(entries.len());
        for entry in entries {
            match labels.iter().position(|l| Some(l) == entry.label.as_ref()) {
                Some(label) => clips.push((entry, label)),
                None => bail!("{path}: clip {} has no label", entry.name),
            }
        }
        if let Some(most) = windows.most_per_class {
            let train = &mut splits[Split::Train as usize];
            split::thin(train, |at| clips[at].1, most, seed);
        }
        let clips = Self {
            windows,
            nothing,
            seed,
            labels,
            cache,
            clips,
            splits,
            left_out,
            cautions,
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
        ensure!(
            index < self.len(split),
            "the {split} split has {} examples, there is no number {index}",
            self.len(split)
        );
        let clips = &self.splits[split as usize];
        // In training the clips may be gone through several times.
        let (entry, label) = &self.clips[clips[index % clips.len()]];
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

impl Dataset for Clips {
    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn nothing(&self) -> Option<&str> {
        self.labels
            .iter()
            .find(|label| **label == self.nothing)
            .map(String::as_str)
    }

    fn len(&self, split: Split) -> usize {
        let passes = match split {
            Split::Train => self.windows.passes,
            _ => 1,
        };
        passes * self.splits[split as usize].len()
    }

    fn window_length(&self) -> Duration {
        self.windows.length()
    }

    fn example(&self, split: Split, epoch: u32, index: usize) -> anyhow::Result<Example> {
        if split != Split::Train {
            return self.as_recorded(split, index);
        }
        let (clip, label) = self.clip(split, index)?;
        let length = self.window_length();
        let middle = clip.duration.saturating_sub(length) / 2;
        let mut rng = random::rng("clips", &[self.seed, u64::from(epoch), index as u64]);
        let augmentation = &self.windows.augmentation;
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
                let further = Modality::FURTHER
                    .into_iter()
                    .filter(|&sensor| entry.further[sensor].is_some());
                texts.extend(further.map(|sensor| sensor.to_string()));
            }
        }
        hash(texts)
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn cautions(&self) -> &[String] {
        &self.cautions
    }
}

#[cfg(test)]
mod tests;
