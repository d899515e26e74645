//! `evenkeel`: run, measure and examine audio-visual models.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Audio-visual recognition on small boards that keeps giving right answers when a sensor fails.
#[derive(Parser)]
#[command(
    version,
    about,
    propagate_version = true,
    arg_required_else_help = true
)]
#[command(after_help = "\
Examples:
  evenkeel doctor
  evenkeel devices
  evenkeel inspect models/digits
  evenkeel live --model models/digits
  evenkeel record --labels up,down,nothing --out recordings --speaker anna
  evenkeel evaluate clips.csv --model models/digits
  evenkeel evaluate clips.csv --model models/digits --corruptions standard --report report/

Exit codes: 0 fine, 1 failed, 2 bad usage, 3 finished but some inputs were bad.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[cfg(feature = "live")]
    Live(commands::live::Args),
    #[cfg(feature = "live")]
    Record(commands::record::Args),
    Evaluate(commands::evaluate::Args),
    Compare(commands::compare::Args),
    Inspect(commands::inspect::Args),
    Bench(commands::bench::Args),
    Doctor(commands::doctor::Args),
    Devices(commands::devices::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        #[cfg(feature = "live")]
        Command::Live(args) => commands::live::run(args),
        #[cfg(feature = "live")]
        Command::Record(args) => commands::record::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(args),
        Command::Compare(args) => commands::compare::run(args),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Bench(args) => commands::bench::run(args),
        Command::Doctor(args) => commands::doctor::run(args),
        Command::Devices(args) => commands::devices::run(args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
