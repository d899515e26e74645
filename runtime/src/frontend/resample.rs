//! Any sample rate to any other.

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use super::FrontendError;
use crate::window::{SampleRate, Sound};

/// The same sound at another rate: same start, same length to within one sample.
///
/// What is above half of the lower rate is filtered out, and the delay of the filter is taken out
/// again.
///
/// # Errors
/// [`FrontendError::TooLong`] when the result would have more than 2²⁸ samples.
pub fn resample(sound: &Sound, rate: SampleRate) -> Result<Sound, FrontendError> {
    let samples = if sound.rate == rate {
        sound.samples.clone()
    } else {
        let mut samples = Vec::new();
        RateConverter::new(sound.rate, rate).convert(&sound.samples, &mut samples)?;
        samples
    };
    Ok(Sound {
        start: sound.start,
        rate,
        samples,
    })
}

/// Samples of one transform on the side with the lower rate. The filter is this long: at 1024 it
/// passes 98 % of the band, and a click rings for a few milliseconds.
const BLOCK: usize = 1024;

/// An hour and a half at 48 kHz, 1 GiB: a few bytes at 1 Hz must not ask for all the memory.
const MOST_CONVERTED: u128 = 1 << 28;

/// No transform is longer than twice this, whatever rates a file claims to have.
const LONGEST_STEP: usize = 1 << 18;

/// Converts between one pair of rates, keeping its plans and buffers.
pub(super) struct RateConverter {
    from: SampleRate,
    to: SampleRate,
    step: Step,
    resampler: Fft<f32>,
    buffer: Vec<f32>,
}

/// The smallest numbers of samples of both rates that last equally long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// Samples at the rate that is converted from.
    pub(super) from: usize,
    /// Samples at the rate that is converted to.
    pub(super) to: usize,
}

impl Step {
    fn between(from: SampleRate, to: SampleRate) -> Self {
        let (from, to) = (from.hz() as usize, to.hz() as usize);
        let divisor = greatest_common_divisor(from, to);
        let (from, to) = (from / divisor, to / divisor);
        // Only rates that no sound card has get here with a longer step; they are rounded by less
        // than a hundred-thousandth.
        let excess = from.max(to).div_ceil(LONGEST_STEP);
        let rounded = |n: usize| ((n + excess / 2) / excess).max(1);
        Self {
            from: rounded(from),
            to: rounded(to),
        }
    }

    /// How many steps make a block. Even, so that half a block, the delay of the filter, is a
    /// whole number of samples on both sides.
    fn repeats(self) -> usize {
        let wanted = BLOCK.div_ceil(self.from.min(self.to));
        let affordable = LONGEST_STEP / self.from.max(self.to);
        wanted.min(affordable).max(1).next_multiple_of(2)
    }
}

