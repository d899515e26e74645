//! A robustness evaluation in words and as plain text for a terminal.

use std::fmt::Write;

use super::KEEL_BAR;
use super::cells::CellResult;
use super::comparison::{Comparison, Unit};
use super::files::Heading;
use super::plan::{Cell, Group, Role};
use super::summary::{Margins, Summary};
use crate::corruption::Severity;
use crate::evaluation::metrics::Interval;

/// Four to six sentences with the numbers that matter most; `strong` is put around each number, and
/// `plain` around each name that somebody else chose.
pub fn sentences(
    heading: &Heading,
    summary: &Summary,
    strong: impl Fn(&str) -> String,
    plain: impl Fn(&str) -> String,
) -> String {
    let mut text = String::new();
    let mut say = |sentence: String| {
        if !text.is_empty() {
            text.push(' ');
        }
        text += &sentence;
    };
    let title = plain(&heading.title);
    if heading.quick {
        say(
            "This is a quick look at a part of the clips and severities; its intervals are wide."
                .to_owned(),
        );
    }
    match summary.clean.fused {
        None => say(format!("{title}: no clip could be evaluated.")),
        Some(fused) => {
            let alone = [
                ("the microphone alone", summary.clean.audio),
                ("the camera alone", summary.clean.camera),
            ];
            let alone: Vec<_> = alone
                .iter()
                .filter_map(|(who, share)| Some(format!("{who} {}", strong(&percent((*share)?)))))
                .collect();
            let alone = match alone.as_slice() {
                [] => String::new(),
                some => format!("; {} of them", some.join(", ")),
            };
            say(format!(
                "{title} gets {} of {} clean clips right (95 % interval {}){alone}.",
                strong(&percent(fused)),
                summary.clips,
                interval(&summary.clean.intervals.fused)
            ));
        }
    }
    if let Some(corrupted) = summary.main().and_then(|main| main.corrupted) {
        say(format!(
            "With one sensor corrupted it still gets {} right on average over {} cells, each one kind \
             of corruption at one severity.",
            strong(&percent(corrupted)),
            summary.cells.len()
        ));
    }
    let keel = &summary.keel.all;
    if let (Some(worst), Some(cell), Some(mean)) = (keel.worst, keel.worst_cell, keel.mean) {
        say(format!(
            "Against the healthy sensor alone its worst margin is {} points ({}), its mean margin {} \
             points.",
            strong(&points(worst)),
            place(cell),
            strong(&points(mean))
        ));
        say(format!(
            "It falls more than 1 point below the healthy sensor alone in {} of {} cells{}.",
            strong(&keel.missed.len().to_string()),
            keel.cells,
            missed_by_group(summary)
        ));
    }
    let ece = |calibration: &crate::evaluation::Calibration| calibration.ece;
    let calibration = &summary.calibration;
    if let (Some(clean), Some(corrupted)) = (ece(&calibration.clean), ece(&calibration.corrupted)) {
        say(format!(
            "Its confidence is off by {} on clean and {} on corrupted clips (expected calibration \
             error, in points).",
            strong(&format!("{:.1}", 100.0 * clean)),
            strong(&format!("{:.1}", 100.0 * corrupted))
        ));
    }
    if !summary.broken.is_empty() {
        say(format!(
            "{} could not be evaluated.",
            crate::evaluation::clips(summary.broken.len())
        ));
    }
    text
}

fn missed_by_group(summary: &Summary) -> String {
    let of = |group: Group| -> &Margins { summary.keel_of(group) };
    let (training, held_out) = (of(Group::Training), of(Group::HeldOut));
    if training.cells == 0 || held_out.cells == 0 {
        return String::new();
    }
    format!(
        " ({} of {} of kinds it was trained with, {} of {} of kinds it never saw)",
        training.missed.len(),
        training.cells,
        held_out.missed.len(),
        held_out.cells
    )
}

