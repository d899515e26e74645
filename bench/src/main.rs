//! Measures evenkeel beside its peers.
//!
//! Both sides of a bench are processes of their own that get ready and then work when they are told to
//! ([`evenkeel::turns`]); they take turns on the same cores, so that what slows the machine down slows both.

mod compare;
mod curve;
mod list;
mod measure;
mod run;
mod side;
mod statistics;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;

use anyhow::{Context, Result, anyhow};
use clap::{Parser, Subcommand};
use evenkeel::files::write_atomically;
use evenkeel::machine::{cpuinfo, processor};

use list::{List, filled};
use measure::measure;
use run::Run;

/// Measure evenkeel beside its peers.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Examples:
  ./just bench                              all of them, into target/bench
  ./just bench --only inference             those whose name or group holds the word
  ./just bench-compare old.json new.json    what changed beyond the noise"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the benches of a list
    Run(RunArgs),
    /// Say what changed between two runs beyond their noise; fails if something got slower
    Compare {
        /// JSON of the run before
        before: PathBuf,
        /// JSON of the run after
        after: PathBuf,
    },
    /// Print the table of a run
    Table {
        /// JSON of the run
        run: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
struct RunArgs {
    /// The list of benches (TOML)
    #[arg(long, value_name = "FILE", default_value = "bench/benches.toml")]
    list: PathBuf,
    /// Only benches whose name or group holds one of these words
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// What stands for a {NAME} in the commands
    #[arg(long = "with", value_name = "NAME=VALUE", value_parser = pair)]
    with: Vec<(String, String)>,
    /// Rounds of each bench
    #[arg(long, default_value_t = 41, value_parser = clap::value_parser!(u16).range(6..=1000))]
    rounds: u16,
    /// Where the figures go (JSON)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print the figures as JSON instead of a table
    #[arg(long)]
    json: bool,
}

fn pair(text: &str) -> Result<(String, String)> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| anyhow!("\"{text}\" is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(args) => run(&args),
        Command::Compare { before, after } => compare(&before, &after),
        Command::Table { run } => Run::read(&run).map(|run| {
            print!("{}", run.table());
            ExitCode::SUCCESS
        }),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(args: &RunArgs) -> Result<ExitCode> {
    let List { benches, curves } = List::read(&args.list)?.choose(&args.only)?;
    let values: BTreeMap<_, _> = args.with.iter().cloned().collect();
    let machine_cores = available_parallelism().map_or(1, usize::from);
    let mut run = Run {
        processor: processor(&cpuinfo()).to_owned(),
        cores: machine_cores,
        rounds: usize::from(args.rounds),
        benches: Vec::new(),
        curves: Vec::new(),
    };
    for (index, bench) in benches.iter().enumerate() {
        let name = &bench.name;
        if bench.cores > machine_cores {
            eprintln!("{name}: left out, it needs {} cores", bench.cores);
            continue;
        }
        eprintln!("[{}/{}] {name}", index + 1, benches.len() + curves.len());
        let (ours, peer) = (filled(&bench.ours, &values)?, filled(&bench.peer, &values)?);
        let measured = measure(bench, &ours, &peer, run.rounds)
            .with_context(|| format!("bench \"{name}\""))?;
        run.benches.push(measured);
        // After each: what was measured is there when a later one fails.
        run.write(&args.out)?;
    }
    for (index, one) in curves.iter().enumerate() {
        let (name, before) = (&one.name, benches.len() + 1);
        if one.cores > machine_cores {
            eprintln!("{name}: left out, it needs {} cores", one.cores);
            continue;
        }
        eprintln!(
            "[{}/{}] {name}",
            before + index,
            benches.len() + curves.len()
        );
        let fill = |command: &[String], size: u32| {
            let mut values = values.clone();
            values.insert("x".into(), size.to_string());
            filled(command, &values)
        };
        let grown = curve::measure(one, fill).with_context(|| format!("curve \"{name}\""))?;
        run.curves.push(grown);
        run.write(&args.out)?;
    }
    if !run.curves.is_empty() {
        let path = args.out.with_extension("svg");
        write_atomically(&path, curve::picture(&run.curves)?.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("curves: {}", path.display());
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&run)?);
    } else {
        print!("{}", run.table());
    }
    Ok(ExitCode::SUCCESS)
}

fn compare(before: &std::path::Path, after: &std::path::Path) -> Result<ExitCode> {
    let (text, slower) = compare::compare(&Run::read(before)?, &Run::read(after)?);
    print!("{text}");
    Ok(match slower {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
