//! `evenkeel-train study`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args as ClapArgs;
use evenkeel::files::write_atomically;

use super::fit::Bar;
use crate::study::{StudyConfig, figure, table};

/// Train several methods with several seeds; make a table and a figure of them.
///
/// Results that are there already are not computed again: interrupted, the same command goes on, and
/// where all are there it only draws.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  evenkeel-train study --config trainer/configs/study.toml --out runs/study --results docs/results/digits
  evenkeel-train study --config trainer/configs/study.toml --results docs/results/digits --table-only")]
pub struct Args {
    /// Study (TOML)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder of the runs: weights, checkpoints, metrics
    #[arg(long, value_name = "DIR", default_value = "runs/study")]
    out: PathBuf,
    /// Folder of the results, table.md and figure.svg; OUT/results if not given
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Train nothing: draw table and figure from the results that are there
    #[arg(long)]
    table_only: bool,
}

/// # Errors
/// When a run fails, or there is nothing to draw.
pub fn run(args: &Args) -> Result<()> {
    let study = StudyConfig::read(&args.config)?;
    let folder = args
        .results
        .clone()
        .unwrap_or_else(|| args.out.join("results"));
    let count = study.runs().count();
    for (i, (method, seed)) in study.runs().enumerate() {
        if args.table_only || method.result(&study, seed, &folder)?.is_some() {
            continue;
        }
        eprintln!("run {} of {count}: {}, seed {seed}", i + 1, method.name);
        let epochs = method.config(&study, seed)?.training.epochs;
        method.run(&study, seed, &args.out, &folder, &mut Bar::new(epochs))?;
        draw(&study, &folder)?;
    }
    print!("{}", draw(&study, &folder)?);
    Ok(())
}

fn draw(study: &StudyConfig, folder: &Path) -> Result<String> {
    let results = study.results(folder)?;
    ensure!(
        !results.methods.is_empty(),
        "there are no results in {} to draw",
        folder.display()
    );
    let text = table(&results);
    for (name, content) in [("table.md", &text), ("figure.svg", &figure(&results)?)] {
        let path = folder.join(name);
        write_atomically(&path, content.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(text)
}
