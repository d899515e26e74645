//! What the sound of one window tells about the microphone.

use pulp::{Simd, WithSimd};

use super::Reason;
use super::hum::HumGauge;
use super::microphone::AudioReadings;
use super::statistic::{AUDIO_STATISTICS, AudioStatistic as Is, Statistic};
use super::sums::{decibels, extremes, refill, total};

/// Sound is judged at about this rate; what comes faster is averaged down to it, so that other
/// sample rates read much alike.
const RATE: u32 = 8_000;
/// And hum and rumble at about this one.
const SLOW_RATE: usize = 1_000;
/// Levels are those of pieces of this length.
const PIECE_MS: usize = 20;
/// Rumble is what is left of averages over this time, which dim 90 Hz by half.
const RUMBLE_MS: usize = 5;
/// Fewer pieces have no tenth that are quiet and no tenth that are loud.
const FEWEST_PIECES: usize = 5;
/// Where the loud pieces are this much above the quiet ones, something stands out of the noise.
const STANDS_OUT_DB: f32 = 6.0;
/// Half the power.
const MOST_OF_IT_DB: f32 = 3.0;
/// Closer to full scale than this is at full scale.
const FULL_SCALE: f32 = 0.999;
/// Full scale is 1; beyond this a sample is cut off, so that no power overflows.
const LOUDEST: f32 = 1e6;
/// Tops of waves lower than this are steps of a 16-bit converter, and flat of themselves.
const LOWEST_TOP: f32 = 0.001;
/// Neighbours this close, as a share of the top's height, make it flat: a sine of 200 Hz is bent
/// more than this even at 48 kHz.
const FLAT: f32 = 1e-4;

/// What a window's sound holds.
pub(super) struct Heard {
    /// All statistics but those of time without change, which are NaN.
    pub(super) readings: AudioReadings,
    /// Level of the loud pieces (nine in ten are quieter) above that of the quiet ones, dB; NaN of
    /// a sound too short for it.
    pub(super) range_db: f32,
}

impl Heard {
    /// What it is that there is too much of.
    pub(super) fn refined(&self, reason: Reason) -> Reason {
        let too_much = [Reason::Rumble, Reason::Loud, Reason::Noisy].contains(&reason);
        let [hum, level] = [Is::Hum, Is::Level].map(|level| self.readings[level.index()]);
        match reason {
            _ if too_much && hum > level - MOST_OF_IT_DB => Reason::Hum,
            Reason::Noisy if self.range_db < STANDS_OUT_DB => Reason::NoiseOnly,
            other => other,
        }
    }
}

/// Reads sounds, keeping its buffers.
#[derive(Debug, Clone, Default)]
pub(super) struct SoundGauge {
    /// As they were given, but finite.
    samples: Vec<f32>,
    /// At about 8 kHz, without the mean.
    sound: Vec<f32>,
    /// At about 1 kHz.
    slow: Vec<f32>,
    bend: Vec<f32>,
    /// Mean power of each piece.
    pieces: Vec<f32>,
    hum: HumGauge,
}

/// The reading of a sound, compiled for the widest vectors of the processor: what it calls is inlined.
struct Reading<'a> {
    gauge: &'a mut SoundGauge,
    given: &'a [f32],
    hz: u32,
}

impl WithSimd for Reading<'_> {
    type Output = Heard;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Heard {
        self.gauge.heard(self.given, self.hz)
    }
}

impl SoundGauge {
    /// `given` samples, at least one, at `hz`. What is not a number is nothing heard.
    pub(super) fn read(&mut self, given: &[f32], hz: u32) -> Heard {
        pulp::Arch::new().dispatch(Reading {
            gauge: self,
            given,
            hz,
        })
    }

    /// The samples that were read last, all finite.
    pub(super) fn samples(&self) -> &[f32] {
        &self.samples
    }

