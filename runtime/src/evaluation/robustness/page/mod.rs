//! A robustness evaluation as one page to look at: a single HTML file that needs nothing else.

mod charts;
mod failures;
mod heat;
mod numbers;
mod reliability;

use super::failures::Failure;
use super::files::Heading;
use super::plan::Role;
use super::summary::{ContestantResult, Summary};
use super::terminal::{sentences, who};
use crate::html::{escape, strong};

/// The page. It names no font and asks the network for nothing; every name in it is escaped.
pub fn page(heading: &Heading, summary: &Summary, failures: &[Failure]) -> String {
    let title = escape(&heading.title);
    let lead = sentences(heading, summary, strong, escape);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}: robustness</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n\
         <header><p class=\"kicker\">Robustness{}</p><h1>{title}</h1><p class=\"lead\">{lead}</p>\
         </header>\n",
        include_str!("style.css"),
        if heading.quick { " · quick look" } else { "" },
    );
    let sections = [
        numbers::contestants(summary),
        heat::section(summary),
        charts::accuracy_section(summary),
        charts::attention_section(summary),
        reliability::section(summary),
        failures::section(failures),
        numbers::section(summary),
    ];
    for section in sections {
        page += &section;
    }
    page += &format!(
        "<footer>Seed {}. Everything on this page is also in summary.json, every single answer in \
         results.csv.</footer>\n</main>\n</body>\n</html>\n",
        heading.seed
    );
    page
}

/// A heading, what to know about what follows, and what follows.
fn section(title: &str, note: &str, content: &str) -> String {
    format!("<section>\n<h2>{title}</h2>\n<p class=\"note\">{note}</p>\n{content}</section>\n")
}

/// What a contestant is drawn with.
struct Look<'a> {
    contestant: &'a ContestantResult,
    /// Class of the style sheet with its colour and stroke.
    class: String,
    /// What the legend says.
    name: String,
}

/// Everybody's look, the main contestant first.
fn looks(summary: &Summary) -> Vec<Look<'_>> {
    let mut peers = 0;
    let mut looks: Vec<Look<'_>> = Vec::new();
    for contestant in &summary.contestants {
        let class = match contestant.role {
            Role::Main => "main".to_owned(),
            Role::Alone(sensor) | Role::Without(sensor) => sensor.to_string(),
            Role::Peer => {
                peers += 1;
                format!("peer{}", (peers - 1) % PEER_COLOURS)
            }
        };
        looks.push(Look {
            contestant,
            class,
            name: escape(&who(&contestant.name, contestant.role)),
        });
    }
    looks.sort_by_key(|look| look.contestant.role != Role::Main);
    looks
}

/// Colours of the style sheet for peers.
const PEER_COLOURS: usize = 4;
