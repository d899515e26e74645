//! `evenkeel-board`: the half of the deployment that runs on the board.
//!
//! The desk's half, `evenkeel-deploy`, calls it over ssh; systemd calls it when the board starts. It trusts neither: what
//! it is sent is checked against the keys that the board was set up with, and a release is live for good only after it
//! has answered.

mod cli;
mod folder;
mod host;
mod lock;
mod log;
mod receive;
mod remove;
mod service;
mod status;
mod update;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("evenkeel-board: {error:#}");
            ExitCode::FAILURE
        }
    }
}
