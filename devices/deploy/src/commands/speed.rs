//! `evenkeel-deploy speed`: how fast the three model sizes are on each board, from the figures kept of them.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::print;
use crate::boards::{self, Board, Class};

/// Puts measured times of the three model sizes in a table, a row for each board.
///
/// The figures are what `evenkeel bench --json` says, kept as RESULTS/BOARD/SIZE.json. What nobody has measured is said not to be.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  evenkeel-deploy speed docs/results/speed --out docs/results/speed/table.md

Exit codes: 0 fine, 1 failed, 2 bad usage.")]
pub struct Args {
    /// Folder of the figures
    results: PathBuf,
    /// Write the table to a file instead
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Folder of the board files [default: devices/boards in the checkout]
    #[arg(long, value_name = "FOLDER", env = "EVENKEEL_BOARDS")]
    boards: Option<PathBuf>,
}

/// What the table takes from a report of `evenkeel bench --json`.
#[derive(Deserialize)]
struct Report {
    precision: String,
    graph_bytes: u64,
    parameters: u64,
    multiply_accumulates: u64,
    processor: String,
    threads: u32,
    memory_bytes: Option<u64>,
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
struct Stage {
    name: String,
    fastest: f64,
    p50: f64,
}

/// The stage that the table shows.
const STAGE: &str = "whole window";

/// Reports by board and size.
type Reports = BTreeMap<(String, Class), Report>;

/// Runs the command.
///
/// # Errors
/// When the board files or the figures cannot be read, or there are figures of a board or a size that there is not.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let boards = boards::all(&boards::folder(args.boards)?)?;
    let text = table(&boards, &read(&args.results, &boards)?)?;
    match args.out {
        Some(out) => {
            fs::write(&out, text).with_context(|| format!("cannot write {}", out.display()))?
        }
        None => print(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn read(results: &Path, boards: &[Board]) -> anyhow::Result<Reports> {
    let mut reports = Reports::new();
    for folder in entries(results)?.into_iter().filter(|path| path.is_dir()) {
        let board = name(&folder);
        if !boards.iter().any(|known| known.name == board) {
            bail!(
                "{} holds figures of a board that devices/boards does not describe; rename the folder or describe the board",
                folder.display()
            );
        }
        for path in entries(&folder)? {
            let size = Class::ALL
                .into_iter()
                .find(|class| name(&path) == format!("{class}.json"));
            let size = size.with_context(|| {
                format!(
                    "{} is not called nano.json, small.json or base.json",
                    path.display()
                )
            })?;
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let report = serde_json::from_str(&text).with_context(|| {
                format!(
                    "{} is not what `evenkeel bench --json` prints; measure again",
                    path.display()
                )
            })?;
            reports.insert((board.clone(), size), report);
        }
    }
    Ok(reports)
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("cannot read the folder {}", folder.display());
    let mut paths = fs::read_dir(folder)
        .with_context(unreadable)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .with_context(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn table(boards: &[Board], reports: &Reports) -> Result<String, fmt::Error> {
    let mut text = String::from(
        "<!-- Made by `./just speed-table` of the figures beside it. -->\n\n\
         | size | parameters | multiply-accumulates | bytes of the graphs |\n|---|---|---|---|\n",
    );
    for size in Class::ALL {
        let report = reports.iter().find(|((_, measured), _)| *measured == size);
        match report {
            Some((_, report)) => writeln!(
                text,
                "| {size} | {} | {} | {} in {} |",
                report.parameters,
                report.multiply_accumulates,
                report.graph_bytes,
                report.precision
            )?,
            None => writeln!(text, "| {size} | not measured | | |")?,
        }
    }
    text.push_str(
        "\nMilliseconds for a whole window (frontends, both encoders, fusion) on one thread: the fastest and the median; in brackets MiB of memory. \
         Bold: the size that the board is meant for. \
         What is not measured would be by `evenkeel bench SIZE --windows 2000 --json >BOARD/SIZE.json` on the board, see \
         [docs/precision.md](../../precision.md#on-your-board).\n\n| board | measured on | nano | small | base |\n|---|---|---|---|---|\n",
    );
    for board in boards {
        let of_board = |size| reports.get(&(board.name.clone(), size));
        let measured_on = Class::ALL
            .into_iter()
            .find_map(of_board)
            .map_or("", |report| report.processor.as_str());
        write!(text, "| `{}` | {measured_on} |", board.name)?;
        for size in Class::ALL {
            let cell = of_board(size).map_or_else(|| "not measured".to_owned(), cell);
            let mark = if board.class == size { "**" } else { "" };
            write!(text, " {mark}{cell}{mark} |")?;
        }
        text.push('\n');
    }
    Ok(text)
}

fn cell(report: &Report) -> String {
    let stage = report.stages.iter().find(|stage| stage.name == STAGE);
    let mut cell = stage.map_or_else(
        || "no time".to_owned(),
        |stage| format!("{:.2} / {:.2}", stage.fastest, stage.p50),
    );
    if report.threads != 1 {
        cell += &format!(" on {} threads", report.threads);
    }
    if let Some(bytes) = report.memory_bytes {
        cell += &format!(" ({:.0})", bytes as f64 / f64::from(1 << 20));
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
        "model": "untrained 0.0.0", "precision": "f32", "graph_bytes": 1000, "parameters": 250,
        "multiply_accumulates": 7777, "processor": "Cortex-A72", "threads": 1, "memory_bytes": 10485760,
        "stages": [{ "name": "fusion", "fastest": 0.1, "p50": 0.1 }, { "name": "whole window", "fastest": 3.2, "p50": 3.456 }]
    }"#;

    fn shipped() -> Vec<Board> {
        boards::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards")).unwrap()
    }

    fn results(file: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        folder
    }

    #[test]
    fn what_is_measured_is_shown_and_the_rest_is_said_not_to_be() {
        let folder = results("raspberry-pi-4/small.json", REPORT);
        let boards = shipped();
        let text = table(&boards, &read(folder.path(), &boards).unwrap()).unwrap();
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
        assert_eq!(
            line("| `raspberry-pi-4` |"),
            "| `raspberry-pi-4` | Cortex-A72 | not measured | **3.20 / 3.46 (10)** | not measured |"
        );
        assert_eq!(
            line("| `jetson-agx-orin` |"),
            "| `jetson-agx-orin` |  | not measured | not measured | **not measured** |"
        );
        assert_eq!(line("| small |"), "| small | 250 | 7777 | 1000 in f32 |");
        assert_eq!(line("| nano |"), "| nano | not measured | | |");
        assert_eq!(
            text.lines().filter(|line| line.starts_with("| `")).count(),
            boards.len()
        );
    }

    #[test]
    fn figures_that_belong_nowhere_are_refused_by_name() {
        for (file, text, named) in [
            ("raspberry-pi-44/small.json", REPORT, "raspberry-pi-44"),
            ("raspberry-pi-4/huge.json", REPORT, "huge.json"),
            ("raspberry-pi-4/small.json", "{}", "small.json"),
        ] {
            let folder = results(file, text);
            let error = format!("{:#}", read(folder.path(), &shipped()).err().unwrap());
            assert!(error.contains(named), "{error}");
        }
    }
}
