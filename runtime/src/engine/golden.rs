//! Proves that this machine computes what the exporting machine computed.

use super::{Answer, EngineError, Output, Recogniser};
use crate::package::{GoldenAnswer, Package};
use crate::window::{Modality, PerSensor, Window};

/// Largest difference of a logit, probe logit or attention share that counts as the same answer.
/// Other processors add numbers up in another order, which moves the sixth digit.
pub const GOLDEN_TOLERANCE: f32 = 1e-3;

/// How the golden windows of a package came out.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct GoldenCheck {
    /// Windows run.
    pub windows: usize,
    /// Largest difference from the expected numbers over all of them.
    pub largest_difference: f32,
    /// Whether there were windows and all of them agree within [`GOLDEN_TOLERANCE`].
    pub matches: bool,
}

/// Runs the golden windows of `package` through `recogniser`, which must have been made from it.
///
/// # Errors
/// When the windows cannot be read or run.
pub fn check_golden(
    package: &Package,
    recogniser: &mut Recogniser,
) -> Result<GoldenCheck, EngineError> {
    let golden = package.golden()?;
    let mut largest = 0.0f32;
    for window in &golden {
        let answer = all_valid(recogniser, &window.window)?;
        largest = largest.max(difference(&answer.output, &window.answer));
    }
    Ok(GoldenCheck {
        windows: golden.len(),
        largest_difference: largest,
        matches: !golden.is_empty() && largest <= GOLDEN_TOLERANCE,
    })
}

/// The answer with every sensor counted in full: what the graphs compute, whatever is made of it.
///
/// # Errors
/// When the window cannot be run.
pub fn all_valid(recogniser: &mut Recogniser, window: &Window) -> Result<Answer, EngineError> {
    let perception = recogniser.perceive(window)?;
    recogniser.conclude(&perception, PerSensor::from_fn(|_| 1.0))
}

/// Largest difference between two answers; infinite when they do not have the same parts.
fn difference(found: &Output, expected: &GoldenAnswer) -> f32 {
    let shares = found.attention.shares().zip(expected.attention.shares());
    let mut largest = shares
        .map(|(found, expected)| largest_difference(&[found], &[expected]))
        .fold(
            largest_difference(&found.logits, &expected.logits),
            f32::max,
        );
    for modality in Modality::ALL {
        largest = largest.max(match (&found.probes[modality], expected.probe(modality)) {
            (Some(found), Some(expected)) => largest_difference(found, expected),
            (None, None) => 0.0,
            _ => f32::INFINITY,
        });
    }
    largest
}

/// Infinite when the lengths differ or a difference is not a number.
fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    if a.len() != b.len() {
        return f32::INFINITY;
    }
    a.iter()
        .zip(b)
        .map(|(x, y)| (x - y).abs())
        .fold(0.0, |largest, d| {
            if d.is_nan() {
                f32::INFINITY
            } else {
                largest.max(d)
            }
        })
}
