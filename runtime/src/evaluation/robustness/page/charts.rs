//! Small charts, one per kind: accuracy and attention against severity.

use std::fmt::Write;

use super::{Look, looks, section};
use crate::evaluation::metrics::{Interval, wilson_interval};
use crate::evaluation::robustness::attention::Attention;
use crate::evaluation::robustness::cells::CellResult;
use crate::evaluation::robustness::plan::Role;
use crate::evaluation::robustness::summary::Summary;
use crate::evaluation::robustness::terminal::{by_kind, one_decimal};
use crate::html::escape;
use crate::window::Modality;

/// A chart in units of its view box.
struct Frame {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Frame {
    /// Severity 0 (clean) to 5.
    fn x(&self, severity: f64) -> f64 {
        self.left + severity / 5.0 * (self.width - self.left - self.right)
    }

    /// A share, 0..1.
    fn y(&self, share: f64) -> f64 {
        self.top + (1.0 - share) * (self.height - self.top - self.bottom)
    }

    /// Opening tag, lines at 0, 50 and 100 %, and numbers along both sides.
    fn begin(&self, title: &str) -> String {
        let mut svg = format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
            self.width,
            self.height,
            escape(title)
        );
        for percent in [0, 50, 100] {
            let y = self.y(f64::from(percent) / 100.0);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"side\" x=\"{:.1}\" y=\"{:.1}\">{percent}</text>",
                self.left,
                self.width - self.right,
                self.left - 5.0,
                y + 4.0
            );
        }
        for severity in 0..=5 {
            let text = match severity {
                0 => "clean".to_owned(),
                other => other.to_string(),
            };
            let _ = write!(
                svg,
                "<text class=\"foot\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
                self.x(f64::from(severity)),
                self.height - 3.0
            );
        }
        svg
    }

    /// Points of a line, `x,y x,y …`.
    fn path(&self, values: impl IntoIterator<Item = (f64, f64)>) -> String {
        let points = values
            .into_iter()
            .map(|(severity, share)| format!("{:.1},{:.1}", self.x(severity), self.y(share)));
        points.collect::<Vec<_>>().join(" ")
    }
}

const ACCURACY: Frame = Frame {
    width: 230.0,
    height: 150.0,
    left: 30.0,
    right: 8.0,
    top: 8.0,
    bottom: 20.0,
};
const ATTENTION: Frame = Frame {
    width: 190.0,
    height: 96.0,
    left: 30.0,
    right: 8.0,
    top: 8.0,
    bottom: 20.0,
};

/// Accuracy of every contestant against severity, one chart per kind.
pub fn accuracy_section(summary: &Summary) -> String {
    let looks = looks(summary);
    let mut legend = String::new();
    for look in &looks {
        let _ = write!(
            legend,
            "<li><svg viewBox=\"0 0 34 10\" class=\"key\"><line class=\"{}\" x1=\"1\" x2=\"33\" \
             y1=\"5\" y2=\"5\"/></svg>{}</li>",
            look.class, look.name
        );
    }
    let mut content = format!("<ul class=\"legend\">{legend}</ul>\n");
    let of_sensor = |sensor: Option<Modality>| {
        let cells = summary.cells.iter().chain(&summary.both);
        cells
            .filter(move |cell| cell.sensor == sensor)
            .cloned()
            .collect::<Vec<CellResult>>()
    };
    for (title, sensor) in PARTS {
        let cells = of_sensor(sensor);
        if cells.is_empty() {
            continue;
        }
        let charts: String = by_kind(&cells)
            .map(|kind| accuracy_chart(kind, &looks))
            .collect();
        let _ = writeln!(
            content,
            "<h3>{title}</h3>\n<div class=\"charts\">{charts}</div>"
        );
    }
    section(
        "Accuracy against severity",
        "Percent of clips that are right. The strong line is the model with its 95 % interval; \
         dashed lines are one sensor alone. Where the camera is corrupted the healthy one is the \
         microphone, and the other way round. Each chart is over the clips that have the sensors it is \
         about, clean and corrupted alike.",
        &content,
    )
}

const PARTS: [(&str, Option<Modality>); 3] = [
    ("Camera corrupted", Some(Modality::Camera)),
    ("Microphone corrupted", Some(Modality::Audio)),
    ("Both corrupted", None),
];

