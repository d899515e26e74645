//! Data sets behind one trait.

pub mod check;
pub mod clips;
mod config;
pub mod digits;
pub mod everyone;
pub mod fetch;
pub mod paper;
pub(crate) mod range;
pub mod render;

pub use config::DataConfig;

use std::fmt;
use std::time::Duration;

use evenkeel::window::Window;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a part of a data set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Fits the weights.
    Train,
    /// Chooses everything that is chosen.
    Validation,
    /// Is reported, and picks nothing.
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Split::Train => "train",
            Split::Validation => "validation",
            Split::Test => "test",
        })
    }
}

/// One example: what the sensors saw and heard, and the index of its label.
#[derive(Debug, Clone)]
pub struct Example {
    /// Sound and frames.
    pub window: Window,
    /// Index into [`Dataset::labels`].
    pub label: usize,
}

/// Examples by split, epoch and index.
pub trait Dataset: Sync + Send {
    /// Class names, in the order of the logits.
    fn labels(&self) -> &[String];

    /// The label that means that there is nothing to recognise, if there is one.
    fn nothing(&self) -> Option<&str>;

    /// Examples in one epoch of `split`.
    fn len(&self, split: Split) -> usize;

    /// How long a window is.
    fn window_length(&self) -> Duration;

    /// Example `index` of `split` in `epoch`.
    ///
    /// A pure function of its arguments and the data set's seed: training examples differ from
    /// epoch to epoch (augmentation), those of the other splits do not.
    fn example(&self, split: Split, epoch: u32, index: usize) -> anyhow::Result<Example>;

    /// Example `index` of `split` without any change that is made for training alone.
    ///
    /// # Errors
    /// When the example cannot be had.
    fn as_recorded(&self, split: Split, index: usize) -> anyhow::Result<Example> {
        self.example(split, 0, index)
    }

    /// Window `index` of any number in which there is nothing to be recognised, as `split` has them and no
    /// example of it is; `None` for data sets that cannot make any.
    fn background(&self, _split: Split, _index: u64) -> Option<Window> {
        None
    }

    /// One line on what the data are, where they come from and under which licence.
    fn provenance(&self) -> String;

    /// SHA-256, in hexadecimal, of the labels and of which examples are in which split: a run that is
    /// resumed or exported must find the data that it was begun with.
    fn fingerprint(&self) -> String;

    /// Why clips were left out, a sentence for each; none where everything could be read.
    fn left_out(&self) -> &[String] {
        &[]
    }

    /// What must be known to read the figures right, a sentence each; for the model's card.
    fn cautions(&self) -> &[String] {
        &[]
    }
}

/// SHA-256 of a list of texts, in hexadecimal.
fn hash<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        let text = text.as_ref();
        // With its length, so that texts cut elsewhere are another list.
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
