//! How far a release has come in a fleet: a file beside that of the fleet, whole after each board.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use evenkeel_release::{Digest, ReleaseId, Version, durable};
use serde::{Deserialize, Serialize};

use super::Member;
use crate::pack;

/// The format that is written and read.
const FORMAT: u32 = 1;

/// The file, read.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    pages: Pages,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    format: u32,
    /// The number that the release has on every board.
    version: Version,
    /// What is brought to each kind of board, whatever its number.
    kinds: BTreeMap<String, Digest>,
    /// Those that it was brought to, by name.
    #[serde(default)]
    boards: BTreeMap<String, Record>,
}

/// What came of one board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What it was and where.
    pub identity: String,
    /// What was brought.
    pub release: ReleaseId,
    /// How long it took. Seconds.
    pub seconds: f64,
    /// What was sent. Bytes.
    pub sent: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The release is live.
    Live,
    /// It is not, in one sentence.
    Failed(String),
}

/// Whether a release was begun before.
#[derive(Debug, PartialEq, Eq)]
pub enum Edition {
    /// There is no journal yet.
    First,
    /// This one was, and what is done stays done.
    GoesOn,
    /// Another one was, and every board is to do; why.
    Anew(String),
}

impl Journal {
    /// Beside the file of a fleet.
    pub fn place(fleet: &Path) -> PathBuf {
        let mut name = fleet.as_os_str().to_owned();
        name.push(".journal");
        name.into()
    }

