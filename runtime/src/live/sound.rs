//! The last seconds of sound, without a gap, on the program's clock.

use std::time::Duration;

use crate::window::{SampleRate, Sound};

/// How what was heard fits to what was heard before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seam {
    /// It follows.
    None,
    /// Sound is missing in between; zeros stand for it, or everything before was dropped.
    Gap(Duration),
    /// The microphone's clock and the program's were brought together again.
    Drift,
    /// It is another rate, or the first sound at all.
    New,
}

/// Keeps the sound of the last window.
///
/// Time stamps of pieces jitter, and a microphone's clock is not quite the program's. So samples are
/// counted, and the count decides, as long as it and the stamps stay together on average; when they do not,
/// that is a seam.
#[derive(Debug, Default)]
pub struct SoundBuffer {
    rate: Option<SampleRate>,
    samples: Vec<f32>,
    /// When the first sample was taken.
    start: Duration,
    /// By how much the stamps are later than the count says, smoothed; seconds.
    off: f64,
    /// Samples heard since the last seam, and its stamp.
    since_seam: u64,
    seam: Duration,
    measured: Option<f32>,
}

/// A stamp that is this far off is no jitter.
const GAP: f64 = 0.08;
/// The stamps' mean may be off by this much.
const DRIFT: f64 = 0.01;
/// Time over which stamps are averaged, seconds.
const AVERAGED: f64 = 2.0;
/// A longer gap is not filled.
const FILLED: f64 = 2.0;

