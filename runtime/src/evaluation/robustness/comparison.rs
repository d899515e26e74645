//! Two robustness evaluations side by side.

use std::collections::BTreeMap;

use serde::Serialize;

use super::files::SummaryFile;
use super::plan::{Cell, Group};
use super::summary::Margins;

/// How many cells are named.
const MOST_CELLS: usize = 12;

/// What differs between two robustness evaluations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The first one.
    pub a: String,
    /// The second one.
    pub b: String,
    /// Why the numbers are not quite comparable, where they are not.
    pub note: Option<String>,
    /// The figures of both.
    pub rows: Vec<Figure>,
    /// The cells whose accuracies differ most, the largest difference first.
    pub cells: Vec<CellFigures>,
}

/// What a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A share, 0..1.
    Share,
    /// A difference of shares, −1..1.
    Margin,
    /// A number of cells.
    Count,
}

/// One figure of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// What it is.
    pub what: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Of the first one.
    pub a: Option<f64>,
    /// Of the second one.
    pub b: Option<f64>,
}

/// Accuracies in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CellFigures {
    /// Which cell.
    #[serde(flatten)]
    pub cell: Cell,
    /// Accuracy of the first one.
    pub a: f64,
    /// Accuracy of the second one.
    pub b: f64,
}

/// Sets two summaries side by side. Cells that only one of them has are left out of the cells, but
/// count in its figures, which [`Comparison::note`] then says.
pub fn compare(a: &SummaryFile, b: &SummaryFile) -> Comparison {
    let mut rows = Vec::new();
    let mut row = |what: &str, unit: Unit, figure: &dyn Fn(&SummaryFile) -> Option<f64>| {
        let figure = Figure {
            what: what.to_owned(),
            unit,
            a: figure(a),
            b: figure(b),
        };
        if figure.a.is_some() || figure.b.is_some() {
            rows.push(figure);
        }
    };
    row("clean accuracy", Unit::Share, &|s| s.summary.clean.fused);
    row("clean, microphone alone", Unit::Share, &|s| {
        s.summary.clean.audio
    });
    row("clean, camera alone", Unit::Share, &|s| {
        s.summary.clean.camera
    });
    row("mean accuracy, one sensor corrupted", Unit::Share, &|s| {
        s.summary.main()?.corrupted
    });
    row("mean accuracy, both sensors corrupted", Unit::Share, &|s| {
        s.summary.main()?.both
    });
    type Part = fn(&SummaryFile) -> &Margins;
    let parts: [(&str, Part); 3] = [
        ("", |s| &s.summary.keel.all),
        (", training kinds", |s| s.summary.keel_of(Group::Training)),
        (", held-out kinds", |s| s.summary.keel_of(Group::HeldOut)),
    ];
    for (name, part) in parts {
        let has_cells = |s: &SummaryFile| part(s).cells > 0;
        let count = |s: &SummaryFile| has_cells(s).then(|| part(s).missed.len() as f64);
        row(&format!("keel, worst margin{name}"), Unit::Margin, &|s| {
            part(s).worst
        });
        row(&format!("keel, mean margin{name}"), Unit::Margin, &|s| {
            part(s).mean
        });
        row(&format!("keel, cells missed{name}"), Unit::Count, &count);
    }
    row("calibration error, clean", Unit::Share, &|s| {
        s.summary.calibration.clean.ece
    });
    row("calibration error, corrupted", Unit::Share, &|s| {
        s.summary.calibration.corrupted.ece
    });
    let (accuracies_a, accuracies_b) = (accuracies(a), accuracies(b));
    let mut cells: Vec<CellFigures> = accuracies_a
        .iter()
        .filter_map(|(&cell, &a)| {
            let b = *accuracies_b.get(&cell)?;
            Some(CellFigures { cell, a, b })
        })
        .filter(|cell| cell.a != cell.b)
        .collect();
    cells.sort_by(|x, y| (y.b - y.a).abs().total_cmp(&(x.b - x.a).abs()));
    cells.truncate(MOST_CELLS);
    let same_cells = accuracies_a.keys().eq(accuracies_b.keys());
    Comparison {
        a: a.heading.title.clone(),
        b: b.heading.title.clone(),
        note: note(a, b, same_cells),
        rows,
        cells,
    }
}

/// A sentence for everything that makes two runs differ beside the models.
fn note(a: &SummaryFile, b: &SummaryFile, same_cells: bool) -> Option<String> {
    let mut sentences = Vec::new();
    if a.summary.labels != b.summary.labels {
        sentences.push("A and B have other labels: compare models of the same data.".to_owned());
    }
    if a.summary.clips != b.summary.clips {
        sentences.push(format!(
            "A is over {} clips and B over {}: compare runs on the same clips.",
            a.summary.clips, b.summary.clips
        ));
    }
    if a.heading.quick != b.heading.quick {
        let quick = if a.heading.quick { "A" } else { "B" };
        sentences.push(format!(
            "{quick} is a quick look and the other is not: compare two of a kind."
        ));
    }
    if !same_cells {
        let sentence = "A and B have other corruptions or severities: compare runs with the same.";
        sentences.push(sentence.to_owned());
    }
    if a.heading.seed != b.heading.seed {
        sentences.push(format!(
            "A has seed {} and B seed {}, so that the same clips were spoilt in other ways: compare \
             runs with the same seed.",
            a.heading.seed, b.heading.seed
        ));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn accuracies(file: &SummaryFile) -> BTreeMap<Cell, f64> {
    let cells = file.summary.cells.iter().chain(&file.summary.both);
    cells.map(|cell| (cell.cell(), cell.fused)).collect()
}
