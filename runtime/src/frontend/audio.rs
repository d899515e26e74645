//! Log-mel spectrogram of a window of sound.
//!
//! Each frame is multiplied by a periodic Hann window, padded with zeros, transformed, and its power
//! |X|² is summed under the triangles of a mel filter bank (`mel.rs` has the formulas and their
//! sources); what is kept is (ln(power + `log_floor`) − `mean`) / `std`, on request less its mean
//! over the window in each band.

mod spectrogram;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::mel::MelScale;
use super::resample::RateConverter;
use super::{FrontendError, SHORTEST_WINDOW};
use crate::finite::all_finite;
use crate::window::{Modality, SampleRate, Sound};
use spectrogram::Spectrogram;

/// Every parameter of the log-mel frontend; part of model.toml.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudioConfig {
    /// The rate the model hears at; any input rate is resampled to it.
    pub sample_rate: SampleRate,
    /// Samples in a window, at `sample_rate`.
    pub window_samples: usize,
    /// Samples in one Hann-windowed analysis frame.
    pub frame_samples: usize,
    /// Samples from one analysis frame to the next.
    pub hop_samples: usize,
    /// Points of the Fourier transform, at least `frame_samples`; the frame is padded with zeros.
    pub fft_size: usize,
    /// Mel bands.
    pub mel_bands: usize,
    /// Lower edge of the lowest band, Hz.
    pub min_hz: f32,
    /// Upper edge of the highest band, Hz, at most half of `sample_rate`.
    pub max_hz: f32,
    /// What the bands are spread evenly on.
    #[serde(default, skip_serializing_if = "MelScale::is_usual")]
    pub mel_scale: MelScale,
    /// Added to the mel power before the natural logarithm, so that silence is finite.
    pub log_floor: f32,
    /// Subtracted from the log power.
    pub mean: f32,
    /// Divides what is left.
    pub std: f32,
    /// Takes from each band, last of all, its mean over the window, so that what colours all of it
    /// alike (the microphone, the voice's own timbre, steady noise) is heard less; known as cepstral
    /// mean normalisation (Atal 1974).
    #[serde(default)]
    pub centre_bands: bool,
}

impl AudioConfig {
    /// `[mel_bands, frames]` of the patch; frames lie wholly inside the window (no padding).
    pub fn shape(&self) -> [usize; 2] {
        let room = self.window_samples.saturating_sub(self.frame_samples);
        [self.mel_bands, room / self.hop_samples.max(1) + 1]
    }

    /// How long a window lasts.
    pub fn window_duration(&self) -> Duration {
        self.sample_rate.duration_of(self.window_samples)
    }

