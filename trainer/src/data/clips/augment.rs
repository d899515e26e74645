//! Small changes that make more of few clips.

use std::time::Duration;

use evenkeel::clip::Clip;
use evenkeel::window::{Frame, Window};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::data::range::within;
use evenkeel::noise::{gain, rms, white};

/// How far training windows may be changed; zero leaves a thing as it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Seconds by which a window is moved either way, 0..10.
    pub shift: f32,
    /// Decibels by which the sound is made louder or softer, 0..40.
    pub gain_db: f32,
    /// Level of added hiss under the sound's own, decibels, at its loudest, 0..100; 0 adds none.
    pub noise_db: f32,
    /// Share of each side of the picture that may be cut off, 0..0.5.
    pub crop: f32,
    /// Share by which brightness and contrast may change, 0..1.
    pub light: f32,
    /// Whether the picture may be mirrored.
    pub flip: bool,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            shift: 0.06,
            gain_db: 6.0,
            noise_db: 20.0,
            crop: 0.08,
            light: 0.2,
            flip: false,
        }
    }
}

impl Augmentation {
    /// `section` is where the values stand in the configuration, such as `data.clips.augmentation`.
    ///
    /// # Errors
    /// When a value leaves the range that its field names; the message names its key.
    pub fn check(&self, section: &str) -> anyhow::Result<()> {
        let key = |name: &str| format!("{section}.{name}");
        within(&key("shift"), self.shift, 0.0..=10.0)?;
        within(&key("gain_db"), self.gain_db, 0.0..=40.0)?;
        within(&key("noise_db"), self.noise_db, 0.0..=100.0)?;
        within(&key("crop"), self.crop, 0.0..=0.5)?;
        within(&key("light"), self.light, 0.0..=1.0)
    }

    /// The window of `length` near `middle`, changed.
    pub(super) fn window(
        &self,
        clip: &Clip,
        middle: Duration,
        length: Duration,
        rng: &mut ChaCha8Rng,
    ) -> Window {
        let start = middle.as_secs_f32() + self.shift * rng.random_range(-1.0..=1.0_f32);
        let mut window = clip.window_at(Duration::from_secs_f32(start.max(0.0)), length);
        let louder = gain(self.gain_db * rng.random_range(-1.0..=1.0_f32));
        let below = self.noise_db + rng.random_range(0.0..30.0_f32);
        if let Some(sound) = &mut window.sound {
            let hiss = if self.noise_db > 0.0 {
                rms(&sound.samples) * gain(-below)
            } else {
                0.0
            };
            let noise = white(sound.samples.len(), rng);
            for (sample, noise) in sound.samples.iter_mut().zip(&noise) {
                *sample = ((*sample + noise * hiss) * louder).clamp(-1.0, 1.0);
            }
        }
        // The same change for every frame: a camera does not jump.
        let cut = rng.random_range(0.0..=1.0_f32) * self.crop.clamp(0.0, 0.5);
        let place = [0, 1].map(|_| rng.random_range(0.0..=1.0_f32));
        let contrast = 1.0 + self.light * rng.random_range(-1.0..=1.0_f32);
        let brightness = 128.0 + 128.0 * self.light * rng.random_range(-1.0..=1.0_f32);
        let lut: [u8; 256] = std::array::from_fn(|value| {
            ((value as f32 - 128.0) * contrast + brightness).clamp(0.0, 255.0) as u8
        });
        let mirrored = rng.random_bool(0.5) && self.flip;
        for frame in &mut window.frames {
            *frame = reframed(frame, cut, place, mirrored, &lut);
        }
        window
    }
}

/// A part of `frame` that lacks the share `cut` of both sides, with other brightness.
fn reframed(frame: &Frame, cut: f32, place: [f32; 2], mirrored: bool, lut: &[u8; 256]) -> Frame {
    let axis = |side: u32, place: f32| {
        let kept = ((side as f32 * (1.0 - cut)).round() as u32).clamp(1, side);
        (((side - kept) as f32 * place) as usize, kept)
    };
    let ((left, width), (top, height)) =
        (axis(frame.width, place[0]), axis(frame.height, place[1]));
    let mut rgb = Vec::with_capacity(3 * (width * height) as usize);
    for row in frame
        .rgb
        .chunks_exact(3 * frame.width as usize)
        .skip(top)
        .take(height as usize)
    {
        let row = &row[3 * left..][..3 * width as usize];
        let pixel = |pixel: &[u8]| [0, 1, 2].map(|c| lut[usize::from(pixel[c])]);
        if mirrored {
            rgb.extend(row.chunks_exact(3).rev().flat_map(pixel));
        } else {
            rgb.extend(row.chunks_exact(3).flat_map(pixel));
        }
    }
    Frame {
        time: frame.time,
        width,
        height,
        rgb,
    }
}
