//! `evenkeel-deploy`: brings evenkeel onto boards.

mod boards;
mod build;
mod checkout;
mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Brings evenkeel onto boards: builds, signs, sends, switches, and goes back.
#[derive(Parser)]
#[command(
    version,
    about,
    propagate_version = true,
    arg_required_else_help = true
)]
#[command(after_help = "\
Examples:
  evenkeel-deploy boards
  evenkeel-deploy boards raspberry-pi-4
  evenkeel-deploy build raspberry-pi-4

Exit codes: 0 fine, 1 failed, 2 bad usage.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Boards(commands::boards::Args),
    Build(commands::build::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Boards(args) => commands::boards::run(args),
        Command::Build(args) => commands::build::run(args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
