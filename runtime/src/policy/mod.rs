//! From health and reliability to how much each sensor counts.
//!
//! Two things speak for a sensor: its [health](crate::health), which comes from the signal alone and
//! shuts or opens a gate, and its reliability, which is how sure the sensor's own encoder is of what
//! it perceives. Their product is the validity that the fusion graph takes.

mod gate;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::window::{Modality, PerSensor};
use gate::Gate;

/// How much is made of health and reliability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyKind {
    /// Nothing: every sensor that gives anything counts in full.
    None,
    /// A sick sensor is shut out, and let in again when it is well.
    Mask,
    /// A sick sensor is shut out, and one that is less reliable than another counts for less.
    Soft,
}

impl PolicyKind {
    /// All of them, from the simplest on.
    pub const ALL: [PolicyKind; 3] = [PolicyKind::None, PolicyKind::Mask, PolicyKind::Soft];
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PolicyKind::None => "none",
            PolicyKind::Mask => "mask",
            PolicyKind::Soft => "soft",
        })
    }
}

impl FromStr for PolicyKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        PolicyKind::ALL
            .into_iter()
            .find(|kind| kind.to_string() == name)
            .ok_or_else(|| {
                format!("there is no policy {name:?}; the policies are none, mask and soft")
            })
    }
}

/// Every parameter of a policy; part of model.toml.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// What is done unless somebody asks for another.
    pub kind: PolicyKind,
    /// A sensor whose health falls below this, 0..1, is shut out.
    pub off: f32,
    /// And comes back when its health is above this, `off`..1: between the two it stays as it is.
    pub on: f32,
    /// Seconds in which a sensor that is shut out fades to nothing, 0..60.
    pub fade_out: f32,
    /// Seconds in which one that is well again fades in, 0..60. Longer, because a fault that comes
    /// and goes does less harm while it is out.
    pub fade_in: f32,
    /// A less reliable sensor counts (its reliability / that of the most reliable) to this power, 0..16; for
    /// the policy `soft`. Chosen on validation data.
    pub sharpness: f32,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            kind: PolicyKind::Mask,
            off: 0.2,
            on: 0.6,
            fade_out: 0.2,
            fade_in: 1.0,
            sharpness: 1.0,
        }
    }
}

impl PolicyConfig {
    /// Says in half a sentence what makes no sense, if anything does.
    ///
    /// # Errors
    /// When a value leaves its range; the message names its key.
    pub fn check(&self) -> Result<(), String> {
        let within = |key: &str, value: f32, low: f32, high: f32| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(format!("policy.{key} must be {low} to {high}, not {value}"))
            }
        };
        within("off", self.off, 0.0, 1.0)?;
        within("on", self.on, self.off, 1.0)?;
        within("fade_out", self.fade_out, 0.0, 60.0)?;
        within("fade_in", self.fade_in, 0.0, 60.0)?;
        within("sharpness", self.sharpness, 0.0, 16.0)
    }
}

/// A policy at work: its gates remember what went before.
#[derive(Debug, Clone)]
pub struct Policy {
    config: PolicyConfig,
    gates: PerSensor<Gate>,
}

impl Policy {
    /// With gates that take the first window's health at once.
    pub fn new(config: PolicyConfig) -> Self {
        Self {
            config,
            gates: PerSensor::default(),
        }
    }

    /// Forgets what went before, as at the start of another recording.
    pub fn reset(&mut self) {
        self.gates = PerSensor::default();
    }

    /// How far each sensor's gate is open, 0..1, for a window that begins at `start` and whose sensors
    /// have this health, 0..1. A sensor with 0 need not be encoded.
    pub fn gates(&mut self, start: Duration, health: PerSensor<f32>) -> PerSensor<f32> {
        match self.config.kind {
            PolicyKind::None => PerSensor::from_fn(|_| 1.0),
            PolicyKind::Mask | PolicyKind::Soft => PerSensor::from_fn(|modality| {
                self.gates[modality].update(&self.config, start, health[modality])
            }),
        }
    }

    /// The validity of each sensor, 0..1, from its gate and its reliability, where it has one.
    pub fn validity(
        &self,
        gates: PerSensor<f32>,
        reliability: PerSensor<Option<f32>>,
    ) -> PerSensor<f32> {
        let mut validity = gates;
        if self.config.kind == PolicyKind::Soft {
            for (modality, validity) in validity.iter_mut() {
                let Some(own) = reliability[modality] else {
                    continue;
                };
                let lost = Modality::ALL
                    .into_iter()
                    .filter(|&other| other != modality)
                    .filter_map(|other| Some((gates[other], reliability[other]?)))
                    // As far as the other is shut out it is no measure for this one.
                    .map(|(gate, other)| gate * (1.0 - share(own, other, self.config.sharpness)))
                    .fold(0.0, f32::max);
                *validity *= 1.0 - lost;
            }
        }
        validity
    }
}

