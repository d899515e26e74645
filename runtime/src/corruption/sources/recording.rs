//! Pieces of recorded sound, at the rate at which they are wanted.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::frontend::resample;
use crate::noise::{gain, rms};
use crate::window::{SampleRate, Sound};

/// Below this level, dBFS, a recording holds nothing to hear.
const INAUDIBLE: f32 = -70.0;
/// Pieces this far below the level of their recording, dB, are between what was recorded.
const NEARLY_SILENT: f32 = -20.0;
/// Ends this far below the level of the recording, dB, are cut off: collections such as ESC-50 fill
/// short recordings up with silence.
const QUIET_END: f32 = -40.0;
/// How often a louder piece is looked for.
const TRIES: usize = 4;

/// A sound that is not silent.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::corruption) struct Recording {
    rate: SampleRate,
    samples: Vec<f32>,
    level: f32,
}

impl Recording {
    /// The sound without its quiet ends; `None` if it is inaudible, or not made of numbers.
    pub(in crate::corruption) fn of(sound: &Sound) -> Option<Self> {
        let level = rms(&sound.samples);
        if !(level.is_finite() && level >= gain(INAUDIBLE)) {
            return None;
        }
        let piece = (sound.rate.hz() as usize / 50).max(1);
        let quiet = level * gain(QUIET_END);
        let mut pieces = sound.samples.chunks(piece);
        let last = pieces.rposition(|piece| rms(piece) > quiet)?;
        let first = pieces.position(|piece| rms(piece) > quiet).unwrap_or(last);
        let end = ((last + 1) * piece).min(sound.samples.len());
        let samples = sound.samples[first * piece..end].to_vec();
        let level = rms(&samples);
        Some(Self {
            rate: sound.rate,
            samples,
            level,
        })
    }

    /// `samples` samples at `rate`, as heard from a random moment on, from the beginning again
    /// where it ends.
    ///
    /// Only the piece is converted, with as much before and after it as the filter hears.
    pub(in crate::corruption) fn piece(
        &self,
        rate: SampleRate,
        samples: usize,
        rng: &mut ChaCha8Rng,
    ) -> Option<Vec<f32>> {
        if self.rate == rate {
            return Some(self.cut(samples, rng));
        }
        let margin = Duration::from_millis(20);
        let before = rate.samples_in(margin);
        let wanted = samples + 2 * before;
        let ratio = f64::from(self.rate.hz()) / f64::from(rate.hz());
        let cut = Sound {
            start: Duration::ZERO,
            rate: self.rate,
            samples: self.cut((wanted as f64 * ratio).ceil() as usize, rng),
        };
        // Only a piece longer than any window cannot be converted.
        let mut converted = resample(&cut, rate).ok()?.samples;
        converted.drain(..before.min(converted.len()));
        converted.resize(samples, 0.0);
        Some(converted)
    }

    /// `samples` of its own samples.
    fn cut(&self, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let whole = &self.samples;
        let first = match whole.len().checked_sub(samples) {
            Some(spare) => rng.random_range(0..=spare),
            None => rng.random_range(0..whole.len()),
        };
        let mut piece = Vec::with_capacity(samples);
        let mut rest = &whole[first..];
        while piece.len() < samples {
            piece.extend_from_slice(&rest[..rest.len().min(samples - piece.len())]);
            rest = whole;
        }
        piece
    }
}

/// A piece of one of the recordings that is not a pause in it; the loudest of a few where all are.
pub(super) fn draw(
    recordings: &[Recording],
    rate: SampleRate,
    samples: usize,
    rng: &mut ChaCha8Rng,
) -> Option<Vec<f32>> {
    let mut loudest = (0.0, None);
    for _ in 0..TRIES {
        let recording = &recordings[rng.random_range(0..recordings.len())];
        let piece = recording.piece(rate, samples, rng)?;
        let level = rms(&piece) / recording.level;
        if level > gain(NEARLY_SILENT) {
            return Some(piece);
        }
        if level > loudest.0 {
            loudest = (level, Some(piece));
        }
    }
    loudest.1
}
