//! `evenkeel-train data check`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use evenkeel::files::write_atomically;

use crate::data::check::{Severity, check, page, text};
use crate::data::clips::ClipsConfig;
use crate::data::fetch::Store;
use crate::fit::FitConfig;

/// Look for what would spoil the training in clips of your own: broken, short, doubled, silent or
/// black ones, the same clip or speaker in training and test, classes with few clips.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  evenkeel-train data check recordings/clips.csv
  evenkeel-train data check recordings --out check.html
  evenkeel-train data check --config own.toml --strict

Exit codes: 0 fine, or warnings alone; 1 there are errors, or warnings with --strict; 2 bad usage.")]
pub struct Args {
    /// A folder per class, or a CSV file; what the configuration names if left out
    #[arg(value_name = "FOLDER|CSV", required_unless_present = "config")]
    clips: Option<PathBuf>,
    /// Training configuration: its window, seed and class for nothing are used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write a page with everything that was found, and clips to look at and listen to
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
    /// Let warnings count as errors
    #[arg(long)]
    strict: bool,
}

/// # Errors
/// When there is no list of clips to look at, or the page cannot be written.
pub fn run(args: &Args, store: &Store) -> Result<ExitCode> {
    let (mut config, seed) = match &args.config {
        Some(path) => {
            let data = FitConfig::read(path, &[])?.data;
            let Some(clips) = data.clips else {
                bail!("{} has no section [data.clips]", path.display());
            };
            (clips, data.seed)
        }
        None => (ClipsConfig::default(), 0),
    };
    if let Some(clips) = &args.clips {
        config.path = Some(clips.clone());
        config.collection = None;
    }
    let report = check(&config, seed, store)?;
    if let Some(out) = &args.out {
        write_atomically(out, page(&report).as_bytes())
            .with_context(|| format!("cannot write {}", out.display()))?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", text(&report));
        if let Some(out) = &args.out {
            println!("page: {}", out.display());
        }
    }
    let errors = report.count(Severity::Error);
    let spoilt = errors > 0 || args.strict && report.count(Severity::Warning) > 0;
    Ok(match spoilt {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}
