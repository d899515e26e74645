//! How hard the digits are to see and to hear.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::data::range::{pair_within, within};

/// Everything that decides how hard the task is, in one place.
///
/// By default the digit is held into a frame in the middle of the picture, and the room is lived in.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Difficulty {
    /// What the camera sees.
    pub scene: SceneDifficulty,
    /// What the microphone hears.
    pub voice: VoiceDifficulty,
    /// How the hands differ that write for training.
    #[serde(skip_serializing_if = "HandDifficulty::is_none")]
    pub hand: HandDifficulty,
}

impl Difficulty {
    /// # Errors
    /// When a value leaves the range that its field names; the message names its key.
    pub fn check(&self) -> Result<()> {
        self.scene.check()?;
        self.voice.check()?;
        self.hand.check()
    }
}

/// How hard scenes are to read. Ranges are `[lowest, highest]`, drawn uniformly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SceneDifficulty {
    /// Difference of luma between ink and paper, 0..1, before light, blur and noise.
    pub contrast: [f32; 2],
    /// Side of the square that holds the digit, as a share of the scene's side, 0.2..1.
    pub size: [f32; 2],
    /// Largest turn to either side, degrees, 0..40 (beyond, 6 and 9 meet).
    pub rotation: f32,
    /// Largest change of scale across the digit's square from perspective, 0..0.6.
    pub perspective: f32,
    /// Largest loss of light from one side to the other and in shadows, 0..0.9.
    pub uneven_light: f32,
    /// Chance that things lie around the paper, 0..1.
    pub clutter: f32,
    /// Standard deviation of the blur, in pixels of the 96×96 scene, 0..3.
    pub blur: [f32; 2],
    /// Standard deviation of the sensor's noise, as a share of full scale, 0..0.2.
    pub noise: [f32; 2],
}

impl Default for SceneDifficulty {
    fn default() -> Self {
        Self {
            contrast: [0.45, 0.95],
            size: [0.70, 0.95],
            rotation: 12.0,
            perspective: 0.15,
            uneven_light: 0.3,
            clutter: 0.3,
            blur: [0.3, 1.2],
            noise: [0.01, 0.05],
        }
    }
}

impl SceneDifficulty {
    fn check(&self) -> Result<()> {
        let key = |name: &str| format!("data.digits.difficulty.scene.{name}");
        pair_within(&key("contrast"), self.contrast, 0.0..=1.0)?;
        pair_within(&key("size"), self.size, 0.2..=1.0)?;
        within(&key("rotation"), self.rotation, 0.0..=40.0)?;
        within(&key("perspective"), self.perspective, 0.0..=0.6)?;
        within(&key("uneven_light"), self.uneven_light, 0.0..=0.9)?;
        within(&key("clutter"), self.clutter, 0.0..=1.0)?;
        pair_within(&key("blur"), self.blur, 0.0..=3.0)?;
        pair_within(&key("noise"), self.noise, 0.0..=0.2)
    }
}

/// How hard words are to understand. Ranges are `[lowest, highest]`, drawn uniformly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VoiceDifficulty {
    /// Level of the word: root mean square over its length, dB of full scale, −50..−10.
    pub level_db: [f32; 2],
    /// Level of the word over the room's noise, dB, −5..60.
    pub snr_db: [f32; 2],
    /// Largest energy of the echoes over that of the direct sound, 0..1.
    pub reverberation: f32,
    /// Training only: speed and pitch together, as a factor, 0.5..2.
    pub speed: [f32; 2],
    /// Training only: largest change of the highest frequencies against the lowest, dB either way,
    /// 0..20.
    pub tilt_db: f32,
}

impl Default for VoiceDifficulty {
    fn default() -> Self {
        Self {
            level_db: [-34.0, -16.0],
            snr_db: [2.0, 28.0],
            reverberation: 0.25,
            speed: [0.85, 1.18],
            tilt_db: 8.0,
        }
    }
}

impl VoiceDifficulty {
    fn check(&self) -> Result<()> {
        let key = |name: &str| format!("data.digits.difficulty.voice.{name}");
        pair_within(&key("level_db"), self.level_db, -50.0..=-10.0)?;
        pair_within(&key("snr_db"), self.snr_db, -5.0..=60.0)?;
        within(&key("reverberation"), self.reverberation, 0.0..=1.0)?;
        pair_within(&key("speed"), self.speed, 0.5..=2.0)?;
        within(&key("tilt_db"), self.tilt_db, 0.0..=20.0)
    }
}

/// Training only: how handwriting is changed, so that more hands than those of the images are met. By default it is not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HandDifficulty {
    /// Largest factor between width and height, either way, 1..2.
    pub stretch: f32,
    /// Largest slant to either side, degrees, 0..40.
    pub slant: f32,
    /// Largest change of the pen's radius either way, pixels of the 28×28 square, 0..2.
    pub pen: f32,
}

impl Default for HandDifficulty {
    fn default() -> Self {
        Self {
            stretch: 1.0,
            slant: 0.0,
            pen: 0.0,
        }
    }
}

impl HandDifficulty {
    /// Whether nothing is changed.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn check(&self) -> Result<()> {
        let key = |name: &str| format!("data.digits.difficulty.hand.{name}");
        within(&key("stretch"), self.stretch, 1.0..=2.0)?;
        within(&key("slant"), self.slant, 0.0..=40.0)?;
        within(&key("pen"), self.pen, 0.0..=2.0)
    }
}
