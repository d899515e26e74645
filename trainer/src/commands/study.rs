//! `evenkeel-train study`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args as ClapArgs;
use evenkeel::files::write_atomically;
use indicatif::{ProgressBar, ProgressStyle};

use super::fit::Bar;
use crate::study::{StudyConfig, figure, robustness_table, table};

/// Train several methods with several seeds; make a table and a figure of them.
///
/// With a section called robustness every method then answers about the test windows under every corruption.
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
    let count = study.methods.len() * study.seeds.len();
    let mut number = 0;
    for &seed in study.seeds.iter().filter(|_| !args.table_only) {
        let to_measure = study.robustness.is_some() && study.robustness(seed, &folder)?.is_none();
        for method in &study.methods {
            number += 1;
            // What is to be measured needs the run itself, not only its result.
            let there = !to_measure || method.run_in(&args.out, seed).exists();
            if there && method.result(&study, seed, &folder)?.is_some() {
                continue;
            }
            eprintln!("run {number} of {count}: {}, seed {seed}", method.name);
            let epochs = method.config(&study, seed)?.training.epochs;
            method.run(&study, seed, &args.out, &folder, &mut Bar::new(epochs))?;
            draw(&study, &folder)?;
        }
        if let Some(robustness) = study.robustness.as_ref().filter(|_| to_measure) {
            eprintln!("every corruption, seed {seed}");
            let bar = windows_bar();
            let progress = |done: usize, all: usize| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            };
            study.measure_robustness(robustness, seed, &args.out, &folder, progress)?;
            bar.finish_and_clear();
            draw(&study, &folder)?;
        }
    }
    print!("{}", draw(&study, &folder)?);
    Ok(())
}

fn windows_bar() -> ProgressBar {
    ProgressBar::new(0).with_style(
        ProgressStyle::with_template("[{bar:30}] {pos}/{len} windows, {eta} left")
            .expect("the template is fixed"),
    )
}

fn draw(study: &StudyConfig, folder: &Path) -> Result<String> {
    let results = study.results(folder)?;
    ensure!(
        !results.methods.is_empty(),
        "there are no results in {} to draw",
        folder.display()
    );
    let mut text = table(&results);
    let mut files = vec![
        ("table.md", text.clone()),
        ("figure.svg", figure(&results)?),
    ];
    if let Some(robustness) = &study.robustness {
        let seeds = study.all_robustness(folder)?;
        if !seeds.is_empty() {
            let robust = robustness_table(robustness, &seeds);
            text = format!("{text}\n{robust}");
            files.push(("robustness.md", robust));
        }
    }
    for (name, content) in files {
        let path = folder.join(name);
        write_atomically(&path, content.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(text)
}
