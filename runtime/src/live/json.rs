//! `--json`: one object per moment, for other programs.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::line::Line;
use super::line_writer::LineWriter;
use super::moment::{Moment, Observer};
use crate::window::Window;

/// Writes each moment as one line of JSON; see [`Line`].
///
/// A reader that is slow slows the answers down, and none is left out that was given.
pub struct JsonLines<W> {
    out: LineWriter<W>,
    labels: Option<Vec<String>>,
}

impl<W: Write> JsonLines<W> {
    /// Writes to `out`; sets `stop` when nobody reads it any more.
    pub fn new(out: W, stop: Arc<AtomicBool>) -> Self {
        Self {
            out: LineWriter::new(out, stop),
            labels: None,
        }
    }

    /// Adds the probability of each label, which makes lines long where there are many.
    pub fn with_probabilities(self, labels: Vec<String>) -> Self {
        Self {
            labels: Some(labels),
            ..self
        }
    }
}

impl<W: Write> Observer for JsonLines<W> {
    fn observe(&mut self, moment: &Moment, _window: &Window, _raw: &Window) {
        let line = Line::of(moment, self.labels.as_deref());
        self.out.line(|buffer| {
            serde_json::to_writer(buffer, &line)
                .expect("names are texts, and memory takes what is written");
        });
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
