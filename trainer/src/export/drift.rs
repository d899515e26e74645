//! How far a model in fewer bits is from the same model in f32.

use std::collections::BTreeMap;

use evenkeel::engine::{Engine, departure};
use evenkeel::frontend::Features;
use evenkeel::package::{Drift, Package};
use evenkeel::window::{Modality, PerSensor};

use super::ExportError;
use super::parity::validities;

/// How many of the windows that differ most are named.
const NAMED: usize = 3;

/// A window on which both models answer.
#[derive(Debug, Clone)]
pub struct DriftWindow {
    /// What errors call it.
    pub name: String,
    /// What the encoders take.
    pub features: Features,
}

/// How far a model in fewer bits is from the same model in f32, on each window with every sensor and with each one gone.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct MeasuredDrift {
    /// Windows.
    pub windows: usize,
    /// Answers compared: several for each window.
    pub answers: usize,
    /// Largest difference of a probability or a share of attention.
    pub probability: f32,
    /// Answers that became others, or unsure, or sure.
    pub changed: usize,
    /// Answers whose most probable label is another, those among them that are unsure before and after.
    pub relabelled: usize,
    /// The windows that differ most, the farthest first.
    pub farthest: Vec<Farthest>,
}

/// How far one window is off.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Farthest {
    /// The window, and which sensor was taken away.
    pub window: String,
    /// Largest difference of a probability or a share of attention.
    pub probability: f32,
}

/// Compares `narrow` with `wide`, the same model in f32.
pub(super) fn measure(
    wide: &Package,
    narrow: &Package,
    windows: &[DriftWindow],
) -> Result<MeasuredDrift, ExportError> {
    if windows.is_empty() {
        return Err(ExportError::Model(
            "there is no window to measure the drift on; give some clips of your own, but none of the test".into(),
        ));
    }
    let (mut before, mut after) = (Engine::load(wide)?, Engine::load(narrow)?);
    let mut drift = MeasuredDrift {
        windows: windows.len(),
        answers: 0,
        probability: 0.0,
        changed: 0,
        relabelled: 0,
        farthest: Vec::new(),
    };
    for window in windows {
        for validity in validities(before.sensors()) {
            let expected = before.run(&window.features, validity)?;
            let found = after.run(&window.features, validity)?;
            let far = departure(&found, &expected, &wide.manifest);
            drift.answers += 1;
            drift.changed += usize::from(far.changed);
            drift.relabelled += usize::from(far.relabelled);
            drift.probability = drift.probability.max(far.probability);
            drift.farthest.push(Farthest {
                window: described(window, validity, before.sensors()),
                probability: far.probability,
            });
            let farther = |a: &Farthest, b: &Farthest| b.probability.total_cmp(&a.probability);
            drift.farthest.sort_by(farther);
            drift.farthest.truncate(NAMED);
        }
    }
    Ok(drift)
}

fn described(window: &DriftWindow, validity: PerSensor<f32>, sensors: PerSensor<bool>) -> String {
    let gone = Modality::ALL
        .into_iter()
        .find(|modality| sensors[*modality] && validity[*modality] == 0.0);
    match gone {
        Some(modality) => format!("{} without {modality}", window.name),
        None => window.name.clone(),
    }
}

impl MeasuredDrift {
    /// Share of the answers that became others.
    pub fn share(&self) -> f64 {
        self.changed as f64 / self.answers as f64
    }

    /// Refuses a drift beyond what is allowed.
    pub(super) fn judge(&self, allowed: Drift) -> Result<(), ExportError> {
        if self.probability <= allowed.probability && self.share() <= f64::from(allowed.answers) {
            return Ok(());
        }
        let farthest: Vec<String> = self
            .farthest
            .iter()
            .map(|far| format!("{} by {:.4}", far.window, far.probability))
            .collect();
        Err(ExportError::Drifts {
            probability: self.probability,
            changed: self.changed,
            answers: self.answers,
            allowed,
            farthest: farthest.join(", "),
        })
    }

    /// As entries of a package's metrics.
    pub(super) fn metrics(&self) -> BTreeMap<String, f64> {
        BTreeMap::from([
            ("drift.probability".to_owned(), f64::from(self.probability)),
            ("drift.answers".to_owned(), self.share()),
            ("drift.windows".to_owned(), self.windows as f64),
        ])
    }
}
