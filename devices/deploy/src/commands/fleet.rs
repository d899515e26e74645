//! `evenkeel-deploy to`, `status` and `rollback` with the file of a fleet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::deploy::{What, step};
use super::{print, print_json};
use crate::boards;
use crate::deploy::{Ready, STEPS, Terminal};
use crate::fleet::{
    self, Edition, Fleet, Journal, Kinds, Lock, Row, Run, Screen, Turn, Verdict, look_at_all,
    roll_back, rows, turns,
};

/// What else can be said where a file of a fleet is named.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "For a fleet")]
pub struct Options {
    /// This wave alone; those before it have to be done
    #[arg(long, value_name = "NAME")]
    wave: Option<String>,

    /// Begin with the wave although one before it is not done
    #[arg(long, requires = "wave")]
    force: bool,

    /// Bring a release to all boards, though it has come to some of them already
    #[arg(long)]
    again: bool,

    #[command(flatten)]
    journal: JournalFile,
}

/// Where it is noted how far a release has come.
#[derive(Debug, Clone, clap::Args)]
pub struct JournalFile {
    /// The file that notes how far the release has come [default: that of the fleet, with .journal]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

/// Some of the boards of a fleet.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "For a fleet")]
pub struct Selection {
    /// Only the boards of this wave
    #[arg(long, value_name = "NAME")]
    wave: Option<String>,

    /// Only the boards of this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

/// Whether something names the file of a fleet and not a kind of board, whose name has no dot.
pub fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "toml")
}

impl Options {
    /// The first of them that was used.
    pub fn used(&self) -> Option<&'static str> {
        let used = [("--wave", self.wave.is_some()), ("--again", self.again)];
        let own = used
            .into_iter()
            .find_map(|(name, used)| used.then_some(name));
        own.or(self.journal.used())
    }
}

impl Selection {
    /// The first of them that was used.
    pub fn used(&self) -> Option<&'static str> {
        let used = [
            ("--wave", self.wave.is_some()),
            ("--group", self.group.is_some()),
        ];
        used.into_iter()
            .find_map(|(name, used)| used.then_some(name))
    }

    fn of<'a>(&self, fleet: &'a Fleet) -> Result<Vec<&'a fleet::Member>> {
        fleet.select(self.wave.as_deref(), self.group.as_deref())
    }
}

impl JournalFile {
    /// Its option, if it was used.
    pub fn used(&self) -> Option<&'static str> {
        self.journal.is_some().then_some("--journal")
    }

    fn open(&self, fleet: &Path) -> Result<Journal> {
        let place = self.journal.clone();
        Journal::open(&place.unwrap_or_else(|| Journal::place(fleet)))
    }
}

/// Brings a release to the boards of a fleet, wave by wave.
///
/// # Errors
/// When it is not live on all of them at the end.
pub fn to(
    path: &Path,
    what: &What,
    options: &Options,
    dry_run: bool,
    json: bool,
) -> Result<ExitCode> {
    let fleet = Fleet::read(path, &what.folder()?)?;
    let _lock = (!dry_run).then(|| Lock::take(path)).transpose()?;
    let mut journal = options.journal.open(path)?;
    let mut kinds = build(&fleet, what, options.wave.as_deref())?;
    let key = what.signing_key()?;
    let contents = kinds.contents(&key)?;
    let before = journal.version();
    let edition = journal.turn_to(contents, what.version(), options.again);
    let version = journal.version();
    kinds.number(version);
    let ready = kinds.ready(&key)?;
    let turns = turns(&fleet, &journal, options.wave.as_deref(), options.force)?;
    match edition {
        Edition::First => eprintln!("Release {version}"),
        Edition::GoesOn => eprintln!("Release {version} goes on"),
        Edition::Anew(why) => {
            eprintln!(
                "Release {version} begins anew with all boards: {why} since release {before}"
            );
        }
    }
    if dry_run {
        print(&plan(&turns, &ready))?;
        return Ok(ExitCode::SUCCESS);
    }
    let stop = catch_signals()?;
    let run = Run {
        ready,
        journal: Mutex::new(journal),
        tried: Mutex::new(BTreeSet::new()),
        screen: Screen::new(fleet.members()),
        stop: &stop,
    };
    let verdict = run.waves(&turns)?;
    let journal = run
        .journal
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let tried = run
        .tried
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let rows = rows(&turns, &journal, &tried);
    if json {
        print_json(&json!({ "version": version, "boards": rows }))?;
    } else {
        print(&fleet::table(&rows))?;
    }
    conclude(&verdict, &rows)
}

