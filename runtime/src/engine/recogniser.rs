//! From a window to an answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::ThreadPool;

use super::turn::{Ran, Turn, take, turns};
use super::{Encoding, Engine, EngineError, Output};
use crate::frontend::{Features, Frontend};
use crate::health::{Health, Monitor};
use crate::package::{Manifest, Package};
use crate::policy::Policy;
use crate::probability::{most_probable, softmax};
use crate::window::{Attention, Modality, PerSensor, Window};

/// What an answer amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This label.
    Label(String),
    /// There is nothing to recognise.
    Nothing,
    /// The best label is below the confidence threshold.
    Unsure,
    /// No sensor of the model gave anything that can be trusted; the numbers beside it are no answer.
    NoSensor,
}

impl Verdict {
    /// `label`, `nothing`, `unsure` or `no-sensor`: for JSON and metrics.
    pub fn id(&self) -> &'static str {
        match self {
            Verdict::Label(_) => "label",
            Verdict::Nothing => "nothing",
            Verdict::Unsure => "unsure",
            Verdict::NoSensor => "no-sensor",
        }
    }

    /// The label, if it is one.
    pub fn label(&self) -> Option<&str> {
        match self {
            Verdict::Label(label) => Some(label),
            _ => None,
        }
    }
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
    /// Shares of attention.
    pub attention: Attention,
    /// Which sensors of the model gave something.
    pub present: PerSensor<bool>,
    /// How well each sensor is.
    pub health: PerSensor<Health>,
    /// How much each sensor counted, 0..1.
    pub validity: PerSensor<f32>,
    /// The graphs' own numbers.
    pub output: Output,
}

/// What the encoders made of one window.
#[derive(Debug, Clone)]
pub struct Perception {
    /// Which sensors of the model gave something.
    pub present: PerSensor<bool>,
    /// How well each sensor is.
    pub health: PerSensor<Health>,
    /// What was encoded.
    encodings: PerSensor<Option<Encoding>>,
}

impl Perception {
    /// How sure each encoder is of what it perceives, 0..1, where that is known.
    pub fn reliability(&self) -> PerSensor<Option<f32>> {
        PerSensor::from_fn(|modality| self.encodings[modality].as_ref()?.reliability)
    }
}

/// What the time of one answer went into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Looking at the sensors' health.
    pub health: Duration,
    /// Frontend and encoder of each sensor.
    pub encode: PerSensor<Duration>,
    /// The fusion.
    pub fusion: Duration,
}

/// Frontends, engine, health, policy, temperature and thresholds of one model, for one thread.
pub struct Recogniser {
    frontend: Frontend,
    engine: Engine,
    manifest: Manifest,
    monitor: Monitor,
    policy: Policy,
    /// What each encoder gave last, for encoders that run less often than the fusion.
    kept: PerSensor<Option<Encoding>>,
    /// What the frontends gave last.
    features: Features,
    spent: Spent,
}

impl Recogniser {
    /// Loads a package, with its own policy.
    ///
    /// # Errors
    /// When a frontend cannot be built or a graph cannot be loaded.
    pub fn new(package: &Package) -> Result<Self, EngineError> {
        Self::with_engine(Engine::load(package)?, package.manifest.clone())
    }

    /// Another recogniser of the same model for another thread; shares the weights, and remembers
    /// nothing of what went before.
    ///
    /// # Errors
    /// When a frontend cannot be built.
    pub fn another(&self) -> Result<Self, EngineError> {
        let mut engine = self.engine.clone();
        engine.threads = None;
        Self::with_engine(engine, self.manifest.clone())
    }

    fn with_engine(engine: Engine, manifest: Manifest) -> Result<Self, EngineError> {
        Ok(Self {
            frontend: Frontend::new(&manifest.sensor_configs())?,
            engine,
            monitor: Monitor::new(&manifest.health).with_scales(&manifest.sensor_configs()),
            policy: Policy::new(manifest.policy),
            manifest,
            kept: PerSensor::default(),
            features: Features::default(),
            spent: Spent::default(),
        })
    }

    /// Runs the encoders at the same time on these threads from now on; the answers stay the same.
    pub fn use_threads(&mut self, threads: Arc<ThreadPool>) {
        self.engine.use_threads(threads);
    }

    /// The model's labels, thresholds and provenance.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Forgets what went before, as at the start of another recording.
    pub fn reset(&mut self) {
        self.monitor.reset();
        self.policy.reset();
        self.kept = PerSensor::default();
    }

    /// What the frontends gave for the last window.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// What the time of the last answer went into.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// The answer to one window of a recording whose windows come in order of time; a sensor absent
    /// from it counts as dead, and the encoder of one that is shut out is not run.
    ///
    /// # Errors
    /// When the window's contents are broken or the model gives numbers that are not finite.
    pub fn answer(&mut self, window: &Window) -> Result<Answer, EngineError> {
        self.weigh(window, |gate| gate > 0.0, ALL_DUE)
    }

