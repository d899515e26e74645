//! What happens on the way of a release to a board, in order. Each step can be taken again, and after each the board
//! runs what it ran before; only the last one changes that, on the board itself and in one piece.

use anyhow::Result;

use super::agent::Installed;
use super::facts::Facts;
use super::report::Report;
use super::{Deployment, Link, Ready};
use crate::size::size;
use crate::ssh::{Connection, Sudo};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Open the connection.
    Connect,
    /// See whether the board is what it is said to be.
    Check,
    /// Set it up, if it was not.
    SetUp,
    /// Show it the signed list.
    Offer,
    /// Send what it does not have.
    Send,
    /// Let it prove the release, switch, and wait for answers.
    Install,
}

/// All of them.
pub const STEPS: [Step; 6] = [
    Step::Connect,
    Step::Check,
    Step::SetUp,
    Step::Offer,
    Step::Send,
    Step::Install,
];

impl Step {
    /// A word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Check => "check the board",
            Self::SetUp => "set up",
            Self::Offer => "offer",
            Self::Send => "send",
            Self::Install => "install",
        }
    }

    /// What it will do, for people who want to know before.
    pub fn says(self, ready: &Ready, host: &str) -> String {
        let Ready {
            board,
            wish,
            release,
            key,
            ..
        } = ready;
        match self {
            Self::Connect => format!("ssh {host}, and see whether this user may use sudo"),
            Self::Check => {
                let identity = match board.identity.as_slice() {
                    [] => String::new(),
                    names => format!(" that calls itself {}", names.join(" or ")),
                };
                format!(
                    "{} with glibc {} or newer and systemd{identity}",
                    board.target.triple(),
                    release.manifest.glibc
                )
            }
            Self::SetUp => format!(
                "if it is new: put evenkeel-board into /opt/evenkeel/bin and the units into /etc/systemd/system, and trust the key {}",
                key.id()
            ),
            Self::Offer => format!(
                "the list of release {} ({} files), which the board checks against the keys that it trusts",
                release.id,
                release.manifest.files.len()
            ),
            Self::Send => format!(
                "those of the files that are not there, at most {}, which the board checks one by one",
                size(release.bytes())
            ),
            Self::Install => format!(
                "on the board: run the golden windows of {}, switch, start the service, wait up to {} s for an answer and watch it for {} s, or go back",
                release.manifest.model, wish.patience, wish.hold
            ),
        }
    }
}

impl Deployment<'_> {
    /// Takes one step. Returns what there is to say about it.
    pub(super) fn take(&mut self, step: Step, report: &dyn Report) -> Result<String> {
        match step {
            Step::Connect => self.connect(),
            Step::Check => self.check(),
            Step::SetUp => self.set_up(),
            Step::Offer => self.offer(),
            Step::Send => self.send(report),
            Step::Install => self.install(report),
        }
    }

    fn connect(&mut self) -> Result<String> {
        let connection = Connection::open(self.address.clone())?;
        let facts = Facts::ask(&connection)?;
        let sudo = Sudo::find(&connection)?;
        let said = facts.to_string();
        self.link = Some(Link {
            connection,
            sudo,
            facts,
        });
        Ok(said)
    }

    fn check(&self) -> Result<String> {
        let ready = self.ready;
        self.link()?
            .facts
            .must_be(ready.board, ready.release.manifest.glibc)?;
        Ok(String::new())
    }

    fn set_up(&mut self) -> Result<String> {
        let Ready {
            board,
            wish,
            key,
            programs,
            ..
        } = self.ready;
        if self.link()?.facts.is_set_up && !wish.set_up {
            return Ok("it was already".into());
        }
        self.agent()?.set_up(&programs.agent, board, key)?;
        self.outcome.set_up = true;
        Ok(format!("it trusts the key {} now", key.id()))
    }

    fn offer(&mut self) -> Result<String> {
        let Ready { release, wish, .. } = self.ready;
        let offered = self.agent()?.offer(release, wish.allow_downgrade)?;
        let all = release.manifest.files.len();
        let said = format!("{} of {all} files are to be sent", offered.missing.len());
        self.missing = offered.missing;
        self.bytes = offered.bytes;
        Ok(said)
    }

    fn send(&mut self, report: &dyn Report) -> Result<String> {
        let release = &self.ready.release;
        if self.missing.is_empty() {
            return Ok("nothing".into());
        }
        let progress = report.progress(self.bytes);
        self.agent()?
            .send(release, &self.missing, &mut |bytes| progress.add(bytes))?;
        self.outcome.sent = self.bytes;
        Ok(size(self.bytes))
    }

    fn install(&self, report: &dyn Report) -> Result<String> {
        let wish = self.ready.wish;
        let arguments = format!("install --patience {} --hold {}", wish.patience, wish.hold);
        let installed = self
            .agent()?
            .switch(&arguments, &mut |step| report.begin(step))?;
        let Installed { steps, live } = installed;
        let said: String = steps
            .iter()
            .map(|(step, seconds)| format!("{step} {seconds:.1} s, "))
            .collect();
        Ok(format!("{said}{} is live", live.unwrap_or_default()))
    }
}
