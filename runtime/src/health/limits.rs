//! The range of each statistic on clean windows; `[health]` of model.toml.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::statistic::{AudioStatistic, CameraStatistic, SignalStatistic, Statistic};
use crate::window::Modality;

/// The camera's limits. A statistic that is left out is not judged.
pub type CameraLimits = BTreeMap<CameraStatistic, Limits>;
/// The microphone's limits. A statistic that is left out is not judged.
pub type AudioLimits = BTreeMap<AudioStatistic, Limits>;
/// Those of a sensor of numbers. A statistic that is left out is not judged.
pub type SignalLimits = BTreeMap<SignalStatistic, Limits>;

/// Where a sensor is well: `low` ≤ value ≤ `high`, in the unit of the statistic.
///
/// Inside, the statistic's score is 1; outside, it falls over `soft` to 0 where it says that nothing is
/// left of the signal (black, white, frozen, silent), else to [`super::Health::BAD`]. A side without a
/// limit is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The least value of a sensor that is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The largest value of a sensor that is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// How far outside it cannot get worse, above 0.
    pub soft: f64,
}

/// What sensors that are well look and sound like, from [`super::Calibration`].
///
/// Without limits, a sensor is judged by what needs none: missing, frozen, all black, digital
/// silence, samples at full scale, numbers that do not change. These are judged in the same way where the limits leave them out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthConfig {
    /// The microphone's limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioLimits>,
    /// The camera's limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<CameraLimits>,
    /// A sensor of numbers' limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<SignalLimits>,
    /// A second microphone's limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio2: Option<AudioLimits>,
    /// A second camera's limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera2: Option<CameraLimits>,
    /// A second sensor of numbers' limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal2: Option<SignalLimits>,
    /// A third sensor of numbers' limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal3: Option<SignalLimits>,
    /// A fourth sensor of numbers' limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal4: Option<SignalLimits>,
}

impl HealthConfig {
    /// # Errors
    /// Half a sentence on what makes no sense, as in "health.camera.brightness: …".
    pub fn check(&self) -> Result<(), String> {
        check_all("camera", self.camera.as_ref())?;
        check_all("audio", self.audio.as_ref())?;
        check_all("camera2", self.camera2.as_ref())?;
        check_all("audio2", self.audio2.as_ref())?;
        check_all("signal", self.signal.as_ref())?;
        check_all("signal2", self.signal2.as_ref())?;
        check_all("signal3", self.signal3.as_ref())?;
        check_all("signal4", self.signal4.as_ref())
    }

    /// Whether there are limits for a sensor.
    pub fn judges(&self, modality: Modality) -> bool {
        match modality {
            Modality::Audio => self.audio.is_some(),
            Modality::Camera => self.camera.is_some(),
            Modality::Signal => self.signal.is_some(),
            Modality::Audio2 => self.audio2.is_some(),
            Modality::Camera2 => self.camera2.is_some(),
            Modality::Signal2 => self.signal2.is_some(),
            Modality::Signal3 => self.signal3.is_some(),
            Modality::Signal4 => self.signal4.is_some(),
        }
    }
}

fn check_all<S: Statistic + Serialize>(
    sensor: &str,
    limits: Option<&BTreeMap<S, Limits>>,
) -> Result<(), String> {
    for (&statistic, limits) in limits.into_iter().flatten() {
        limits.check(statistic).map_err(|fault| {
            let name = serde_json::to_value(statistic).unwrap_or_default();
            format!("health.{sensor}.{}: {fault}", name.as_str().unwrap_or("?"))
        })?;
    }
    Ok(())
}

impl Limits {
    fn check<S: Statistic>(&self, statistic: S) -> Result<(), String> {
        let nature = statistic.nature();
        for (side, limit, fault) in [
            ("low", self.low, nature.below),
            ("high", self.high, nature.above),
        ] {
            match (limit, fault) {
                (Some(limit), _) if !limit.is_finite() => {
                    return Err(format!("{side} must be a finite number, not {limit}"));
                }
                (Some(_), None) => {
                    return Err(format!("it must not have {side}, which is never a fault"));
                }
                _ => {}
            }
        }
        if !(self.soft > 0.0 && self.soft.is_finite()) {
            return Err(format!("soft must be above 0, not {}", self.soft));
        }
        match (self.low, self.high) {
            (None, None) => Err("it must have low or high".into()),
            (Some(low), Some(high)) if low > high => {
                Err(format!("low ({low}) must not be above high ({high})"))
            }
            _ => Ok(()),
        }
    }
}