    /// The same answer, and what the probe of a sensor that is shut out says, too.
    ///
    /// # Errors
    /// See [`Self::answer`].
    pub fn answer_and_probe(&mut self, window: &Window) -> Result<Answer, EngineError> {
        self.weigh(window, |_| true, ALL_DUE)
    }

    /// The answer where encoders run at rates of their own: that of a sensor which is not `due` is not run,
    /// and what it gave last counts once more, as long as the sensor is there.
    ///
    /// # Errors
    /// See [`Self::answer`].
    pub fn answer_with_due(
        &mut self,
        window: &Window,
        due: PerSensor<bool>,
    ) -> Result<Answer, EngineError> {
        self.weigh(window, |gate| gate > 0.0, due)
    }

    fn weigh(
        &mut self,
        window: &Window,
        wanted: impl FnMut(f32) -> bool,
        due: PerSensor<bool>,
    ) -> Result<Answer, EngineError> {
        let health = self.look(window);
        let gates = self.policy.gates(window.start, health.map(|one| one.score));
        let perception = self.encode(window, health, gates.map(wanted), due)?;
        let validity = self.policy.validity(gates, perception.reliability());
        self.conclude(&perception, validity)
    }

    /// The first half of an answer, for whoever weighs the sensors otherwise, or in several ways:
    /// every sensor's health, and every encoder's output whatever the health.
    ///
    /// # Errors
    /// See [`Self::answer`].
    pub fn perceive(&mut self, window: &Window) -> Result<Perception, EngineError> {
        let health = self.look(window);
        self.encode(window, health, PerSensor::from_fn(|_| true), ALL_DUE)
    }

    /// See [`Monitor::expect_changes`].
    pub fn expect_changes(&mut self, expected: bool) {
        self.monitor.expect_changes(expected);
    }

    fn look(&mut self, window: &Window) -> PerSensor<Health> {
        let begin = Instant::now();
        let health = self.monitor.check(window);
        self.spent.health = begin.elapsed();
        health
    }

    fn encode(
        &mut self,
        window: &Window,
        health: PerSensor<Health>,
        wanted: PerSensor<bool>,
        due: PerSensor<bool>,
    ) -> Result<Perception, EngineError> {
        let given = window.present();
        let present = PerSensor::from_fn(|modality| {
            given[modality] && self.engine.encoders[modality].is_some()
        });
        // What is not due and was never encoded is due after all.
        let rests = PerSensor::from_fn(|modality| !due[modality] && self.kept[modality].is_some());
        let runs = PerSensor::from_fn(|modality| present[modality] && !rests[modality]);
        let Engine {
            encoders, threads, ..
        } = &mut self.engine;
        let mut turns = turns(self.frontend.sensors(), encoders, runs, wanted);
        take(&mut turns, window, threads.as_deref());
        let mut ran = PerSensor::<Ran>::default();
        for Turn {
            modality, outcome, ..
        } in turns.into_iter().flatten()
        {
            ran[modality] = outcome?;
        }
        let mut encodings = PerSensor::default();
        for (modality, ran) in ran.iter_mut() {
            self.spent.encode[modality] = ran.spent;
            if rests[modality] && present[modality] {
                let shown = wanted[modality].then(|| self.kept[modality].clone());
                encodings[modality] = shown.flatten();
                continue;
            }
            self.features[modality] = ran.features.take();
            self.kept[modality].clone_from(&ran.encoding);
            encodings[modality] = ran.encoding.take();
        }
        Ok(Perception {
            present,
            health,
            encodings,
        })
    }

    /// The second half of an answer: the fusion, with this validity, 0..1, of each sensor.
    ///
    /// # Errors
    /// When a validity is not in 0..1, or the fusion gives a number that is not finite.
    pub fn conclude(
        &mut self,
        perception: &Perception,
        validity: PerSensor<f32>,
    ) -> Result<Answer, EngineError> {
        let encodings = &perception.encodings;
        let validity = PerSensor::from_fn(|modality| match encodings[modality] {
            Some(_) => validity[modality],
            None => 0.0,
        });
        let begin = Instant::now();
        let (logits, attention) = self.engine.fuse(encodings, validity)?;
        self.spent.fusion = begin.elapsed();
        let probabilities = softmax(&logits, self.manifest.thresholds.temperature);
        let label = most_probable(&probabilities);
        let confidence = probabilities[label];
        let probe = |modality: Modality| Some(encodings[modality].as_ref()?.probe.clone());
        Ok(Answer {
            label,
            verdict: self.verdict(label, confidence, validity),
            probabilities,
            confidence,
            attention,
            present: perception.present,
            health: perception.health,
            validity,
            output: Output {
                logits,
                attention,
                probes: PerSensor::from_fn(probe),
            },
        })
    }

    fn verdict(&self, label: usize, confidence: f32, validity: PerSensor<f32>) -> Verdict {
        let name = &self.manifest.labels[label];
        if Modality::ALL.iter().all(|&m| validity[m] == 0.0) {
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

/// Every encoder runs for every answer.
const ALL_DUE: PerSensor<bool> = PerSensor::all(true);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_can_go_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Engine>();
    }
}
