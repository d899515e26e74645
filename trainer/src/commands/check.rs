//! `evenkeel-train data check`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args as ClapArgs;
use evenkeel::files::write_atomically;

use crate::data::DataConfig;
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
    let data = data(args)?;
    let layout = data.layout().with_context(|| {
        let path = args
            .config
            .as_deref()
            .unwrap_or(Path::new("the configuration"));
        format!(
            "{} names no data set of clips, such as [data.clips]",
            path.display()
        )
    })?;
    let report = check(layout, data.seed, store)?;
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

/// What to look at: the clips on the command line, used as the configuration says, or its own.
fn data(args: &Args) -> Result<DataConfig> {
    let mut data = match &args.config {
        Some(path) => FitConfig::read(path, &[])?.data,
        None => DataConfig {
            clips: Some(ClipsConfig::default()),
            ..DataConfig::default()
        },
    };
    if let Some(path) = &args.clips {
        ensure!(
            data.clips.is_some(),
            "the configuration has no section [data.clips] by which to look at {}; leave the folder out to look at its own data",
            path.display()
        );
        data.clips = data.clips.map(|clips| ClipsConfig {
            path: Some(path.clone()),
            collection: None,
            ..clips
        });
    }
    Ok(data)
}
