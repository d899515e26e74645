//! Other ways to keep sensors in balance, to compare RollingQ with, and a measure that all of them share.
//!
//! [`OgmGe`] and [`MmPareto`] change the gradients of the encoders and nothing else, so that they go
//! together with every fusion, RollingQ's rotation included. [`Shapley`] says what each sensor
//! contributes to the accuracy, whatever the fusion.

mod mmpareto;
mod ogm_ge;
mod shapley;

pub use mmpareto::MmPareto;
pub use ogm_ge::OgmGe;
pub use shapley::{Shapley, shapley};

use serde::{Deserialize, Serialize};

/// The `[balance]` section of a training configuration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum Balance {
    /// The encoder of the sensor that is ahead learns more slowly.
    OgmGe(OgmGe),
    /// The fused and the sensor's own loss are weighed so that neither loses.
    Mmpareto(MmPareto),
}
