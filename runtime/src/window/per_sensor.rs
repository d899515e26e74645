//! One value for each sensor.

use std::array;

use serde::{Deserialize, Serialize};

use super::Modality;

/// One value for each sensor that a model can have.
///
/// Written to a file, it holds the microphone and the camera always, and a further sensor where its
/// value is not the default: what a model with two sensors leaves behind names two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(bound(
    serialize = "T: Serialize + Default + PartialEq",
    deserialize = "T: Deserialize<'de> + Default"
))]
pub struct PerSensor<T> {
    /// The microphone's.
    pub audio: T,
    /// The camera's.
    pub camera: T,
    #[serde(default, skip_serializing_if = "is_default")]
    signal: T,
    #[serde(default, skip_serializing_if = "is_default")]
    audio2: T,
    #[serde(default, skip_serializing_if = "is_default")]
    camera2: T,
    #[serde(default, skip_serializing_if = "is_default")]
    signal2: T,
    #[serde(default, skip_serializing_if = "is_default")]
    signal3: T,
    #[serde(default, skip_serializing_if = "is_default")]
    signal4: T,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl<T> PerSensor<T> {
    /// Builds all values from their modality, in the order of [`Modality::ALL`].
    pub fn from_fn(mut f: impl FnMut(Modality) -> T) -> Self {
        Self {
            audio: f(Modality::Audio),
            camera: f(Modality::Camera),
            signal: f(Modality::Signal),
            audio2: f(Modality::Audio2),
            camera2: f(Modality::Camera2),
            signal2: f(Modality::Signal2),
            signal3: f(Modality::Signal3),
            signal4: f(Modality::Signal4),
        }
    }

    /// Like [`Self::from_fn`], up to the first error.
    ///
    /// # Errors
    /// That of `f`.
    pub fn try_from_fn<E>(mut f: impl FnMut(Modality) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            audio: f(Modality::Audio)?,
            camera: f(Modality::Camera)?,
            signal: f(Modality::Signal)?,
            audio2: f(Modality::Audio2)?,
            camera2: f(Modality::Camera2)?,
            signal2: f(Modality::Signal2)?,
            signal3: f(Modality::Signal3)?,
            signal4: f(Modality::Signal4)?,
        })
    }

    /// A microphone's and a camera's value, and the default for all further sensors.
    pub fn pair(audio: T, camera: T) -> Self
    where
        T: Default,
    {
        Self {
            audio,
            camera,
            signal: T::default(),
            audio2: T::default(),
            camera2: T::default(),
            signal2: T::default(),
            signal3: T::default(),
            signal4: T::default(),
        }
    }

    /// The same value for every sensor.
    pub const fn all(value: T) -> Self
    where
        T: Copy,
    {
        Self {
            audio: value,
            camera: value,
            signal: value,
            audio2: value,
            camera2: value,
            signal2: value,
            signal3: value,
            signal4: value,
        }
    }

    /// All values, changed.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> PerSensor<U> {
        PerSensor {
            audio: f(self.audio),
            camera: f(self.camera),
            signal: f(self.signal),
            audio2: f(self.audio2),
            camera2: f(self.camera2),
            signal2: f(self.signal2),
            signal3: f(self.signal3),
            signal4: f(self.signal4),
        }
    }

    /// The values, in the order of [`Modality::ALL`].
    pub fn into_values(self) -> array::IntoIter<T, 8> {
        [
            self.audio,
            self.camera,
            self.signal,
            self.audio2,
            self.camera2,
            self.signal2,
            self.signal3,
            self.signal4,
        ]
        .into_iter()
    }

    /// The values, to be changed, each with its sensor, in the order of [`Modality::ALL`].
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Modality, &mut T)> {
        Modality::ALL.into_iter().zip([
            &mut self.audio,
            &mut self.camera,
            &mut self.signal,
            &mut self.audio2,
            &mut self.camera2,
            &mut self.signal2,
            &mut self.signal3,
            &mut self.signal4,
        ])
    }
}

impl PerSensor<bool> {
    /// The sensors that have it, in the order of [`Modality::ALL`].
    pub fn sensors(self) -> impl Iterator<Item = Modality> + Clone {
        Modality::ALL.into_iter().filter(move |&m| self[m])
    }

    /// How many sensors have it.
    pub fn count(self) -> usize {
        self.sensors().count()
    }
}

impl<T> std::ops::Index<Modality> for PerSensor<T> {
    type Output = T;

    fn index(&self, modality: Modality) -> &T {
        match modality {
            Modality::Audio => &self.audio,
            Modality::Camera => &self.camera,
            Modality::Signal => &self.signal,
            Modality::Audio2 => &self.audio2,
            Modality::Camera2 => &self.camera2,
            Modality::Signal2 => &self.signal2,
            Modality::Signal3 => &self.signal3,
            Modality::Signal4 => &self.signal4,
        }
    }
}

impl<T> std::ops::IndexMut<Modality> for PerSensor<T> {
    fn index_mut(&mut self, modality: Modality) -> &mut T {
        match modality {
            Modality::Audio => &mut self.audio,
            Modality::Camera => &mut self.camera,
            Modality::Signal => &mut self.signal,
            Modality::Audio2 => &mut self.audio2,
            Modality::Camera2 => &mut self.camera2,
            Modality::Signal2 => &mut self.signal2,
            Modality::Signal3 => &mut self.signal3,
            Modality::Signal4 => &mut self.signal4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sensors_are_written_as_two_and_a_third_only_where_it_is() {
        let two = PerSensor::pair(Some(1), None);
        let text = r#"{"audio":1,"camera":null}"#;
        assert_eq!(serde_json::to_string(&two).unwrap(), text);
        assert_eq!(
            serde_json::from_str::<PerSensor<Option<i32>>>(text).unwrap(),
            two
        );
        let mut three = PerSensor::pair(0.5, 0.0);
        three[Modality::Signal2] = 0.25;
        let text = r#"{"audio":0.5,"camera":0.0,"signal2":0.25}"#;
        assert_eq!(serde_json::to_string(&three).unwrap(), text);
        assert_eq!(serde_json::from_str::<PerSensor<f64>>(text).unwrap(), three);
        assert!(serde_json::from_str::<PerSensor<f64>>(r#"{"audio":0.5}"#).is_err());
    }

    #[test]
    fn every_place_is_reached_by_its_name() {
        let mut names = PerSensor::from_fn(|modality| modality.id().to_owned());
        for (modality, name) in names.iter_mut() {
            assert_eq!(Modality::from_id(name), Some(modality));
            assert_eq!(
                serde_json::to_string(&modality).unwrap(),
                format!("{name:?}")
            );
        }
        let listed: Vec<String> = names.into_values().collect();
        let expected: Vec<&str> = Modality::ALL.iter().map(|m| m.id()).collect();
        assert_eq!(listed, expected);
        assert_eq!(Modality::from_id("radar"), None);
    }
}