    #[inline(always)]
    fn heard(&mut self, given: &[f32], hz: u32) -> Heard {
        let finite = |&sample: &f32| match sample.is_finite() {
            true => sample.clamp(-LOUDEST, LOUDEST),
            false => 0.0,
        };
        refill(&mut self.samples, given.iter().map(finite));
        let samples = &self.samples;
        let mean = total(samples, |sample| sample) / samples.len() as f32;
        let thin = (hz / RATE).max(1);
        let rate = hz as f32 / thin as f32;
        average(samples, thin as usize, mean, &mut self.sound);
        let thin = (rate as usize / SLOW_RATE).max(1);
        average(&self.sound, thin, 0.0, &mut self.slow);
        let slow_rate = rate / thin as f32;

        let power = mean_square(&self.sound);
        let mut readings = [f32::NAN; AUDIO_STATISTICS];
        let mut note = |statistic: Is, value: f32| readings[statistic.index()] = value;
        let (full_scale, flat) = at_the_limits(samples);
        note(Is::FullScale, full_scale);
        note(Is::FlatTops, flat);
        note(Is::Offset, mean.abs());
        note(Is::Level, decibels(power));
        note(Is::Hum, self.hum.read(&self.slow, slow_rate));
        note(Is::Rumble, decibels(self.rumble(slow_rate)));
        let mut range_db = f32::NAN;
        if let Some((quiet, loud)) = self.quiet_and_loud(rate) {
            range_db = decibels(loud) - decibels(quiet);
            note(Is::NoiseFloor, decibels(quiet));
            if range_db >= STANDS_OUT_DB {
                note(Is::Treble, decibels(self.bend_power()) - decibels(power));
            }
        }
        Heard { readings, range_db }
    }

    /// Power of the averages over 5 ms.
    #[inline(always)]
    fn rumble(&self, slow_rate: f32) -> f32 {
        let length = ((slow_rate * RUMBLE_MS as f32 / 1000.0) as usize).max(1);
        let averages = self.slow.chunks_exact(length);
        let count = averages.len().max(1) as f32;
        let squares = averages.map(|part| (part.iter().sum::<f32>() / length as f32).powi(2));
        squares.sum::<f32>() / count
    }

    /// The power that nine in ten pieces are above, and the one that nine in ten are below.
    #[inline(always)]
    fn quiet_and_loud(&mut self, rate: f32) -> Option<(f32, f32)> {
        let length = ((rate * PIECE_MS as f32 / 1000.0) as usize).max(1);
        let pieces = self.sound.chunks_exact(length).map(mean_square);
        refill(&mut self.pieces, pieces);
        let tenth = self.pieces.len() / 10;
        let last = self.pieces.len().checked_sub(1 + tenth)?;
        let mut at = |place: usize| {
            let (_, &mut power, _) = self.pieces.select_nth_unstable_by(place, f32::total_cmp);
            power
        };
        let powers = (at(tenth), at(last));
        (self.pieces.len() >= FEWEST_PIECES).then_some(powers)
    }

    /// Mean square of the second difference, which grows with the fourth power of the frequency.
    #[inline(always)]
    fn bend_power(&mut self) -> f32 {
        let bend = self.sound.windows(3).map(|s| s[0] - 2.0 * s[1] + s[2]);
        refill(&mut self.bend, bend);
        mean_square(&self.bend)
    }
}

#[inline(always)]
fn mean_square(samples: &[f32]) -> f32 {
    total(samples, |sample| sample * sample) / samples.len().max(1) as f32
}

/// Replaces `averaged` by the means of `thin` samples each, less `mean`.
#[inline(always)]
fn average(samples: &[f32], thin: usize, mean: f32, averaged: &mut Vec<f32>) {
    if thin == 1 {
        refill(averaged, samples.iter().map(|sample| sample - mean));
    } else {
        let parts = samples.chunks_exact(thin);
        let average = |part: &[f32]| part.iter().sum::<f32>() / thin as f32 - mean;
        refill(averaged, parts.map(average));
    }
}

/// The shares of samples at full scale, and on flat tops at any level.
#[inline(always)]
fn at_the_limits(samples: &[f32]) -> (f32, f32) {
    let (low, high) = extremes(samples);
    let count = samples.len() as f32;
    let full = match high.max(-low) >= FULL_SCALE {
        true => samples
            .iter()
            .map(|s| u32::from(s.abs() >= FULL_SCALE))
            .sum(),
        false => 0_u32,
    };
    // Where a side has no top to speak of, no sample is beyond it.
    let near = |top: f32| {
        if top >= LOWEST_TOP {
            0.9 * top
        } else {
            f32::INFINITY
        }
    };
    let (above, below) = (near(high), -near(-low));
    let close = FLAT * high.max(-low);
    let pairs = samples.iter().zip(&samples[1..]);
    let flat: u32 = pairs
        .map(|(&a, &b)| u32::from(((b - a).abs() <= close) & ((b >= above) | (b <= below))))
        .sum();
    (full as f32 / count, flat as f32 / count)
}
