//! One release onto one board, over ssh.

mod agent;
mod facts;
mod programs;
mod report;
mod steps;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use evenkeel_release::{Digest, Key, Version};

use crate::boards::Board;
use crate::keys::SigningKey;
use crate::pack::{Parts, Release};
use crate::ssh::{Address, Connection, Sudo};

pub use agent::Agent;
pub use programs::Programs;
pub use report::{Progress, Report, Terminal};
pub use steps::STEPS;

use facts::Facts;

/// What is wanted, the same for every board of its kind.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The folder of the model package.
    pub model: PathBuf,
    /// Take this number for the release, not the time.
    pub version: Option<Version>,
    /// Take a release that is older than one that the board has had.
    pub allow_downgrade: bool,
    /// Set the board up although it is: with this key alone, and as this kind of board.
    pub set_up: bool,
    /// How long a release may take to its first answer. Seconds.
    pub patience: u64,
    /// How long it has to answer before it is found good. Seconds.
    pub hold: u64,
}

/// A release for a kind of board, ready to be sent to any number of them.
pub struct Ready<'a> {
    /// The kind.
    pub board: &'a Board,
    /// What is wanted.
    pub wish: &'a Wish,
    /// Whom the board is told to trust when it is set up.
    pub key: Key,
    /// What is sent.
    pub release: Release,
    /// Where its programs are.
    pub programs: Programs,
}

impl<'a> Ready<'a> {
    /// Makes and signs the release.
    ///
    /// # Errors
    /// When a part is missing or is not what it has to be.
    pub fn make(
        board: &'a Board,
        wish: &'a Wish,
        key: &SigningKey,
        programs: Programs,
    ) -> Result<Self> {
        ensure!(
            programs.glibc <= board.glibc,
            "the programs need glibc {}, and {} has {}: build them for it",
            programs.glibc,
            board.name,
            board.glibc
        );
        let parts = Parts {
            board: &board.name,
            target: board.target.triple(),
            glibc: programs.glibc,
            program: &programs.evenkeel,
            agent: &programs.agent,
            model: &wish.model,
            version: wish.version,
        };
        Ok(Self {
            board,
            wish,
            key: key.public.clone(),
            release: Release::make(&parts, key)?,
            programs,
        })
    }

    /// The same under another number.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn numbered(self, version: Version, key: &SigningKey) -> Result<Self> {
        Ok(Self {
            release: self.release.numbered(version, key)?,
            ..self
        })
    }
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Bytes of files that were sent, before compression.
    pub sent: u64,
    /// Whether the board was set up for the first time, or again.
    pub set_up: bool,
}

/// One board at the other end, while a release goes there.
pub struct Deployment<'a> {
    ready: &'a Ready<'a>,
    address: Address,
    link: Option<Link>,
    missing: Vec<Digest>,
    bytes: u64,
    outcome: Outcome,
}

struct Link {
    connection: Connection,
    sudo: Sudo,
    facts: Facts,
}

impl<'a> Deployment<'a> {
    /// Nothing happens yet.
    pub fn new(ready: &'a Ready<'a>, address: Address) -> Self {
        Self {
            ready,
            address,
            link: None,
            missing: Vec::new(),
            bytes: 0,
            outcome: Outcome::default(),
        }
    }

    /// Takes every step in turn.
    ///
    /// # Errors
    /// When one fails. The board then runs what it ran before, or the new release if that had been found good.
    pub fn run(mut self, report: &dyn Report) -> Result<Outcome> {
        for step in STEPS {
            report.begin(step.name());
            let done = self.take(step, report);
            report.end(step.name(), done.as_ref().map(String::as_str));
            done?;
        }
        Ok(self.outcome)
    }

    fn link(&self) -> Result<&Link> {
        self.link.as_ref().context("the board is not connected")
    }

    fn agent(&self) -> Result<Agent<'_>> {
        let Link {
            connection, sudo, ..
        } = self.link()?;
        Ok(Agent { connection, sudo })
    }
}
