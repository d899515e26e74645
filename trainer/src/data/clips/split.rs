//! Which clips train, which choose, which are reported.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{bail, ensure};
use evenkeel::clip::{ClipEntry, ClipSource};
use rand::seq::SliceRandom;

use evenkeel::random;

use crate::data::Split;

/// Shares of validation and testing; the rest is for training.
const SHARE: f64 = 0.15;

/// Indices of the clips of each split, in the order of [`Split`], and in words how they were split.
pub type Splits = ([Vec<usize>; 3], &'static str);

/// Indices of the clips of each split, and in words how they were split.
///
/// # Errors
/// When the list names an unknown split, or a split would be empty.
pub fn split(entries: &[ClipEntry], seed: u64) -> anyhow::Result<Splits> {
    let units = units(entries);
    let all: Vec<usize> = (0..entries.len()).collect();
    let together = groups(&units, &all);
    let (parts, how) = if entries.iter().any(|entry| entry.split.is_some()) {
        (as_listed(entries, &units, seed)?, "split as the list says")
    } else if entries.iter().any(|entry| entry.group.is_some()) {
        (draw(&together, entries.len(), seed), "split by group")
    } else if together.len() < entries.len() {
        (draw(&together, entries.len(), seed), "split by file")
    } else {
        (by_class(entries, seed), "split at random within each class")
    };
    let mut splits: [Vec<usize>; 3] = Default::default();
    for (at, part) in parts {
        splits[part as usize].push(at);
    }
    for (list, part) in splits
        .iter_mut()
        .zip([Split::Train, Split::Validation, Split::Test])
    {
        list.sort_unstable();
        ensure!(
            !list.is_empty(),
            "no clip is left for the {part} split; add clips, or groups (clips of one file are one, unless the column `group` says otherwise), or a column `split` that says which are for it"
        );
    }
    Ok((splits, how))
}

/// Leaves at most `most` clips of each class in `train`, drawn from `seed`; with a larger `most` the same ones and others.
pub fn thin(train: &mut Vec<usize>, label_of: impl Fn(usize) -> usize, most: usize, seed: u64) {
    let mut classes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &at in train.iter() {
        classes.entry(label_of(at)).or_default().push(at);
    }
    train.clear();
    for (class, mut clips) in classes {
        clips.shuffle(&mut random::rng("fewer clips", &[seed, class as u64]));
        train.extend(clips.into_iter().take(most));
    }
    train.sort_unstable();
}

type Parts = Vec<(usize, Split)>;

/// What a clip may not be parted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit<'a> {
    /// Nothing else, or the clips that share a file with this one, the first of them.
    Clip(usize),
    /// The group of that name.
    Group(&'a str),
}

/// The unit of every clip: its group, or else all clips of the same sound or picture file. One
/// recording cut into several clips would otherwise be met again in the test.
fn units(entries: &[ClipEntry]) -> Vec<Unit<'_>> {
    let mut same_group: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut same_file: BTreeMap<&PathBuf, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(group) = &entry.group {
            same_group.entry(group).or_default().push(at);
        }
        for file in files(entry) {
            same_file.entry(file).or_default().push(at);
        }
    }
    // Where every clip of a file has a group, somebody has thought about it: then groups alone count.
    same_file.retain(|_, clips| clips.iter().any(|&at| entries[at].group.is_none()));
    let mut first: Vec<usize> = (0..entries.len()).collect();
    for clips in same_group.values().chain(same_file.values()) {
        for pair in clips.windows(2) {
            let [one, other] = [0, 1].map(|i| first_of(&first, pair[i]));
            first[one.max(other)] = one.min(other);
        }
    }
    let mut named: BTreeMap<usize, &str> = BTreeMap::new();
    for (group, clips) in &same_group {
        named.entry(first_of(&first, clips[0])).or_insert(group);
    }
    (0..entries.len())
        .map(|at| {
            let at = first_of(&first, at);
            named
                .get(&at)
                .map_or(Unit::Clip(at), |group| Unit::Group(group))
        })
        .collect()
}

fn files(entry: &ClipEntry) -> impl Iterator<Item = &PathBuf> {
    let (one, other) = match &entry.source {
        ClipSource::Container(path) => (Some(path), None),
        ClipSource::Separate { sound, picture } => (sound.as_ref(), picture.as_ref()),
    };
    one.into_iter().chain(other)
}

/// The first clip of a unit, by way of earlier and earlier clips in it.
fn first_of(first: &[usize], mut at: usize) -> usize {
    while first[at] != at {
        at = first[at];
    }
    at
}

