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
  evenkeel-train export runs/digits --name digits --license CC-BY-SA-4.0 --out my-model"
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
    Convert(commands::convert::Args),
    Weights(commands::weights::Args),
    Size(commands::size::Args),
    Bench(commands::bench::Args),
}

/// Keeps Candle from splitting single operations over threads that wait for each other by spinning:
/// the trainer gives each thread its own part of the batch instead, and is a third faster for it.
///
/// Candle asks the environment, and by a name that it shares with Rayon. Rayon's own pool, in which
/// clips are decoded and filmed, is therefore built beforehand, with the threads that it would have had.
fn one_thread_per_operation() {
    let pool = rayon::ThreadPoolBuilder::new().build_global();
    pool.expect("the pool of threads is built first of all");
    for name in ["CANDLE_NUM_THREADS", "RAYON_NUM_THREADS"] {
        // SAFETY: the threads of the pool do not look at the environment.
        unsafe { std::env::set_var(name, "1") };
    }
}

/// Lets the allocator keep the pages that a step gave back: the next one needs them again, and having the system clear
/// them each time is a tenth of a step.
fn keep_pages() {
    /// `mi_option_purge_delay` of mimalloc.h: milliseconds; never, if below zero.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number that the allocator reads.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}

fn main() -> ExitCode {
    keep_pages();
    one_thread_per_operation();
    let fine = |()| ExitCode::SUCCESS;
    let outcome = match Cli::parse().command {
        Command::Data(args) => commands::data::run(&args),
        Command::Study(args) => commands::study::run(&args).map(fine),
        Command::Export(args) => commands::export::run(&args).map(fine),
        Command::Convert(args) => commands::convert::run(&args).map(fine),
        Command::Fit(args) => commands::fit::run(&args),
        Command::Weights(args) => commands::weights::run(&args).map(fine),
        Command::Size(args) => commands::size::run(&args).map(fine),
        Command::Bench(args) => commands::bench::run(&args).map(fine),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
