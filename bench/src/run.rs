//! What one run of all benches found, and its table.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use evenkeel::files::write_atomically;
use serde::{Deserialize, Serialize};

use crate::curve::{Grown, tables};
use crate::measure::{Measured, OneSide};

/// A run of some benches on one machine.
#[derive(Debug, Serialize, Deserialize)]
pub struct Run {
    /// The processor, as the system calls it.
    pub processor: String,
    /// Its cores.
    pub cores: usize,
    /// Rounds of each bench.
    pub rounds: usize,
    /// One after the other.
    pub benches: Vec<Measured>,
    /// How cost grows.
    #[serde(default)]
    pub curves: Vec<Grown>,
}

impl Run {
    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is no run of benches", path.display()))
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        write_atomically(path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// As a table in Markdown, which reads well on a terminal, too.
    pub fn table(&self) -> String {
        let mut rows = vec![COLUMNS.map(str::to_owned)];
        rows.extend(self.benches.iter().map(row));
        let mut widths = [0; COLUMNS.len()];
        for (column, width) in widths.iter_mut().enumerate() {
            let longest = rows.iter().map(|row| row[column].chars().count()).max();
            *width = longest.unwrap_or(0);
        }
        let mut text = format!(
            "{}, {} cores, {} rounds\n\n",
            self.processor, self.cores, self.rounds
        );
        if self.benches.is_empty() {
            return text + &tables(&self.curves);
        }
        for (index, row) in rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(widths) {
                let _ = write!(text, "| {cell:<width$} ");
            }
            text.push_str("|\n");
            if index == 0 {
                for width in widths {
                    let _ = write!(text, "|{}", "-".repeat(width + 2));
                }
                text.push_str("|\n");
            }
        }
        text + &tables(&self.curves)
    }
}

const COLUMNS: [&str; 9] = [
    "bench",
    "cores",
    "against",
    "ratio (95 % interval)",
    "limit",
    "ms, ours and theirs",
    "GFLOP/s",
    "ready after ms",
    "peak MB",
];

fn row(one: &Measured) -> [String; COLUMNS.len()] {
    let limit = one.limit.map_or(String::new(), |limit| {
        let within = one.ratio.value <= limit;
        format!("{limit:.2}{}", if within { "" } else { " missed" })
    });
    let rate = |side: &OneSide| side.gigaflops.map(|rate| format!("{rate:.0}"));
    let rates = match (rate(&one.ours), rate(&one.peer)) {
        (Some(ours), Some(peer)) => format!("{ours}, {peer}"),
        (Some(ours), None) => ours,
        _ => String::new(),
    };
    let megabytes = |bytes: Option<u64>| match bytes {
        Some(bytes) => format!("{:.0}", bytes as f64 / 1e6),
        None => "?".to_owned(),
    };
    [
        one.name.clone(),
        one.cores.to_string(),
        one.against.clone(),
        format!(
            "{:.2} ({:.2} to {:.2})",
            one.ratio.value, one.ratio.low, one.ratio.high
        ),
        limit,
        format!(
            "{:.3}, {:.3}",
            one.ours.milliseconds.value, one.peer.milliseconds.value
        ),
        rates,
        format!(
            "{:.0}, {:.0}",
            one.ours.first_milliseconds, one.peer.first_milliseconds
        ),
        format!(
            "{}, {}",
            megabytes(one.ours.peak_bytes),
            megabytes(one.peer.peak_bytes)
        ),
    ]
}
