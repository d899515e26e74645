//! `evenkeel-deploy`: brings evenkeel onto boards.

mod boards;
mod build;
mod card;
mod checkout;
mod commands;
mod deploy;
mod export;
mod fleet;
mod image;
mod keys;
mod nearest;
mod pack;
mod size;
mod ssh;
mod virtual_board;

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
  evenkeel-deploy to virtual
  evenkeel-deploy to raspberry-pi-4 --host pi@192.168.1.20
  evenkeel-deploy to raspberry-pi-4 --card /dev/sdX
  evenkeel-deploy status --host pi@192.168.1.20
  evenkeel-deploy rollback --host pi@192.168.1.20
  evenkeel-deploy to fleet.toml --wave canary
  evenkeel-deploy status fleet.toml
  evenkeel-deploy export deb raspberry-pi-4 --out evenkeel.deb

`just deploy BOARD …` is `evenkeel-deploy to BOARD …`, built first.

Exit codes: 0 fine, 1 failed, 2 bad usage.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Boards(commands::boards::Args),
    Speed(commands::speed::Args),
    Build(commands::build::Args),
    To(Box<commands::deploy::Args>),
    Card(commands::card::Args),
    Status(commands::on_board::Status),
    Rollback(commands::on_board::Rollback),
    Logs(commands::on_board::Logs),
    Uninstall(commands::on_board::Uninstall),
    Key(commands::key::Args),
    #[command(subcommand)]
    Export(Box<commands::export::Format>),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Boards(args) => commands::boards::run(args),
        Command::Speed(args) => commands::speed::run(args),
        Command::Build(args) => commands::build::run(args),
        Command::To(args) => commands::deploy::run(*args),
        Command::Card(args) => commands::card::run(args),
        Command::Status(status) => status.run(),
        Command::Rollback(rollback) => rollback.run(),
        Command::Logs(logs) => logs.run(),
        Command::Uninstall(uninstall) => uninstall.run(),
        Command::Key(args) => commands::key::run(args),
        Command::Export(format) => commands::export::run(*format),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
