//! Figures over the last moments: how old answers are, and how loud it is.

use std::collections::VecDeque;
use std::time::Duration;

use super::moment::Age;
use crate::window::{PerSensor, Sound};

/// The ages of the answers of late.
#[derive(Debug, Clone)]
pub struct AgeStatistics {
    span: Duration,
    /// With the end of the window that was answered.
    ages: VecDeque<(Duration, Age)>,
    /// Memory for finding percentiles.
    totals: Vec<Duration>,
}

/// What the ages amount to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgeSummary {
    /// How many answers there were.
    pub answers: usize,
    /// Half of the answers were no older than this.
    pub p50: Duration,
    /// 99 of 100 answers were no older than this.
    pub p99: Duration,
    /// How much of the age each stage was, on average.
    pub shares: StageShares,
    /// How many answers have an age from 2^(i/4) to 2^((i+1)/4) ms; the first and the last bin also hold what is
    /// beyond.
    pub bins: [u16; AGE_BINS],
}

/// Of the histogram; see [`AgeSummary::bins`].
pub const AGE_BINS: usize = 48;
const BINS_PER_OCTAVE: f32 = 4.0;

/// A number for each of the [`Stages`](super::Stages), as a share of the age: 0..1. The encoders may run side by side, and
/// then the shares add up to more than 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StageShares {
    /// See [`Stages::wait`](super::Stages::wait).
    pub wait: f32,
    /// See [`Stages::window`](super::Stages::window).
    pub window: f32,
    /// See [`Stages::health`](super::Stages::health).
    pub health: f32,
    /// See [`Stages::encode`](super::Stages::encode).
    pub encode: PerSensor<f32>,
    /// See [`Stages::fusion`](super::Stages::fusion).
    pub fusion: f32,
}

impl AgeStatistics {
    /// Over the answers to windows that ended in the last `span`.
    pub fn new(span: Duration) -> Self {
        Self {
            span,
            ages: VecDeque::new(),
            totals: Vec::new(),
        }
    }

    /// Takes the age of the answer to the window that ends at `end`; ends must not decrease.
    pub fn take(&mut self, end: Duration, age: Age) {
        while let Some(&(oldest, _)) = self.ages.front()
            && oldest + self.span <= end
        {
            self.ages.pop_front();
        }
        self.ages.push_back((end, age));
    }

    /// Percentiles and shares; `None` before the first answer.
    pub fn summary(&mut self) -> Option<AgeSummary> {
        self.totals.clear();
        self.totals
            .extend(self.ages.iter().map(|(_, age)| age.total));
        Some(AgeSummary {
            answers: self.totals.len(),
            p50: percentile(&mut self.totals, 50)?,
            p99: percentile(&mut self.totals, 99)?,
            shares: self.shares(),
            bins: self.bins(),
        })
    }

    fn bins(&self) -> [u16; AGE_BINS] {
        let mut bins = [0_u16; AGE_BINS];
        for (_, age) in &self.ages {
            let millis = age.total.as_secs_f32() * 1e3;
            let bin = &mut bins[((millis.log2() * BINS_PER_OCTAVE) as usize).min(AGE_BINS - 1)];
            *bin = bin.saturating_add(1);
        }
        bins
    }

    fn shares(&self) -> StageShares {
        let sum = |part: fn(&Age) -> Duration| -> f32 {
            let sum: Duration = self.ages.iter().map(|(_, age)| part(age)).sum();
            sum.as_secs_f32()
        };
        let total = sum(|age| age.total);
        if total <= 0.0 {
            return StageShares::default();
        }
        let share = |part: fn(&Age) -> Duration| sum(part) / total;
        StageShares {
            wait: share(|age| age.stages.wait),
            window: share(|age| age.stages.window),
            health: share(|age| age.stages.health),
            encode: PerSensor::pair(
                share(|age| age.stages.encode.audio),
                share(|age| age.stages.encode.camera),
            ),
            fusion: share(|age| age.stages.fusion),
        }
    }
}

/// The value that `percent` of the values do not exceed, by nearest rank: the one at place ⌈percent/100 · n⌉.
fn percentile(values: &mut [Duration], percent: usize) -> Option<Duration> {
    let last = values.len().checked_sub(1)?;
    let place = (percent * values.len()).div_ceil(100).saturating_sub(1);
    let (_, value, _) = values.select_nth_unstable(place.min(last));
    Some(*value)
}

/// How loud a piece of sound is, as shares of full scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// The largest magnitude of a sample.
    pub peak: f32,
    /// The root of the mean square of all samples.
    pub rms: f32,
}

