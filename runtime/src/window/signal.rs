//! Numbers of a sensor over time.

use std::time::Duration;

use crate::finite::all_finite;

/// Readings of a sensor of numbers, each with its own time: clocks of small sensors are seldom steady.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signal {
    /// Numbers in a reading, at least one.
    pub channels: usize,
    /// When each reading was taken, rising, on the same clock as the sound.
    pub times: Vec<Duration>,
    /// The readings one behind the other, `[readings, channels]`, in the sensor's own units.
    pub values: Vec<f32>,
}

impl Signal {
    /// A signal without readings yet.
    pub fn new(channels: usize) -> Self {
        Self {
            channels,
            ..Self::default()
        }
    }

    /// Appends a reading of [`Self::channels`] numbers.
    pub fn push(&mut self, time: Duration, reading: &[f32]) {
        debug_assert_eq!(reading.len(), self.channels);
        self.times.push(time);
        self.values.extend_from_slice(reading);
    }

    /// Reading `index`.
    ///
    /// # Panics
    /// When there are not so many.
    pub fn reading(&self, index: usize) -> &[f32] {
        &self.values[index * self.channels..][..self.channels]
    }

    /// The readings from `start` to before `end`; `None` if there are none.
    pub fn between(&self, start: Duration, end: Duration) -> Option<Signal> {
        let first = self.times.partition_point(|time| *time < start);
        let last = self.times.partition_point(|time| *time < end);
        (first < last).then(|| Signal {
            channels: self.channels,
            times: self.times[first..last].to_vec(),
            values: self.values[first * self.channels..last * self.channels].to_vec(),
        })
    }

    /// When the last reading ends: as long after it as the one before it is away.
    pub fn end(&self) -> Duration {
        match *self.times.as_slice() {
            [] => Duration::ZERO,
            [only] => only,
            [.., before, last] => last + last.saturating_sub(before),
        }
    }

    /// Whether there are as many numbers as the readings need, all finite, at times that rise.
    pub fn is_whole(&self) -> bool {
        self.channels > 0
            && self.values.len() == self.times.len() * self.channels
            && all_finite(&self.values)
            && self.times.is_sorted_by(|one, next| one < next)
    }
}
