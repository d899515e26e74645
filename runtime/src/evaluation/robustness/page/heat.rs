//! The margins over the healthy sensor alone as a map: kinds down, severities across.

use super::section as section_of;
use crate::corruption::Severity;
use crate::evaluation::robustness::cells::CellResult;
use crate::evaluation::robustness::plan::Group;
use crate::evaluation::robustness::summary::Summary;
use crate::evaluation::robustness::terminal::{by_kind, one_decimal, place, points};
use crate::html::escape;
use crate::window::Modality;

/// The section.
pub fn section(summary: &Summary) -> String {
    let of_sensor = |sensor: Modality| -> Vec<CellResult> {
        let cells = summary.cells.iter();
        cells
            .filter(|cell| cell.sensor == Some(sensor))
            .cloned()
            .collect()
    };
    let mut maps = String::new();
    for (title, cells) in [
        ("Camera corrupted", of_sensor(Modality::Camera)),
        ("Microphone corrupted", of_sensor(Modality::Audio)),
        ("Both corrupted", summary.both.clone()),
    ] {
        if !cells.is_empty() {
            maps += &map(title, &cells);
        }
    }
    if maps.is_empty() {
        return String::new();
    }
    section_of(
        "The keel: margin over the healthy sensor alone",
        "Accuracy under the corruption less the accuracy of the other, healthy sensor alone on the \
         same clips, in points; severity 1 is mild, 5 leaves hardly anything. Orange with a frame is \
         more than 1 point below: there the second sensor does harm. Where both are corrupted the \
         margin is over the better of the two alone and is no part of the keel.",
        &format!("{}<div class=\"maps\">{maps}</div>\n", scale()),
    )
}

/// What the colours stand for.
fn scale() -> String {
    let steps = [
        ("n5", "−30"),
        ("n4", "−15"),
        ("n3", "−7"),
        ("n2", "−3"),
        ("n1", "−1"),
        ("z", ""),
        ("p1", "+1"),
        ("p2", "+3"),
        ("p3", "+7"),
        ("p4", "+15"),
        ("p5", "+30"),
    ];
    let steps = steps.map(|(class, text)| format!("<span class=\"{class}\">{text}</span>"));
    format!(
        "<p class=\"scale\"><em>harm</em>{}<em>gain</em></p>\n",
        steps.concat()
    )
}

fn map(title: &str, cells: &[CellResult]) -> String {
    let severities = Severity::ALL.map(|severity| format!("<th scope=\"col\">{severity}</th>"));
    let mut html = format!(
        "<table class=\"heat\"><caption>{title}</caption><thead><tr><th scope=\"col\">severity</th>\
         {}</tr></thead>\n",
        severities.concat()
    );
    let trained = cells.iter().any(|cell| cell.group == Group::Training);
    for (group, name) in [
        (Group::Training, "trained with"),
        (Group::HeldOut, "never seen in training"),
    ] {
        let of_group: Vec<CellResult> = cells
            .iter()
            .filter(|cell| cell.group == group)
            .cloned()
            .collect();
        if of_group.is_empty() {
            continue;
        }
        html += "<tbody>";
        if trained {
            html += &format!("<tr><th colspan=\"6\" class=\"group\">{name}</th></tr>\n");
        }
        for kind in by_kind(&of_group) {
            html += &row(kind);
        }
        html += "</tbody>\n";
    }
    html + "</table>\n"
}

fn row(kind: &[CellResult]) -> String {
    let at = |severity: Severity| {
        let cell = kind.iter().find(|cell| cell.severity == severity);
        match cell.and_then(|cell| Some((cell, cell.margin?))) {
            Some((cell, margin)) => format!(
                "<td class=\"{}\" title=\"{}\">{}</td>",
                class(margin),
                escape(&tooltip(cell, margin)),
                short_points(margin)
            ),
            None => "<td class=\"none\"></td>".to_owned(),
        }
    };
    format!(
        "<tr><th scope=\"row\">{}</th>{}</tr>\n",
        kind[0].corruption.short_name(),
        Severity::ALL.map(at).concat()
    )
}

fn tooltip(cell: &CellResult, margin: f64) -> String {
    let interval = cell.ci95.map_or(String::new(), |[low, high]| {
        format!(" (95 %: {} to {})", points(low), points(high))
    });
    format!(
        "{}: {} % right, healthy sensor alone {} %, margin {} points{interval}, {} clips",
        place(cell.cell()),
        one_decimal(cell.fused),
        cell.healthy_alone.map_or("–".to_owned(), one_decimal),
        points(margin),
        cell.n
    )
}

/// Whole points where there are two digits, so that a cell stays narrow.
fn short_points(margin: f64) -> String {
    if margin.abs() < 0.0995 {
        points(margin)
    } else {
        format!("{:+.0}", 100.0 * margin).replace('-', "−")
    }
}

/// Five steps of colour each way; the first step below zero begins at the bar of −1 point.
fn class(margin: f64) -> String {
    const STEPS: [f64; 5] = [0.01, 0.03, 0.07, 0.15, 0.30];
    let step = if margin < 0.0 {
        STEPS.iter().filter(|&&step| margin < -step).count()
    } else {
        STEPS.iter().filter(|&&step| margin >= step).count()
    };
    match step {
        0 => "z".to_owned(),
        step if margin < 0.0 => format!("n{step}"),
        step => format!("p{step}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::robustness::KEEL_BAR;

    #[test]
    fn exactly_what_misses_the_bar_is_orange() {
        assert_eq!(class(KEEL_BAR), "z");
        assert_eq!(class(KEEL_BAR - 1e-9), "n1");
        assert_eq!(
            (class(0.0), class(0.2), class(-0.9)),
            ("z".into(), "p4".into(), "n5".into())
        );
        assert_eq!(
            (short_points(-0.034), short_points(0.1234)),
            ("−3.4".into(), "+12".into())
        );
    }
}