impl Level {
    /// Of these samples; `None` if there are none.
    pub fn of(samples: &[f32]) -> Option<Self> {
        if samples.is_empty() {
            return None;
        }
        let (peak, squares) = samples
            .iter()
            .fold((0.0_f32, 0.0_f32), |(peak, squares), sample| {
                (peak.max(sample.abs()), squares + sample * sample)
            });
        Some(Self {
            peak,
            rms: (squares / samples.len() as f32).sqrt(),
        })
    }

    /// Of what was heard in the last `length` before `end`; `None` if that was nothing.
    pub fn newest(sound: &Sound, end: Duration, length: Duration) -> Option<Self> {
        let place = |time: Duration| {
            let samples = sound.rate.samples_in(time.saturating_sub(sound.start));
            samples.min(sound.samples.len())
        };
        Self::of(&sound.samples[place(end.saturating_sub(length))..place(end)])
    }
}

/// The quietest level that is told, dB below full scale: less than 20 bits can hold.
const QUIETEST_DBFS: f32 = -120.0;

/// An amplitude in decibels of full scale, 20·log₁₀: 0 for 1, and a sine at full scale has an RMS of −3.
pub fn dbfs(amplitude: f32) -> f32 {
    (20.0 * amplitude.log10()).max(QUIETEST_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Stages;
    use crate::window::SampleRate;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn age(total: u64, wait: u64, camera: u64) -> Age {
        Age {
            total: ms(total),
            stages: Stages {
                wait: ms(wait),
                encode: PerSensor::pair(Duration::ZERO, ms(camera)),
                ..Stages::default()
            },
        }
    }

    #[test]
    fn percentiles_are_those_of_the_last_seconds_only() {
        let mut statistics = AgeStatistics::new(Duration::from_secs(10));
        assert_eq!(statistics.summary(), None);
        for i in 0..50 {
            statistics.take(ms(100 * i), age(900, 900, 0));
        }
        // 100 answers of 1 to 100 ms in any order, after a pause that makes the old ones fall out.
        for i in 0..100 {
            statistics.take(ms(20_000 + 100 * i), age(1 + i * 37 % 100, 0, 0));
        }
        let summary = statistics.summary().unwrap();
        assert_eq!((summary.answers, summary.p50), (100, ms(50)));
        assert_eq!(summary.p99, ms(99));
    }

    #[test]
    fn the_histogram_counts_every_answer() {
        let mut statistics = AgeStatistics::new(Duration::from_secs(3600));
        for i in 1..=600 {
            statistics.take(ms(i), age(i, 0, 0));
        }
        statistics.take(ms(700), age(0, 0, 0));
        statistics.take(ms(800), age(3_600_000, 0, 0));
        let bins = statistics.summary().unwrap().bins;
        assert_eq!(bins.iter().sum::<u16>(), 602);
        // From 256 to 304.4 ms.
        assert_eq!((bins[32], bins[37]), (49, 0));
        assert_eq!((bins[0], bins[AGE_BINS - 1]), (2, 1));
    }

    #[test]
    fn shares_say_what_the_age_consists_of() {
        let mut statistics = AgeStatistics::new(Duration::from_secs(10));
        statistics.take(ms(100), age(40, 30, 10));
        statistics.take(ms(200), age(60, 20, 40));
        let shares = statistics.summary().unwrap().shares;
        assert_eq!(
            (shares.wait, shares.encode.camera, shares.fusion),
            (0.5, 0.5, 0.0)
        );
        let mut empty = AgeStatistics::new(Duration::from_secs(10));
        empty.take(ms(100), Age::default());
        assert_eq!(empty.summary().unwrap().shares, StageShares::default());
    }

    #[test]
    fn the_level_is_that_of_the_newest_sound() {
        let sound = Sound {
            start: ms(1000),
            rate: SampleRate::new(1000).unwrap(),
            samples: [vec![1.0; 400], [0.1, -0.1].repeat(50)].concat(),
        };
        let level = Level::newest(&sound, ms(1500), ms(100)).unwrap();
        assert!((dbfs(level.peak) + 20.0).abs() < 0.01, "{level:?}");
        assert!((dbfs(level.rms) + 20.0).abs() < 0.01, "{level:?}");
        assert_eq!(Level::newest(&sound, ms(1700), ms(100)), None, "it stopped");
        assert_eq!(Level::newest(&sound, ms(900), ms(100)), None, "not begun");
        assert_eq!(dbfs(0.0), QUIETEST_DBFS);
    }
}
