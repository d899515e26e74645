//! Model packages as contestants.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::panel::{Panel, Said};
use super::plan::{Contestant, Contestants, Role};
use super::remembered::Remembered;
use crate::clip::ReadOptions;
use crate::engine::{Encoding, Engine, EngineError};
use crate::frontend::Frontend;
use crate::health::{Health, Monitor};
use crate::package::{Manifest, Package};
use crate::policy::{Policy, PolicyConfig, PolicyKind};
use crate::probability::softmax;
use crate::window::{Modality, PerSensor, Window};

/// The model that is evaluated and those it is compared with.
///
/// A package with one sensor is what the model is measured against when the other sensor fails; for
/// a sensor without such a package the model itself is, with the other sensor taken away. A model with further
/// sensors is measured against itself without the one that fails. Every model
/// follows the policy of its own package, but whoever answers from one sensor has nobody to weigh it
/// against and follows none.
pub struct Models {
    contestants: Contestants,
    seats: Vec<Seat>,
    models: Vec<(Mutex<Engine>, Manifest)>,
}

/// Where a contestant's answers come from.
#[derive(Debug, Clone, Copy)]
struct Seat {
    /// Which model.
    model: usize,
    /// Which of its sensors it may use.
    uses: PerSensor<bool>,
    /// How it weighs them.
    policy: PolicyConfig,
}

/// Why models cannot be contestants.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// One cannot be loaded.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// They do not go together: one sentence.
    #[error("{0}")]
    Mismatch(String),
}

/// Every sensor that the model has.
const ALL: PerSensor<bool> = PerSensor::all(true);

/// The name of the contestant that is the model with another policy.
pub fn policy_name(kind: PolicyKind) -> String {
    format!("policy {kind}")
}

impl Models {
    /// The model `main`, called `model`, and other packages with their names.
    ///
    /// # Errors
    /// When a package cannot be loaded, has other labels or windows than the model, or two have the
    /// same name or the same single sensor.
    pub fn new(main: &Package, against: &[(String, Package)]) -> Result<Self, ModelsError> {
        let mut models = vec![load(main)?];
        let mut all = vec![contestant("model", Role::Main, main)];
        let mut seats = vec![Seat {
            model: 0,
            uses: ALL,
            policy: main.manifest.policy,
        }];
        for (name, package) in against {
            fits(&main.manifest, name, &package.manifest).map_err(ModelsError::Mismatch)?;
            let mut has = package.manifest.sensors().sensors();
            let role = match (has.next(), has.next()) {
                (Some(only), None) => Role::Alone(only),
                _ => Role::Peer,
            };
            seats.push(Seat {
                model: models.len(),
                uses: ALL,
                policy: match role {
                    Role::Alone(_) => no_policy(),
                    Role::Main | Role::Without(_) | Role::Peer => package.manifest.policy,
                },
            });
            models.push(load(package)?);
            all.push(contestant(name, role, package));
        }
        let has = main.manifest.sensors();
        let pair = Modality::LIVE.iter().all(|&sensor| has[sensor]) && has.count() == 2;
        for sensor in has.sensors().filter(|_| has.count() > 1) {
            let taken = all.iter().any(|one| one.role == Role::Alone(sensor));
            let (name, role, uses, policy) = match pair {
                true if taken => continue,
                true => (
                    format!("{} alone", sensor.sensor_name()),
                    Role::Alone(sensor),
                    PerSensor::from_fn(|one| one == sensor),
                    no_policy(),
                ),
                false => (
                    format!("without {}", main.manifest.sensor_name(sensor)),
                    Role::Without(sensor),
                    PerSensor::from_fn(|one| one != sensor),
                    main.manifest.policy,
                ),
            };
            all.push(contestant(&name, role, main));
            seats.push(Seat {
                model: 0,
                uses,
                policy,
            });
        }
        Ok(Self {
            contestants: Contestants::new(all).map_err(ModelsError::Mismatch)?,
            seats,
            models,
        })
    }

    /// The same, and the model with each of these policies as a peer ([`policy_name`]), so that what the
    /// policy does can be told from what the model does.
    ///
    /// # Errors
    /// When another contestant has such a name.
    pub fn with_policies(mut self, kinds: &[PolicyKind]) -> Result<Self, ModelsError> {
        let mut all = self.contestants.all().to_vec();
        let main = all[self.contestants.main()].clone();
        let policy = self.seats[self.contestants.main()].policy;
        for &kind in kinds {
            all.push(Contestant {
                name: policy_name(kind),
                role: Role::Peer,
                ..main.clone()
            });
            self.seats.push(Seat {
                model: 0,
                uses: ALL,
                policy: PolicyConfig { kind, ..policy },
            });
        }
        self.contestants = Contestants::new(all).map_err(ModelsError::Mismatch)?;
        Ok(self)
    }

    /// Who answers, in the order of a panel's answers.
    pub fn contestants(&self) -> &Contestants {
        &self.contestants
    }

    /// What all of the models together need of the pictures.
    pub fn read_options(&self) -> ReadOptions {
        let sees = |m: &Manifest| m.camera.is_some() || m.camera2.is_some();
        let with_camera = self.models.iter().filter(|(_, m)| sees(m));
        with_camera
            .map(|(_, manifest)| manifest.read_options())
            .reduce(ReadOptions::or_more)
            .unwrap_or_default()
    }

