//! Sounds of a room: hiss, rumble, mains hum, people talking, clicks and breaths.

use evenkeel::noise::{hum, normalise, pink, rms, white};
use evenkeel::window::SampleRate;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::recording::RATE;

/// Kinds of noise that go on for the whole window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steady {
    /// Equal power at every frequency.
    White,
    /// Equal power in every octave, as of wind and traffic.
    Pink,
    /// Mains hum and its harmonics over a quiet hiss.
    Hum,
}

impl Steady {
    /// All of them.
    pub const ALL: [Steady; 3] = [Steady::White, Steady::Pink, Steady::Hum];

    /// `samples` samples with root mean square 1.
    pub fn make(self, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let mut noise = match self {
            Steady::White => white(samples, rng),
            Steady::Pink => pink(samples, rng),
            Steady::Hum => hum(SampleRate::new(RATE).expect("not zero"), samples, rng),
        };
        normalise(&mut noise);
        noise
    }
}

/// Words of other people played backwards, two or three at a time, with root mean square 1.
pub fn babble(words: &[&[f32]], samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut noise = vec![0.0_f32; samples];
    for _ in 0..rng.random_range(2..=3) {
        let mut at = -rng.random_range(0.0..0.4 * RATE as f32) as isize;
        while at < samples as isize && !words.is_empty() {
            let word = words[rng.random_range(0..words.len())];
            let level = rng.random_range(0.4..1.0) / rms(word).max(1e-4);
            add_backwards(&mut noise, word, at, level);
            at += word.len() as isize + rng.random_range(0..RATE as usize / 4) as isize;
        }
    }
    normalise(&mut noise);
    noise
}

fn add_backwards(noise: &mut [f32], word: &[f32], at: isize, level: f32) {
    let skip = (-at).max(0) as usize;
    let from = at.max(0) as usize;
    let source = word.iter().rev().skip(skip);
    for (out, sample) in noise[from..].iter_mut().zip(source) {
        *out += sample * level;
    }
}

/// Short clicks: things put down, keys, a mouse. Added to `noise`, each up to `peak` high.
pub fn clicks(noise: &mut [f32], peak: f32, rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..=5) {
        let at = rng.random_range(0..noise.len());
        let decay = rng.random_range(0.90..0.99_f32);
        let turn = std::f32::consts::TAU * rng.random_range(300.0..3500.0) / RATE as f32;
        let mut height = peak * rng.random_range(0.2..1.0_f32);
        for (n, sample) in noise[at..].iter_mut().take(600).enumerate() {
            *sample += height * (turn * n as f32).cos();
            height *= decay;
        }
    }
}

/// A breath, a rustle: hiss in one band that swells and fades, up to `level` root mean square.
pub fn breath(noise: &mut [f32], level: f32, rng: &mut ChaCha8Rng) {
    let length = rng.random_range(noise.len() / 8..noise.len() * 3 / 4);
    let at = rng.random_range(0..noise.len() - length);
    let smooth = rng.random_range(0.1..0.9_f32);
    let mut low = 0.0;
    let hiss = white(length, rng);
    for (n, (sample, hiss)) in noise[at..].iter_mut().zip(&hiss).enumerate() {
        low += (hiss - low) * smooth;
        let swell = (std::f32::consts::PI * n as f32 / length as f32).sin();
        *sample += level * low * swell * swell;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evenkeel::random;

    #[test]
    fn pink_falls_where_white_is_level_and_hum_is_low() {
        // Energy of differences over energy: 2 for white, less the lower the sound.
        let roughness = |kind: Steady| {
            let noise = kind.make(16000, &mut random::rng("noise", &[1]));
            assert!((rms(&noise) - 1.0).abs() < 1e-3);
            noise.windows(2).map(|p| (p[1] - p[0]).powi(2)).sum::<f32>() / 16000.0
        };
        let [white, pink, hum] = Steady::ALL.map(roughness);
        assert!((white - 2.0).abs() < 0.1, "{white}");
        assert!(pink < 0.6 && hum < 0.6, "{pink} {hum}");
    }

    #[test]
    fn babble_is_words_played_backwards() {
        let word: Vec<f32> = (0..400).map(|i| i as f32 / 400.0).collect();
        let noise = babble(&[&word], 8000, &mut random::rng("babble", &[2]));
        let falling = noise.windows(2).filter(|p| p[1] < p[0]).count();
        let rising = noise.windows(2).filter(|p| p[1] > p[0]).count();
        assert!(falling > 10 * rising, "{falling} {rising}");
    }
}
