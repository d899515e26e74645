//! How the boards of a fleet do.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Member, parallel};
use crate::deploy::Agent;
use crate::ssh::{Connection, Sudo};

/// How many boards are asked at once.
const AT_ONCE: usize = 16;

/// What a board says of itself, as far as a table has room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// The release that is live.
    pub live: Option<String>,
    /// Whether it has still to prove itself.
    pub trial: bool,
    /// How it is run.
    pub service: Service,
}

/// The service on a board.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Service {
    /// systemd's word: `active` while it runs.
    pub state: String,
    /// What it says itself.
    pub says: String,
}

impl Seen {
    /// Asks a board.
    ///
    /// # Errors
    /// When it cannot be reached, or there is nothing of evenkeel on it.
    pub fn ask(member: &Member) -> Result<Self> {
        on(member, Self::through)
    }

    /// Asks through a connection that is there.
    ///
    /// # Errors
    /// When it breaks, or there is nothing of evenkeel on the board.
    pub fn through(agent: &Agent) -> Result<Self> {
        let said = agent.call("status --json")?;
        serde_json::from_str(&said).context(
            "the board answers in words that are not known here: its evenkeel-board may be newer",
        )
    }

    /// That this release is live and answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn must_run(&self, release: &str) -> Result<()> {
        match self.live.as_deref() {
            Some(live) => ensure!(live == release, "{live} is live there, not {release}"),
            None => ensure!(false, "nothing is live there any more"),
        }
        let state = &self.service.state;
        ensure!(state == "active", "its service is {state}, and was active");
        Ok(())
    }
}

/// Connects to a board, and calls something with the program there.
///
/// # Errors
/// When it cannot be reached, or its user may not be root there, or what is called fails.
pub fn on<T>(member: &Member, call: impl FnOnce(&Agent) -> Result<T>) -> Result<T> {
    let connection = Connection::open(member.address())?;
    let sudo = Sudo::find(&connection)?;
    call(&Agent {
        connection: &connection,
        sudo: &sudo,
    })
}

/// What all of them said.
pub struct Sights(Vec<(Member, Result<Seen>)>);

/// Asks all of them.
pub fn look_at_all(members: &[&Member]) -> Sights {
    let ask = |member: &&Member| ((*member).clone(), Seen::ask(member));
    Sights(parallel::map(members, AT_ONCE, ask))
}

impl Sights {
    /// How many did not answer.
    pub fn silent(&self) -> usize {
        self.0.iter().filter(|(_, seen)| seen.is_err()).count()
    }

    /// One line for each board.
    pub fn table(&self) -> String {
        let width =
            |length: fn(&Member) -> usize| self.0.iter().map(|(member, _)| length(member)).max();
        let name = width(|member| member.name.len()).unwrap_or(0).max(5);
        let kind = width(|member| member.kind.len()).unwrap_or(0).max(4);
        let mut text = format!(
            "{:<name$}  {:<kind$}  {:<23}  service\n",
            "board", "kind", "live"
        );
        for (member, seen) in &self.0 {
            let (live, service) = match seen {
                Ok(seen) => (seen.live.clone(), seen.service.line(seen.trial)),
                Err(error) => (None, format!("{error:#}")),
            };
            let live = live.unwrap_or_else(|| "-".into());
            let Member {
                name: is, kind: of, ..
            } = member;
            // Writing to a text does not fail.
            let _ = writeln!(text, "{is:<name$}  {of:<kind$}  {live:<23}  {service}");
        }
        text
    }

    /// The same for programs.
    pub fn json(&self) -> serde_json::Value {
        let line = |(member, seen): &(Member, Result<Seen>)| {
            serde_json::json!({
                "board": member.name,
                "kind": member.kind,
                "host": member.host,
                "seen": seen.as_ref().ok(),
                "reason": seen.as_ref().err().map(|error| format!("{error:#}")),
            })
        };
        self.0.iter().map(line).collect()
    }
}

impl Service {
    fn line(&self, trial: bool) -> String {
        let says = if self.says.is_empty() { "" } else { ": " };
        let trial = if trial { ", on trial" } else { "" };
        format!("{}{trial}{says}{}", self.state, self.says)
    }
}
