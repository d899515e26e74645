//! The file of a fleet. The table in docs/deploying.md says the same for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, ensure};
use serde::Deserialize;
use toml::Spanned;

use super::{Fleet, Limit, Member, Wave, hint};
use crate::boards::{self, Board};

/// How many boards are served at once where the file does not say.
const PARALLEL: usize = 8;
/// Each is an ssh of its own, and the desk's and the network's patience ends somewhere.
const MOST_PARALLEL: usize = 256;
/// A day. Seconds.
const LONGEST_PAUSE: u64 = 86_400;
/// The wave of a file without waves.
const ONLY: &str = "all";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    defaults: Defaults,
    #[serde(default)]
    boards: Vec<Entry>,
    #[serde(default)]
    waves: Vec<Part>,
}

/// What holds for every board and every wave that says nothing else.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Defaults {
    kind: Option<Spanned<String>>,
    user: Option<String>,
    #[serde(default)]
    ssh_options: Vec<String>,
    max_failures: Option<Spanned<Failures>>,
    parallel: Option<Spanned<usize>>,
    pause: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    name: Spanned<String>,
    address: Spanned<String>,
    kind: Option<Spanned<String>>,
    user: Option<String>,
    #[serde(default)]
    ssh_options: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Part {
    name: Spanned<String>,
    #[serde(default)]
    groups: Vec<Spanned<String>>,
    #[serde(default)]
    boards: Vec<Spanned<String>>,
    max_failures: Option<Spanned<Failures>>,
    parallel: Option<Spanned<usize>>,
    pause: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number of boards, or a share as in \"10%\"")]
enum Failures {
    Count(usize),
    Share(String),
}

impl Fleet {
    /// Reads the file; `folder` has the board files.
    ///
    /// # Errors
    /// When it cannot be read or says something that cannot be: one sentence with the line.
    pub fn read(path: &Path, folder: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read the fleet's file {}", path.display()))?;
        Self::parse(path, &text, |kind| boards::find(folder, kind))
    }

    pub(super) fn parse(
        path: &Path,
        text: &str,
        find: impl Fn(&str) -> Result<Board>,
    ) -> Result<Self> {
        let source = Source { path, text };
        let file: File = toml::from_str(text).map_err(|error| match error.span() {
            Some(span) => source.wrong(span, error.message()),
            None => anyhow!("{}: {}", path.display(), error.message()),
        })?;
        ensure!(
            !file.boards.is_empty(),
            "{} names no boards: each is a table [[boards]] with name and address",
            path.display()
        );
        let kinds = source.kinds(&file, find)?;
        let members = source.members(&file)?;
        let waves = source.waves(&file, members)?;
        Ok(Self {
            path: path.to_owned(),
            kinds,
            waves,
        })
    }
}

struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    /// What is wrong at a place.
    fn wrong(&self, span: Range<usize>, why: impl Display) -> Error {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        anyhow!("{}, line {line}: {why}", self.path.display())
    }

    fn kinds(
        &self,
        file: &File,
        find: impl Fn(&str) -> Result<Board>,
    ) -> Result<BTreeMap<String, Board>> {
        let mut kinds = BTreeMap::new();
        for entry in &file.boards {
            let kind = entry.kind.as_ref().or(file.defaults.kind.as_ref());
            let Some(kind) = kind else {
                let why =
                    "this board has no kind: give it one, or all of them with kind in [defaults]";
                return Err(self.wrong(entry.name.span(), why));
            };
            if !kinds.contains_key(kind.as_ref()) {
                let board = find(kind.as_ref())
                    .map_err(|error| self.wrong(kind.span(), format!("{error:#}")))?;
                kinds.insert(kind.as_ref().clone(), board);
            }
        }
        Ok(kinds)
    }

    fn members(&self, file: &File) -> Result<Vec<Member>> {
        let mut members: Vec<Member> = Vec::new();
        for entry in &file.boards {
            let member = self.member(entry, &file.defaults)?;
            for other in &members {
                if other.name == member.name {
                    let why = format!("a second board is called '{}'", member.name);
                    return Err(self.wrong(entry.name.span(), why));
                }
                if (&other.host, &other.options) == (&member.host, &member.options) {
                    let why = format!("'{}' and '{}' have one address", other.name, member.name);
                    return Err(self.wrong(entry.address.span(), why));
                }
            }
            members.push(member);
        }
        Ok(members)
    }

    fn member(&self, entry: &Entry, defaults: &Defaults) -> Result<Member> {
        let name = self.name(&entry.name)?;
        let address = entry.address.as_ref();
        if address.is_empty() || address.starts_with('-') || address.contains(char::is_whitespace) {
            let why = format!("'{address}' is no address of a board, as pi@192.168.1.20 is");
            return Err(self.wrong(entry.address.span(), why));
        }
        let user = entry.user.as_ref().or(defaults.user.as_ref());
        let host = match user {
            Some(user) if !address.contains('@') => format!("{user}@{address}"),
            _ => address.clone(),
        };
        let kind = entry.kind.as_ref().or(defaults.kind.as_ref());
        // For ssh the first value counts: a board's own come before everybody's.
        let options = entry.ssh_options.iter().chain(&defaults.ssh_options);
        Ok(Member {
            name,
            kind: kind.map(|kind| kind.as_ref().clone()).unwrap_or_default(),
            host,
            options: options.cloned().collect(),
            groups: entry.groups.clone(),
        })
    }

    /// A name of a board or a wave, which stands in tables and on command lines.
    fn name(&self, name: &Spanned<String>) -> Result<String> {
        let text = name.as_ref();
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if text.is_empty() || !text.chars().all(plain) {
            let why = format!("'{text}' cannot be a name: take letters, digits, '-', '_' and '.'");
            return Err(self.wrong(name.span(), why));
        }
        Ok(text.clone())
    }

    fn waves(&self, file: &File, members: Vec<Member>) -> Result<Vec<Wave>> {
        if file.waves.is_empty() {
            let everybody = Part {
                name: Spanned::new(0..0, ONLY.to_owned()),
                groups: Vec::new(),
                boards: Vec::new(),
                max_failures: None,
                parallel: None,
                pause: None,
            };
            return Ok(vec![self.wave(&everybody, &file.defaults, members)?]);
        }
        let mut left = members;
        let everybody = left.clone();
        let mut waves: Vec<Wave> = Vec::new();
        for part in &file.waves {
            if waves.iter().any(|wave| wave.name == *part.name.as_ref()) {
                let why = format!("a second wave is called '{}'", part.name.as_ref());
                return Err(self.wrong(part.name.span(), why));
            }
            let wanted = self.wanted(part, &everybody)?;
            // Who is in two waves gets the release in the first of them.
            let (mine, others) = left
                .into_iter()
                .partition(|member| wanted.contains(&member.name));
            left = others;
            waves.push(self.wave(part, &file.defaults, mine)?);
        }
        if let Some(lost) = left.first() {
            let entry = file
                .boards
                .iter()
                .find(|entry| *entry.name.as_ref() == lost.name);
            let why = format!(
                "board '{}' is in no wave: put it or a group of its into one",
                lost.name
            );
            return Err(self.wrong(entry.map_or(0..0, |entry| entry.name.span()), why));
        }
        Ok(waves)
    }

    /// The names of the boards that a wave asks for.
    fn wanted(&self, part: &Part, members: &[Member]) -> Result<BTreeSet<String>> {
        let mut wanted = BTreeSet::new();
        for name in &part.boards {
            if !members.iter().any(|member| member.name == *name.as_ref()) {
                let known = members.iter().map(|member| member.name.as_str());
                let why = format!(
                    "there is no board '{0}': {1}",
                    name.as_ref(),
                    hint(name.as_ref(), known)
                );
                return Err(self.wrong(name.span(), why));
            }
            wanted.insert(name.as_ref().clone());
        }
        for group in &part.groups {
            let of_it = |member: &&Member| member.groups.contains(group.as_ref());
            let before = wanted.len();
            wanted.extend(
                members
                    .iter()
                    .filter(of_it)
                    .map(|member| member.name.clone()),
            );
            if wanted.len() == before && !members.iter().any(|member| of_it(&member)) {
                let known = members.iter().flat_map(|member| &member.groups);
                let hint = hint(group.as_ref(), known.map(String::as_str));
                let why = format!("no board is in the group '{}': {hint}", group.as_ref());
                return Err(self.wrong(group.span(), why));
            }
        }
        Ok(wanted)
    }

    fn wave(&self, part: &Part, defaults: &Defaults, members: Vec<Member>) -> Result<Wave> {
        let name = self.name(&part.name)?;
        if members.is_empty() {
            let why =
                format!("wave '{name}' has no boards, or only such as are in a wave before it");
            return Err(self.wrong(part.name.span(), why));
        }
        let limit = part
            .max_failures
            .as_ref()
            .or(defaults.max_failures.as_ref());
        let limit = limit.map_or(Ok(Limit::Count(0)), |failures| self.limit(failures))?;
        let parallel = part.parallel.as_ref().or(defaults.parallel.as_ref());
        let parallel = match parallel {
            Some(number) if !(1..=MOST_PARALLEL).contains(number.as_ref()) => {
                let why = format!("parallel is 1 to {MOST_PARALLEL}");
                return Err(self.wrong(number.span(), why));
            }
            Some(number) => *number.as_ref(),
            None => PARALLEL,
        };
        let pause = part.pause.as_ref().or(defaults.pause.as_ref());
        let pause = match pause {
            Some(seconds) if *seconds.as_ref() > LONGEST_PAUSE => {
                let why = format!("pause is in seconds, {LONGEST_PAUSE} at most");
                return Err(self.wrong(seconds.span(), why));
            }
            Some(seconds) => *seconds.as_ref(),
            None => 0,
        };
        Ok(Wave {
            name,
            members,
            limit,
            parallel,
            pause: Duration::from_secs(pause),
        })
    }

    fn limit(&self, failures: &Spanned<Failures>) -> Result<Limit> {
        match failures.as_ref() {
            Failures::Count(count) => Ok(Limit::Count(*count)),
            Failures::Share(text) => text
                .strip_suffix('%')
                .and_then(|number| number.trim().parse().ok())
                .filter(|percent| *percent <= 100)
                .map(Limit::Share)
                .ok_or_else(|| {
                    let why =
                        format!("'{text}' is no share of boards, as \"10%\" is, nor a number");
                    self.wrong(failures.span(), why)
                }),
        }
    }
}
