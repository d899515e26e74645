//! Every clip under every corruption, several clips at a time.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::clip::clip_record;
use super::panel::{Clips, Panel};
use super::partial::{Partial, PartialError, fingerprint, fits};
use super::plan::{Contestants, Plan};
use super::record::{Broken, ClipRecord};
use super::summary::Summary;
use crate::evaluation::pool;
use crate::evaluation::run::broke_a_library;
use crate::shard::Shard;

/// Everything that a robustness evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Robustness {
    /// The numbers over all clips.
    pub summary: Summary,
    /// One record per clip that was answered about, in the order of the list.
    pub records: Vec<ClipRecord>,
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
pub enum RobustnessError<E> {
    /// A panel could not be made.
    #[error("{0}")]
    Panel(E),
    /// The results of an interrupted run could not be used, or those of this one not be kept.
    #[error(transparent)]
    Partial(#[from] PartialError),
}

/// Which clips are to be done, and where those that are done are kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Portion<'a> {
    /// The file that keeps every clip that is done, if there is one.
    pub kept: Option<&'a Path>,
    /// Such files of other runs of the same plan, contestants and clips; what they did is taken over.
    pub others: &'a [PathBuf],
    /// Only the clips of this part are done; all of them without.
    pub shard: Option<Shard>,
}

/// Asks one panel per thread, made by `make` in that thread, about every clip under every condition.
///
/// A clip that cannot be read or answered about, or that makes a library panic, costs itself only
/// and is in [`Summary::broken`] with its sentence. With [`Portion::kept`], every clip that is
/// done is kept in that file; a later run of the same plan, contestants and clips goes on from there, and what it
/// finds is what an uninterrupted run finds. The file stays until the caller has written the results.
/// `progress` is called with the number of clips done and of all that are to be done, first with those of an
/// earlier run. The result does not depend on the number of threads.
///
/// # Errors
/// [`RobustnessError::Panel`] with the error of `make`; [`RobustnessError::Partial`] when a
/// file of the portion belongs to another run or cannot be read or written.
pub fn run<P: Panel, E: Send>(
    plan: &Plan,
    contestants: &Contestants,
    clips: &dyn Clips,
    make: impl Fn() -> Result<P, E> + Sync,
    threads: NonZeroUsize,
    portion: Portion,
    mut progress: impl FnMut(usize, usize),
) -> Result<Robustness, RobustnessError<E>> {
    let mut kept = None;
    let mut records = BTreeMap::new();
    let fits = |record: &ClipRecord| fits(record, plan, contestants, clips);
    let run = fingerprint(plan, contestants, clips);
    if let Some(path) = portion.kept {
        let (file, before) = Partial::open(path, &run, fits)?;
        records.extend(before.into_iter().map(|record| (record.clip, record)));
        kept = Some(file);
    }
    for path in portion.others {
        for record in Partial::read(path, &run, fits)? {
            if records.contains_key(&record.clip) {
                continue;
            }
            if let Some(file) = &mut kept {
                file.add(&record)?;
            }
            records.insert(record.clip, record);
        }
    }
    let left: Vec<usize> = (0..clips.len())
        .filter(|&clip| portion.shard.is_none_or(|shard| shard.has(clip)))
        .filter(|clip| !records.contains_key(clip))
        .collect();
    let mut done = records.len();
    let all = done + left.len();
    progress(done, all);

    let mut broken: BTreeMap<usize, String> = BTreeMap::new();
    let work = |panel: &mut P, clip: usize| -> Result<ClipRecord, String> {
        let content = clips.read(clip)?;
        let name = clips.name(clip);
        clip_record(plan, contestants, (clip, &name), &content, panel)
    };
    let make = || make().map_err(RobustnessError::Panel);
    pool::each(&left, threads, make, work, |clip, result| {
        match result {
            Ok(Ok(record)) => {
                if let Some(file) = &mut kept {
                    file.add(&record)?;
                }
                records.insert(clip, record);
            }
            Ok(Err(why)) => {
                broken.insert(clip, why);
            }
            Err(panic) => {
                broken.insert(clip, broke_a_library(&clips.name(clip), &panic));
            }
        }
        done += 1;
        progress(done, all);
        Ok(())
    })?;

    let records: Vec<ClipRecord> = records.into_values().collect();
    let broken = broken
        .into_iter()
        .map(|(clip, why)| Broken {
            clip: clips.name(clip),
            why,
        })
        .collect();
    Ok(Robustness {
        summary: Summary::of(plan, contestants, &records, broken),
        records,
    })
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
