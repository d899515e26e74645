//! What the board notes about its releases.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::io as failed;
use crate::{Error, ReleaseId, Version, durable};

/// Which release is good, which one is being tried, and which ones went before. Written in one step each time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The newest version that was ever found good. What is older is a downgrade.
    #[serde(default)]
    pub highest: Version,
    /// The release that was found good last, and that a board goes back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<ReleaseId>,
    /// The release that is live on trial. There is one only while an update runs, or after it was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<ReleaseId>,
    /// Releases that were good before, the last one first.
    #[serde(default)]
    pub earlier: Vec<ReleaseId>,
    /// Releases that the board went back from, the last one first.
    #[serde(default)]
    pub failed: Vec<Failure>,
}

/// A release that was tried and did not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// Which.
    pub release: ReleaseId,
    /// What was seen, one sentence.
    pub why: String,
}

const MOST_FAILURES: usize = 10;

impl State {
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.map_err(failed("cannot read", path))?,
        };
        toml::from_str(&text)
            .map_err(|error| Error::State(path.to_owned(), error.message().to_owned()))
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let text = toml::to_string(self).expect("plain values can be written");
        durable::write(path, text.as_bytes(), 0o644).map_err(failed("cannot write", path))
    }

    /// The trial was found good.
    pub(crate) fn commit(&mut self, version: Version) {
        let Some(new) = self.trial.take() else { return };
        self.failed.retain(|failure| failure.release != new);
        self.earlier.retain(|id| *id != new);
        if let Some(old) = self.good.replace(new.clone()).filter(|old| *old != new) {
            self.earlier.insert(0, old);
        }
        self.highest = self.highest.max(version);
    }

    /// A release was tried and did not do.
    pub(crate) fn note(&mut self, release: ReleaseId, why: String) {
        self.failed.retain(|failure| failure.release != release);
        self.failed.insert(0, Failure { release, why });
        self.failed.truncate(MOST_FAILURES);
    }
}
