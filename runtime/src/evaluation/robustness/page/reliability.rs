//! Whether the model is right as often as it is confident.

use std::fmt::Write;

use super::section as section_of;
use crate::evaluation::Calibration;
use crate::evaluation::robustness::summary::Summary;
use crate::evaluation::robustness::terminal::one_decimal;

const SIDE: f64 = 260.0;
const LEFT: f64 = 48.0;
const TOP: f64 = 8.0;
const HEIGHT: f64 = SIDE + TOP + 40.0;
const WIDTH: f64 = SIDE + LEFT + 10.0;

/// The section with a diagram of clean and one of corrupted clips.
pub fn section(summary: &Summary) -> String {
    let calibration = &summary.calibration;
    let diagrams = [
        ("Clean", &calibration.clean),
        (
            "Corrupted, all kinds and severities",
            &calibration.corrupted,
        ),
    ]
    .into_iter()
    .filter_map(|(title, calibration)| Some(diagram(title, calibration, calibration.ece?)));
    let diagrams: String = diagrams.collect();
    if diagrams.is_empty() {
        return diagrams;
    }
    section_of(
        "Reliability",
        "Answers sorted by confidence; the larger a dot, the more answers it stands for. On the line, \
         answers of confidence 80 % are right 80 % of the time; below it the model is too sure of \
         itself.",
        &format!("<div class=\"reliability\">{diagrams}</div>\n"),
    )
}

fn diagram(title: &str, calibration: &Calibration, ece: f64) -> String {
    let x = |share: f64| LEFT + SIDE * share;
    let y = |share: f64| TOP + SIDE * (1.0 - share);
    let mut svg =
        format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">");
    for percent in [0, 25, 50, 75, 100] {
        let share = f64::from(percent) / 100.0;
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
             <text class=\"side\" x=\"{:.1}\" y=\"{:.1}\">{percent}</text>\
             <text class=\"foot\" x=\"{:.1}\" y=\"{:.1}\">{percent}</text>",
            x(1.0),
            y(share),
            y(share),
            LEFT - 6.0,
            y(share) + 4.0,
            x(share),
            y(0.0) + 16.0
        );
    }
    let _ = write!(
        svg,
        "<line class=\"reference\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>\
         <text class=\"foot\" x=\"{:.1}\" y=\"{:.1}\">confidence, %</text>\
         <text class=\"foot\" transform=\"translate(10 {:.1}) rotate(-90)\">right, %</text>",
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0),
        x(0.5),
        HEIGHT - 6.0,
        y(0.5)
    );
    let total: u64 = calibration.bins.iter().map(|bin| bin.count).sum();
    for bin in calibration.bins.iter().filter(|bin| bin.count > 0) {
        let (at_x, at_y) = (x(bin.confidence), y(bin.accuracy));
        let share = bin.count as f64 / total as f64;
        let _ = write!(
            svg,
            "<line class=\"stick\" x1=\"{at_x:.1}\" x2=\"{at_x:.1}\" y1=\"{:.1}\" y2=\"{at_y:.1}\"/>\
             <circle class=\"main\" cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"{:.1}\"><title>{} answers \
             of confidence {} %, {} % right</title></circle>",
            y(bin.confidence),
            2.5 + 11.0 * share.sqrt(),
            bin.count,
            one_decimal(bin.confidence),
            one_decimal(bin.accuracy)
        );
    }
    format!(
        "<figure><figcaption>{title}<i>off by {} points, {total} answers</i></figcaption>{svg}</svg>\
         </figure>",
        one_decimal(ece)
    )
}
