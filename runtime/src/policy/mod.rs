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
    /// A sick sensor is shut out, and one that is less reliable than the other counts for less.
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
    /// The less reliable sensor counts (its reliability / the other's) to this power, 0..16; for the
    /// policy `soft`. Chosen on validation data.
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
        if self.config.kind == PolicyKind::Soft
            && let (Some(audio), Some(camera)) = (reliability.audio, reliability.camera)
        {
            let shares = relative_reliability(PerSensor { audio, camera }, self.config.sharpness);
            for modality in Modality::ALL {
                // As far as the other is shut out it is no measure for this one.
                validity[modality] *= 1.0 - gates[modality.other()] * (1.0 - shares[modality]);
            }
        }
        validity
    }
}

/// The more reliable sensor counts in full, the other (r_less / r_more)^`sharpness`.
///
/// The ratio makes two sensors that are equally unsure count alike, so a window that is hard for both
/// is answered as if there were no policy.
fn relative_reliability(reliability: PerSensor<f32>, sharpness: f32) -> PerSensor<f32> {
    let most = reliability.audio.max(reliability.camera);
    PerSensor::from_fn(|modality| {
        if most > 0.0 {
            (reliability[modality].max(0.0) / most).powf(sharpness)
        } else {
            1.0
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(audio: f32, camera: f32) -> PerSensor<f32> {
        PerSensor { audio, camera }
    }

    fn policy(kind: PolicyKind) -> Policy {
        Policy::new(PolicyConfig {
            kind,
            sharpness: 2.0,
            ..PolicyConfig::default()
        })
    }

    fn sure(audio: f32, camera: f32) -> PerSensor<Option<f32>> {
        both(audio, camera).map(Some)
    }

    #[test]
    fn each_policy_makes_what_it_says_of_health_and_reliability() {
        let weigh = |kind, health, reliability| {
            let mut policy = policy(kind);
            let gates = policy.gates(Duration::ZERO, health);
            policy.validity(gates, reliability)
        };
        let (sick, unsure) = (both(1.0, 0.1), sure(0.4, 0.8));
        assert_eq!(weigh(PolicyKind::None, sick, unsure), both(1.0, 1.0));
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
