//! What is on this board, and how it does.

use anyhow::Result;
use evenkeel_release::{Failure, ReleaseId, Setup, Store};
use serde::Serialize;

use crate::service;

#[derive(Serialize)]
struct Status {
    /// The kind of board; none if it was not set up.
    board: Option<String>,
    agent: &'static str,
    trusted: Vec<String>,
    live: Option<ReleaseId>,
    /// Whether it is on trial.
    trial: bool,
    highest: u64,
    releases: Vec<Release>,
    failed: Vec<Failure>,
    service: Service,
}

#[derive(Serialize)]
struct Release {
    release: ReleaseId,
    program: String,
    model: String,
}

#[derive(Serialize)]
struct Service {
    state: String,
    says: String,
    restarts: u64,
}

/// Prints it.
///
/// # Errors
/// When something on the board cannot be read.
pub fn show(store: &Store, json: bool) -> Result<()> {
    let status = gather(store)?;
    if json {
        println!("{}", serde_json::to_string(&status)?);
    } else {
        print(&status);
    }
    Ok(())
}

fn gather(store: &Store) -> Result<Status> {
    let state = store.state()?;
    let sight = service::look().unwrap_or_default();
    let mut releases = Vec::new();
    for id in store.releases()?.into_iter().rev() {
        let manifest = store.manifest(&id)?;
        releases.push(Release {
            release: id,
            program: manifest.program,
            model: manifest.model,
        });
    }
    Ok(Status {
        board: Setup::board(store)?,
        agent: env!("CARGO_PKG_VERSION"),
        trusted: store.trusted()?.iter().map(|key| key.id()).collect(),
        live: store.current(),
        trial: state.trial.is_some(),
        highest: state.highest.0,
        releases,
        failed: state.failed,
        service: Service {
            state: sight.active,
            says: sight.says,
            restarts: sight.restarts,
        },
    })
}

fn print(status: &Status) {
    let Some(board) = &status.board else {
        println!("This board is not set up.");
        return;
    };
    println!("board    {board}");
    println!("trusts   {}", status.trusted.join(", "));
    let service = &status.service;
    let says = if service.says.is_empty() { "" } else { ": " };
    println!("service  {}{says}{}", service.state, service.says);
    for release in &status.releases {
        let live = status.live.as_ref() == Some(&release.release);
        let mark = match (live, status.trial) {
            (true, false) => "  live",
            (true, true) => "  on trial",
            (false, _) => "",
        };
        let Release {
            release,
            program,
            model,
        } = release;
        println!("release  {release}  evenkeel {program}, {model}{mark}");
    }
    for failure in &status.failed {
        println!("failed   {}  {}", failure.release, failure.why);
    }
}
