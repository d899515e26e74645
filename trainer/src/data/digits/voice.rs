//! A recorded word as a microphone in a room hears it.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::difficulty::VoiceDifficulty;
use super::recording::RATE;
use evenkeel::noise::{gain, rms};

use super::noise::{self, Steady};
use super::scene::uniform;
use super::speed::Speeds;

/// A room to speak in: what is heard beside the word.
pub struct Room<'a> {
    /// How hard it is to understand a word here.
    pub difficulty: &'a VoiceDifficulty,
    /// Samples in a window.
    pub samples: usize,
    /// Words that other people may say, played backwards.
    pub others: &'a [&'a [f32]],
}

impl Room<'_> {
    /// A window with `word` in it; `variety` changes the speaker's voice too (training only).
    ///
    /// A word longer than the window keeps its middle.
    pub fn hear(&self, word: &[f32], variety: Option<&Speeds>, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let mut word = match variety {
            Some(speeds) => {
                let mut other = speeds.change(word, rng.random_range(0..speeds.len()));
                tilt(
                    &mut other,
                    uniform([-1.0, 1.0], rng) * self.difficulty.tilt_db,
                );
                other
            }
            None => word.to_vec(),
        };
        let level = gain(uniform(self.difficulty.level_db, rng));
        let scale = level / rms(&word).max(1e-6);
        word.iter_mut().for_each(|s| *s *= scale);

        let mut window = vec![0.0_f32; self.samples];
        if word.len() > self.samples {
            let skip = (word.len() - self.samples) / 2;
            window.copy_from_slice(&word[skip..][..self.samples]);
        } else {
            let onset = rng.random_range(0..=self.samples - word.len());
            window[onset..][..word.len()].copy_from_slice(&word);
        }
        echo(
            &mut window,
            uniform([0.0, self.difficulty.reverberation], rng),
            rng,
        );

        let below = level * gain(-uniform(self.difficulty.snr_db, rng));
        let steady = self.noise(rng);
        window
            .iter_mut()
            .zip(&steady)
            .for_each(|(w, n)| *w += n * below);
        clip(window)
    }

    /// A window in which nobody says a digit.
    pub fn hear_nothing(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        // As loud as the noise in windows with a word, so that loudness alone tells nothing.
        let level =
            gain(uniform(self.difficulty.level_db, rng) - uniform(self.difficulty.snr_db, rng));
        let mut window = self.noise(rng);
        window.iter_mut().for_each(|s| *s *= level);
        match rng.random_range(0..4) {
            0 => noise::clicks(&mut window, gain(uniform([-36.0, -10.0], rng)), rng),
            1 => noise::breath(&mut window, gain(uniform([-44.0, -20.0], rng)), rng),
            _ => {}
        }
        clip(window)
    }

    /// Root mean square 1: one steady noise, or people talking over it.
    fn noise(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let kind = rng.random_range(0..4);
        match Steady::ALL.get(kind) {
            Some(steady) => steady.make(self.samples, rng),
            None => {
                let mut both = noise::babble(self.others, self.samples, rng);
                let hiss = Steady::Pink.make(self.samples, rng);
                let share = rng.random_range(0.3..0.8_f32);
                for (b, h) in both.iter_mut().zip(&hiss) {
                    *b = share.sqrt() * *b + (1.0 - share).sqrt() * h;
                }
                both
            }
        }
    }
}

/// What a 16-bit recorder can hold.
fn clip(mut window: Vec<f32>) -> Vec<f32> {
    window.iter_mut().for_each(|s| *s = s.clamp(-1.0, 1.0));
    window
}

/// A few early echoes, together `energy` times as strong as the direct sound.
fn echo(window: &mut [f32], energy: f32, rng: &mut ChaCha8Rng) {
    const ECHOES: usize = 8;
    let mut taps = [(0, 0.0_f32); ECHOES];
    for (delay, strength) in &mut taps {
        let seconds = rng.random_range(0.004..0.09_f32);
        *delay = (seconds * RATE as f32) as usize;
        let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        *strength = sign * (-seconds / 0.03).exp();
    }
    let total: f32 = taps.iter().map(|(_, s)| s * s).sum();
    let scale = (energy / total.max(1e-9)).sqrt();
    let direct = window.to_vec();
    for (delay, strength) in taps {
        let delay = delay.min(window.len());
        for (out, sample) in window[delay..].iter_mut().zip(&direct) {
            *out += scale * strength * sample;
        }
    }
}

/// Lifts the treble by `db` against the bass (or lowers it), as another microphone or head would.
fn tilt(word: &mut [f32], db: f32) {
    // A one-pole split at 1 kHz.
    let smooth = 1.0 - (-std::f32::consts::TAU * 1000.0 / RATE as f32).exp();
    let (bass, treble) = (gain(-db / 2.0), gain(db / 2.0));
    let mut low = 0.0;
    for sample in word {
        low += (*sample - low) * smooth;
        *sample = bass * low + treble * (*sample - low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evenkeel::random;

    fn room<'a>(difficulty: &'a VoiceDifficulty, others: &'a [&'a [f32]]) -> Room<'a> {
        Room {
            difficulty,
            samples: 10240,
            others,
        }
    }

    fn word() -> Vec<f32> {
        (0..3000).map(|i| (i as f32 * 0.4).sin() * 0.3).collect()
    }

    #[test]
    fn a_word_stands_out_of_the_noise_by_the_ratio_asked_for() {
        let difficulty = VoiceDifficulty {
            level_db: [-20.0, -20.0],
            snr_db: [20.0, 20.0],
            reverberation: 0.0,
            ..VoiceDifficulty::default()
        };
        let word = word();
        let others: [&[f32]; 1] = [&word];
        for n in 0..12 {
            let window =
                room(&difficulty, &others).hear(&word, None, &mut random::rng("hear", &[n]));
            assert_eq!(window.len(), 10240);
            // Word: 0.1 over 3,000 samples; noise: 0.01 over all of them.
            let expected = (0.01 * 3000.0 / 10240.0 + 0.0001_f32).sqrt();
            assert!(
                (rms(&window) / expected - 1.0).abs() < 0.1,
                "{n}: {}",
                rms(&window)
            );
        }
    }

    #[test]
    fn windows_repeat_with_their_seed_and_vary_with_it() {
        let difficulty = VoiceDifficulty::default();
        let (word, speeds) = (word(), Speeds::new([0.85, 1.18]));
        let others: [&[f32]; 1] = [&word];
        let room = room(&difficulty, &others);
        let hear = |n| room.hear(&word, Some(&speeds), &mut random::rng("hear", &[n]));
        assert_eq!(hear(1), hear(1));
        assert_ne!(hear(1), hear(2));
        let long = vec![0.1; 30_000];
        assert_eq!(
            room.hear(&long, None, &mut random::rng("hear", &[3])).len(),
            10240
        );
        assert_eq!(
            room.hear_nothing(&mut random::rng("hear", &[4])).len(),
            10240
        );
    }
}
