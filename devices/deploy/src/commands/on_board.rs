//! The commands that look after a board which has a release.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use super::reach::Reach;
use super::{bad_usage, fleet, print};
use crate::boards::{self, Board};
use crate::deploy::{Agent, Report, Terminal};

/// A board, by its kind if that says where it is, and by its address.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The kind of board, of which only `virtual` says where it is, or for `status` and `rollback` the file of a fleet
    board: Option<String>,

    #[command(flatten)]
    reach: Reach,

    /// The folder of the board files [default: devices/boards of the checkout]
    #[arg(long, value_name = "FOLDER", env = "EVENKEEL_BOARDS")]
    boards: Option<std::path::PathBuf>,
}

impl Which {
    /// The file of a fleet, if that was named. Otherwise no option for one may be `used`.
    fn fleet(&self, used: Option<&str>) -> Option<&Path> {
        let name = self.board.as_deref().filter(|name| fleet::is_file(name));
        match (name, used) {
            (Some(_), _) if self.reach.is_given() => {
                bad_usage("a fleet's file says where its boards are: leave out --host and -o")
            }
            (None, Some(option)) => bad_usage(&format!(
                "{option} needs the file of a fleet, as fleet.toml"
            )),
            _ => name.map(Path::new),
        }
    }

    fn with_agent<T>(&self, call: impl FnOnce(&Agent) -> Result<T>) -> Result<T> {
        let board: Option<Board> = match &self.board {
            Some(name) => Some(boards::find(&boards::folder(self.boards.clone())?, name)?),
            None => None,
        };
        self.reach.with_agent(board.as_ref(), call)
    }
}

/// Shows what is live on a board, what is kept, and how the service does; or what is live in a fleet
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel-deploy status --host pi@192.168.1.20
  evenkeel-deploy status virtual
  evenkeel-deploy status fleet.toml --group dock

Exit codes: 0 fine, 1 a board does not answer, 2 bad usage.")]
pub struct Status {
    #[command(flatten)]
    which: Which,

    /// As JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: fleet::Selection,
}

/// Goes back to an older release that the board has kept; in a fleet, on the boards that took the last one
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel-deploy rollback --host pi@192.168.1.20
  evenkeel-deploy rollback fleet.toml --wave canary

Exit codes: 0 fine, 1 a board did not go back, 2 bad usage.")]
pub struct Rollback {
    #[command(flatten)]
    which: Which,

    /// Which release [default: the newest before the live one]
    #[arg(long, value_name = "RELEASE")]
    to: Option<evenkeel_release::ReleaseId>,

    /// How long it may take to its first answer, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,

    #[command(flatten)]
    selection: fleet::Selection,

    #[command(flatten)]
    journal: fleet::JournalFile,
}

/// Shows what the service on a board has written
#[derive(Debug, clap::Args)]
pub struct Logs {
    #[command(flatten)]
    which: Which,

    /// How many lines
    #[arg(long, value_name = "N", default_value_t = 50)]
    lines: u32,

    /// Go on showing what comes
    #[arg(long)]
    follow: bool,
}

/// Takes evenkeel off a board: service, releases, keys
#[derive(Debug, clap::Args)]
pub struct Uninstall {
    #[command(flatten)]
    which: Which,

    /// The options in /etc/evenkeel too
    #[arg(long)]
    purge: bool,
}

impl Status {
    /// Does it.
    ///
    /// # Errors
    /// When the board cannot be reached or was not set up.
    pub fn run(self) -> Result<ExitCode> {
        if let Some(path) = self.which.fleet(self.selection.used()) {
            return fleet::status(path, self.which.boards.clone(), &self.selection, self.json);
        }
        let json = if self.json { " --json" } else { "" };
        let said = self
            .which
            .with_agent(|agent| agent.call(&format!("status{json}")))?;
        print(&said)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Rollback {
    /// Does it.
    ///
    /// # Errors
    /// When there is no older release, or it does not answer.
    pub fn run(self) -> Result<ExitCode> {
        let used = self.selection.used().or(self.journal.used());
        if let Some(path) = self.which.fleet(used) {
            if self.to.is_some() {
                bad_usage(
                    "--to is for one board: a fleet's boards go back to what each had before",
                );
            }
            let boards = self.which.boards.clone();
            return fleet::rollback(path, boards, &self.selection, &self.journal, self.patience);
        }
        let to = self.to.map(|id| format!(" --to {id}")).unwrap_or_default();
        let arguments = format!("rollback --patience {}{to}", self.patience);
        self.which.with_agent(|agent| {
            let report = Terminal::new();
            let installed = agent.switch(&arguments, &mut |step| report.begin(step));
            let live = installed
                .as_ref()
                .map(|done| done.live.as_deref().unwrap_or_default());
            report.end("roll back", live);
            installed.map(drop)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Logs {
    /// Does it.
    ///
    /// # Errors
    /// When the board cannot be reached.
    pub fn run(self) -> Result<ExitCode> {
        let follow = if self.follow { " --follow" } else { "" };
        let command = format!(
            "journalctl --no-pager --output short-iso --unit evenkeel.service --unit evenkeel-settle.service --lines {}{follow}",
            self.lines
        );
        let output = self.which.with_agent(|agent| {
            agent
                .sudo
                .follow(agent.connection, &command, |line| println!("{line}"))
        })?;
        ensure!(
            output.status.success(),
            "the board does not show its journal: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(ExitCode::SUCCESS)
    }
}

impl Uninstall {
    /// Does it.
    ///
    /// # Errors
    /// When the board cannot be reached, or something cannot be removed.
    pub fn run(self) -> Result<ExitCode> {
        let purge = if self.purge { " --purge" } else { "" };
        self.which
            .with_agent(|agent| agent.call(&format!("uninstall{purge}")))
            .context("nothing was there, or not all of it could be removed")?;
        print("evenkeel is gone from the board\n")?;
        Ok(ExitCode::SUCCESS)
    }
}
