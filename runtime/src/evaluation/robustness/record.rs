//! What every contestant said about one clip, clean and spoilt.

use serde::{Deserialize, Serialize};

use crate::window::{Attention, PerSensor};

/// One clip under every condition of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipRecord {
    /// Its number in the list.
    pub clip: usize,
    /// Its name.
    pub name: String,
    /// Index of its true label.
    pub label: usize,
    /// Which sensors it has.
    pub present: PerSensor<bool>,
    /// Clean first, then under each cell of the plan in its order.
    pub conditions: Vec<Condition>,
}

/// One clip under one condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// What each contestant said, in their order.
    pub answers: Vec<Answer>,
    /// The main contestant's shares of attention.
    pub attention: Attention,
    /// How far the main contestant relied on each sensor, 0..1.
    pub validity: PerSensor<f32>,
    /// How healthy the main contestant took each sensor to be, 0..1.
    pub health: PerSensor<f32>,
    /// What the main contestant found wrong with each sensor.
    pub reasons: PerSensor<Option<String>>,
    /// The window that the main contestant's answer is about; the first that counts if it is about several.
    pub window: usize,
}

/// A label and the confidence in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Index of the label.
    pub label: usize,
    /// Its probability, 0..1.
    pub confidence: f32,
    /// Shares of attention.
    pub attention: Attention,
}

impl ClipRecord {
    /// Whether contestant `contestant` is right under condition `condition`.
    pub fn right(&self, condition: usize, contestant: usize) -> bool {
        self.conditions[condition].answers[contestant].label == self.label
    }
}

/// A clip that could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// Its name.
    pub clip: String,
    /// One sentence.
    pub why: String,
}
