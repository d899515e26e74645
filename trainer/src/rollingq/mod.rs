//! RollingQ (ICML 2025): turning the class token's query so that attention stays free to choose.
//!
//! [`KeyStatistics`] measure how much the query prefers one sensor's keys; [`Rotation::plan`] computes
//! the rotation that brings it between them. When to rotate is decided by [`RollingQ::wants`].

mod imbalance;
mod rotation;

pub use imbalance::{KeyStatistics, cosine};
pub use rotation::{Rotation, RotationMatrix};

use serde::{Deserialize, Serialize};

/// When and how far to rotate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollingQ {
    /// Rotate when |AIR| of an epoch is above this, 0..2.
    pub beta: f64,
    /// How strongly the target leans to the less favoured sensor: α = (1 + tanh(−σ·AIR))/2.
    pub sigma: f64,
    /// At most this many rotations in a run.
    pub max_rotations: u32,
}

impl Default for RollingQ {
    fn default() -> Self {
        Self {
            beta: 0.1,
            sigma: 1.0,
            max_rotations: 1,
        }
    }
}

impl RollingQ {
    /// Whether an epoch with this AIR, after `done` rotations, ends with a rotation.
    pub fn wants(&self, air: f64, done: u32) -> bool {
        air.abs() > self.beta && done < self.max_rotations
    }
}
