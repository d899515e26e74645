//! Bringing a release to a wave of boards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::journal::{Journal, Outcome, Record};
use super::look::Seen;
use super::parallel::{each, held, map};
use super::progress::Screen;
use super::{Member, Turn, Wave};
use crate::deploy::{Deployment, Ready};

/// A release on its way through a fleet.
pub struct Run<'a> {
    /// For each kind of board that is in it.
    pub ready: BTreeMap<&'a str, Ready<'a>>,
    /// Where it is noted.
    pub journal: Mutex<Journal>,
    /// Who was tried in this run, by name.
    pub tried: Mutex<BTreeSet<String>>,
    /// Where it is seen.
    pub screen: Screen,
    /// Set when no more boards are to be begun.
    pub stop: &'a AtomicBool,
}

/// How a wave ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of its boards were tried, and no more than may failed.
    Done,
    /// More failed than may.
    Stopped {
        /// The wave.
        wave: String,
        /// How many of its boards failed.
        failed: usize,
        /// How many may.
        may: usize,
    },
    /// Somebody wanted it to end.
    Interrupted,
}

impl Run<'_> {
    /// All of them, until one does not end well.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn waves(&self, turns: &[Turn]) -> Result<Verdict> {
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| self.tell_of_stop(&ended));
            let verdict = self.in_turn(turns);
            ended.store(true, Ordering::SeqCst);
            verdict
        })
    }

    /// Says that Ctrl-C was understood, though nothing ends at once.
    fn tell_of_stop(&self, ended: &AtomicBool) {
        while !ended.load(Ordering::SeqCst) {
            if self.stop.load(Ordering::SeqCst) {
                self.screen.say(
                    "interrupted: boards that are under way come to their end; once more ends this at once",
                );
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn in_turn(&self, turns: &[Turn]) -> Result<Verdict> {
        let mut waited_for: Option<&Wave> = None;
        for turn in turns {
            let begins = !turn.todo.is_empty();
            if let Some(before) = waited_for.take_if(|_| begins)
                && let verdict = self.pause(before, &turn.wave.name)?
                && verdict != Verdict::Done
            {
                return Ok(verdict);
            }
            let verdict = self.wave(turn)?;
            if verdict != Verdict::Done {
                return Ok(verdict);
            }
            if begins {
                waited_for = Some(turn.wave);
            }
        }
        Ok(Verdict::Done)
    }

    fn wave(&self, turn: &Turn) -> Result<Verdict> {
        let Turn { wave, todo } = turn;
        let (all, may_fail) = (wave.members.len(), wave.may_fail());
        if todo.is_empty() {
            let line = format!("wave {}: its boards have it, all {all}", wave.name);
            self.screen.say(&line);
            return Ok(self.verdict(wave, 0));
        }
        self.screen.say(&format!(
            "wave {}: {} of {all} boards, {} at a time, {may_fail} may fail",
            wave.name,
            todo.len(),
            wave.parallel
        ));
        let failed = AtomicUsize::new(0);
        let unwritten = Mutex::new(None);
        let goes_on = || {
            failed.load(Ordering::SeqCst) <= may_fail
                && !self.stop.load(Ordering::SeqCst)
                && held(&unwritten).is_none()
        };
        each(todo, wave.parallel, goes_on, |member| {
            match self.board(member) {
                Ok(Outcome::Live) => {}
                Ok(Outcome::Failed(_)) => drop(failed.fetch_add(1, Ordering::SeqCst)),
                Err(error) => *held(&unwritten) = Some(error),
            }
        });
        if let Some(error) = held(&unwritten).take() {
            return Err(error);
        }
        Ok(self.verdict(wave, failed.into_inner()))
    }

    fn verdict(&self, wave: &Wave, failed: usize) -> Verdict {
        let may = wave.may_fail();
        if failed > may {
            let wave = wave.name.clone();
            return Verdict::Stopped { wave, failed, may };
        }
        match self.stop.load(Ordering::SeqCst) {
            true => Verdict::Interrupted,
            false => Verdict::Done,
        }
    }

    /// Brings it to one board, and notes what came of that.
    fn board(&self, member: &Member) -> Result<Outcome> {
        let line = self.screen.begin(member);
        let ready = self.ready.get(member.kind.as_str());
        let ready = ready.with_context(|| format!("there is no release for {}", member.kind))?;
        let done = Deployment::new(ready, member.address()).run(&line);
        let outcome = match done {
            Ok(_) => Outcome::Live,
            Err(error) => Outcome::Failed(in_one_line(&error)),
        };
        let record = Record {
            identity: member.identity(),
            release: ready.release.id.clone(),
            seconds: line.seconds(),
            sent: line.sent(),
            outcome: outcome.clone(),
        };
        held(&self.tried).insert(member.name.clone());
        let noted = held(&self.journal).note(member, record);
        match &outcome {
            Outcome::Live => {
                let sent = line.sent() as f64 / 1e6;
                line.end("live", &format!("{sent:.2} MB sent"));
            }
            Outcome::Failed(why) => line.end("failed", why),
        }
        noted.map(|()| outcome)
    }

    /// Leaves a wave alone for a while, and looks at it again: what fails later is a failure, too.
    fn pause(&self, wave: &Wave, next: &str) -> Result<Verdict> {
        if wave.pause.is_zero() {
            return Ok(Verdict::Done);
        }
        let seconds = wave.pause.as_secs();
        self.screen.say(&format!(
            "wave {} has {seconds} s to show that it goes on well, then wave {next} begins",
            wave.name
        ));
        let until = Instant::now() + wave.pause;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if self.stop.load(Ordering::SeqCst) {
                return Ok(Verdict::Interrupted);
            }
            thread::sleep(left.min(Duration::from_millis(200)));
        }
        let mut failed = 0;
        let members: Vec<&Member> = wave.members.iter().collect();
        let seen = map(&members, wave.parallel, |member| self.look_again(member));
        for (member, sight) in members.into_iter().zip(seen) {
            let Err(error) = sight else { continue };
            failed += 1;
            let mut journal = held(&self.journal);
            let Some(record) = journal.record(member).filter(|_| journal.is_live(member)) else {
                continue;
            };
            let error = in_one_line(&error);
            let why = format!("it was well, and {seconds} s later not: {error}");
            self.screen.say(&format!("{}  failed  {why}", member.name));
            let record = Record {
                outcome: Outcome::Failed(why),
                ..record.clone()
            };
            held(&self.tried).insert(member.name.clone());
            journal.note(member, record)?;
        }
        Ok(self.verdict(wave, failed))
    }

    /// That a board which had the release has it still, and the service answers.
    fn look_again(&self, member: &Member) -> Result<()> {
        let record = held(&self.journal).record(member).cloned();
        let record = record.context("it was never tried")?;
        match record.outcome {
            Outcome::Live => Seen::ask(member)?.must_run(record.release.as_ref()),
            Outcome::Failed(why) => Err(anyhow::Error::msg(why)),
        }
    }
}

/// An error with its causes, as it stands in a table.
fn in_one_line(error: &anyhow::Error) -> String {
    format!("{error:#}")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
