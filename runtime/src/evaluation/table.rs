//! An evaluation as plain text for a terminal.

use std::fmt::Write;

use super::metrics::Score;
use super::report::{ClipResult, Outcome, Report, Said};
use super::run::what_it_gives;
use crate::window::{Kind, Modality, PerSensor};

/// One line per clip, in columns: name, answer, confidence, whether it is right, shares of attention,
/// sensors.
pub fn answer_lines(report: &Report) -> String {
    let rows: Vec<_> = report
        .clips
        .iter()
        .map(|clip| answer_cells(report, clip))
        .collect();
    let mut widths = [0; CELLS];
    for cells in rows.iter().filter(|cells| cells.len() == CELLS) {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for cells in rows {
        let padded: Vec<_> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Cells of the line about an answer; a clip without one has only its name and the reason.
const CELLS: usize = 6;

fn answer_cells(report: &Report, clip: &ClipResult) -> Vec<String> {
    let answer = match &clip.outcome {
        Outcome::Answered(answer) => answer,
        Outcome::Failed(why) => return vec![clip.name.clone(), format!("not evaluated: {why}")],
    };
    let Said {
        label,
        confidence,
        correct,
    } = &answer.fused;
    let verdict = match (correct, &clip.label) {
        (Some(true), _) => "right".to_owned(),
        (Some(false), Some(truth)) => format!("wrong: {truth}"),
        _ => String::new(),
    };
    let percent = |share: f64| format!("{:>2.0} %", 100.0 * share);
    let shares: Vec<String> = Modality::ALL
        .into_iter()
        .filter(|sensor| Modality::LIVE.contains(sensor) || report.sensors[*sensor].is_some())
        .map(|sensor| format!("{sensor} {}", percent(answer.attention.sensors[sensor])))
        .collect();
    vec![
        clip.name.clone(),
        format!("{label}{}", if answer.unsure { " (unsure)" } else { "" }),
        format!("{:>5.1} %", 100.0 * confidence),
        verdict,
        format!("attention: {}", shares.join(", ")),
        presence(report, answer.present),
    ]
}

fn presence(report: &Report, present: PerSensor<bool>) -> String {
    let mut further = Modality::FURTHER
        .into_iter()
        .filter_map(|sensor| Some((sensor, report.sensors[sensor].as_deref()?)))
        .peekable();
    if further.peek().is_none() {
        return match (present.audio, present.camera) {
            (true, true) => "sound and picture",
            (true, false) => "sound only",
            (false, true) => "picture only",
            (false, false) => "neither sound nor picture",
        }
        .to_owned();
    }
    let live = [(Modality::Audio, "sound"), (Modality::Camera, "picture")];
    let there: Vec<&str> = live
        .into_iter()
        .chain(further)
        .filter(|(sensor, _)| present[*sensor])
        .map(|(_, name)| name)
        .collect();
    there.join(", ")
}

/// The summary as a table of some twenty lines, ending with a line break.
pub fn summary_table(report: &Report) -> String {
    let summary = &report.summary;
    let mut text = String::new();
    let mut line = |content: &str| {
        text.push_str(content.trim_end());
        text.push('\n');
    };
    if summary.fused.total > 0 {
        line(&row("", "right", "accuracy", "95 % interval", ""));
        line(&score_row("all sensors", &summary.fused, ""));
        for sensor in Modality::ALL {
            if let Some(score) = summary.alone[sensor]
                .as_ref()
                .filter(|score| score.total > 0)
            {
                line(&score_row(
                    &format!("{} alone", report.name(sensor)),
                    score,
                    "",
                ));
            }
        }
        line("");
        for (index, label) in summary.per_label.iter().enumerate() {
            let mistakes = mistakes(report, index);
            if label.score.total > 0 {
                line(&score_row(&label.label, &label.score, &mistakes));
            }
        }
        line("");
    }
    for (which, share) in [
        ("all clips", &summary.attention),
        (report.with_all(), &summary.attention_with_both),
    ] {
        if let Some(share) = share {
            let told = share.told(&report.sensors);
            line(&format!("attention, {which}: {told}"));
        }
    }
    if let Some(ece) = summary.calibration.ece {
        let bins = summary.calibration.bins.len();
        line(&format!(
            "calibration: expected error {:.1} % ({bins} bins)",
            100.0 * ece
        ));
    }
    if summary.unsure > 0 {
        line(&format!(
            "{} below the model's confidence threshold",
            clips(summary.unsure)
        ));
    }
    for sensor in Modality::ALL {
        if summary.absent[sensor] > 0 {
            let what = match sensor.kind() {
                Kind::Signal => report.name(sensor),
                _ => what_it_gives(sensor),
            };
            line(&format!(
                "{} without {what}: evaluated with the {} marked absent",
                clips(summary.absent[sensor]),
                report.name(sensor),
            ));
        }
    }
    text
}

/// `1 clip`, `2 clips`.
pub fn clips(count: usize) -> String {
    format!("{count} clip{}", if count == 1 { "" } else { "s" })
}

/// What a label was wrongly taken for, most often first.
fn mistakes(report: &Report, truth: usize) -> String {
    let counts = &report.summary.confusion.counts()[truth];
    let mut wrong: Vec<_> = (0..counts.len())
        .filter(|&answer| answer != truth && counts[answer] > 0)
        .collect();
    wrong.sort_by_key(|&answer| std::cmp::Reverse(counts[answer]));
    let mut text = String::new();
    for &answer in wrong.iter().take(3) {
        let separator = if text.is_empty() { "taken for " } else { ", " };
        let _ = write!(
            text,
            "{separator}{} ({}×)",
            report.labels[answer], counts[answer]
        );
    }
    text + if wrong.len() > 3 { ", …" } else { "" }
}

fn score_row(name: &str, score: &Score, note: &str) -> String {
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    row(
        name,
        &format!("{}/{}", score.correct, score.total),
        &score
            .accuracy
            .map_or("–".to_owned(), |share| format!("{} %", percent(share))),
        &format!(
            "{}–{} %",
            percent(score.interval.low),
            percent(score.interval.high)
        ),
        note,
    )
}

fn row(name: &str, right: &str, accuracy: &str, interval: &str, note: &str) -> String {
    format!("{name:<18} {right:>11} {accuracy:>10} {interval:>15}   {note}")
}