/// The paragraph of numbers, plain, in lines of at most 90 characters.
pub fn paragraph(heading: &Heading, summary: &Summary) -> String {
    let text = sentences(heading, summary, str::to_owned, printable);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().filter(|line| {
            line.is_empty() || line.chars().count() + 1 + word.chars().count() <= 90
        });
        match line {
            Some(line) if line.is_empty() => *line = word.to_owned(),
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// One line per kind: accuracy at each severity, the healthy sensor alone, the worst margin; then
/// the cells that missed the bar.
pub fn table(summary: &Summary) -> String {
    let mut text = format!(
        "{:<24}{}  {:>8}  {:>8}\n",
        "accuracy at severity",
        Severity::ALL.map(|s| format!("{s:>7}")).concat(),
        "healthy",
        "worst"
    );
    for cells in by_kind(&summary.cells).chain(by_kind(&summary.both)) {
        let kind = cells[0].corruption;
        let at = |severity: Severity| {
            let cell = cells.iter().find(|cell| cell.severity == severity);
            format!(
                "{:>7}",
                cell.map_or("·".into(), |cell| one_decimal(cell.fused))
            )
        };
        let healthy = cells.iter().filter_map(|cell| cell.healthy_alone);
        let worst = cells.iter().filter_map(|cell| cell.margin);
        let _ = writeln!(
            text,
            "{:<24}{}  {:>8}  {:>8}",
            kind.to_string(),
            Severity::ALL.map(at).concat(),
            healthy.reduce(f64::max).map_or("·".into(), one_decimal),
            worst.reduce(f64::min).map_or("·".into(), points),
        );
    }
    let missed = &summary.keel.all.missed;
    if !missed.is_empty() {
        let bar = points(KEEL_BAR);
        let _ = writeln!(
            text,
            "\nmargin over the healthy sensor alone below {bar} points:"
        );
        for one in missed {
            let _ = writeln!(text, "  {:>6}  {}", points(one.margin), place(one.cell));
        }
    }
    text
}

/// A text that somebody else chose, without what would move the cursor of a terminal or colour it.
fn printable(text: &str) -> String {
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(blank).collect()
}

/// The cells of each kind, in the order of the plan.
pub fn by_kind(cells: &[CellResult]) -> impl Iterator<Item = &[CellResult]> {
    cells.chunk_by(|one, other| one.corruption == other.corruption)
}

/// How a number is shown.
type Shown = fn(f64) -> String;

/// Two reports side by side.
pub fn comparison_table(comparison: &Comparison) -> String {
    let (a, b) = (printable(&comparison.a), printable(&comparison.b));
    let mut text = format!("A: {a}\nB: {b}\n\n");
    if let Some(note) = &comparison.note {
        let _ = writeln!(text, "{note}\n");
    }
    let _ = writeln!(text, "{:<44}{:>8}{:>8}{:>9}", "", "A", "B", "B − A");
    let dot = |value: Option<String>| value.unwrap_or_else(|| "·".to_owned());
    for row in &comparison.rows {
        let difference = row.a.zip(row.b).map(|(a, b)| b - a);
        let (show, change): (Shown, Shown) = match row.unit {
            Unit::Share => (one_decimal, points),
            Unit::Margin => (points, points),
            Unit::Count => (|n| format!("{n:.0}"), |n| format!("{n:+.0}")),
        };
        let _ = writeln!(
            text,
            "{:<44}{:>8}{:>8}{:>9}",
            row.what,
            dot(row.a.map(show)),
            dot(row.b.map(show)),
            dot(difference.map(change))
        );
    }
    if !comparison.cells.is_empty() {
        let _ = writeln!(text, "\naccuracy differs most at");
        for cell in &comparison.cells {
            let _ = writeln!(
                text,
                "{:<44}{:>8}{:>8}{:>9}",
                place(cell.cell),
                one_decimal(cell.a),
                one_decimal(cell.b),
                points(cell.b - cell.a)
            );
        }
    }
    text
}

/// As in `camera/fog, severity 3`.
pub fn place(cell: Cell) -> String {
    if cell.corruption.severities().len() == 1 {
        return cell.corruption.to_string();
    }
    format!("{}, severity {}", cell.corruption, cell.severity)
}

/// What a contestant is called beside the others.
pub fn who(name: &str, role: Role) -> String {
    match role {
        Role::Main => "the model".to_owned(),
        _ => name.to_owned(),
    }
}

/// A share in percent, as in `96.4 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A share in percent without the sign.
pub fn one_decimal(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

/// A difference of shares in points, with its sign.
pub fn points(difference: f64) -> String {
    let text = format!("{:+.1}", 100.0 * difference);
    match text.as_str() {
        "+0.0" | "-0.0" => "0.0".to_owned(),
        _ => text.replace('-', "−"),
    }
}

fn interval(interval: &Interval) -> String {
    format!(
        "{:.1} to {:.1} %",
        100.0 * interval.low,
        100.0 * interval.high
    )
}
