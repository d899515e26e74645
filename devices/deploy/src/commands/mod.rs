//! The sub-commands, one file each.

pub mod boards;
pub mod build;
pub mod card;
pub mod deploy;
pub mod export;
mod fleet;
mod image;
pub mod key;
pub mod on_board;
mod reach;
pub mod speed;

use std::io::{self, Write};

use clap::CommandFactory;
use clap::error::ErrorKind;

/// Prints to the standard output; a reader that has gone away (`| head`) is no failure.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints `value` as JSON.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(print(&(serde_json::to_string_pretty(value)? + "\n"))?)
}

/// Ends the program as clap does where options do not fit together.
fn bad_usage(why: &str) -> ! {
    crate::Cli::command()
        .error(ErrorKind::ArgumentConflict, why)
        .exit()
}
