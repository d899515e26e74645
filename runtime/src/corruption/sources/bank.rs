//! Noise by kind, recorded or made.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use super::recording::{self, Recording};
use super::{outdoors, voices};
use crate::noise::normalise;
use crate::window::{SampleRate, Sound};

/// Noises of the world outside; the five of READ (Yang et al., ICLR 2024).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoiseKind {
    /// Wind in the microphone.
    Wind,
    /// Rain.
    Rain,
    /// Thunder.
    Thunder,
    /// Engines.
    Traffic,
    /// Many people at once.
    Crowd,
}

impl NoiseKind {
    /// All of them.
    pub const ALL: [NoiseKind; 5] = [
        NoiseKind::Wind,
        NoiseKind::Rain,
        NoiseKind::Thunder,
        NoiseKind::Traffic,
        NoiseKind::Crowd,
    ];

    /// As the folder with its recordings is called.
    pub fn name(self) -> &'static str {
        match self {
            NoiseKind::Wind => "wind",
            NoiseKind::Rain => "rain",
            NoiseKind::Thunder => "thunder",
            NoiseKind::Traffic => "traffic",
            NoiseKind::Crowd => "crowd",
        }
    }
}

/// Noise by kind: recorded where there are recordings, made where there are none.
///
/// What is made has the colour and the course over time by which one knows the kind, not more. A
/// clone shares the recordings.
#[derive(Debug, Clone, Default)]
pub struct NoiseBank {
    /// Never an empty list.
    recordings: Arc<BTreeMap<NoiseKind, Vec<Recording>>>,
}

impl NoiseBank {
    /// No recordings: every kind is made.
    pub fn synthesised() -> Self {
        Self::default()
    }

    /// Recordings of some kinds, of any rate and length; the other kinds are made.
    ///
    /// Quiet beginnings and ends are cut off, and recordings without sound are left out. Noise is
    /// asked for at the rate of the clips: recordings that have it already are several times as
    /// fast to draw from.
    pub fn from_recordings(sounds: BTreeMap<NoiseKind, Vec<Sound>>) -> Self {
        let recordings = sounds
            .into_iter()
            .map(|(kind, sounds)| {
                let heard = sounds.iter().filter_map(Recording::of);
                (kind, heard.collect::<Vec<_>>())
            })
            .filter(|(_, recordings)| !recordings.is_empty())
            .collect();
        Self {
            recordings: Arc::new(recordings),
        }
    }

    /// The kinds that are recorded, not made.
    pub fn recorded(&self) -> impl Iterator<Item = NoiseKind> + '_ {
        self.recordings.keys().copied()
    }

    /// `samples` samples of noise at `rate` with root mean square 1.
    ///
    /// A random piece of a random recording, from its beginning again where the recording is
    /// shorter; or noise made for the purpose.
    pub fn noise(
        &self,
        kind: NoiseKind,
        rate: SampleRate,
        samples: usize,
        rng: &mut ChaCha8Rng,
    ) -> Vec<f32> {
        let recorded = self
            .recordings
            .get(&kind)
            .and_then(|recordings| recording::draw(recordings, rate, samples, rng));
        let mut noise = recorded.unwrap_or_else(|| match kind {
            NoiseKind::Wind => outdoors::wind(rate, samples, rng),
            NoiseKind::Rain => outdoors::rain(rate, samples, rng),
            NoiseKind::Thunder => outdoors::thunder(rate, samples, rng),
            NoiseKind::Traffic => outdoors::traffic(rate, samples, rng),
            NoiseKind::Crowd => voices::crowd(rate, samples, rng),
        });
        normalise(&mut noise);
        noise
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::noise::rms;
    use crate::random;

    fn rate(hz: u32) -> SampleRate {
        SampleRate::new(hz).unwrap()
    }

    /// The share of the energy below and above 700 Hz.
    fn below_and_above(noise: &[f32], rate: SampleRate) -> (f32, f32) {
        let smooth = crate::noise::smoothing(700.0, rate);
        let (mut once, mut twice) = (0.0, 0.0);
        let low: Vec<f32> = noise
            .iter()
            .map(|s| {
                once += (s - once) * smooth;
                twice += (once - twice) * smooth;
                twice
            })
            .collect();
        let high: Vec<f32> = noise.iter().zip(&low).map(|(s, l)| s - l).collect();
        let total = rms(noise).powi(2);
        (rms(&low).powi(2) / total, rms(&high).powi(2) / total)
    }

    #[test]
    fn made_noise_is_level_repeats_and_has_its_colour_at_every_rate() {
        let bank = NoiseBank::synthesised();
        for kind in NoiseKind::ALL {
            for hz in [8_000, 16_000, 48_000] {
                let make = |seed| {
                    let mut rng = random::rng("bank", &[seed]);
                    bank.noise(kind, rate(hz), hz as usize, &mut rng)
                };
                let noise = make(1);
                assert_eq!(noise.len(), hz as usize);
                assert!((rms(&noise) - 1.0).abs() < 1e-3, "{kind:?} at {hz}");
                assert_eq!(noise, make(1));
                assert_ne!(noise, make(2));
                let (low, high) = below_and_above(&noise, rate(hz));
                match kind {
                    NoiseKind::Rain => assert!(high > 0.7, "{kind:?} at {hz}: {high}"),
                    NoiseKind::Wind | NoiseKind::Thunder => {
                        assert!(low > 0.6, "{kind:?} at {hz}: {low}");
                    }
                    NoiseKind::Traffic | NoiseKind::Crowd => {
                        assert!(low > 0.15 && high > 0.02, "{kind:?} at {hz}: {low} {high}");
                    }
                }
            }
        }
    }

    #[test]
    fn recordings_take_the_place_of_what_is_made() {
        // A tone with silence before it, at another rate than what is asked for.
        let tone = |hz: f32, silent: usize| Sound {
            start: Duration::ZERO,
            rate: rate(44_100),
            samples: (0..88_200)
                .map(|i| {
                    let on = if i < silent { 0.0 } else { 0.2 };
                    on * (std::f32::consts::TAU * hz * i as f32 / 44_100.0).sin()
                })
                .collect(),
        };
        let silence = Sound {
            samples: vec![0.0; 44_100],
            ..tone(1.0, 0)
        };
        let bank = NoiseBank::from_recordings(BTreeMap::from([
            (
                NoiseKind::Rain,
                vec![tone(1_000.0, 60_000), silence.clone()],
            ),
            (NoiseKind::Crowd, vec![silence]),
        ]));
        assert!(bank.recorded().eq([NoiseKind::Rain]));
        for seed in 0..8 {
            let mut rng = random::rng("bank", &[seed]);
            let noise = bank.noise(NoiseKind::Rain, rate(8_000), 4_000, &mut rng);
            assert_eq!(noise.len(), 4_000);
            assert!((rms(&noise) - 1.0).abs() < 1e-3);
            // A tone of 1 kHz repeats after 8 samples at 8 kHz; at 44.1 kHz it would not.
            let change: Vec<f32> = noise[8..].iter().zip(&noise).map(|(b, a)| b - a).collect();
            assert!(rms(&change) < 0.1, "{seed}: {}", rms(&change));
        }
    }
}
