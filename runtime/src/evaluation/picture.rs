//! An evaluation as one figure: confusion matrix, accuracies with intervals, reliability diagram.

use plotters::style::{Color, RGBColor};

use super::draw::{Anchor, BLUE, Canvas, GRID, INK, MUTED, RED};
use super::metrics::Score;
use super::report::Report;
use super::table::clips;
use crate::window::Modality;

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 760;
const TOP: f64 = 110.0;

/// The figure as SVG text, 1200×760. It names no particular font.
pub fn picture(report: &Report, title: &str) -> String {
    let mut svg = String::new();
    let canvas = Canvas::new(&mut svg, WIDTH, HEIGHT);
    canvas.text(title, (40.0, 34.0), 24.0, INK, Anchor::Start);
    let summary = &report.summary;
    let mut subtitle = format!("{} answered", clips(summary.answered));
    if summary.failed > 0 {
        subtitle += &format!(", {} could not be evaluated", clips(summary.failed));
    }
    if let Some(share) = &summary.attention_with_both {
        let which = report.with_all().trim_start_matches("clips ");
        subtitle += &format!(" · attention {which}: {}", share.told(&report.sensors));
    }
    canvas.text(&subtitle, (40.0, 62.0), 15.0, MUTED, Anchor::Start);
    confusion(&canvas, report, (40.0, TOP), 610.0);
    accuracies(&canvas, report, (700.0, TOP), 460.0, 290.0);
    reliability(&canvas, report, (760.0, 500.0), 200.0);
    canvas.finish();
    svg
}

/// A shade of `colour` over white; the square root keeps rare cases visible.
fn shade(colour: RGBColor, share: f64) -> plotters::style::RGBAColor {
    colour.mix(if share > 0.0 {
        0.08 + 0.92 * share.sqrt()
    } else {
        0.0
    })
}

/// Heat map of the confusion matrix: each row is one true label, shaded by its share of the row.
fn confusion(canvas: &Canvas<'_>, report: &Report, (left, top): (f64, f64), size: f64) {
    let labels = &report.labels;
    let counts = report.summary.confusion.counts();
    heading(
        canvas,
        "True label (rows) and answer (columns), number of clips",
        (left, top),
    );
    let size_of_text = (size / labels.len() as f64 * 0.5).clamp(6.0, 16.0);
    let longest = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0);
    let gutter = (longest as f64 * size_of_text * 0.55).clamp(30.0, 150.0) + 10.0;
    let (left, top) = (left + gutter, top + 22.0);
    let side = size - gutter;
    let cell = side / labels.len() as f64;
    for (row, (label, counts)) in labels.iter().zip(counts).enumerate() {
        let y = top + cell * row as f64;
        let total = counts.iter().sum::<u64>().max(1) as f64;
        canvas.text(
            label,
            (left - 8.0, y + cell / 2.0),
            size_of_text,
            INK,
            Anchor::End,
        );
        for (column, &count) in counts.iter().enumerate() {
            let x = left + cell * column as f64;
            let share = count as f64 / total;
            let colour = if row == column { BLUE } else { RED };
            canvas.fill((x, y), (x + cell, y + cell), shade(colour, share));
            if count > 0 && cell >= 14.0 {
                let ink = if share > 0.3 {
                    RGBColor(255, 255, 255)
                } else {
                    INK
                };
                let text = (cell * 0.42).clamp(8.0, 17.0);
                let middle = (x + cell / 2.0, y + cell / 2.0);
                canvas.text(&count.to_string(), middle, text, ink, Anchor::Middle);
            }
        }
    }
    for line in 0..=labels.len() {
        let at = cell * line as f64;
        canvas.line((left, top + at), (left + side, top + at), GRID, 1);
        canvas.line((left + at, top), (left + at, top + side), GRID, 1);
    }
    for (column, label) in labels.iter().enumerate() {
        let x = left + cell * (column as f64 + 0.5);
        if longest as f64 * size_of_text * 0.55 < cell {
            canvas.text(
                label,
                (x, top + side + 14.0),
                size_of_text,
                INK,
                Anchor::Middle,
            );
        } else {
            canvas.upright(label, (x, top + side + 8.0), size_of_text, INK, Anchor::End);
        }
    }
}

