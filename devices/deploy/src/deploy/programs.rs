//! The programs of a release.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use evenkeel_release::Glibc;

use crate::boards::Board;
use crate::build::{self, Program, Request};
use crate::size::size;

/// The oldest C library that Rust's standard library runs with: that of a program that names none.
const OLDEST: Glibc = Glibc::new(2, 17);

/// Both of them, looked at.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The program that answers.
    pub evenkeel: PathBuf,
    /// The program that takes releases.
    pub agent: PathBuf,
    /// The C library that both run with.
    pub glibc: Glibc,
    /// The shared libraries that either is linked with, sorted.
    pub libraries: BTreeSet<String>,
    bytes: u64,
}

impl Programs {
    /// Builds them.
    ///
    /// # Errors
    /// When they cannot be built.
    pub fn build(board: &Board, install: bool) -> Result<Self> {
        let built = build::build(&Request {
            board,
            out: None,
            jobs: None,
            install,
        })?;
        Self::of(&built)
    }

    /// Takes those in a folder.
    ///
    /// # Errors
    /// When they are not there, or the board cannot run them.
    pub fn find(board: &Board, folder: &Path) -> Result<Self> {
        let found = build::PROGRAMS.map(|name| build::look(board, name, folder));
        Self::of(&found.into_iter().collect::<Result<Vec<_>>>()?)
    }

    fn of(programs: &[Program]) -> Result<Self> {
        let path = |name: &str| {
            let program = programs.iter().find(|program| program.name == name);
            let program = program.with_context(|| format!("{name} was not built"))?;
            Ok::<_, anyhow::Error>(program.path.clone())
        };
        let glibc = programs
            .iter()
            .filter_map(|program| program.facts.glibc)
            .max();
        Ok(Self {
            evenkeel: path("evenkeel")?,
            agent: path("evenkeel-board")?,
            glibc: glibc.unwrap_or(OLDEST),
            libraries: programs
                .iter()
                .flat_map(|program| program.facts.libraries.iter().cloned())
                .collect(),
            bytes: programs.iter().map(|program| program.bytes).sum(),
        })
    }
}

impl fmt::Display for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, glibc) = (size(self.bytes), self.glibc);
        write!(f, "{size} of programs that need glibc {glibc}")
    }
}