impl SoundBuffer {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.samples.clear();
        self.rate = None;
        self.measured = None;
    }

    /// Samples per second by the program's clock, once there is enough to tell.
    pub fn measured_rate(&self) -> Option<f32> {
        self.measured
    }

    /// Adds a piece whose first sample was taken at `time`.
    pub fn hear(&mut self, time: Duration, rate: SampleRate, samples: &[f32]) -> Seam {
        let seam = if self.rate != Some(rate) {
            self.begin(time, rate);
            Seam::New
        } else {
            self.join(time, rate, samples.len())
        };
        if seam != Seam::None {
            (self.since_seam, self.seam) = (0, time);
        }
        let passed = time.saturating_sub(self.seam).as_secs_f32();
        if passed > 1.0 {
            self.measured = Some(self.since_seam as f32 / passed);
        }
        self.samples.extend_from_slice(samples);
        self.since_seam += samples.len() as u64;
        seam
    }

    fn begin(&mut self, time: Duration, rate: SampleRate) {
        self.samples.clear();
        self.rate = Some(rate);
        self.off = 0.0;
        // On the grid of samples that begins at zero, so that windows are cut alike in a recording of this.
        self.start = rate.duration_of(rate.samples_in(time));
    }

    /// Brings count and stamp together where they have come apart.
    fn join(&mut self, time: Duration, rate: SampleRate, count: usize) -> Seam {
        let expected = self.start + rate.duration_of(self.samples.len());
        let off = time.as_secs_f64() - expected.as_secs_f64();
        if off > GAP {
            if off > FILLED {
                self.begin(time, rate);
            } else {
                let missing = rate.samples_in(Duration::from_secs_f64(off));
                self.samples.resize(self.samples.len() + missing, 0.0);
                self.off = 0.0;
            }
            return Seam::Gap(Duration::from_secs_f64(off));
        }
        let piece = count as f64 / f64::from(rate.hz());
        self.off += (off - self.off) * (piece / AVERAGED).min(1.0);
        if off < -GAP || self.off.abs() > DRIFT {
            let shift = if off < -GAP { off } else { self.off };
            let start = (self.start.as_secs_f64() + shift).max(0.0);
            self.start = rate.duration_of(rate.samples_in(Duration::from_secs_f64(start)));
            self.off = 0.0;
            return Seam::Drift;
        }
        Seam::None
    }

    /// What was heard from `start` to `end`, in `memory`, which comes back if there was nothing.
    /// Sound before `start` is forgotten.
    pub fn cut(
        &mut self,
        start: Duration,
        end: Duration,
        mut memory: Vec<f32>,
    ) -> Result<Sound, Vec<f32>> {
        let Some(rate) = self.rate else {
            return Err(memory);
        };
        self.forget_before(start, rate);
        let first = rate.samples_in(start.saturating_sub(self.start));
        let last = rate
            .samples_in(end.saturating_sub(self.start))
            .min(self.samples.len());
        if first >= last {
            return Err(memory);
        }
        memory.clear();
        memory.extend_from_slice(&self.samples[first..last]);
        Ok(Sound {
            start: self.start + rate.duration_of(first),
            rate,
            samples: memory,
        })
    }

    /// Moves the samples only when half of them are old, so that each is moved about once.
    fn forget_before(&mut self, time: Duration, rate: SampleRate) {
        let old = rate
            .samples_in(time.saturating_sub(self.start))
            .min(self.samples.len());
        if 2 * old > self.samples.len() {
            self.samples.drain(..old);
            self.start += rate.duration_of(old);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn rate() -> SampleRate {
        SampleRate::new(1000).unwrap()
    }

    /// Hears pieces of 20 ms whose samples count up; the clock of the microphone is `parts` millionths fast.
    fn hear(buffer: &mut SoundBuffer, seconds: u64, parts: f64, jitter: u64) -> Vec<Seam> {
        let mut seams = Vec::new();
        for piece in 0..seconds * 50 {
            let true_time = piece as f64 * 0.02 / (1.0 + parts * 1e-6);
            let late = (piece * 7 % 5) * jitter;
            let time = Duration::from_secs_f64(true_time) + ms(late);
            let samples: Vec<f32> = (0..20).map(|i| (piece * 20 + i) as f32).collect();
            let seam = buffer.hear(time, rate(), &samples);
            if seam != Seam::None {
                seams.push(seam);
            }
            let _ = buffer.cut(time.saturating_sub(ms(1000)), time, Vec::new());
        }
        seams
    }

    #[test]
    fn jitter_of_the_stamps_does_not_tear_the_sound() {
        let mut buffer = SoundBuffer::default();
        assert_eq!(hear(&mut buffer, 30, 0.0, 3), [Seam::New]);
        let sound = buffer.cut(ms(29_000), ms(29_900), Vec::new()).unwrap();
        assert_eq!(sound.samples.len(), 900);
        assert!(sound.samples.windows(2).all(|two| two[1] == two[0] + 1.0));
        assert!(
            (sound.samples[0] - 29_000.0).abs() <= 12.0,
            "{}",
            sound.samples[0]
        );
        assert!((buffer.measured_rate().unwrap() - 1000.0).abs() < 5.0);
    }

    #[test]
    fn a_clock_that_runs_fast_is_brought_back_now_and_then() {
        let mut buffer = SoundBuffer::default();
        let seams = hear(&mut buffer, 120, 300.0, 0);
        // 36 ms in two minutes.
        assert!((3..=4).contains(&(seams.len() - 1)), "{seams:?}");
        assert!(seams[1..].iter().all(|&seam| seam == Seam::Drift));
    }

    #[test]
    fn lost_sound_becomes_a_silence_of_its_length() {
        let mut buffer = SoundBuffer::default();
        buffer.hear(ms(0), rate(), &[1.0; 100]);
        assert_eq!(
            buffer.hear(ms(300), rate(), &[2.0; 100]),
            Seam::Gap(ms(200))
        );
        let sound = buffer.cut(ms(0), ms(400), Vec::new()).unwrap();
        let level = |range: std::ops::Range<usize>| sound.samples[range].iter().sum::<f32>();
        assert_eq!(
            (level(0..100), level(100..300), level(300..400)),
            (100.0, 0.0, 200.0)
        );
        assert_eq!(
            buffer.hear(ms(9000), rate(), &[3.0; 10]),
            Seam::Gap(ms(8600))
        );
        let before = buffer.cut(ms(0), ms(9000), Vec::new());
        assert!(before.is_err(), "what lies so far back is gone");
    }
}
