//! Where the attention of a fusion is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Modality, PerSensor};

/// Shares of attention on the class token, which no sensor feeds, and on each sensor; together 1 where
/// there is any.
///
/// Written to a file, it is a list of three numbers (class token, microphone, camera); where a
/// further sensor has a share, it is a table with their names.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Attention {
    /// On the class token.
    pub class_token: f32,
    /// On each sensor.
    pub sensors: PerSensor<f32>,
}

impl Attention {
    /// The shares in one row: class token, microphone, camera, and those of `further` sensors.
    pub fn row(&self, further: impl IntoIterator<Item = Modality>) -> Vec<f32> {
        let PerSensor { audio, camera, .. } = self.sensors;
        let mut row = vec![self.class_token, audio, camera];
        row.extend(further.into_iter().map(|modality| self.sensors[modality]));
        row
    }

    /// From such a row; what the row lacks is 0.
    pub fn from_row(row: &[f32], further: impl IntoIterator<Item = Modality>) -> Self {
        let places = Modality::LIVE.into_iter().chain(further);
        let (class_token, shares) = match row {
            [first, others @ ..] => (*first, others),
            [] => (0.0, row),
        };
        let mut attention = Self {
            class_token,
            ..Self::default()
        };
        for (modality, &share) in places.zip(shares) {
            attention.sensors[modality] = share;
        }
        attention
    }

    /// All shares: that of the class token, then the sensors' in the order of [`Modality::ALL`].
    pub fn shares(&self) -> impl Iterator<Item = f32> {
        std::iter::once(self.class_token).chain(self.sensors.into_values())
    }
}

impl From<[f32; 3]> for Attention {
    fn from([class_token, audio, camera]: [f32; 3]) -> Self {
        Self {
            class_token,
            sensors: PerSensor::pair(audio, camera),
        }
    }
}

/// Name of the class token's share in a table.
const CLASS_TOKEN: &str = "class_token";

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Three([f32; 3]),
    Named(BTreeMap<String, f32>),
}

impl From<Attention> for Written {
    fn from(attention: Attention) -> Self {
        let Attention {
            class_token,
            sensors,
        } = attention;
        if Modality::FURTHER.iter().all(|&m| sensors[m] == 0.0) {
            return Self::Three([class_token, sensors.audio, sensors.camera]);
        }
        let named = Modality::ALL
            .into_iter()
            .filter(|&m| Modality::LIVE.contains(&m) || sensors[m] != 0.0)
            .map(|m| (m.to_string(), sensors[m]));
        Self::Named(
            named
                .chain([(CLASS_TOKEN.to_owned(), class_token)])
                .collect(),
        )
    }
}

impl TryFrom<Written> for Attention {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let named = match written {
            Written::Three(three) => return Ok(three.into()),
            Written::Named(named) => named,
        };
        let mut attention = Self::default();
        for (name, share) in named {
            match (name.as_str(), Modality::from_id(&name)) {
                (_, Some(modality)) => attention.sensors[modality] = share,
                (CLASS_TOKEN, None) => attention.class_token = share,
                _ => return Err(format!("there is no sensor {name:?} to share attention")),
            }
        }
        Ok(attention)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_for_two_sensors_and_names_for_more() {
        let two = Attention::from([0.25, 0.5, 0.25]);
        assert_eq!(serde_json::to_string(&two).unwrap(), "[0.25,0.5,0.25]");
        let further = [Modality::Signal, Modality::Camera2];
        let more = Attention::from_row(&[0.25, 0.5, 0.0, 0.125, 0.125], further);
        let text = serde_json::to_string(&more).unwrap();
        assert!(text.contains(r#""camera2":0.125"#), "{text}");
        for attention in [two, more] {
            let text = serde_json::to_string(&attention).unwrap();
            assert_eq!(serde_json::from_str::<Attention>(&text).unwrap(), attention);
        }
        assert_eq!(more.row(further), [0.25, 0.5, 0.0, 0.125, 0.125]);
        assert!(serde_json::from_str::<Attention>(r#"{"radar":1.0}"#).is_err());
    }
}
