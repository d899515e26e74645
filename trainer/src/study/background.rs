//! What a model says where there is nothing, and how often it says so where there is something.

use anyhow::Result;
use evenkeel::engine::{Recogniser, Verdict};
use serde::{Deserialize, Serialize};

use crate::data::{Dataset, Split};

/// False alarms and misses of the main method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Background {
    /// Windows of background noise and scenery.
    pub windows: u64,
    /// Of these: answered with a label.
    pub labels: u64,
    /// Of these: answered with "unsure".
    pub unsure: u64,
    /// Test windows with something in them.
    pub something: u64,
    /// Of these: answered with "nothing".
    pub false_nothing: u64,
}

/// What the model says of windows without anything in them, and how often it misses what there is.
pub fn background(
    recogniser: &mut Recogniser,
    data: &dyn Dataset,
    split: Split,
    count: usize,
) -> Result<Option<Background>> {
    let Some(nothing) = data.nothing().filter(|_| count > 0) else {
        return Ok(None);
    };
    let mut found = Background {
        windows: 0,
        labels: 0,
        unsure: 0,
        something: 0,
        false_nothing: 0,
    };
    for index in 0..count {
        let Some(window) = data.background(split, index as u64) else {
            return Ok(None);
        };
        recogniser.reset();
        found.windows += 1;
        match recogniser.answer(&window)?.verdict {
            Verdict::Label(_) => found.labels += 1,
            Verdict::Unsure => found.unsure += 1,
            Verdict::Nothing | Verdict::NoSensor => {}
        }
    }
    for index in 0..data.len(split) {
        let example = data.example(split, 0, index)?;
        if data.labels()[example.label] != nothing {
            recogniser.reset();
            found.something += 1;
            let verdict = recogniser.answer(&example.window)?.verdict;
            found.false_nothing += u64::from(verdict == Verdict::Nothing);
        }
    }
    Ok(Some(found))
}
