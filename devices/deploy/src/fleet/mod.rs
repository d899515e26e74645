//! Many boards at once: a file that names them, waves in which a release reaches them, and a journal of how far it got.

mod file;
#[cfg(test)]
mod file_tests;
mod journal;
mod kinds;
mod lock;
mod look;
mod parallel;
mod plan;
mod progress;
mod rollback;
mod run;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

pub use journal::{Edition, Journal};
pub use kinds::{Kinds, contents, numbered};
pub use lock::Lock;
pub use look::look_at_all;
pub use plan::{Turn, turns};
pub use progress::Screen;
pub use rollback::roll_back;
pub use run::{Run, Verdict};
pub use table::{Row, rows, table};

use crate::boards::Board;
use crate::nearest::nearest;
use crate::ssh::{Address, SILENT};

/// All boards, each in one wave.
#[derive(Debug)]
pub struct Fleet {
    /// The file that says so.
    pub path: PathBuf,
    /// The kinds of board that are in it.
    pub kinds: BTreeMap<String, Board>,
    /// In the order in which releases reach them.
    pub waves: Vec<Wave>,
}

/// Boards that get a release together.
#[derive(Debug)]
pub struct Wave {
    /// What it is called.
    pub name: String,
    /// At least one.
    pub members: Vec<Member>,
    /// How many of them may fail.
    pub limit: Limit,
    /// How many are served at the same time; at least one.
    pub parallel: usize,
    /// How long they are left alone before they are looked at again and the next wave begins.
    pub pause: Duration,
}

/// One board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is called in the file.
    pub name: String,
    /// What kind it is.
    pub kind: String,
    /// `user@host`, `host`, or a name from `~/.ssh/config`.
    pub host: String,
    /// Options, each as after `ssh -o`.
    pub options: Vec<String>,
    /// What it is counted among.
    pub groups: Vec<String>,
}

/// How many boards of a wave may fail before no more are begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So many.
    Count(usize),
    /// So many of a hundred, 0 to 100.
    Share(usize),
}

impl Limit {
    /// How many of this number of boards.
    pub fn of(self, boards: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Share(percent) => boards * percent / 100,
        }
    }
}

impl Wave {
    /// How many of its boards may fail.
    pub fn may_fail(&self) -> usize {
        self.limit.of(self.members.len())
    }
}

impl Fleet {
    /// Every board, in the order of the waves.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.waves.iter().flat_map(|wave| &wave.members)
    }

    /// Where a wave stands.
    ///
    /// # Errors
    /// When there is none of this name, with the nearest.
    pub fn wave(&self, name: &str) -> Result<usize> {
        let names = || self.waves.iter().map(|wave| wave.name.as_str());
        match names().position(|known| known == name) {
            Some(place) => Ok(place),
            None => bail!(
                "{} has no wave '{name}': {}",
                self.path.display(),
                hint(name, names())
            ),
        }
    }

    /// The boards of a wave, or of a group, or all.
    ///
    /// # Errors
    /// When there is no such wave or group.
    pub fn select(&self, wave: Option<&str>, group: Option<&str>) -> Result<Vec<&Member>> {
        let mut members: Vec<&Member> = match wave {
            Some(name) => self.waves[self.wave(name)?].members.iter().collect(),
            None => self.members().collect(),
        };
        if let Some(group) = group {
            let groups = || self.members().flat_map(|member| &member.groups);
            if !groups().any(|known| known == group) {
                bail!(
                    "{} has no group '{group}': {}",
                    self.path.display(),
                    hint(group, groups().map(String::as_str))
                );
            }
            members.retain(|member| member.groups.iter().any(|known| known == group));
        }
        Ok(members)
    }
}

/// What a name may have been meant to be, or what there is.
fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean '{near}'?"),
        None if known.is_empty() => "there is none at all".to_owned(),
        None => format!("there are {}", known.join(", ")),
    }
}

impl Member {
    /// Where it is. Nobody is asked for a password, since several connections would ask at once.
    pub fn address(&self) -> Address {
        let mut options = vec![SILENT.to_owned()];
        options.extend(self.options.iter().cloned());
        Address {
            host: self.host.clone(),
            options,
            settings: None,
        }
    }

    /// Kind and place in one line: another board under the same name has another.
    pub fn identity(&self) -> String {
        let mut text = format!("{} at {}", self.kind, self.host);
        for option in &self.options {
            text += &format!(" -o {option}");
        }
        text
    }
}
