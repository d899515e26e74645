//! From a window to an answer.

use super::{Engine, EngineError, Output};
use crate::frontend::Frontend;
use crate::package::{Manifest, Package};
use crate::probability::{most_probable, softmax};
use crate::window::{PerSensor, Window};

/// What an answer amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This label.
    Label(String),
    /// There is nothing to recognise.
    Nothing,
    /// The best label is below the confidence threshold.
    Unsure,
    /// No sensor of the model gave anything; the numbers beside it are no answer.
    NoSensor,
}

/// The answer to one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Index of the most probable label.
    pub label: usize,
    /// What that amounts to.
    pub verdict: Verdict,
    /// One probability per label, after the temperature; sums to 1.
    pub probabilities: Vec<f32>,
    /// Probability of `label`.
    pub confidence: f32,
    /// Share of attention on the class token, on audio and on camera.
    pub attention: [f32; 3],
    /// Which sensors of the model gave something.
    pub present: PerSensor<bool>,
    /// The graphs' own numbers.
    pub output: Output,
}

/// Frontends, engine, temperature and thresholds of one model, for one thread.
pub struct Recogniser {
    frontend: Frontend,
    engine: Engine,
    manifest: Manifest,
}

impl Recogniser {
    /// Loads a package.
    ///
    /// # Errors
    /// When a frontend cannot be built or a graph cannot be loaded.
    pub fn new(package: &Package) -> Result<Self, EngineError> {
        Self::with_engine(Engine::load(package)?, package.manifest.clone())
    }

    /// Another recogniser of the same model for another thread; shares the weights.
    ///
    /// # Errors
    /// When a frontend cannot be built.
    pub fn another(&self) -> Result<Self, EngineError> {
        Self::with_engine(self.engine.clone(), self.manifest.clone())
    }

    fn with_engine(engine: Engine, manifest: Manifest) -> Result<Self, EngineError> {
        Ok(Self {
            frontend: Frontend::new(manifest.audio.as_ref(), manifest.camera.as_ref())?,
            engine,
            manifest,
        })
    }

    /// The model's labels, thresholds and provenance.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The answer to one window; a sensor absent from it counts as dead.
    ///
    /// # Errors
    /// When the window's contents are broken or the model gives numbers that are not finite.
    pub fn answer(&mut self, window: &Window) -> Result<Answer, EngineError> {
        let features = self.frontend.features(window)?;
        let present = PerSensor::from_fn(|modality| features[modality].is_some());
        let validity = PerSensor {
            audio: 1.0,
            camera: 1.0,
        };
        let output = self.engine.run(&features, validity)?;
        let probabilities = softmax(&output.logits, self.manifest.thresholds.temperature);
        let label = most_probable(&probabilities);
        let confidence = probabilities[label];
        let verdict = self.verdict(label, confidence, present);
        Ok(Answer {
            label,
            verdict,
            probabilities,
            confidence,
            attention: output.attention,
            present,
            output,
        })
    }

    fn verdict(&self, label: usize, confidence: f32, present: PerSensor<bool>) -> Verdict {
        let name = &self.manifest.labels[label];
        if !present.audio && !present.camera {
            Verdict::NoSensor
        } else if confidence < self.manifest.thresholds.confidence {
            Verdict::Unsure
        } else if self.manifest.nothing.as_ref() == Some(name) {
            Verdict::Nothing
        } else {
            Verdict::Label(name.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_can_go_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Engine>();
    }
}
