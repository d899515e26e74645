//! The same word faster and higher, or slower and deeper.

use std::f32::consts::PI;

/// Resampling filters for a few speeds, made once.
///
/// A short windowed sinc at any ratio: the cost of a word is tens of microseconds, so that every
/// epoch can hear every word at another speed without keeping them all in memory.
#[derive(Debug, Clone)]
pub struct Speeds {
    filters: Vec<Filter>,
}

/// Taps on either side of a sample.
const HALF: usize = 8;
/// Positions between two samples for which taps are kept.
const PHASES: usize = 128;
/// How many speeds there are.
const STEPS: usize = 16;

#[derive(Debug, Clone)]
struct Filter {
    speed: f32,
    /// `PHASES + 1` rows.
    taps: Vec<[f32; 2 * HALF]>,
}

impl Speeds {
    /// Sixteen speeds evenly from the first to the second of `range`; 1 is the word as it was said.
    pub fn new([low, high]: [f32; 2]) -> Self {
        let speed = |i: usize| low + (high - low) * i as f32 / (STEPS - 1) as f32;
        Self {
            filters: (0..STEPS).map(|i| Filter::new(speed(i))).collect(),
        }
    }

    /// How many speeds there are.
    #[expect(clippy::len_without_is_empty, reason = "there are always some")]
    pub fn len(&self) -> usize {
        self.filters.len()
    }

    /// `word` at speed number `which`: shorter and higher by its factor.
    pub fn change(&self, word: &[f32], which: usize) -> Vec<f32> {
        self.filters[which].apply(word)
    }
}

impl Filter {
    fn new(speed: f32) -> Self {
        // Played faster, what was near half the rate must go, or it folds back.
        let cutoff = (1.0 / speed).min(1.0);
        let taps = (0..=PHASES)
            .map(|phase| {
                let offset = phase as f32 / PHASES as f32;
                let mut row: [f32; 2 * HALF] = std::array::from_fn(|k| {
                    let x = k as f32 - (HALF as f32 - 1.0) - offset;
                    let hann = 0.5 + 0.5 * (PI * x / HALF as f32).cos();
                    let sinc = if x == 0.0 {
                        1.0
                    } else {
                        (PI * x * cutoff).sin() / (PI * x * cutoff)
                    };
                    sinc * hann
                });
                let sum: f32 = row.iter().sum();
                row.iter_mut().for_each(|tap| *tap /= sum);
                row
            })
            .collect();
        Self { speed, taps }
    }

    fn apply(&self, word: &[f32]) -> Vec<f32> {
        let mut padded = vec![0.0; HALF - 1];
        padded.extend(word);
        padded.extend([0.0; HALF + 1]);
        let length = (word.len() as f32 / self.speed) as usize;
        let sample = |i: usize| {
            let at = i as f32 * self.speed;
            let whole = at as usize;
            let phase = ((at - whole as f32) * PHASES as f32).round() as usize;
            let near = &padded[whole..][..2 * HALF];
            self.taps[phase]
                .iter()
                .zip(near)
                .map(|(tap, s)| tap * s)
                .sum()
        };
        (0..length).map(sample).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_keeps_its_shape_and_changes_its_pitch() {
        let tone = |step: f32, n: usize| {
            (0..n)
                .map(|i| (i as f32 * step).sin())
                .collect::<Vec<f32>>()
        };
        let speeds = Speeds::new([0.8, 1.2]);
        for (which, speed) in [(0, 0.8_f32), (15, 1.2)] {
            let changed = speeds.change(&tone(0.5, 2000), which);
            assert_eq!(changed.len(), (2000.0 / speed) as usize);
            let expected = tone(0.5 * speed, changed.len());
            let inside = 20..changed.len() - 20;
            let worst = inside
                .map(|i| (changed[i] - expected[i]).abs())
                .fold(0.0, f32::max);
            assert!(worst < 0.03, "{speed}: {worst}");
        }
    }
}
