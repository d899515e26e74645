//! What came of a release in a fleet, board by board.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use super::journal::{Journal, Outcome};
use super::{Turn, Wave};

/// One board.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    board: String,
    wave: String,
    kind: String,
    host: String,
    outcome: Came,
    release: Option<String>,
    /// How long it took, when it was tried last.
    seconds: Option<f64>,
    sent_bytes: Option<u64>,
    reason: Option<String>,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Came {
    /// The release came to it now.
    Live,
    /// It had come before.
    LiveBefore,
    /// It did not come.
    Failed,
    /// It was not tried.
    NotBegun,
}

impl Came {
    fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::LiveBefore => "live before",
            Self::Failed => "failed",
            Self::NotBegun => "not begun",
        }
    }
}

impl Row {
    /// Whether the release is live there.
    pub fn is_live(&self) -> bool {
        matches!(self.outcome, Came::Live | Came::LiveBefore)
    }
}

/// A row for each board of these waves; `tried` are those that were now.
pub fn rows(turns: &[Turn], journal: &Journal, tried: &BTreeSet<String>) -> Vec<Row> {
    let waves = turns.iter().map(|turn| turn.wave);
    waves
        .flat_map(|wave| of_wave(wave, journal, tried))
        .collect()
}

fn of_wave(wave: &Wave, journal: &Journal, tried: &BTreeSet<String>) -> Vec<Row> {
    let row = |member: &super::Member| {
        let record = journal.record(member);
        let (outcome, reason) = match record.map(|record| &record.outcome) {
            Some(Outcome::Live) if tried.contains(&member.name) => (Came::Live, None),
            Some(Outcome::Live) => (Came::LiveBefore, None),
            Some(Outcome::Failed(why)) => (Came::Failed, Some(why.clone())),
            None => (Came::NotBegun, None),
        };
        Row {
            board: member.name.clone(),
            wave: wave.name.clone(),
            kind: member.kind.clone(),
            host: member.host.clone(),
            outcome,
            release: record.map(|record| record.release.to_string()),
            seconds: record.map(|record| record.seconds),
            sent_bytes: record.map(|record| record.sent),
            reason,
        }
    };
    wave.members.iter().map(row).collect()
}

/// For people.
pub fn table(rows: &[Row]) -> String {
    let width = |head: &str, text: fn(&Row) -> &str| {
        let longest = rows.iter().map(|row| text(row).chars().count()).max();
        longest.unwrap_or(0).max(head.len())
    };
    let (board, wave) = (
        width("board", |row| &row.board),
        width("wave", |row| &row.wave),
    );
    let mut text = format!(
        "{:<board$}  {:<wave$}  {:<11}  {:>7}  {:>8}  reason\n",
        "board", "wave", "outcome", "seconds", "MB sent"
    );
    for row in rows {
        let seconds = row
            .seconds
            .map_or("-".into(), |seconds| format!("{seconds:.1}"));
        let sent = row
            .sent_bytes
            .map_or("-".into(), |bytes| format!("{:.2}", bytes as f64 / 1e6));
        let line = format!(
            "{:<board$}  {:<wave$}  {:<11}  {seconds:>7}  {sent:>8}  {}",
            row.board,
            row.wave,
            row.outcome.word(),
            row.reason.as_deref().unwrap_or_default()
        );
        // Writing to a text does not fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