fn accuracy_chart(kind: &[CellResult], looks: &[Look<'_>]) -> String {
    let name = kind[0].corruption.short_name();
    let mut svg = ACCURACY.begin(&format!("accuracy against severity of {name}"));
    // The main contestant last, over the others.
    for (place, look) in looks.iter().enumerate().rev() {
        svg += &line(kind, look, place as f64 - (looks.len() as f64 - 1.0) / 2.0);
    }
    format!("<figure><figcaption>{name}</figcaption>{svg}</svg></figure>")
}

/// One contestant's line with its intervals; `shift` keeps the bars of several apart, in units.
fn line(kind: &[CellResult], look: &Look<'_>, shift: f64) -> String {
    let class = &look.class;
    let clean = kind.first().and_then(|cell| {
        let accuracy = *cell.clean.get(&look.contestant.name)?;
        Some((0.0, accuracy, interval_of(accuracy, cell)))
    });
    let corrupted = kind.iter().filter_map(|cell| {
        let accuracy = cell.accuracy(&look.contestant.name, look.contestant.role)?;
        let severity = f64::from(cell.severity.level());
        Some((severity, accuracy, interval_of(accuracy, cell)))
    });
    let points: Vec<(f64, f64, Interval)> = clean.into_iter().chain(corrupted).collect();
    let mut svg = String::new();
    let is_main = look.contestant.role == Role::Main;
    if is_main && kind.len() > 1 {
        let upper = points.iter().map(|(x, _, interval)| (*x, interval.high));
        let lower = points.iter().rev();
        let lower = lower.map(|(x, _, interval)| (*x, interval.low));
        let outline = ACCURACY.path(upper.chain(lower));
        let _ = write!(
            svg,
            "<polygon class=\"band {class}\" points=\"{outline}\"/>"
        );
    } else {
        for (x, _, interval) in &points {
            let x = ACCURACY.x(*x) + 1.6 * shift;
            let (low, high) = (ACCURACY.y(interval.low), ACCURACY.y(interval.high));
            let _ = write!(
                svg,
                "<line class=\"bar {class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{low:.1}\" \
                 y2=\"{high:.1}\"/>"
            );
        }
    }
    let path = ACCURACY.path(points.iter().map(|&(x, y, _)| (x, y)));
    // A line from clean to the only severity would promise values between.
    if kind.len() > 1 {
        let _ = write!(svg, "<polyline class=\"{class}\" points=\"{path}\"/>");
    }
    for (x, y, _) in points {
        let severity = if x > 0.0 {
            format!("severity {x:.0}")
        } else {
            "clean".to_owned()
        };
        let _ = write!(
            svg,
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{}\"><title>{}, {severity}: {} \
             %</title></circle>",
            ACCURACY.x(x),
            ACCURACY.y(y),
            if is_main { 2.6 } else { 1.7 },
            look.name,
            one_decimal(y)
        );
    }
    svg
}

/// Where the true accuracy on the clips of a cell lies.
fn interval_of(accuracy: f64, cell: &CellResult) -> Interval {
    wilson_interval((accuracy * cell.n as f64).round() as u64, cell.n)
}

/// The share of attention on the corrupted sensor, one chart per kind.
pub fn attention_section(summary: &Summary) -> String {
    let mut content = String::new();
    for (title, sensor) in PARTS {
        let charts: String = by_kind(&summary.cells)
            .filter(|kind| kind[0].sensor == sensor)
            .filter_map(|kind| {
                let kind_of = |one: &&Attention| one.corruption == kind[0].corruption;
                Some(attention_chart(
                    kind,
                    summary.attention.iter().find(kind_of)?,
                ))
            })
            .collect();
        if !charts.is_empty() {
            let _ = writeln!(
                content,
                "<h3>{title}</h3>\n<div class=\"charts small\">{charts}</div>"
            );
        }
    }
    if content.is_empty() {
        return content;
    }
    section(
        "Attention on the corrupted sensor",
        "Mean share of attention in percent; the fine line is the share on clean clips. ρ is \
         Spearman's rank correlation of severity and share over all clips: below zero the attention \
         leaves the sensor as it gets worse.",
        &content,
    )
}

fn attention_chart(kind: &[CellResult], attention: &Attention) -> String {
    let name = kind[0].corruption.short_name();
    let class = kind[0]
        .sensor
        .map_or(String::new(), |sensor| sensor.to_string());
    let mut points = vec![(0.0, attention.clean)];
    for cell in kind {
        if let Some(share) = cell.share {
            points.push((f64::from(cell.severity.level()), share));
        }
    }
    let mut svg = ATTENTION.begin(&format!("attention against severity of {name}"));
    let _ = write!(
        svg,
        "<polyline class=\"reference\" points=\"{}\"/>",
        ATTENTION.path([(0.0, attention.clean), (5.0, attention.clean)])
    );
    if kind.len() > 1 {
        let path = ATTENTION.path(points.iter().copied());
        let _ = write!(svg, "<polyline class=\"share {class}\" points=\"{path}\"/>");
    }
    for (severity, share) in points {
        let _ = write!(
            svg,
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.2\"><title>{} %</title>\
             </circle>",
            ATTENTION.x(severity),
            ATTENTION.y(share),
            one_decimal(share)
        );
    }
    let rho = attention.rho.map_or(String::new(), |rho| {
        // Adding zero takes the sign from what is rounded to zero.
        let rounded = (100.0 * rho).round() / 100.0 + 0.0;
        format!("<i>ρ {}</i>", format!("{rounded:.2}").replace('-', "−"))
    });
    format!("<figure><figcaption>{name}{rho}</figcaption>{svg}</svg></figure>")
}
