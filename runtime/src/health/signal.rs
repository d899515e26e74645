//! The statistics of a sensor of numbers over windows that follow each other.

use std::time::Duration;

use super::statistic::{SIGNAL_STATISTICS, SignalStatistic as Is, Statistic};
use crate::frontend::SignalConfig;
use crate::window::Signal;

/// One value for each [`SignalStatistic`](super::SignalStatistic); NaN where there is none.
pub(super) type SignalReadings = [f32; SIGNAL_STATISTICS];

/// Mean and standard deviation of a channel while the sensor is well.
#[derive(Debug, Clone, Copy)]
struct Scale {
    mean: f32,
    std: f32,
}

/// Reads windows, and remembers the last reading of the one before.
#[derive(Debug, Clone, Default)]
pub(super) struct SignalGauge {
    /// For each channel; as they come where there is none.
    scales: Vec<Scale>,
    /// The last reading seen, and since when there has been no other value.
    last: Option<Last>,
    last_start: Duration,
}

#[derive(Debug, Clone)]
struct Last {
    time: Duration,
    since: Duration,
    values: Vec<f32>,
}

impl SignalGauge {
    /// Values are judged in units of each channel's own spread from now on.
    pub(super) fn scale(&mut self, config: &SignalConfig) {
        let scales = config.mean.iter().zip(&config.std);
        self.scales = scales.map(|(&mean, &std)| Scale { mean, std }).collect();
    }

    pub(super) fn reset(&mut self) {
        self.last = None;
        self.last_start = Duration::ZERO;
    }

    /// `None` if there are no readings.
    pub(super) fn read(
        &mut self,
        start: Duration,
        signal: Option<&Signal>,
    ) -> Option<SignalReadings> {
        if start <= self.last_start {
            self.reset();
        }
        self.last_start = start;
        let signal = signal.filter(|signal| !signal.times.is_empty() && signal.channels > 0)?;
        let mut readings = [f32::NAN; SIGNAL_STATISTICS];
        let (frozen, gap) = self.follow(signal);
        readings[Is::FrozenSeconds.index()] = frozen.as_secs_f32();
        readings[Is::LongestGap.index()] = gap.as_secs_f32();
        readings[Is::Readings.index()] = signal.times.len() as f32;
        let worst = |of: &dyn Fn(usize) -> f32| (0..signal.channels).map(of).fold(0.0, f32::max);
        readings[Is::AtExtremes.index()] = worst(&|channel| at_extremes(signal, channel));
        readings[Is::Largest.index()] = worst(&|channel| {
            self.values(signal, channel)
                .fold(0.0, |most, v| most.max(v.abs()))
        });
        readings[Is::Offset.index()] = worst(&|channel| {
            let sum: f32 = self.values(signal, channel).sum();
            (sum / signal.times.len() as f32).abs()
        });
        if signal.times.len() > 2 {
            readings[Is::Noise.index()] = worst(&|channel| self.noise(signal, channel));
        }
        Some(readings)
    }

    /// The longest time without any change of any channel, and the longest between two readings, up to the
    /// end of this window's readings.
    fn follow(&mut self, signal: &Signal) -> (Duration, Duration) {
        // Windows overlap: what the last one held is known, and its gaps are looked at once more.
        let known = self.last.as_ref().map(|last| last.time);
        let first = known.map_or(0, |known| signal.times.partition_point(|t| *t <= known));
        let within = signal.times[..first].windows(2);
        let mut gap = within
            .map(|pair| pair[1].saturating_sub(pair[0]))
            .max()
            .unwrap_or_default();
        let mut frozen = Duration::ZERO;
        for (index, &time) in signal.times.iter().enumerate().skip(first) {
            let values = signal.reading(index);
            match &mut self.last {
                Some(last) if last.values.len() == values.len() => {
                    gap = gap.max(time.saturating_sub(last.time));
                    if last.values != values {
                        last.since = time;
                        last.values.copy_from_slice(values);
                    }
                    last.time = time;
                    frozen = frozen.max(time.saturating_sub(last.since));
                }
                last => {
                    *last = Some(Last {
                        time,
                        since: time,
                        values: values.to_vec(),
                    });
                }
            }
        }
        (frozen, gap)
    }

    /// A channel's values in units of its spread. What is not a number is nothing measured.
    fn values<'a>(
        &'a self,
        signal: &'a Signal,
        channel: usize,
    ) -> impl Iterator<Item = f32> + Clone + 'a {
        let Scale { mean, std } = self.scales.get(channel).copied().unwrap_or(Scale {
            mean: 0.0,
            std: 1.0,
        });
        let values = signal.values.iter().skip(channel).step_by(signal.channels);
        values.map(move |&value| match value.is_finite() {
            true => (value - mean) / std,
            false => 0.0,
        })
    }

    /// Root mean square of the second differences, which for white noise is √6 times its standard
    /// deviation; what moves smoothly has little of it.
    fn noise(&self, signal: &Signal, channel: usize) -> f32 {
        let values = self.values(signal, channel);
        let bends = values
            .clone()
            .zip(values.clone().skip(1))
            .zip(values.skip(2))
            .map(|((before, here), after)| before - 2.0 * here + after);
        let squares: f32 = bends.map(|bend| bend * bend).sum();
        (squares / (6.0 * (signal.times.len() - 2) as f32)).sqrt()
    }
}

/// The share of a channel's readings that are its largest or its smallest of the window and equal to the one
/// before; 0 of a channel that does not change at all, which is frozen, not saturated.
fn at_extremes(signal: &Signal, channel: usize) -> f32 {
    let values = || {
        let values = signal.values.iter().skip(channel).step_by(signal.channels);
        values.copied()
    };
    let low = values().fold(f32::INFINITY, f32::min);
    let high = values().fold(f32::NEG_INFINITY, f32::max);
    if low >= high {
        return 0.0;
    }
    let stuck = values()
        .zip(values().skip(1))
        .filter(|(before, here)| before == here && (*here == low || *here == high));
    stuck.count() as f32 / signal.times.len() as f32
}
