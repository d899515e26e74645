//! How well a model keeps going when a sensor fails: every clip under every corruption and severity,
//! set against what the healthy sensor alone would have answered.
//!
//! [`run`] asks a [`Panel`] of contestants about every clip of a [`Clips`] and sums up; it knows of
//! no files but the partial results of a run that was interrupted. [`write()`] makes files and a page
//! of what it found, and [`compare`] sets two of them side by side.
//!
//! The keel of a model is the lowest margin of all cells: its accuracy under a corruption of one
//! sensor less the accuracy of the other, healthy sensor alone on the same clips. A model whose keel
//! is not below zero never loses by having the second sensor.

mod attention;
#[cfg(test)]
mod by_heart;
mod cells;
mod clip;
mod comparison;
mod failures;
mod files;
mod listed;
mod models;
mod page;
mod panel;
mod partial;
mod plan;
mod record;
mod remembered;
mod run;
mod summary;
mod terminal;

pub use attention::{Attention, spearman};
pub use cells::CellResult;
pub use comparison::{CellFigures, Comparison, Figure, Unit, compare};
pub use failures::{Failure, Shown, worst_failures};
pub use files::{Heading, PARTIAL, ReadSummaryError, SummaryFile, read_summary, write};
pub use listed::ListedClips;
pub use models::{ModelPanel, Models, ModelsError, policy_name};
pub use panel::{Clips, LabelledClip, Panel, Said};
pub use partial::PartialError;
pub use plan::{
    Cell, Contestant, Contestants, Donor, Group, Plan, Role, cells, parse_corruptions, spread,
};
pub use record::{Answer, Broken, ClipRecord, Condition};
pub use run::{Portion, Robustness, RobustnessError, run};
pub use summary::{
    Clean, CleanIntervals, Confidence, ContestantResult, Keel, Margin, Margins, Summary,
};
pub use terminal::{comparison_table, paragraph, table};

/// A margin below this counts as a cell in which the model fell short of the healthy sensor alone.
pub const KEEL_BAR: f64 = -0.01;
