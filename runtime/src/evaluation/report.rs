//! What an evaluation found, clip by clip and in all.

use serde::Serialize;

use super::summary::Summary;
use crate::window::{Attention, Modality, PerSensor};

/// Everything that an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The model's labels, in the order of the confusion matrix.
    pub labels: Vec<String>,
    /// The model's sensors as people call them; absent for those it does not have.
    #[serde(skip)]
    pub sensors: PerSensor<Option<String>>,
    /// The numbers over all clips.
    pub summary: Summary,
    /// One result per clip, in the order of the list.
    pub clips: Vec<ClipResult>,
}

/// One clip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClipResult {
    /// Its name in the list.
    pub name: String,
    /// Its true label, if known.
    pub label: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a clip.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The model's answer.
    Answered(Box<ClipAnswer>),
    /// Why there is none: one sentence.
    Failed(String),
}

/// The answer about one clip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClipAnswer {
    /// From all sensors together.
    pub fused: Said,
    /// Whether the confidence is below the model's threshold.
    pub unsure: bool,
    /// From each sensor alone; absent if the clip or the model lacks it.
    pub alone: PerSensor<Option<Said>>,
    /// Which sensors the clip has.
    pub present: PerSensor<bool>,
    /// Where the attention was.
    pub attention: Share,
    /// How many windows the clip was cut into.
    pub windows: usize,
}

/// A label with its confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// The most probable label.
    pub label: String,
    /// Its probability, 0..1.
    pub confidence: f64,
    /// Whether it is the true one, if that is known.
    pub correct: Option<bool>,
}

/// Shares of attention, summing to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Share {
    /// On the class token, which no sensor feeds.
    pub class_token: f64,
    /// On each sensor.
    #[serde(flatten)]
    pub sensors: PerSensor<f64>,
}

impl Share {
    /// Mean share; `None` of none.
    pub fn mean(shares: impl IntoIterator<Item = Share>) -> Option<Share> {
        let mut sum = Share::default();
        let mut count = 0.0;
        for share in shares {
            sum += share;
            count += 1.0;
        }
        (count > 0.0).then(|| Share {
            class_token: sum.class_token / count,
            sensors: sum.sensors.map(|sum| sum / count),
        })
    }
}

impl std::ops::AddAssign for Share {
    fn add_assign(&mut self, other: Self) {
        self.class_token += other.class_token;
        for (sensor, sum) in self.sensors.iter_mut() {
            *sum += other.sensors[sensor];
        }
    }
}

impl From<Attention> for Share {
    fn from(attention: Attention) -> Self {
        Share {
            class_token: attention.class_token.into(),
            sensors: attention.sensors.map(f64::from),
        }
    }
}

impl Share {
    /// In words: `microphone 40 %, camera 50 %, class token 10 %`, the sensors by their `names`; the
    /// microphone and the camera are always among them.
    pub fn told(&self, names: &PerSensor<Option<String>>) -> String {
        let percent = |name: &str, share: f64| format!("{name} {:.0} %", 100.0 * share);
        let mut told: Vec<String> = Modality::ALL
            .into_iter()
            .filter(|sensor| Modality::LIVE.contains(sensor) || names[*sensor].is_some())
            .map(|sensor| {
                let name = names[sensor].as_deref().unwrap_or(sensor.sensor_name());
                percent(name, self.sensors[sensor])
            })
            .collect();
        told.push(percent("class token", self.class_token));
        told.join(", ")
    }
}

impl Report {
    /// A sensor as people call it.
    pub fn name(&self, sensor: Modality) -> &str {
        let name = self.sensors[sensor].as_deref();
        name.unwrap_or(sensor.sensor_name())
    }

    /// The clips in which no sensor is missing, in words.
    pub(super) fn with_all(&self) -> &'static str {
        match Modality::FURTHER.iter().any(|&m| self.sensors[m].is_some()) {
            true => "clips with all sensors",
            false => "clips with both sensors",
        }
    }

    /// The clips that could not be evaluated, each with its sentence.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.clips.iter().filter_map(|clip| match &clip.outcome {
            Outcome::Failed(why) => Some((clip.name.as_str(), why.as_str())),
            Outcome::Answered(_) => None,
        })
    }
}
