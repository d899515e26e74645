//! A report as one page to look at: a single HTML file that needs nothing else.

use evenkeel::html::escape;

use super::samples::Sample;
use super::text::{columns, summary, verdict};
use super::{Problem, Report, Severity};

/// Lines of a problem that are on the page.
const LINES: usize = 200;

/// The page. It names no font and asks the network for nothing; every name in it is escaped.
pub fn page(report: &Report) -> String {
    let title = escape(&report.path);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}: clips</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n\
         <header><p class=\"kicker\">Clips</p><h1>{title}</h1><p class=\"lead\">{}</p>\
         <p class=\"verdict {}\">{}</p></header>\n{}{}{}</main>\n</body>\n</html>\n",
        include_str!("style.css"),
        escape(&summary(report)),
        if report.count(Severity::Error) > 0 {
            "bad"
        } else {
            "good"
        },
        escape(&verdict(report)),
        problems(&report.problems),
        classes(report),
        samples(report),
    )
}

fn problems(problems: &[Problem]) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let items: String = problems.iter().map(problem).collect();
    format!("<section>\n<h2>What to look at</h2>\n{items}</section>\n")
}

fn problem(problem: &Problem) -> String {
    let severity = match problem.kind.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut html = format!(
        "<article class=\"problem {severity}\"><h3><span>{severity}</span> {}</h3><p>{}</p>",
        escape(&problem.title),
        escape(problem.advice)
    );
    let lines: String = problem
        .clips
        .iter()
        .take(LINES)
        .map(|line| format!("<li>{}</li>\n", escape(line)))
        .collect();
    let more = match problem.clips.len().saturating_sub(LINES) {
        0 => String::new(),
        more => format!("<li>and {more} more</li>\n"),
    };
    match problem.clips.len() {
        0 => {}
        1..=5 => html += &format!("<ul>\n{lines}</ul>"),
        many => {
            html += &format!(
                "<details><summary>{many} lines</summary><ul>\n{lines}{more}</ul></details>"
            );
        }
    }
    html + "</article>\n"
}

fn classes(report: &Report) -> String {
    let (names, rows) = columns(report);
    let heads: String = names
        .iter()
        .map(|name| format!("<th scope=\"col\">{name}</th>"))
        .collect();
    let most = report
        .classes
        .iter()
        .map(|row| row.all.clips)
        .max()
        .unwrap_or(0)
        .max(1);
    let rows: String = rows
        .iter()
        .zip(&report.classes)
        .map(|((label, cells), row)| {
            let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
            format!(
                "<tr><th scope=\"row\">{}<span class=\"bar\" style=\"width:{}%\"></span></th>{cells}</tr>\n",
                escape(label),
                100 * row.all.clips / most
            )
        })
        .collect();
    format!(
        "<section>\n<h2>Classes</h2>\n<p class=\"note\">Clips that can be read; in brackets how long they last \
         together, and how many speakers (sp.) or groups are in them.</p>\n<div class=\"wide\"><table>\
         <thead><tr><th scope=\"col\">class</th>{heads}</tr></thead><tbody>\n{rows}</tbody></table></div></section>\n"
    )
}

fn samples(report: &Report) -> String {
    let mut html =
        "<section>\n<h2>Samples</h2>\n<p class=\"note\">The window that training uses: a picture \
                    out of its middle, and the sound as a spectrogram up to 7.8 kHz.</p>\n"
            .to_owned();
    for class in &report.classes {
        let cards: String = report
            .samples
            .iter()
            .filter(|sample| sample.label == class.label)
            .map(card)
            .collect();
        html += &format!(
            "<h3>{}</h3>\n<div class=\"cards\">{cards}</div>\n",
            escape(&class.label)
        );
    }
    html + "</section>\n"
}

fn card(sample: &Sample) -> String {
    let shown = |element: &Option<String>, none: &str| {
        let absent = || format!("<span class=\"absent\">{none}</span>");
        element.clone().unwrap_or_else(absent)
    };
    let split = sample
        .split
        .map_or(String::new(), |split| format!(" · {split}"));
    format!(
        "<article><div class=\"shown\">{}{}</div>{}<p>{}{split}</p></article>\n",
        shown(&sample.picture, "no picture"),
        shown(&sample.spectrogram, "no sound"),
        sample.player.as_deref().unwrap_or_default(),
        escape(&sample.name)
    )
}
