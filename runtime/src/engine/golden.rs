//! Proves that this machine computes what the exporting machine computed.

use super::drift::{departure, largest_difference, largest_share_difference};
use super::{Answer, EngineError, Output, Recogniser};
use crate::package::{GoldenAnswer, Package};
use crate::window::{Modality, PerSensor, Window};

/// Largest difference of a logit, probe logit or attention share that counts as the same answer of a package in f32.
/// Other processors add numbers up in another order, which moves the sixth digit.
pub const GOLDEN_TOLERANCE: f32 = 1e-3;

/// How the golden windows of a package came out.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct GoldenCheck {
    /// Windows run.
    pub windows: usize,
    /// Largest difference from the expected numbers over all of them: of logits, probe logits and attention shares in a
    /// package in f32, and what [`departure`] calls a probability in others, whose expected numbers are those of the f32 model.
    pub largest_difference: f32,
    /// Largest difference that counts as the same: [`GOLDEN_TOLERANCE`], or the drift that the package allows.
    pub allowed: f32,
    /// Whether there were windows and all of them agree within `allowed`.
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
    let manifest = &package.manifest;
    let mut largest = 0.0f32;
    for window in &golden {
        let answer = all_valid(recogniser, &window.window)?;
        largest = largest.max(match manifest.drift {
            None => difference(&answer.output, &window.answer),
            Some(_) => departure(&answer.output, &expected(&window.answer), manifest).probability,
        });
    }
    let allowed = manifest
        .drift
        .map_or(GOLDEN_TOLERANCE, |drift| drift.probability);
    Ok(GoldenCheck {
        windows: golden.len(),
        largest_difference: largest,
        allowed,
        matches: !golden.is_empty() && largest <= allowed,
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

/// The answer that a golden window expects, as the engine gives one.
fn expected(answer: &GoldenAnswer) -> Output {
    Output {
        logits: answer.logits.clone(),
        attention: answer.attention,
        probes: PerSensor::from_fn(|modality| answer.probe(modality).cloned()),
    }
}

/// Largest difference between two answers; infinite when they do not have the same parts.
fn difference(found: &Output, expected: &GoldenAnswer) -> f32 {
    let mut worst = largest_difference(&found.logits, &expected.logits).max(
        largest_share_difference(found.attention, expected.attention),
    );
    for modality in Modality::ALL {
        worst = worst.max(match (&found.probes[modality], expected.probe(modality)) {
            (Some(found), Some(expected)) => largest_difference(found, expected),
            (None, None) => 0.0,
            _ => f32::INFINITY,
        });
    }
    worst
}