    /// All contestants for one thread; shares the weights.
    ///
    /// # Errors
    /// When a frontend cannot be built.
    pub fn panel(&self) -> Result<ModelPanel, EngineError> {
        let model = |(engine, manifest): &(Mutex<Engine>, Manifest)| -> Result<_, EngineError> {
            let mut monitor =
                Monitor::new(&manifest.health).with_scales(&manifest.sensor_configs());
            // Each window is spoilt by itself.
            monitor.expect_changes(true);
            Ok(Model {
                engine: engine
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone(),
                frontend: Frontend::new(&manifest.sensor_configs())?,
                temperature: manifest.thresholds.temperature,
                monitor,
                remembered: PerSensor::default(),
            })
        };
        Ok(ModelPanel {
            models: self.models.iter().map(model).collect::<Result<_, _>>()?,
            policies: self
                .seats
                .iter()
                .map(|seat| Policy::new(seat.policy))
                .collect(),
            seats: self.seats.clone(),
        })
    }
}

fn no_policy() -> PolicyConfig {
    PolicyConfig {
        kind: PolicyKind::None,
        ..PolicyConfig::default()
    }
}

fn load(package: &Package) -> Result<(Mutex<Engine>, Manifest), EngineError> {
    let engine = Engine::load(package)?;
    Ok((Mutex::new(engine), package.manifest.clone()))
}

fn contestant(name: &str, role: Role, package: &Package) -> Contestant {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}", package.manifest));
    let graphs = &package.graphs;
    for modality in Modality::ALL {
        hash.update(graphs.encoders[modality].as_deref().unwrap_or_default());
    }
    hash.update(&graphs.fusion);
    let digest = hash.finalize();
    Contestant {
        name: name.to_owned(),
        role,
        identity: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// Whether another model's answers can stand beside the main one's.
fn fits(main: &Manifest, name: &str, other: &Manifest) -> Result<(), String> {
    if main.labels != other.labels {
        return Err(format!(
            "{name} has other labels than the model ({} and not {}); compare models of the same data",
            other.labels.join(", "),
            main.labels.join(", ")
        ));
    }
    let (window, others) = (main.window_duration(), other.window_duration());
    if window.abs_diff(others) > Duration::from_millis(1) {
        return Err(format!(
            "{name} answers about windows of {:.3} s and the model about {:.3} s; compare models of \
             the same window",
            others.as_secs_f64(),
            window.as_secs_f64()
        ));
    }
    Ok(())
}

/// Model packages on one thread.
pub struct ModelPanel {
    models: Vec<Model>,
    seats: Vec<Seat>,
    /// One for each seat.
    policies: Vec<Policy>,
}

struct Model {
    engine: Engine,
    frontend: Frontend,
    temperature: f32,
    monitor: Monitor,
    remembered: PerSensor<Remembered>,
}

impl Panel for ModelPanel {
    fn answer(&mut self, window: &Window) -> Result<Vec<Said>, String> {
        let perceived = self
            .models
            .iter_mut()
            .map(|model| Ok((model.encode(window)?, model.monitor.check(window))))
            .collect::<Result<Vec<_>, EngineError>>()
            .map_err(|error| error.to_string())?;
        self.seats
            .iter()
            .zip(&mut self.policies)
            .map(|(seat, policy)| {
                let (encodings, health) = &perceived[seat.model];
                let gates = policy.gates(window.start, health.map(|one| one.score));
                let gates = PerSensor::from_fn(|sensor| {
                    let usable = seat.uses[sensor] && encodings[sensor].is_some();
                    if usable { gates[sensor] } else { 0.0 }
                });
                let reliability =
                    PerSensor::from_fn(|sensor| encodings[sensor].as_ref()?.reliability);
                let validity = policy.validity(gates, reliability);
                self.models[seat.model].said(encodings, *health, validity)
            })
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    }

    fn reset(&mut self) {
        self.models
            .iter_mut()
            .for_each(|model| model.monitor.reset());
        self.policies.iter_mut().for_each(Policy::reset);
    }
}

type Encodings = PerSensor<Option<Encoding>>;

impl Model {
    fn encode(&mut self, window: &Window) -> Result<Encodings, EngineError> {
        let present = window.present();
        PerSensor::try_from_fn(|sensor| {
            let Some(frontend) = &mut self.frontend.sensors()[sensor] else {
                return Ok(None);
            };
            if !present[sensor] {
                return Ok(None);
            }
            self.remembered[sensor].get_or(sensor, window, || {
                match frontend.features(sensor, window)? {
                    Some(features) => self.engine.encode(sensor, &features),
                    None => Ok(None),
                }
            })
        })
    }

    fn said(
        &mut self,
        encodings: &Encodings,
        health: PerSensor<Health>,
        validity: PerSensor<f32>,
    ) -> Result<Said, EngineError> {
        let (logits, attention) = self.engine.fuse(encodings, validity)?;
        let has = self.engine.sensors();
        let health = PerSensor::from_fn(|sensor| {
            // A further sensor that the model lacks is nobody's trouble.
            let told = has[sensor] || Modality::LIVE.contains(&sensor);
            let reason = health[sensor].reason.filter(|_| told);
            (
                health[sensor].score,
                reason.map(|reason| reason.to_string()),
            )
        });
        Ok(Said {
            probabilities: softmax(&logits, self.temperature),
            attention,
            validity,
            health,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::example;

    #[test]
    fn models_of_other_data_are_not_compared() {
        let main = example::manifest();
        assert_eq!(fits(&main, "twin", &main), Ok(()));
        let mut other = main.clone();
        other.labels.pop();
        assert!(
            fits(&main, "small", &other)
                .unwrap_err()
                .starts_with("small has other labels")
        );
        let mut longer = main.clone();
        longer.camera.as_mut().unwrap().window_seconds = 2.0;
        let why = fits(&main, "slow", &longer).unwrap_err();
        assert!(why.contains("2.000 s and the model about 0.100 s"), "{why}");
    }
}
