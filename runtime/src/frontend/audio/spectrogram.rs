//! The power in each mel band over time, of windows that may overlap.

use std::sync::Arc;
use std::time::Duration;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::{AudioConfig, config_error, samples_between};
use crate::frontend::FrontendError;
use crate::frontend::mel::MelBank;

/// Turns windows of sound into columns of log power, keeping those of the last window: of a window that begins a few hops
/// later most are the same.
pub struct Spectrogram {
    config: AudioConfig,
    transform: Arc<dyn RealToComplex<f32>>,
    mel: MelBank,
    /// The analysis window, periodic Hann.
    hann: Vec<f32>,
    /// One frame, padded to the length of the transform.
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    power: Vec<f32>,
    scratch: Vec<Complex<f32>>,
    /// The sound of the last window, and when it began; empty before the first.
    last: Vec<f32>,
    last_start: Duration,
    /// What was made of it, `[frames, mel_bands]` row-major.
    columns: Vec<f32>,
}

impl Spectrogram {
    /// # Errors
    /// [`FrontendError::Config`] when a band has no point of the transform.
    pub fn new(config: &AudioConfig) -> Result<Self, FrontendError> {
        let mel = MelBank::new(
            config.mel_scale,
            config.mel_bands,
            config.fft_size,
            f64::from(config.sample_rate.hz()),
            f64::from(config.min_hz),
            f64::from(config.max_hz),
        )
        .map_err(|band| {
            config_error(format!(
                "mel band {band} is narrower than the distance between two Fourier points; use \
                 fewer mel_bands or a larger fft_size"
            ))
        })?;
        let transform = RealFftPlanner::new().plan_fft_forward(config.fft_size);
        let hann = (0..config.frame_samples)
            .map(|n| {
                let phase = std::f64::consts::TAU * n as f64 / config.frame_samples as f64;
                (0.5 - 0.5 * phase.cos()) as f32
            })
            .collect();
        let [bands, frames] = config.shape();
        Ok(Self {
            mel,
            hann,
            frame: transform.make_input_vec(),
            spectrum: transform.make_output_vec(),
            power: vec![0.0; transform.complex_len()],
            scratch: transform.make_scratch_vec(),
            transform,
            last: Vec::new(),
            last_start: Duration::ZERO,
            columns: vec![0.0; bands * frames],
            config: config.clone(),
        })
    }

    /// The columns of `window`, finite samples of the length and rate that the model hears, which began at `start`:
    /// `[frames, mel_bands]` row-major, normalised.
    ///
    /// They are the same whatever was heard before: a column is taken from the last window only if every sample of its frame
    /// is the same there.
    pub fn columns(&mut self, start: Duration, window: &[f32]) -> &[f32] {
        let hop = self.config.hop_samples;
        let [bands, frames] = self.config.shape();
        let later = self.columns_later(start);
        for t in 0..frames {
            let sound = &window[t * hop..][..self.hann.len()];
            let before = later.map(|later| t + later).filter(|&before| {
                before < frames && same(sound, &self.last[before * hop..][..sound.len()])
            });
            match before {
                // It lies behind, where nothing was written yet.
                Some(before) => self
                    .columns
                    .copy_within(before * bands..(before + 1) * bands, t * bands),
                None => self.measure(t, sound),
            }
        }
        self.last.clear();
        self.last.extend_from_slice(window);
        self.last_start = start;
        &self.columns
    }

    /// How many columns of the last window a window at `start` does not have, if it has any of them.
    fn columns_later(&self, start: Duration) -> Option<usize> {
        if self.last.is_empty() || start <= self.last_start {
            return None;
        }
        let samples = samples_between(self.last_start, start, self.config.sample_rate);
        let samples = usize::try_from(samples).ok()?;
        let whole = samples.is_multiple_of(self.config.hop_samples);
        whole.then_some(samples / self.config.hop_samples)
    }

    /// Fills column `t` with what the frame `sound` holds.
    fn measure(&mut self, t: usize, sound: &[f32]) {
        let (filled, padding) = self.frame.split_at_mut(sound.len());
        for ((value, sample), weight) in filled.iter_mut().zip(sound).zip(&self.hann) {
            *value = sample * weight;
        }
        // The transform uses its input as scratch, so the padding is written every time.
        padding.fill(0.0);
        self.transform
            .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)
            .expect("buffers come from this transform");
        for (power, point) in self.power.iter_mut().zip(&self.spectrum) {
            *power = point.norm_sqr();
        }
        let AudioConfig {
            log_floor,
            mean,
            std,
            mel_bands,
            ..
        } = self.config;
        let column = &mut self.columns[t * mel_bands..][..mel_bands];
        for (value, power) in column.iter_mut().zip(self.mel.apply(&self.power)) {
            *value = ((power + log_floor).ln() - mean) / std;
        }
    }
}

/// Whether two frames have equal samples. All are looked at, which takes less time than to stop at the first that differs.
fn same(one: &[f32], other: &[f32]) -> bool {
    let pairs = one.iter().zip(other);
    pairs.fold(true, |same, (a, b)| same & (a == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_windows_share_is_measured_once() {
        let config = super::super::tests::config();
        let [bands, frames] = config.shape();
        let noise = crate::noise::white(12_000, &mut crate::random::rng("shared columns", &[]));
        let mut spectrogram = Spectrogram::new(&config).unwrap();
        spectrogram.columns(Duration::ZERO, &noise[..10_240]);
        // No sound gives these, so they tell what was kept.
        spectrogram.columns.fill(f32::MAX);
        let columns = spectrogram.columns(Duration::from_millis(160), &noise[1_280..][..10_240]);
        let kept = columns.chunks_exact(bands);
        let kept = kept.filter(|column| column.iter().all(|&value| value == f32::MAX));
        assert_eq!(kept.count(), frames - 1_280 / config.hop_samples);
    }
}
