//! In which numbers a model is stored, and how far that may move its answers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// In which numbers the weights of a package are stored. The engine calculates in f32 with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, as they were trained.
    F32,
    /// IEEE 754 half precision, 16 bits.
    F16,
    /// 8 bits, a whole number from −127 to 127 times one scale for each output channel.
    Int8,
}

impl Precision {
    /// All of them, the largest first.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Int8];

    /// What a package may drift unless its maker says otherwise; none for f32, which the others are compared with.
    ///
    /// docs/precision.md tells what these were chosen by.
    pub fn usual_drift(self) -> Option<Drift> {
        match self {
            Self::F32 => None,
            Self::F16 => Some(Drift {
                probability: 0.01,
                answers: 0.002,
            }),
            Self::Int8 => Some(Drift {
                probability: 0.05,
                answers: 0.01,
            }),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        })
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|precision| precision.to_string() == text)
            .ok_or_else(|| format!("it must be f32, f16 or int8, not {text:?}"))
    }
}

/// How far the answers of a package in f16 or int8 may be from those of the same model in f32; part of model.toml.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Largest difference of a probability or of a share of attention, above 0 and at most [`Drift::MOST_PROBABILITY`].
    pub probability: f32,
    /// Share of answers that may be others, 0 to [`Drift::MOST_ANSWERS`].
    pub answers: f32,
}

impl Drift {
    /// With more than that, golden windows would prove nothing.
    pub const MOST_PROBABILITY: f32 = 0.25;
    /// With more than that, it is another model.
    pub const MOST_ANSWERS: f32 = 0.1;

    /// Says in half a sentence what makes no sense, if anything does.
    ///
    /// # Errors
    /// When a value is out of its range.
    pub fn check(&self) -> Result<(), String> {
        let Self {
            probability,
            answers,
        } = *self;
        if !(probability > 0.0 && probability <= Self::MOST_PROBABILITY) {
            return Err(format!(
                "drift.probability must be above 0 and at most {}, not {probability}",
                Self::MOST_PROBABILITY
            ));
        }
        if !(0.0..=Self::MOST_ANSWERS).contains(&answers) {
            return Err(format!(
                "drift.answers must be 0 to {}, not {answers}",
                Self::MOST_ANSWERS
            ));
        }
        Ok(())
    }
}

/// Whether model.toml says as much of the drift as its precision asks for.
pub(super) fn check(precision: Precision, drift: Option<&Drift>) -> Result<(), String> {
    match (precision, drift) {
        (Precision::F32, None) => Ok(()),
        (Precision::F32, Some(_)) => Err(
            "[drift] is for packages whose precision is f16 or int8, and this one is in f32".into(),
        ),
        (_, Some(drift)) => drift.check(),
        (_, None) => Err(format!(
            "with precision \"{precision}\" it must say in [drift] how far from f32 the answers may be"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_others_are_refused() {
        for precision in Precision::ALL {
            assert_eq!(precision.to_string().parse(), Ok(precision));
        }
        assert!("int4".parse::<Precision>().unwrap_err().contains("int4"));
    }

    #[test]
    fn what_is_usual_is_allowed_and_senseless_drifts_are_named() {
        for precision in Precision::ALL {
            assert_eq!(check(precision, precision.usual_drift().as_ref()), Ok(()));
        }
        let drift = |probability, answers| Drift {
            probability,
            answers,
        };
        for (bad, named) in [
            (drift(0.0, 0.0), "drift.probability"),
            (drift(f32::NAN, 0.0), "drift.probability"),
            (drift(0.3, 0.0), "drift.probability"),
            (drift(0.1, -0.1), "drift.answers"),
            (drift(0.1, f32::NAN), "drift.answers"),
            (drift(0.1, 0.5), "drift.answers"),
        ] {
            let fault = check(Precision::Int8, Some(&bad)).unwrap_err();
            assert!(fault.contains(named), "{fault}");
        }
        assert!(check(Precision::F16, None).unwrap_err().contains("[drift]"));
        let stray = check(Precision::F32, Some(&drift(0.1, 0.0)));
        assert!(stray.unwrap_err().contains("[drift]"));
    }
}