/// As the list says. A list without validation clips gives a part of its training clips for it.
fn as_listed(entries: &[ClipEntry], units: &[Unit], seed: u64) -> anyhow::Result<Parts> {
    let mut parts = Parts::new();
    for (at, entry) in entries.iter().enumerate() {
        let part = match entry.split.as_deref().map(str::to_lowercase).as_deref() {
            Some("train" | "training") => Split::Train,
            Some("validation" | "valid" | "val" | "dev") => Split::Validation,
            Some("test" | "testing") => Split::Test,
            Some(other) => bail!(
                "clip {} is in split {other:?}; say train, validation or test",
                entry.name
            ),
            None => bail!(
                "clip {} is in no split, but others are; say train, validation or test",
                entry.name
            ),
        };
        parts.push((at, part));
    }
    check_together(entries, units, &parts)?;
    if parts.iter().all(|&(_, part)| part != Split::Validation) {
        take_validation(units, &mut parts, seed);
    }
    Ok(parts)
}

/// Refuses a list that parts what must stay together.
fn check_together(entries: &[ClipEntry], units: &[Unit], parts: &Parts) -> anyhow::Result<()> {
    let mut met: BTreeMap<Unit, (usize, Split)> = BTreeMap::new();
    for &(at, part) in parts {
        let (other, others) = *met.entry(units[at]).or_insert((at, part));
        if others == part {
            continue;
        }
        let [one, two] = [other, at].map(|at| &entries[at].name);
        match units[at] {
            Unit::Group(group) => bail!(
                "group {group:?} is in {others} with {one} and in {part} with {two}; a group must stay together"
            ),
            Unit::Clip(_) => bail!(
                "{one} is in {others} and {two} in {part}, but they are of one file and must stay together; give each a `group` if they are independent"
            ),
        }
    }
    Ok(())
}

/// Makes a part of the training clips validation clips, whole units in random order.
fn take_validation(units: &[Unit], parts: &mut Parts, seed: u64) {
    let train: Vec<usize> = parts
        .iter()
        .filter(|(_, part)| *part == Split::Train)
        .map(|&(at, _)| at)
        .collect();
    let mut order = groups(units, &train);
    order.shuffle(&mut random::rng("validation clips", &[seed]));
    let wanted = (SHARE * train.len() as f64).round().max(1.0) as usize;
    let mut taken = 0;
    for group in order {
        if taken >= wanted {
            break;
        }
        taken += group.len();
        for at in group {
            parts[at].1 = Split::Validation;
        }
    }
}

/// Some of the clips, those of one unit together.
fn groups(units: &[Unit], of: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<Unit, Vec<usize>> = BTreeMap::new();
    for &at in of {
        groups.entry(units[at]).or_default().push(at);
    }
    groups.into_values().collect()
}

/// Deals whole groups, in random order, to whichever split is furthest from its share.
fn draw(groups: &[Vec<usize>], clips: usize, seed: u64) -> Parts {
    let mut order: Vec<&Vec<usize>> = groups.iter().collect();
    order.shuffle(&mut random::rng("clip groups", &[seed]));
    // Large groups first: they would not fit any more at the end.
    order.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut missing = [1.0 - 2.0 * SHARE, SHARE, SHARE].map(|share| share * clips as f64);
    let mut empty = [true; 3];
    let mut parts = Parts::new();
    for (n, group) in order.iter().enumerate() {
        // Towards the end every split must get something, whatever its share.
        let left = order.len() - n;
        let must = left <= empty.iter().filter(|&&e| e).count();
        let best = (0..3)
            .filter(|&part| !must || empty[part])
            .max_by(|&a, &b| missing[a].total_cmp(&missing[b]))
            .unwrap_or(0);
        missing[best] -= group.len() as f64;
        empty[best] = false;
        let part = [Split::Train, Split::Validation, Split::Test][best];
        parts.extend(group.iter().map(|&at| (at, part)));
    }
    parts
}

/// Shuffles each class and takes each split's share of it.
fn by_class(entries: &[ClipEntry], seed: u64) -> Parts {
    let mut classes: BTreeMap<&Option<String>, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        classes.entry(&entry.label).or_default().push(at);
    }
    let mut parts = Parts::new();
    for (number, mut clips) in classes.into_values().enumerate() {
        clips.shuffle(&mut random::rng("clips of a class", &[seed, number as u64]));
        let share = (SHARE * clips.len() as f64).round() as usize;
        for (n, at) in clips.into_iter().enumerate() {
            let part = match n {
                n if n < share => Split::Test,
                n if n < 2 * share => Split::Validation,
                _ => Split::Train,
            };
            parts.push((at, part));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_clips_are_some_of_the_clips_and_as_many_of_each_class() {
        let label_of = |at: usize| at % 3;
        let thinned = |most, seed| {
            let mut train: Vec<usize> = (0..40).collect();
            thin(&mut train, label_of, most, seed);
            train
        };
        let few = thinned(4, 7);
        assert!((0..3).all(|label| few.iter().filter(|&&at| label_of(at) == label).count() == 4));
        let more = thinned(9, 7);
        assert!(few.iter().all(|at| more.contains(at)) && few.is_sorted());
        assert_ne!(few, thinned(4, 8));
        assert_eq!(thinned(100, 7).len(), 40);
    }
}
