//! What is asked, and who answers.

use crate::window::{Attention, PerSensor, Window};

/// The clips of a robustness evaluation: files, or windows that are already in memory.
pub trait Clips: Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What to call clip `index` in tables and pages.
    fn name(&self, index: usize) -> String;

    /// What tells clip `index` from one that only has the same name; results of an interrupted run
    /// are taken up again only where all of these are equal.
    fn identity(&self, index: usize) -> String {
        self.name(index)
    }

    /// Reads clip `index`.
    ///
    /// # Errors
    /// One sentence with the clip, when it cannot be read.
    fn read(&self, index: usize) -> Result<LabelledClip, String>;
}

/// A clip, cut to the windows of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledClip {
    /// At least one, in order of time.
    pub windows: Vec<Window>,
    /// Index of the true label.
    pub label: usize,
}

/// All contestants on one thread.
pub trait Panel {
    /// What each contestant says about a window, in the order of the contestants.
    ///
    /// # Errors
    /// One sentence, when the window cannot be answered about.
    fn answer(&mut self, window: &Window) -> Result<Vec<Said>, String>;

    /// Forgets what it heard and saw; called before the first window of a clip under each corruption
    /// and severity, so that no answer depends on the one before.
    fn reset(&mut self);
}

/// What one contestant says about one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Probability of each label, summing to 1.
    pub probabilities: Vec<f32>,
    /// Shares of attention.
    pub attention: Attention,
    /// How far it relied on each sensor, 0..1.
    pub validity: PerSensor<f32>,
    /// How healthy it takes each sensor to be, 0..1, and what it finds wrong with it.
    pub health: PerSensor<(f32, Option<String>)>,
}
