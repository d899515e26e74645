//! `evenkeel-train bench`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args as ClapArgs;

use evenkeel::turns::{self, Loaded};

use crate::data::Split;
use crate::fit::{self, Bench, EpochMetrics, FitConfig, Sums, Watcher, step_time};

/// Measure a training step on random features.
///
/// `reference/pytorch_step.py` does the same in PyTorch; `./just bench --only training` has both take turns.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  evenkeel-train bench --config trainer/configs/digits.toml --steps 50
  echo 100 | evenkeel-train bench --config trainer/configs/digits.toml --turns step")]
pub struct Args {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Change one entry of the configuration; without a value take it out
    #[arg(long = "set", value_name = "KEY=VALUE")]
    changes: Vec<String>,
    /// Steps to measure
    #[arg(long, default_value_t = 50)]
    steps: usize,
    /// Classes of the model
    #[arg(long, default_value_t = 11)]
    classes: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Be one side of a bench: do this when a line of the input says how often (see `evenkeel-bench`)
    #[arg(long, value_name = "PART", conflicts_with_all = ["steps", "json"])]
    turns: Option<Part>,
}

/// What is done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// A step on random features that are ready
    Step,
    /// A training of one epoch, from the clips to the weights: features, steps, validation
    Epoch,
}

/// # Errors
/// When the configuration is unusable.
pub fn run(args: &Args) -> Result<()> {
    ensure!(
        args.steps > 0 && args.classes > 0,
        "--steps and --classes must be at least 1"
    );
    let config = FitConfig::read(&args.config, &args.changes)?;
    if let Some(part) = args.turns {
        return take_part(part, config, args.classes);
    }
    let time = step_time(&config, args.classes, args.steps)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&time)?);
    } else {
        println!(
            "{} parameters, batch {}, {} threads: median {:.1} ms, fastest {:.1} ms per step ({} steps)",
            time.parameters, time.batch, time.threads, time.median_ms, time.min_ms, time.steps
        );
    }
    Ok(())
}

fn take_part(part: Part, mut config: FitConfig, classes: usize) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let loaded = |what: &str| Loaded {
        loaded: format!("evenkeel-train {version}, {what}"),
        multiply_accumulates: None,
    };
    match part {
        Part::Step => {
            let mut bench = Bench::new(&config, classes)?;
            let what = format!("{} parameters", bench.parameters());
            turns::take_part(&loaded(&what), || bench.step())
        }
        Part::Epoch => {
            config.training.epochs = 1;
            let data = config.data.open()?;
            let what = format!("{} clips", data.len(Split::Train));
            turns::take_part(&loaded(&what), || {
                let run = tempfile::tempdir()?;
                fit::fit(&config, &*data, &run.path().join("run"), &mut Unwatched)?;
                Ok(())
            })
        }
    }
}

struct Unwatched;

impl Watcher for Unwatched {
    fn step(&mut self, _: u32, _: u64, _: u64, _: &Sums) {}
    fn epoch(&mut self, _: &EpochMetrics) {}
}
