//! Back to the release before, on the boards that took the last one.

use std::sync::Mutex;

use anyhow::{Context, Result, ensure};

use super::Member;
use super::journal::{Journal, Record};
use super::look::{Seen, on};
use super::parallel::{each, held};
use super::progress::{Line, Screen};
use crate::deploy::Report;

/// How many boards are served at once.
const AT_ONCE: usize = 8;

/// Goes back on those of the boards that have the release of the journal, and forgets that they had it. All others have
/// what they had before, and are left alone. How many went back, and how many did not although they should.
///
/// # Errors
/// When there is none, or the journal cannot be written.
pub fn roll_back(
    members: &[&Member],
    journal: Journal,
    screen: &Screen,
    patience: u64,
) -> Result<(usize, usize)> {
    let have: Vec<(&Member, Record)> = members
        .iter()
        .filter(|member| journal.is_live(member))
        .filter_map(|member| Some((*member, journal.record(member)?.clone())))
        .collect();
    ensure!(
        !have.is_empty(),
        "none of these {} boards has a release that was brought by this file: there is nothing to go back from",
        members.len()
    );
    let journal = Mutex::new(journal);
    let failed = Mutex::new((0, None));
    let goes_on = || held(&failed).1.is_none();
    each(&have, AT_ONCE, goes_on, |(member, record)| {
        let line = screen.begin(member);
        let forgotten = match one(member, record, patience, &line) {
            Ok(live) => {
                line.end("back", &format!("{live} is live"));
                held(&journal).forget(member)
            }
            Err(error) => {
                line.end("failed", &format!("{error:#}"));
                held(&failed).0 += 1;
                Ok(())
            }
        };
        if let Err(error) = forgotten {
            held(&failed).1 = Some(error);
        }
    });
    let mut failed = held(&failed);
    match failed.1.take() {
        Some(error) => Err(error),
        None => Ok((have.len() - failed.0, failed.0)),
    }
}

fn one(member: &Member, record: &Record, patience: u64, line: &Line) -> Result<String> {
    on(member, |agent| {
        let live = Seen::through(agent)?.live;
        ensure!(
            live.as_deref() == Some(record.release.as_ref()),
            "{} is live there, not {}, so it is left alone",
            live.as_deref().unwrap_or("nothing"),
            record.release
        );
        let arguments = format!("rollback --patience {patience}");
        let done = agent.switch(&arguments, &mut |step| line.begin(step))?;
        done.live.context("the board does not say what is live now")
    })
}
