//! `evenkeel compare`: two robustness evaluations side by side.

use std::path::PathBuf;
use std::process::ExitCode;

use evenkeel::evaluation::robustness::{compare, comparison_table, read_summary};

use super::{print, print_json};

/// Sets two robustness reports side by side
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel compare reports/before reports/after
  evenkeel compare reports/before/summary.json reports/after/summary.json --json

Exit codes: 0 fine, 1 a report could not be read.")]
pub struct Args {
    /// Folder of the first report, or its summary.json
    a: PathBuf,
    /// Folder of the second report, or its summary.json
    b: PathBuf,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When one of the reports cannot be read.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut comparison = compare(&read_summary(&args.a)?, &read_summary(&args.b)?);
    // Two runs of one model have the same title; the folders tell them apart.
    comparison.a += &format!(" ({})", args.a.display());
    comparison.b += &format!(" ({})", args.b.display());
    if args.json {
        print_json(&comparison)?;
    } else {
        print(&comparison_table(&comparison))?;
    }
    Ok(ExitCode::SUCCESS)
}