    /// Reads it; empty where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).context("there is no current folder")?;
        let shown = path.display();
        let empty = Pages {
            format: FORMAT,
            version: Version(0),
            kinds: BTreeMap::new(),
            boards: BTreeMap::new(),
        };
        let pages = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => empty,
            Err(error) => return Err(error).with_context(|| format!("cannot read {shown}")),
            Ok(text) => toml::from_str(&text).with_context(|| {
                format!(
                    "{shown} is no journal of a fleet: move it away to begin anew, or name another with --journal"
                )
            })?,
        };
        ensure!(
            pages.format == FORMAT,
            "{shown} is of format {}, and this program knows {FORMAT}: use the evenkeel-deploy that wrote it",
            pages.format
        );
        Ok(Self { path, pages })
    }

    /// Whether nothing was ever brought.
    pub fn is_empty(&self) -> bool {
        self.pages.kinds.is_empty()
    }

    /// The number of the release that it is about.
    pub fn version(&self) -> Version {
        self.pages.version
    }

    /// Turns to a release with these contents for these kinds of board: to the one that it is about, if that has them, or to
    /// a new one of the number `wanted`, or of the time. With `again` always to a new one. Nothing is written yet.
    pub fn turn_to(
        &mut self,
        contents: BTreeMap<String, Digest>,
        wanted: Option<Version>,
        again: bool,
    ) -> Edition {
        let old = self.pages.version;
        let changed = contents.iter().find(|(kind, content)| {
            let before = self.pages.kinds.get(*kind);
            before.is_some_and(|before| before != *content)
        });
        let why = match (changed, wanted) {
            _ if self.is_empty() => None,
            _ if again => Some("this was asked for".to_owned()),
            (Some((kind, _)), _) => Some(format!(
                "programs, model, key or --set-up for {kind} have changed"
            )),
            (None, Some(version)) if version != old => Some("another number was asked for".into()),
            (None, _) => {
                self.pages.kinds.extend(contents);
                return Edition::GoesOn;
            }
        };
        // Two in one second are two all the same.
        self.pages.version = wanted.unwrap_or_else(|| pack::now().max(Version(old.0 + 1)));
        self.pages.kinds = contents;
        self.pages.boards.clear();
        match why {
            None => Edition::First,
            Some(why) => Edition::Anew(why),
        }
    }

    /// What came of a board, if this very board was tried with the release.
    pub fn record(&self, member: &Member) -> Option<&Record> {
        let record = self.pages.boards.get(&member.name)?;
        (record.identity == member.identity()).then_some(record)
    }

    /// Whether the release is live there.
    pub fn is_live(&self, member: &Member) -> bool {
        self.record(member)
            .is_some_and(|record| record.outcome == Outcome::Live)
    }

    /// Notes what came of a board.
    ///
    /// # Errors
    /// When it cannot be written; then the file is what it was before.
    pub fn note(&mut self, member: &Member, record: Record) -> Result<()> {
        self.pages.boards.insert(member.name.clone(), record);
        self.write()
    }

    /// Forgets a board: the release is to be brought there again.
    ///
    /// # Errors
    /// As [`Journal::note`].
    pub fn forget(&mut self, member: &Member) -> Result<()> {
        self.pages.boards.remove(&member.name);
        self.write()
    }

    fn write(&self) -> Result<()> {
        let failed = || format!("cannot write the journal {}", self.path.display());
        let text = toml::to_string(&self.pages).with_context(failed)?;
        durable::write(&self.path, text.as_bytes(), 0o644).with_context(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::file_tests::member;

    fn record(member: &Member, outcome: Outcome) -> Record {
        Record {
            identity: member.identity(),
            release: "7-0a1b2c3d".parse().unwrap(),
            seconds: 1.5,
            sent: 1234,
            outcome,
        }
    }

    fn contents(pairs: &[(&str, &str)]) -> BTreeMap<String, Digest> {
        let content =
            |(kind, text): &(&str, &str)| ((*kind).to_owned(), Digest::of(text.as_bytes()));
        pairs.iter().map(content).collect()
    }

    #[test]
    fn what_is_noted_is_there_after_reading_and_belongs_to_the_board_and_not_to_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fleet.toml.journal");
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(
            journal.turn_to(contents(&[("pi", "1")]), None, false),
            Edition::First
        );
        let (good, bad) = (member("good", "pi"), member("bad", "pi"));
        journal.note(&good, record(&good, Outcome::Live)).unwrap();
        let failed = Outcome::Failed("it \"hangs\"\n".into());
        journal.note(&bad, record(&bad, failed.clone())).unwrap();

        let mut again = Journal::open(&path).unwrap();
        assert_eq!(again.version(), journal.version());
        assert!(again.is_live(&good) && !again.is_live(&bad));
        assert_eq!(again.record(&bad).unwrap(), &record(&bad, failed));
        let moved = Member {
            host: "pi@elsewhere".into(),
            ..good.clone()
        };
        assert_eq!(again.record(&moved), None);
        again.forget(&good).unwrap();
        assert_eq!(Journal::open(&path).unwrap().record(&good), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_release_goes_on_while_its_contents_stay_and_begins_anew_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path).unwrap();
        journal.turn_to(contents(&[("pi", "1")]), Some(Version(7)), false);
        let good = member("good", "pi");
        journal.note(&good, record(&good, Outcome::Live)).unwrap();

        // A kind that was not needed before, and one that is not needed now, change nothing.
        for kinds in [&[("pi", "1"), ("jetson", "2")][..], &[("jetson", "2")]] {
            assert_eq!(
                journal.turn_to(contents(kinds), None, false),
                Edition::GoesOn
            );
            assert!(journal.is_live(&good));
            assert_eq!(journal.version(), Version(7));
        }
        for (kinds, wanted, again) in [
            (&[("pi", "changed")][..], None, false),
            (&[("jetson", "changed")], None, false),
            (&[("pi", "1")], Some(Version(8)), false),
            (&[("pi", "1")], None, true),
        ] {
            let mut journal = Journal::open(&path).unwrap();
            journal.turn_to(contents(&[("jetson", "2")]), None, false);
            let edition = journal.turn_to(contents(kinds), wanted, again);
            assert!(matches!(edition, Edition::Anew(_)), "{edition:?}");
            assert!(!journal.is_live(&good));
            assert!(journal.version() > Version(7));
        }
    }

    #[test]
    fn what_is_no_journal_is_said_to_be_none_and_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        for (text, why) in [
            ("nonsense", "move it away"),
            ("format = 9\nversion = 1\n[kinds]\n", "is of format 9"),
        ] {
            fs::write(&path, text).unwrap();
            let error = format!("{:#}", Journal::open(&path).unwrap_err());
            assert!(error.contains(why), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