impl RateConverter {
    pub(super) fn new(from: SampleRate, to: SampleRate) -> Self {
        let step = Step::between(from, to);
        let resampler = Fft::new_custom(
            step.from,
            step.to,
            step.repeats() * step.from,
            1,
            1,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .expect("rates and block sizes are never zero");
        Self {
            from,
            to,
            step,
            resampler,
            buffer: Vec::new(),
        }
    }

    pub(super) fn from(&self) -> SampleRate {
        self.from
    }

    pub(super) fn step(&self) -> Step {
        self.step
    }

    /// How many samples on each side have a part in one converted sample, at the rate that is
    /// converted from.
    pub(super) fn reach(&self) -> usize {
        self.resampler.fft_size_in() / 2
    }

    /// Replaces `output` by `input` at the other rate; silence is assumed before and after.
    pub(super) fn convert(
        &mut self,
        input: &[f32],
        output: &mut Vec<f32>,
    ) -> Result<(), FrontendError> {
        output.clear();
        if input.is_empty() {
            return Ok(());
        }
        let length = self.converted_len(input.len())?;
        self.resampler.reset();
        let needed = self.resampler.process_all_needed_output_len(input.len());
        self.buffer.resize(needed, 0.0);
        let source = InterleavedSlice::new(input, 1, input.len()).expect("one channel");
        let mut target =
            InterleavedSlice::new_mut(&mut self.buffer, 1, needed).expect("one channel");
        let (_, converted) = self
            .resampler
            .process_all_into_buffer(&source, &mut target, input.len(), None)
            .expect("the buffer has the length that was asked for");
        output.extend_from_slice(&self.buffer[..converted]);
        output.resize(length, 0.0);
        Ok(())
    }

    fn converted_len(&self, len: usize) -> Result<usize, FrontendError> {
        let (from, to) = (u128::from(self.from.hz()), u128::from(self.to.hz()));
        let samples = (len as u128 * to + from / 2) / from;
        if samples > MOST_CONVERTED {
            let rate = self.to;
            return Err(FrontendError::TooLong { samples, rate });
        }
        Ok(samples as usize)
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;
    use std::time::Duration;

    use super::*;

    fn sine(rate: u32, hz: f64, seconds: f64) -> Sound {
        let n = (seconds * f64::from(rate)).round() as usize;
        Sound {
            start: Duration::from_millis(250),
            rate: SampleRate::new(rate).unwrap(),
            samples: (0..n)
                .map(|i| (TAU * hz * i as f64 / f64::from(rate)).sin() as f32)
                .collect(),
        }
    }

    #[test]
    fn a_tone_stays_the_same_tone_at_the_same_time() {
        for (from, to) in [
            (8_000, 16_000),
            (44_100, 8_000),
            (48_000, 8_000),
            (22_050, 8_000),
            (8_000, 44_100),
            (11_025, 16_000),
            (8_001, 8_000),
        ] {
            let to_rate = SampleRate::new(to).unwrap();
            let sound = resample(&sine(from, 1_000.0, 0.5), to_rate).unwrap();
            let expected = sine(to, 1_000.0, 0.5);
            assert_eq!(sound.start, expected.start);
            let difference = sound.samples.len().abs_diff(expected.samples.len());
            assert!(
                difference <= 1,
                "{from} to {to}: length off by {difference}"
            );
            // The tone begins and ends abruptly; its middle must be the tone, in phase.
            let middle = to as usize / 5..to as usize * 3 / 10;
            for i in middle {
                let error = (sound.samples[i] - expected.samples[i]).abs();
                assert!(error < 2e-3, "{from} to {to}: off by {error} at {i}");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_filtered_out() {
        let rate = SampleRate::new(8_000).unwrap();
        let sound = resample(&sine(48_000, 5_000.0, 0.5), rate).unwrap();
        let loudest = sound.samples[1_000..3_000]
            .iter()
            .fold(0.0_f32, |loudest, x| loudest.max(x.abs()));
        assert!(loudest < 1e-3, "{loudest} of the tone came back as another");
    }

    #[test]
    fn short_and_empty_sounds_and_odd_rates_are_no_trouble() {
        let to = SampleRate::new(8_000).unwrap();
        for rate in [1, 7, 11_025, 768_000, 4_294_967_291] {
            for len in [0, 1, 5] {
                let sound = Sound {
                    start: Duration::ZERO,
                    rate: SampleRate::new(rate).unwrap(),
                    samples: vec![0.5; len],
                };
                let there = resample(&sound, to).unwrap();
                let expected = len as f64 * 8_000.0 / f64::from(rate);
                assert!((there.samples.len() as f64 - expected).abs() <= 1.0);
                assert!(there.samples.iter().all(|x| x.is_finite()));
            }
        }
    }

    #[test]
    fn a_few_samples_cannot_ask_for_all_the_memory() {
        let sound = Sound {
            start: Duration::ZERO,
            rate: SampleRate::new(1).unwrap(),
            samples: vec![0.5; 1_000],
        };
        let error = resample(&sound, SampleRate::new(768_000).unwrap()).unwrap_err();
        assert!(error.to_string().contains("768000000 samples"), "{error}");
    }
}
