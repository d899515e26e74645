//! A report as text.

use std::fmt::Write;

use super::{ClassRow, Count, Report, SPLITS, Severity};

/// Lines of each problem that are printed; the page and the JSON have them all.
const LINES: usize = 8;

/// What was found, for a terminal.
pub fn text(report: &Report) -> String {
    let mut text = format!("{}: {}\n\n", report.path, summary(report));
    table(&mut text, report);
    for problem in &report.problems {
        let severity = match problem.kind.severity() {
            Severity::Error => "ERROR",
            Severity::Warning => "warning",
        };
        let _ = writeln!(text, "\n{severity}: {}", problem.title);
        for line in problem.clips.iter().take(LINES) {
            let _ = writeln!(text, "  {line}");
        }
        if problem.clips.len() > LINES {
            let _ = writeln!(text, "  and {} more", problem.clips.len() - LINES);
        }
        let _ = writeln!(text, "  → {}", problem.advice);
    }
    let _ = writeln!(text, "\n{}", verdict(report));
    text
}

/// How much there is, in one line.
pub fn summary(report: &Report) -> String {
    let mut summary = format!(
        "{} clips of {} classes, {:.0} s",
        report.clips,
        report.classes.len(),
        report.seconds
    );
    match report.speakers {
        0 => {}
        1 => summary += ", 1 speaker or group",
        several => {
            let _ = write!(summary, ", {several} speakers or groups");
        }
    }
    if let Some(split) = report.split {
        let _ = write!(summary, ", {split}");
    }
    summary
}

/// How many problems there are, and what follows from that.
pub fn verdict(report: &Report) -> String {
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        several => format!("{several} {what}s"),
    };
    let (errors, warnings) = (
        report.count(Severity::Error),
        report.count(Severity::Warning),
    );
    match (errors, warnings) {
        (0, 0) => "Nothing to complain about.".to_owned(),
        (0, warnings) => format!(
            "{}; the clips can be trained on.",
            counted(warnings, "warning")
        ),
        (errors, warnings) => format!(
            "{} and {}; mend the errors before training.",
            counted(errors, "error"),
            counted(warnings, "warning")
        ),
    }
}

/// Clips, seconds and speakers of a class and split, as in "14 (18 s, 2)".
pub fn cell(count: &Count) -> String {
    match (count.clips, count.speakers) {
        (0, _) => "–".to_owned(),
        (clips, 0) => format!("{clips} ({:.0} s)", count.seconds),
        (clips, speakers) => format!("{clips} ({:.0} s, {speakers} sp.)", count.seconds),
    }
}

/// The names of the columns behind the class, and the cells of each row.
pub fn columns(report: &Report) -> (Vec<String>, Vec<(&str, Vec<String>)>) {
    let split = report.classes.iter().any(|row| row.splits.is_some());
    let mut names = vec!["all".to_owned()];
    if split {
        names.extend(SPLITS.map(|split| split.to_string()));
    }
    let cells = |row: &ClassRow| {
        let splits = row.splits.iter().flatten().map(|one| cell(&one.count));
        std::iter::once(cell(&row.all)).chain(splits).collect()
    };
    let rows = report.classes.iter();
    let rows = rows.map(|row| (row.label.as_str(), cells(row))).collect();
    (names, rows)
}

fn table(text: &mut String, report: &Report) {
    let (names, rows) = columns(report);
    let labels = rows.iter().map(|(label, _)| label.chars().count());
    let wide = labels.max().unwrap_or(0).max(5);
    let _ = write!(text, "{:wide$}", "class");
    for name in &names {
        let _ = write!(text, "  {name:<18}");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    for (label, cells) in rows {
        let _ = write!(text, "{label:wide$}");
        for cell in cells {
            let _ = write!(text, "  {cell:<18}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
}
