//! Which clips train, which choose, which are reported.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use evenkeel::clip::ClipEntry;
use rand::seq::SliceRandom;

use crate::data::{Split, seed};

/// Shares of validation and testing; the rest is for training.
const SHARE: f64 = 0.15;

/// Indices of the clips of each split, and in words how they were split.
///
/// # Errors
/// When the list names an unknown split, or a split would be empty.
pub fn split(entries: &[ClipEntry], seed: u64) -> anyhow::Result<([Vec<usize>; 3], &'static str)> {
    let (parts, how) = if entries.iter().any(|entry| entry.split.is_some()) {
        (as_listed(entries, seed)?, "split as the list says")
    } else if entries.iter().any(|entry| entry.group.is_some()) {
        let all: Vec<usize> = (0..entries.len()).collect();
        (
            draw(&groups(entries, &all), entries.len(), seed),
            "split by group",
        )
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
            "no clip is left for the {part} split; add clips, or groups, or a column `split` that says which are for it"
        );
    }
    Ok((splits, how))
}

type Parts = Vec<(usize, Split)>;

/// As the list says. A list without validation clips gives a part of its training clips for it.
fn as_listed(entries: &[ClipEntry], seed: u64) -> anyhow::Result<Parts> {
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
    for part in [Split::Train, Split::Validation, Split::Test] {
        let groups = |of| {
            parts
                .iter()
                .filter(move |(_, p)| (*p == part) == of)
                .map(|&(at, _)| &entries[at].group)
        };
        for group in groups(true).flatten() {
            ensure!(
                !groups(false).flatten().any(|other| other == group),
                "group {group:?} is in {part} and in another split; a group must stay together"
            );
        }
    }
    if parts.iter().all(|&(_, part)| part != Split::Validation) {
        let train: Vec<usize> = parts
            .iter()
            .filter(|(_, p)| *p == Split::Train)
            .map(|&(at, _)| at)
            .collect();
        let mut order = groups(entries, &train);
        order.shuffle(&mut seed::rng("validation clips", &[seed]));
        let wanted = (SHARE * train.len() as f64).round().max(1.0) as usize;
        for at in order
            .into_iter()
            .scan(0, |taken, group| {
                let more = *taken < wanted;
                *taken += group.len();
                more.then_some(group)
            })
            .flatten()
        {
            parts[at].1 = Split::Validation;
        }
    }
    Ok(parts)
}

/// Clips that must stay together; a clip without a group is one of its own.
fn groups(entries: &[ClipEntry], of: &[usize]) -> Vec<Vec<usize>> {
    let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut groups = Vec::new();
    for &at in of {
        match &entries[at].group {
            Some(group) => named.entry(group).or_default().push(at),
            None => groups.push(vec![at]),
        }
    }
    groups.extend(named.into_values());
    groups
}

/// Deals whole groups, in random order, to whichever split is furthest from its share.
fn draw(groups: &[Vec<usize>], clips: usize, seed: u64) -> Parts {
    let mut order: Vec<&Vec<usize>> = groups.iter().collect();
    order.shuffle(&mut seed::rng("clip groups", &[seed]));
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
        clips.shuffle(&mut seed::rng("clips of a class", &[seed, number as u64]));
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
