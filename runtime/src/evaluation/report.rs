//! What an evaluation found, clip by clip and in all.

use serde::Serialize;

use super::summary::Summary;
use crate::window::PerSensor;

/// Everything that an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The model's labels, in the order of the confusion matrix.
    pub labels: Vec<String>,
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
    Answered(ClipAnswer),
    /// Why there is none: one sentence.
    Failed(String),
}

/// The answer about one clip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClipAnswer {
    /// From both sensors together.
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
    /// On the microphone.
    pub audio: f64,
    /// On the camera.
    pub camera: f64,
}

impl Share {
    /// Mean share; `None` of none.
    pub fn mean(shares: impl IntoIterator<Item = Share>) -> Option<Share> {
        let mut sum = Share::default();
        let mut count = 0.0;
        for share in shares {
            sum.class_token += share.class_token;
            sum.audio += share.audio;
            sum.camera += share.camera;
            count += 1.0;
        }
        (count > 0.0).then(|| Share {
            class_token: sum.class_token / count,
            audio: sum.audio / count,
            camera: sum.camera / count,
        })
    }
}

impl From<[f32; 3]> for Share {
    fn from([class_token, audio, camera]: [f32; 3]) -> Self {
        Share {
            class_token: class_token.into(),
            audio: audio.into(),
            camera: camera.into(),
        }
    }
}

impl Report {
    /// The clips that could not be evaluated, each with its sentence.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.clips.iter().filter_map(|clip| match &clip.outcome {
            Outcome::Failed(why) => Some((clip.name.as_str(), why.as_str())),
            Outcome::Answered(_) => None,
        })
    }
}
