//! `evenkeel-train study`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args as ClapArgs;
use evenkeel::files::write_atomically;
use evenkeel::shard::Shard;
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
  evenkeel-train study --config trainer/configs/study.toml --results docs/results/digits --table-only

In eight parts, each wherever and whenever there is a machine, and put together in the end:
  evenkeel-train study --config study.toml --out runs/study --shard 3/8
  evenkeel-train study --config study.toml --out runs/study --merge")]
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
    /// Do one part of the work, as in 3/8, and draw nothing
    ///
    /// A part is some of the runs, or with a section called robustness some of the seeds. Parts can share OUT.
    #[arg(long, value_name = "PART/PARTS", conflicts_with = "table_only")]
    shard: Option<Shard>,
    /// Train nothing: copy the results of parts into the folder of the results, and draw if none is missing
    ///
    /// FOLDER is a folder of results of another machine; without any the parts have shared one.
    #[arg(long, value_name = "FOLDER", num_args = 0.., conflicts_with_all = ["table_only", "shard"])]
    merge: Option<Vec<PathBuf>>,
}

/// # Errors
/// When a run fails, a result is missing that is to be merged, or there is nothing to draw.
pub fn run(args: &Args) -> Result<()> {
    let study = StudyConfig::read(&args.config)?;
    let folder = args
        .results
        .clone()
        .unwrap_or_else(|| args.out.join("results"));
    if let Some(from) = &args.merge {
        study.merge(from, &folder)?;
    } else if !args.table_only {
        train(&study, args, &folder)?;
    }
    if args.shard.is_none() {
        print!("{}", draw(&study, &folder)?);
    }
    Ok(())
}

/// Does what is not there yet.
fn train(study: &StudyConfig, args: &Args, folder: &Path) -> Result<()> {
    let count = study.methods.len() * study.seeds.len();
    let mut number = 0;
    for (seed_number, &seed) in study.seeds.iter().enumerate() {
        let to_measure = study.robustness.is_some() && study.robustness(seed, folder)?.is_none();
        for method in &study.methods {
            number += 1;
            // Corruptions are measured on all runs of a seed, so that these stay together.
            let piece = match study.robustness {
                Some(_) => seed_number,
                None => number - 1,
            };
            if args.shard.is_some_and(|shard| !shard.has(piece)) {
                continue;
            }
            // What is to be measured needs the run itself, not only its result.
            let there = !to_measure || method.run_in(&args.out, seed).exists();
            if there && method.result(study, seed, folder)?.is_some() {
                continue;
            }
            eprintln!("run {number} of {count}: {}, seed {seed}", method.name);
            let epochs = method.config(study, seed)?.training.epochs;
            method.run(study, seed, &args.out, folder, &mut Bar::new(epochs))?;
            draw_whole(study, args, folder)?;
        }
        let own = args.shard.is_none_or(|shard| shard.has(seed_number));
        if let Some(robustness) = study.robustness.as_ref().filter(|_| to_measure && own) {
            eprintln!("every corruption, seed {seed}");
            let bar = windows_bar();
            let progress = |done: usize, all: usize| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            };
            study.measure_robustness(robustness, seed, &args.out, folder, progress)?;
            bar.finish_and_clear();
            draw_whole(study, args, folder)?;
        }
    }
    Ok(())
}

/// Draws what there is so far, but for a part of the work: it would draw over what others have drawn.
fn draw_whole(study: &StudyConfig, args: &Args, folder: &Path) -> Result<()> {
    if args.shard.is_none() {
        draw(study, folder)?;
    }
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
