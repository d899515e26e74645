//! `evenkeel-train bench`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args as ClapArgs;

use evenkeel::turns;

use crate::fit::{Bench, FitConfig, step_time};

/// Measure a training step on random features.
///
/// `reference/pytorch_step.py` does the same in PyTorch; `./just bench --only training` has both take turns.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  evenkeel-train bench --config trainer/configs/digits.toml --steps 50")]
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
    /// Be one side of a bench: take so many steps as a line of the input says (see `evenkeel-bench`)
    #[arg(long, conflicts_with_all = ["steps", "json"])]
    turns: bool,
}

/// # Errors
/// When the configuration is unusable.
pub fn run(args: &Args) -> Result<()> {
    ensure!(
        args.steps > 0 && args.classes > 0,
        "--steps and --classes must be at least 1"
    );
    let config = FitConfig::read(&args.config, &args.changes)?;
    if args.turns {
        let mut bench = Bench::new(&config, args.classes)?;
        let version = env!("CARGO_PKG_VERSION");
        let about = format!(
            "evenkeel-train {version}, {} parameters",
            bench.parameters()
        );
        return turns::take_part(&about, || bench.step());
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