    /// # Errors
    /// [`FrontendError::Config`] when a value is out of range or contradicts another.
    pub fn check(&self) -> Result<(), FrontendError> {
        let nyquist = self.sample_rate.hz() as f32 / 2.0;
        let [bands, frames] = self.shape();
        let hz = self.sample_rate.hz();
        let faults = [
            (
                !RATES.contains(&hz),
                format!(
                    "sample_rate must be {} to {}, not {hz}",
                    RATES.start(),
                    RATES.end()
                ),
            ),
            (
                !(1..=MOST_WINDOW_SAMPLES).contains(&self.window_samples),
                format!(
                    "window_samples must be 1 to {MOST_WINDOW_SAMPLES}, not {}",
                    self.window_samples
                ),
            ),
            (
                (self.window_samples as u128 * 1000) / u128::from(hz) < SHORTEST_WINDOW.as_millis(),
                format!(
                    "window_samples must last {} ms or more at {hz} Hz, which {} do not",
                    SHORTEST_WINDOW.as_millis(),
                    self.window_samples
                ),
            ),
            (
                self.frame_samples < 2 || self.frame_samples > self.window_samples,
                format!(
                    "frame_samples must be 2 to window_samples ({}), not {}",
                    self.window_samples, self.frame_samples
                ),
            ),
            (
                self.hop_samples == 0,
                "hop_samples must be at least 1, not 0".into(),
            ),
            (
                self.fft_size < self.frame_samples || self.fft_size > MOST_FFT_SIZE,
                format!(
                    "fft_size must be frame_samples ({}) to {MOST_FFT_SIZE}, not {}",
                    self.frame_samples, self.fft_size
                ),
            ),
            (
                bands == 0 || bands > self.fft_size / 2,
                format!(
                    "mel_bands must be 1 to half of fft_size ({}), not {bands}",
                    self.fft_size / 2
                ),
            ),
            (
                bands.saturating_mul(frames) > MOST_VALUES,
                format!("mel_bands × frames must be at most {MOST_VALUES}, not {bands} × {frames}"),
            ),
            (
                !(self.min_hz >= 0.0 && self.min_hz < self.max_hz && self.max_hz <= nyquist),
                format!(
                    "0 ≤ min_hz < max_hz ≤ half of sample_rate ({nyquist}) must hold, not {} and {}",
                    self.min_hz, self.max_hz
                ),
            ),
            (
                !(self.log_floor >= f32::MIN_POSITIVE && self.log_floor.is_finite()),
                format!("log_floor must be above 0, not {}", self.log_floor),
            ),
            (
                !self.mean.is_finite(),
                format!("mean must be a finite number, not {}", self.mean),
            ),
            (
                !(self.std >= f32::MIN_POSITIVE && self.std.is_finite()),
                format!("std must be above 0, not {}", self.std),
            ),
        ];
        match faults.into_iter().find(|(wrong, _)| *wrong) {
            Some((_, what)) => Err(config_error(what)),
            None => Ok(()),
        }
    }
}

/// From telephones of old to the fastest sound cards.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;
/// A quarter of an hour at 16 kHz; keeps a hostile model.toml from asking for all the memory.
const MOST_WINDOW_SAMPLES: usize = 1 << 24;
/// More than a second at any rate.
const MOST_FFT_SIZE: usize = 1 << 16;
/// 16 MB of patch.
const MOST_VALUES: usize = 1 << 22;
/// Full scale is 1; beyond this a sample is cut off, so that no power overflows.
const LOUDEST: f32 = 1e6;
/// Rates whose plans are kept. A machine has one or two; an evaluation over odd files a few.
const MOST_CONVERTERS: usize = 8;

fn config_error(what: String) -> FrontendError {
    FrontendError::Config {
        modality: Modality::Audio,
        what,
    }
}

/// Turns sound into log-mel patches, keeping its plans and buffers from one window to the next.
pub struct AudioFrontend {
    config: AudioConfig,
    converters: Vec<RateConverter>,
    spectrogram: Spectrogram,
    /// Sound after resampling, before it is placed in the window.
    converted: Vec<f32>,
    /// The window's sound at the model's rate.
    window: Vec<f32>,
}

impl AudioFrontend {
    /// # Errors
    /// [`FrontendError::Config`] when the parameters contradict each other.
    pub fn new(config: &AudioConfig) -> Result<Self, FrontendError> {
        config.check()?;
        Ok(Self {
            converters: Vec::new(),
            spectrogram: Spectrogram::new(config)?,
            converted: Vec::new(),
            window: vec![0.0; config.window_samples],
            config: config.clone(),
        })
    }

    /// The patch of the window that begins at `start`, `[mel_bands, frames]` row-major.
    ///
    /// Sound that begins later or ends earlier than the window is padded with silence.
    ///
    /// # Errors
    /// [`FrontendError::NotFinite`] when the window holds a sample that is not a finite number;
    /// [`FrontendError::TooLong`] when its rate is so low that one sample fills the memory.
    pub fn log_mel(&mut self, start: Duration, sound: &Sound) -> Result<Vec<f32>, FrontendError> {
        self.fill_window(start, sound)?;
        Ok(self.patch(start))
    }