/// How much a sensor counts beside another: in full if it is the more reliable of the two, else
/// (r_own / r_other)^`sharpness`. Of several others the one that takes most from it decides: of those whose
/// gates are open, the most reliable.
///
/// The ratio makes sensors that are equally unsure count alike, so a window that is hard for all
/// is answered as if there were no policy.
fn share(own: f32, other: f32, sharpness: f32) -> f32 {
    if other > 0.0 && own < other {
        (own.max(0.0) / other).powf(sharpness)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(audio: f32, camera: f32) -> PerSensor<f32> {
        PerSensor::pair(audio, camera)
    }

    /// Three sensors: the microphone, the camera and one that is neither.
    fn three(audio: f32, camera: f32, signal: f32) -> PerSensor<f32> {
        let mut values = both(audio, camera);
        values[Modality::Signal] = signal;
        values
    }

    fn policy(kind: PolicyKind) -> Policy {
        Policy::new(PolicyConfig {
            kind,
            sharpness: 2.0,
            ..PolicyConfig::default()
        })
    }

    fn sure(audio: f32, camera: f32) -> PerSensor<Option<f32>> {
        PerSensor::pair(Some(audio), Some(camera))
    }

    #[test]
    fn the_most_reliable_of_the_open_sensors_is_the_measure_for_all_others() {
        let policy = policy(PolicyKind::Soft);
        let sure = three(0.4, 0.8, 0.2).map(|r| (r > 0.0).then_some(r));
        let weigh = |gates| policy.validity(gates, sure);
        let near = |found: PerSensor<f32>, expected: PerSensor<f32>| {
            for modality in Modality::ALL {
                let (found, expected) = (found[modality], expected[modality]);
                assert!((found - expected).abs() < 1e-6, "{modality}: {found}");
            }
        };
        near(weigh(three(1.0, 1.0, 1.0)), three(0.25, 1.0, 0.0625));
        // The camera is shut out, so the microphone is the measure.
        near(weigh(three(1.0, 0.0, 1.0)), three(1.0, 0.0, 0.25));
        near(weigh(three(0.0, 0.0, 1.0)), three(0.0, 0.0, 1.0));
        // Half open, it takes half of what it would take.
        near(weigh(three(1.0, 0.5, 0.0)), three(0.625, 0.5, 0.0));
    }

    #[test]
    fn each_policy_makes_what_it_says_of_health_and_reliability() {
        let weigh = |kind, health, reliability| {
            let mut policy = policy(kind);
            let gates = policy.gates(Duration::ZERO, health);
            policy.validity(gates, reliability)
        };
        let (sick, unsure) = (both(1.0, 0.1), sure(0.4, 0.8));
        assert_eq!(weigh(PolicyKind::None, sick, unsure), PerSensor::all(1.0));
        assert_eq!(weigh(PolicyKind::Mask, sick, unsure), both(1.0, 0.0));
        assert_eq!(weigh(PolicyKind::Soft, sick, unsure), both(1.0, 0.0));
        assert_eq!(
            weigh(PolicyKind::Mask, both(1.0, 1.0), unsure),
            both(1.0, 1.0)
        );
        assert_eq!(
            weigh(PolicyKind::Soft, both(1.0, 1.0), unsure),
            both(0.25, 1.0)
        );
        let hard_for_both = sure(0.2, 0.2);
        assert_eq!(
            weigh(PolicyKind::Soft, both(1.0, 1.0), hard_for_both),
            both(1.0, 1.0)
        );
        assert_eq!(
            weigh(PolicyKind::Soft, both(1.0, 1.0), sure(0.0, 0.0)),
            both(1.0, 1.0)
        );
    }

    #[test]
    fn names_read_back_and_senseless_values_are_named() {
        for kind in PolicyKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("hard".parse::<PolicyKind>().unwrap_err().contains("soft"));
        let spoilt = |change: fn(&mut PolicyConfig)| {
            let mut config = PolicyConfig::default();
            change(&mut config);
            config.check().unwrap_err()
        };
        assert_eq!(PolicyConfig::default().check(), Ok(()));
        assert!(spoilt(|c| c.off = f32::NAN).contains("policy.off"));
        assert!(spoilt(|c| (c.off, c.on) = (0.7, 0.6)).contains("policy.on"));
        assert!(spoilt(|c| c.sharpness = -1.0).contains("policy.sharpness"));
        assert!(spoilt(|c| c.fade_in = 1e9).contains("policy.fade_in"));
    }
}
