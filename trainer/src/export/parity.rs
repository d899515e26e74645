//! Whether the exported model answers like the trained one.

use evenkeel::engine::{Engine, Output, largest_difference, largest_share_difference};
use evenkeel::evaluation::Share;
use evenkeel::frontend::Features;
use evenkeel::package::Package;
use evenkeel::window::{Attention, Modality, PerSensor};

use super::ExportError;
use super::fold::PlainFusion;
use super::weights::Weights;
use crate::model::ModelSpec;

/// Largest difference of a logit, attention share or probe logit from the trained model.
pub const PARITY_TOLERANCE: f32 = 1e-4;

/// Largest difference of a logit or attention share of the folded fusion from the unfolded one on
/// the same tokens.
pub const FOLDED_TOLERANCE: f32 = 1e-5;

/// The trained model: answers for features and validity; a sensor with validity 0 is absent.
pub type Reference<'a> =
    dyn FnMut(&Features, PerSensor<f32>) -> Result<Output, Box<dyn std::error::Error>> + 'a;

/// How far an exported model is from the trained one: largest differences over all windows, with
/// every sensor and with each absent.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Parity {
    /// Windows compared.
    pub windows: usize,
    /// Logits.
    pub logits: f32,
    /// Attention shares.
    pub attention: f32,
    /// Logits of the probe heads.
    pub probes: f32,
    /// Folded against unfolded fusion on the same tokens: logits and attention shares.
    pub folded: f32,
}

/// Compares the package with `reference` and with the unfolded fusion.
pub(super) fn check(
    package: &Package,
    weights: &Weights,
    spec: &ModelSpec,
    windows: &[Features],
    reference: &mut Reference,
) -> Result<Parity, ExportError> {
    let mut engine = Engine::load(package)?;
    let plain = PlainFusion::read(
        weights,
        spec.fusion,
        package.manifest.sensors(),
        spec.width,
        package.manifest.labels.len(),
    )?;
    let mut parity = Parity {
        windows: windows.len(),
        ..Parity::default()
    };
    for window in windows {
        for validity in validities(engine.sensors()) {
            let mut features = window.clone();
            for modality in Modality::ALL {
                if validity[modality] == 0.0 {
                    features[modality] = None;
                }
            }
            let found = engine.run(&features, validity)?;
            let expected = reference(&features, validity)
                .map_err(|error| ExportError::Reference(error.to_string()))?;
            parity.compare(&found, &expected);
        }
        parity.folded = parity.folded.max(folded(&mut engine, &plain, window)?);
    }
    parity.judge()?;
    Ok(parity)
}

impl Parity {
    fn compare(&mut self, found: &Output, expected: &Output) {
        self.logits = self
            .logits
            .max(largest_difference(&found.logits, &expected.logits));
        self.attention = self.attention.max(largest_share_difference(
            found.attention,
            expected.attention,
        ));
        for modality in Modality::ALL {
            // The engine leaves out the encoder of a sensor that is gone; the trainer may not.
            if let (Some(found), Some(expected)) =
                (&found.probes[modality], &expected.probes[modality])
            {
                self.probes = self.probes.max(largest_difference(found, expected));
            }
        }
    }

    fn judge(&self) -> Result<(), ExportError> {
        let figures = [
            ("the logits", self.logits, PARITY_TOLERANCE),
            ("the attention", self.attention, PARITY_TOLERANCE),
            ("the probes", self.probes, PARITY_TOLERANCE),
            ("the folded fusion", self.folded, FOLDED_TOLERANCE),
        ];
        match figures
            .into_iter()
            .find(|(_, found, allowed)| found > allowed)
        {
            Some((what, found, allowed)) => Err(ExportError::Differs {
                what: format!("{what} over {} windows", self.windows),
                found,
                allowed,
            }),
            None => Ok(()),
        }
    }
}

/// Everything present, and each sensor of the model absent in turn.
pub(super) fn validities(sensors: PerSensor<bool>) -> Vec<PerSensor<f32>> {
    let weight = |present: bool| if present { 1.0 } else { 0.0 };
    let all = PerSensor::from_fn(|modality| weight(sensors[modality]));
    let mut patterns = vec![all];
    for modality in Modality::ALL
        .into_iter()
        .filter(|modality| sensors[*modality])
    {
        let mut pattern = all;
        pattern[modality] = 0.0;
        patterns.push(pattern);
    }
    patterns
}

/// Largest difference between the fusion graph and the plain fusion on one window's real tokens.
fn folded(engine: &mut Engine, plain: &PlainFusion, window: &Features) -> Result<f32, ExportError> {
    let encodings = PerSensor::try_from_fn(|modality| match &window[modality] {
        Some(features) => engine.encode(modality, features),
        None => Ok(None),
    })?;
    let tokens =
        PerSensor::from_fn(|modality| encodings[modality].as_ref().map(|one| one.tokens()));
    let mut worst = 0.0f32;
    let mut patterns = validities(engine.sensors());
    // Some of each, and nothing at all.
    let mut parts = [0.3, 0.9, 0.6, 0.1, 0.8, 0.2, 0.7, 0.5].into_iter();
    patterns.push(PerSensor::from_fn(|_| parts.next().unwrap_or(1.0)));
    patterns.push(PerSensor::all(0.0));
    for validity in patterns {
        let (logits, attention) = engine.fuse(&encodings, validity)?;
        let (expected, shares) = plain.fuse(tokens, validity);
        let expected: Vec<f32> = expected.iter().map(|&x| x as f32).collect();
        worst = worst
            .max(largest_difference(&logits, &expected))
            .max(largest_share_difference(attention, attention_of(shares)));
    }
    Ok(worst)
}

/// Shares as the engine gives them.
pub(super) fn attention_of(shares: Share) -> Attention {
    Attention {
        class_token: shares.class_token as f32,
        sensors: shares.sensors.map(|share| share as f32),
    }
}