/// Accuracy of each way to answer and of each label, a dot with its 95 % interval.
fn accuracies(
    canvas: &Canvas<'_>,
    report: &Report,
    (left, top): (f64, f64),
    width: f64,
    height: f64,
) {
    heading(canvas, "Accuracy with 95 % interval", (left, top));
    let summary = &report.summary;
    let mut rows: Vec<(String, &Score, RGBColor)> =
        vec![("all sensors".to_owned(), &summary.fused, INK)];
    for sensor in Modality::ALL {
        if let Some(score) = summary.alone[sensor]
            .as_ref()
            .filter(|score| score.total > 0)
        {
            rows.push((format!("{} alone", report.name(sensor)), score, INK));
        }
    }
    let labels = summary
        .per_label
        .iter()
        .filter(|label| label.score.total > 0);
    rows.extend(labels.map(|label| (label.label.clone(), &label.score, BLUE)));

    let top = top + 22.0;
    let step = (height / rows.len() as f64).min(26.0);
    let bottom = top + step * rows.len() as f64;
    let axis = left + 130.0;
    let x = |share: f64| axis + share * (width - 130.0 - 50.0);
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        canvas.line((x(share), top), (x(share), bottom), GRID, 1);
        let percent = format!("{:.0} %", 100.0 * share);
        canvas.text(
            &percent,
            (x(share), bottom + 12.0),
            13.0,
            MUTED,
            Anchor::Middle,
        );
    }
    let text = (step * 0.7).clamp(6.0, 15.0);
    for (row, (name, score, colour)) in rows.into_iter().enumerate() {
        let y = top + step * (row as f64 + 0.5);
        canvas.text(&name, (axis - 10.0, y), text, INK, Anchor::End);
        let Some(accuracy) = score.accuracy else {
            continue;
        };
        canvas.line(
            (x(score.interval.low), y),
            (x(score.interval.high), y),
            colour,
            2,
        );
        canvas.dot((x(accuracy), y), (step * 0.2).clamp(2.0, 5.0), colour);
        let percent = format!("{:.1}", 100.0 * accuracy);
        canvas.text(&percent, (x(1.0) + 14.0, y), text, colour, Anchor::Start);
    }
}

/// Accuracy of the answers against their confidence; on the diagonal confidence can be believed.
fn reliability(canvas: &Canvas<'_>, report: &Report, (left, top): (f64, f64), side: f64) {
    heading(
        canvas,
        "Is confidence to be believed?",
        (left - 60.0, top - 28.0),
    );
    let calibration = &report.summary.calibration;
    let fullest = calibration.bins.iter().map(|bin| bin.count).max();
    let x = |share: f64| left + share * side;
    let y = |share: f64| top + (1.0 - share) * side;
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        canvas.line((x(share), y(0.0)), (x(share), y(1.0)), GRID, 1);
        canvas.line((x(0.0), y(share)), (x(1.0), y(share)), GRID, 1);
        let percent = format!("{:.0}", 100.0 * share);
        canvas.text(
            &percent,
            (x(share), y(0.0) + 11.0),
            12.0,
            MUTED,
            Anchor::Middle,
        );
        canvas.text(&percent, (x(0.0) - 6.0, y(share)), 12.0, MUTED, Anchor::End);
    }
    for bin in calibration.bins.iter().filter(|bin| bin.count > 0) {
        let share = bin.count as f64 / fullest.unwrap_or(1) as f64;
        let (from, to) = (x(bin.low) + 1.0, x(bin.high) - 1.0);
        canvas.fill((from, y(bin.accuracy)), (to, y(0.0)), shade(BLUE, share));
        // The mark shows where the bar would end if the confidence were exact.
        canvas.line((from, y(bin.confidence)), (to, y(bin.confidence)), RED, 2);
    }
    canvas.line((x(0.0), y(0.0)), (x(1.0), y(1.0)), MUTED, 1);
    canvas.frame((x(0.0), y(1.0)), (x(1.0), y(0.0)), GRID);
    canvas.text(
        "confidence, %",
        (x(0.5), y(0.0) + 28.0),
        13.0,
        MUTED,
        Anchor::Middle,
    );
    canvas.upright(
        "accuracy, %",
        (left - 44.0, y(0.5)),
        13.0,
        MUTED,
        Anchor::Middle,
    );

    let note = left + side + 24.0;
    let error = match calibration.ece {
        Some(ece) => format!("expected error {:.1} %", 100.0 * ece),
        None => "no labelled clips".to_owned(),
    };
    canvas.text(&error, (note, top + 10.0), 15.0, INK, Anchor::Start);
    for (line, text) in [
        "blue: share of right answers",
        "(darker: more answers)",
        "red: mean confidence",
    ]
    .into_iter()
    .enumerate()
    {
        canvas.text(
            text,
            (note, top + 36.0 + 18.0 * line as f64),
            13.0,
            MUTED,
            Anchor::Start,
        );
    }
}

fn heading(canvas: &Canvas<'_>, text: &str, at: (f64, f64)) {
    canvas.text(text, at, 16.0, INK, Anchor::Start);
}
