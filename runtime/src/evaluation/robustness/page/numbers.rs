//! Numbers as tables.

use std::fmt::Write;

use super::{looks, section as section_of};
use crate::evaluation::robustness::cells::CellResult;
use crate::evaluation::robustness::plan::Role;
use crate::evaluation::robustness::summary::Summary;
use crate::evaluation::robustness::terminal::{one_decimal, points};
use crate::html::escape;

/// Everybody's accuracy, clean and corrupted.
pub fn contestants(summary: &Summary) -> String {
    let cell = |share: Option<f64>| share.map_or("–".to_owned(), one_decimal);
    let mut rows = String::new();
    for look in looks(summary) {
        let one = look.contestant;
        let _ = writeln!(
            rows,
            "<tr class=\"{}\"><th scope=\"row\"><span></span>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
            look.class,
            look.name,
            cell(one.clean),
            cell(one.corrupted),
            cell(one.both)
        );
    }
    format!(
        "<div class=\"wide\"><table class=\"contestants\"><thead><tr><th scope=\"col\">accuracy, %</th>\
         <th scope=\"col\">clean</th><th scope=\"col\">one sensor corrupted</th>\
         <th scope=\"col\">both corrupted</th></tr></thead><tbody>\n{rows}</tbody></table></div>\n"
    )
}

/// All cells, folded away, and the clips that could not be evaluated.
pub fn section(summary: &Summary) -> String {
    let others = summary
        .contestants
        .iter()
        .filter(|one| one.role != Role::Main);
    let others: Vec<&str> = others.map(|one| one.name.as_str()).collect();
    let mut head = String::new();
    for name in [
        "corruption",
        "severity",
        "group",
        "clips",
        "model",
        "healthy",
        "margin",
        "95 %",
        "share",
    ] {
        let _ = write!(head, "<th scope=\"col\">{name}</th>");
    }
    for name in &others {
        let _ = write!(head, "<th scope=\"col\">{}</th>", escape(name));
    }
    let cells = summary.cells.iter().chain(&summary.both);
    let rows: String = cells.map(|cell| row(cell, &others)).collect();
    let mut content = format!(
        "<details><summary>All {} cells</summary><div class=\"wide\"><table class=\"numbers\">\
         <thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div></details>\n",
        summary.cells.len() + summary.both.len()
    );
    if !summary.broken.is_empty() {
        let broken: String = summary
            .broken
            .iter()
            .map(|clip| format!("<li>{}</li>\n", escape(&clip.why)))
            .collect();
        let _ = writeln!(
            content,
            "<details><summary>Not evaluated: {}</summary><ul>\n{broken}</ul></details>",
            crate::evaluation::clips(summary.broken.len())
        );
    }
    section_of(
        "All numbers",
        "Accuracies, margins and shares of attention on the corrupted sensor in percent; 95 % is where \
         the true margin lies with that confidence (Agresti and Min, 2005).",
        &content,
    )
}

fn row(cell: &CellResult, others: &[&str]) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let mut cells = vec![
        cell.corruption.to_string(),
        cell.severity.to_string(),
        cell.group.name().to_owned(),
        cell.n.to_string(),
        one_decimal(cell.fused),
        or_dash(cell.healthy_alone.map(one_decimal)),
        or_dash(cell.margin.map(points)),
        or_dash(
            cell.ci95
                .map(|[low, high]| format!("{} to {}", points(low), points(high))),
        ),
        or_dash(cell.share.map(one_decimal)),
    ];
    let accuracy = |name: &&str| or_dash(cell.others.get(*name).copied().map(one_decimal));
    cells.extend(others.iter().map(accuracy));
    let cells: String = cells
        .iter()
        .map(|text| format!("<td>{text}</td>"))
        .collect();
    format!("<tr>{cells}</tr>\n")
}
