//! The program `evenkeel-train`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use evenkeel_train::commands;

/// Training allocates and frees large tensors all the time; this allocator keeps their pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Train RollingQ-balanced audio-visual models and export them as ONNX packages.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
A whole session:
  evenkeel-train data get digits
  evenkeel-train fit --config trainer/configs/digits.toml --out runs/digits
  evenkeel-train export runs/digits --out models/digits"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Data(commands::data::Args),
    Fit(commands::fit::Args),
    Study(commands::study::Args),
    Export(commands::export::Args),
    Bench(commands::bench::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Data(args) => commands::data::run(&args),
        Command::Study(args) => commands::study::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Fit(args) => commands::fit::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