/// The programs of the kinds that are needed.
fn build(fleet: &Fleet, what: &What, wave: Option<&str>) -> Result<Kinds> {
    let needed: BTreeSet<&str> = fleet
        .select(wave, None)?
        .into_iter()
        .map(|member| member.kind.as_str())
        .collect();
    let mut kinds = Kinds::default();
    let report = Terminal::new();
    for (name, board) in &fleet.kinds {
        if !needed.contains(name.as_str()) {
            continue;
        }
        let wish = what.wish(board)?;
        let programs = step(&report, &format!("build {name}"), || {
            let programs = what.programs(board)?;
            let said = programs.to_string();
            Ok((programs, said))
        })?;
        kinds.add(board, wish, programs);
    }
    Ok(kinds)
}

/// The first Ctrl-C lets the boards that are under way come to their end, the second ends this program.
fn catch_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the second signal finds what the first has set.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .context("signals cannot be caught")?;
    }
    Ok(stop)
}

fn plan(turns: &[Turn], ready: &BTreeMap<&str, Ready>) -> String {
    let mut text = "Nothing is done. Without --dry-run:\n".to_owned();
    for Turn { wave, todo } in turns {
        let rest = match wave.pause.as_secs() {
            0 => String::new(),
            seconds => format!(", then {seconds} s alone"),
        };
        text += &format!(
            "\nwave {}: {} of {} boards, {} at a time, {} may fail{rest}\n",
            wave.name,
            todo.len(),
            wave.members.len(),
            wave.parallel,
            wave.may_fail()
        );
        for member in todo {
            text += &format!("  {:<16} {} at {}\n", member.name, member.kind, member.host);
        }
    }
    for (kind, ready) in ready {
        text += &format!("\neach {kind}:\n");
        for step in STEPS {
            text += &format!(
                "  {:<16} {}\n",
                step.name(),
                step.says(ready, "its address")
            );
        }
    }
    text
}

fn conclude(verdict: &Verdict, rows: &[Row]) -> Result<ExitCode> {
    let (all, live) = (rows.len(), rows.iter().filter(|row| row.is_live()).count());
    let missing = format!(
        "the release is missing on {} of {all} boards; run this again, it goes on with those",
        all - live
    );
    match verdict {
        Verdict::Stopped { wave, failed, may } => bail!(
            "stopped, since more boards of wave '{wave}' failed ({failed}) than may ({may}): {missing}, when the failed ones \
             are mended"
        ),
        Verdict::Interrupted => bail!("interrupted: {missing}"),
        Verdict::Done if live < all => bail!("{missing}, when they are mended"),
        Verdict::Done => Ok(ExitCode::SUCCESS),
    }
}

/// Shows what is live on every board.
///
/// # Errors
/// When one does not answer.
pub fn status(
    path: &Path,
    boards: Option<PathBuf>,
    some: &Selection,
    json: bool,
) -> Result<ExitCode> {
    let fleet = Fleet::read(path, &boards::folder(boards)?)?;
    let members = some.of(&fleet)?;
    let sights = look_at_all(&members);
    if json {
        print_json(&sights.json())?;
    } else {
        print(&sights.table())?;
    }
    let (silent, all) = (sights.silent(), members.len());
    ensure!(
        silent == 0,
        "{silent} of {all} boards do not say how they are"
    );
    Ok(ExitCode::SUCCESS)
}

/// Goes back to the release before, where the last one came.
///
/// # Errors
/// When one of the boards did not go back.
pub fn rollback(
    path: &Path,
    boards: Option<PathBuf>,
    some: &Selection,
    journal: &JournalFile,
    patience: u64,
) -> Result<ExitCode> {
    let fleet = Fleet::read(path, &boards::folder(boards)?)?;
    let _lock = Lock::take(path)?;
    let members = some.of(&fleet)?;
    let screen = Screen::new(fleet.members());
    let (back, failed) = roll_back(&members, journal.open(path)?, &screen, patience)?;
    let all = back + failed;
    ensure!(failed == 0, "{failed} of {all} boards did not go back");
    eprintln!("{back} of {all} boards went back");
    Ok(ExitCode::SUCCESS)
}