    /// Puts the part of `sound` that lies in the window into `self.window`, at the model's rate.
    fn fill_window(&mut self, start: Duration, sound: &Sound) -> Result<(), FrontendError> {
        let rate = self.config.sample_rate;
        let len = self.window.len() as i64;
        // Where the window begins, counted in samples of the model's rate from the sound's start.
        let first = samples_between(sound.start, start, rate);
        if sound.rate == rate {
            place(&sound.samples, -first, &mut self.window);
        } else {
            let converter = converter(&mut self.converters, sound.rate, rate);
            let step = converter.step();
            let (from, to) = (step.from as i64, step.to as i64);
            // Only what has a part in the window is converted. It begins at a multiple of the
            // step, so that converted samples lie where they would if all the sound were.
            let reach = converter.reach() as i64;
            let steps = ((first.div_euclid(to)) - reach / from - 1).max(0);
            let end = ((first + len).div_euclid(to) + 1)
                .saturating_mul(from)
                .saturating_add(reach);
            let total = sound.samples.len() as i64;
            let begin = steps.saturating_mul(from).clamp(0, total);
            let part = &sound.samples[begin as usize..end.clamp(begin, total) as usize];
            if !all_finite(part) {
                return Err(FrontendError::NotFinite);
            }
            converter.convert(part, &mut self.converted)?;
            place(
                &self.converted,
                steps.saturating_mul(to) - first,
                &mut self.window,
            );
        }
        if !all_finite(&self.window) {
            return Err(FrontendError::NotFinite);
        }
        for sample in &mut self.window {
            *sample = sample.clamp(-LOUDEST, LOUDEST);
        }
        Ok(())
    }

    fn patch(&mut self, start: Duration) -> Vec<f32> {
        let [bands, frames] = self.config.shape();
        let columns = self.spectrogram.columns(start, &self.window);
        let mut patch = vec![0.0; bands * frames];
        for (band, row) in patch.chunks_exact_mut(frames).enumerate() {
            for (value, column) in row.iter_mut().zip(columns.chunks_exact(bands)) {
                *value = column[band];
            }
        }
        if self.config.centre_bands {
            for band in patch.chunks_mut(frames) {
                let mean = band.iter().sum::<f32>() / frames as f32;
                band.iter_mut().for_each(|value| *value -= mean);
            }
        }
        patch
    }
}

/// The converter from `from`, made if it is not among those kept.
fn converter(
    kept: &mut Vec<RateConverter>,
    from: SampleRate,
    to: SampleRate,
) -> &mut RateConverter {
    let at = match kept.iter().position(|converter| converter.from() == from) {
        Some(at) => at,
        None => {
            if kept.len() == MOST_CONVERTERS {
                kept.remove(0);
            }
            kept.push(RateConverter::new(from, to));
            kept.len() - 1
        }
    };
    &mut kept[at]
}

/// Samples from one time to the other, negative if `to` is the earlier, rounded to the nearest and
/// kept far from the limits of the type.
fn samples_between(from: Duration, to: Duration, rate: SampleRate) -> i64 {
    let nanoseconds = to.as_nanos() as i128 - from.as_nanos() as i128;
    let samples = (nanoseconds * i128::from(rate.hz()) + 500_000_000).div_euclid(1_000_000_000);
    samples.clamp(-(1 << 40), 1 << 40) as i64
}

/// Copies `samples` into `window` so that the first lands at index `at`; the rest is silence.
fn place(samples: &[f32], at: i64, window: &mut [f32]) {
    window.fill(0.0);
    let skipped = (-at).clamp(0, samples.len() as i64) as usize;
    let begin = at.clamp(0, window.len() as i64) as usize;
    let len = (samples.len() - skipped).min(window.len() - begin);
    window[begin..begin + len].copy_from_slice(&samples[skipped..skipped + len]);
}

#[cfg(test)]
mod tests;
