//! The mains in the sound.

use std::f32::consts::TAU;

use super::sums::decibels;

/// The mains of the world, 50 and 60 Hz, with the harmonics that rectifiers and coils add; and tones
/// between them, 15 Hz from the nearest.
const HZ: [f32; TONES] = [
    50.0, 100.0, 150.0, 200.0, 60.0, 120.0, 180.0, 240.0, 75.0, 135.0, 165.0, 225.0, 0.0, 0.0, 0.0,
    0.0,
];
/// Twelve, and what fills a vector.
const TONES: usize = 16;
/// Four tones of a mains must have this much more power than the four between to be hum, not noise:
/// of white noise, one window in a hundred has.
const STANDS_OUT: f32 = 6.0;
/// What is not there in each of so many parts of the window is a voice, not hum.
const PARTS: usize = 4;
/// Ten turns of 50 Hz: shorter parts cannot tell it from other low tones.
const SHORTEST_PART: f32 = 0.2;

/// Measures hum, keeping its window function.
#[derive(Debug, Clone, Default)]
pub(super) struct HumGauge {
    hann: Vec<f32>,
    weighted: Vec<f32>,
}

impl HumGauge {
    /// Level of the stronger mains in `samples` of `rate` Hz, in dB of full scale; NaN of a sound
    /// too short to tell, or a rate too low.
    ///
    /// The power of each tone (Goertzel, "An algorithm for the evaluation of finite trigonometric
    /// series", 1958) is taken from the part of the window where it is weakest.
    #[inline(always)]
    pub(super) fn read(&mut self, samples: &[f32], rate: f32) -> f32 {
        let parts = ((samples.len() as f32 / rate / SHORTEST_PART) as usize).min(PARTS);
        if parts == 0 || rate < 2.0 * HZ[7] {
            return f32::NAN;
        }
        let length = samples.len() / parts;
        self.plan(length);
        self.weighted.clear();
        self.weighted.resize(PARTS * length, 0.0);
        let whole = self.weighted.chunks_exact_mut(length);
        for (weighted, part) in whole.zip(samples.chunks_exact(length)) {
            for ((weighted, sample), hann) in weighted.iter_mut().zip(part).zip(&self.hann) {
                *weighted = sample * hann;
            }
        }
        let mut weakest = [f32::INFINITY; TONES];
        for powers in &tone_powers(&self.weighted, length, rate)[..parts] {
            for (weakest, power) in weakest.iter_mut().zip(powers) {
                *weakest = weakest.min(*power);
            }
        }
        let [fifty, sixty, between] = [0, 4, 8].map(|i| weakest[i..i + 4].iter().sum::<f32>());
        decibels(fifty.max(sixty) - STANDS_OUT * between)
    }

    fn plan(&mut self, length: usize) {
        if self.hann.len() != length {
            let turn = TAU / length as f32;
            self.hann.clear();
            let hann = (0..length).map(|i| 0.5 - 0.5 * (turn * i as f32).cos());
            self.hann.extend(hann);
        }
    }
}

/// The mean power of each tone in each part, `length` Hann-weighted samples long. All parts and tones go side by side, for each
/// step of one must wait for the step before.
#[inline(always)]
fn tone_powers(weighted: &[f32], length: usize, rate: f32) -> [[f32; TONES]; PARTS] {
    let twice_cosine = HZ.map(|hz| 2.0 * (TAU * hz / rate).cos());
    let mut last = [[0.0_f32; TONES]; PARTS];
    let mut before = [[0.0_f32; TONES]; PARTS];
    for at in 0..length {
        for (part, (last, before)) in last.iter_mut().zip(&mut before).enumerate() {
            let sample = weighted[part * length + at];
            let tones = last.iter_mut().zip(before).zip(&twice_cosine);
            for ((last, before), twice_cosine) in tones {
                let next = sample + twice_cosine * *last - *before;
                *before = *last;
                *last = next;
            }
        }
    }
    // A tone of amplitude a comes out as |X| = a·n/4 under a Hann window, and its power is a²/2.
    let to_power = 8.0 / (length as f32).powi(2);
    std::array::from_fn(|part| {
        std::array::from_fn(|tone| {
            let (one, two) = (last[part][tone], before[part][tone]);
            to_power * (one * one + two * two - twice_cosine[tone] * one * two)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, amplitude: f32, samples: usize) -> Vec<f32> {
        (0..samples)
            .map(|i| amplitude * (TAU * hz * i as f32 / 1000.0).sin())
            .collect()
    }

    #[test]
    fn only_steady_mains_are_hum() {
        let mut gauge = HumGauge::default();
        let steady = gauge.read(&tone(50.0, 0.1, 1280), 1000.0);
        assert!(
            (steady + 23.0).abs() < 0.5,
            "{steady} dB of a tone of −23 dB"
        );
        let mut ends = tone(120.0, 0.1, 1280);
        ends[900..].fill(0.0);
        assert!(gauge.read(&ends, 1000.0) < -80.0, "a voice that ends");
        assert!(
            gauge.read(&tone(85.0, 0.1, 1280), 1000.0) < -60.0,
            "another tone"
        );
        let noise = crate::noise::white(1280, &mut crate::random::rng("hum test", &[]));
        assert!(gauge.read(&noise, 1000.0) < -60.0, "noise");
        assert!(gauge.read(&tone(50.0, 0.1, 100), 1000.0).is_nan());
    }
}
