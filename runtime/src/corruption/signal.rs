//! What goes wrong with a sensor of numbers.
//!
//! All parameter sets are this suite's own, for the five severities from the mildest. How much a channel
//! moves is its standard deviation in the window; one that does not move counts as if it moved by a
//! hundredth of its value, or by 0.01 where that is zero.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Severity;
use crate::noise::white;
use crate::window::Signal;

/// One kind of corruption of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalCorruption {
    /// White noise of 0.25, 0.5, 1, 2 or 4 times as much as the channel moves.
    Noise,
    /// The sensor hangs: for the last 20, 40, 60, 80 or 100 % of the window its numbers do not change.
    Frozen,
    /// Pieces of a twentieth to a fifth of the window, together 15, 30, 45, 60 or 75 % of it, never arrive.
    DropOuts,
    /// A range that is too small: all but the middle 80, 60, 45, 30 or 15 % of the channel's span is cut off.
    Saturated,
    /// The zero has drifted by 0.5, 1, 2, 4 or 8 times as much as the channel moves.
    Offset,
    /// There is no sensor.
    Missing,
}

impl SignalCorruption {
    /// All of them.
    pub const ALL: [SignalCorruption; 6] = [
        SignalCorruption::Noise,
        SignalCorruption::Frozen,
        SignalCorruption::DropOuts,
        SignalCorruption::Saturated,
        SignalCorruption::Offset,
        SignalCorruption::Missing,
    ];

    /// As in `signal/noise`.
    pub fn name(self) -> &'static str {
        match self {
            SignalCorruption::Noise => "noise",
            SignalCorruption::Frozen => "frozen",
            SignalCorruption::DropOuts => "drop-outs",
            SignalCorruption::Saturated => "saturated",
            SignalCorruption::Offset => "offset",
            SignalCorruption::Missing => "missing",
        }
    }

    /// Spoils the readings of a window that begins at `start`; a sensor that gave none stays so.
    pub(super) fn apply(
        self,
        readings: &mut Option<Signal>,
        (start, length): (Duration, Duration),
        severity: Severity,
        rng: &mut ChaCha8Rng,
    ) {
        let Some(signal) = readings.as_mut().filter(|signal| !signal.times.is_empty()) else {
            return;
        };
        match self {
            SignalCorruption::Noise => {
                noise(signal, severity.pick([0.25, 0.5, 1.0, 2.0, 4.0]), rng)
            }
            SignalCorruption::Frozen => {
                let share = severity.pick([0.2, 0.4, 0.6, 0.8, 1.0]);
                freeze(signal, start + length.mul_f64(1.0 - share));
            }
            SignalCorruption::DropOuts => {
                let share = severity.pick([0.15, 0.3, 0.45, 0.6, 0.75]);
                drop_out(signal, (start, length), share, rng);
            }
            SignalCorruption::Saturated => {
                saturate(signal, severity.pick([0.8, 0.6, 0.45, 0.3, 0.15]))
            }
            SignalCorruption::Offset => {
                shift(signal, severity.pick([0.5, 1.0, 2.0, 4.0, 8.0]), rng)
            }
            SignalCorruption::Missing => *readings = None,
        }
        // Where every reading was lost, nothing came.
        if readings
            .as_ref()
            .is_some_and(|signal| signal.times.is_empty())
        {
            *readings = None;
        }
    }
}

/// Changes each channel by itself.
fn each_channel(signal: &mut Signal, mut change: impl FnMut(&mut [f32])) {
    let channels = signal.channels;
    let mut channel = Vec::with_capacity(signal.times.len());
    for place in 0..channels {
        channel.clear();
        channel.extend(signal.values.iter().skip(place).step_by(channels));
        change(&mut channel);
        let places = signal.values.iter_mut().skip(place).step_by(channels);
        places.zip(&channel).for_each(|(value, new)| *value = *new);
    }
}

/// How much a channel moves.
fn movement(channel: &[f32]) -> f32 {
    let count = channel.len() as f32;
    let mean = channel.iter().sum::<f32>() / count;
    let squares: f32 = channel.iter().map(|value| (value - mean).powi(2)).sum();
    let still = if mean == 0.0 { 0.01 } else { 0.01 * mean.abs() };
    let deviation = (squares / count).sqrt();
    if deviation > 0.0 { deviation } else { still }
}

fn noise(signal: &mut Signal, strength: f32, rng: &mut ChaCha8Rng) {
    each_channel(signal, |channel| {
        let much = strength * movement(channel);
        let noise = white(channel.len(), rng);
        for (value, noise) in channel.iter_mut().zip(noise) {
            *value += much * noise;
        }
    });
}

/// Repeats the last reading before `from` to the end; the first of all, if there is none before.
fn freeze(signal: &mut Signal, from: Duration) {
    let first = signal.times.partition_point(|time| *time < from).max(1);
    let channels = signal.channels;
    let held = (first - 1) * channels;
    for reading in first..signal.times.len() {
        signal
            .values
            .copy_within(held..held + channels, reading * channels);
    }
}

fn drop_out(
    signal: &mut Signal,
    (start, length): (Duration, Duration),
    share: f64,
    rng: &mut ChaCha8Rng,
) {
    let mut lost: Vec<(f64, f64)> = Vec::new();
    let mut total = 0.0;
    while total < share {
        let piece: f64 = rng.random_range(0.05..0.2);
        let piece = piece.min(share - total).max(0.01);
        let begin = rng.random_range(0.0..1.0);
        total += piece;
        lost.push((begin, piece));
    }
    let whole = length.as_secs_f64().max(f64::MIN_POSITIVE);
    let arrives = |time: Duration| {
        let at = time.saturating_sub(start).as_secs_f64() / whole;
        // A piece that begins near the end goes on at the beginning.
        !lost
            .iter()
            .any(|&(begin, piece)| (at - begin).rem_euclid(1.0) < piece)
    };
    let mut left = Signal::new(signal.channels);
    for (index, &time) in signal.times.iter().enumerate() {
        if arrives(time) {
            left.push(time, signal.reading(index));
        }
    }
    *signal = left;
}

fn saturate(signal: &mut Signal, share: f32) {
    each_channel(signal, |channel| {
        let low = channel.iter().copied().fold(f32::INFINITY, f32::min);
        let high = channel.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (middle, half) = (0.5 * (low + high), 0.5 * share * (high - low));
        for value in channel {
            *value = value.clamp(middle - half, middle + half);
        }
    });
}

fn shift(signal: &mut Signal, strength: f32, rng: &mut ChaCha8Rng) {
    each_channel(signal, |channel| {
        let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        let much = sign * strength * movement(channel);
        channel.iter_mut().for_each(|value| *value += much);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    const LENGTH: Duration = Duration::from_secs(1);

    fn wave() -> Signal {
        let mut signal = Signal::new(2);
        for i in 0..100 {
            let x = i as f32 * 0.3;
            signal.push(Duration::from_millis(10 * i), &[x.sin(), 5.0 + x.cos()]);
        }
        signal
    }

    fn spoilt(kind: SignalCorruption, level: u8) -> Option<Signal> {
        let mut readings = Some(wave());
        let severity = Severity::try_from(level).unwrap();
        let mut rng = random::rng("test", &[u64::from(level)]);
        kind.apply(&mut readings, (Duration::ZERO, LENGTH), severity, &mut rng);
        readings
    }

    #[test]
    fn each_kind_spoils_more_the_worse_it_is() {
        let distance = |kind, level| {
            let clean = wave();
            let spoilt = spoilt(kind, level).expect("there are readings left");
            assert!(spoilt.is_whole());
            let pairs = spoilt.values.iter().zip(&clean.values);
            let moved: f32 = pairs.map(|(a, b)| (a - b).abs()).sum();
            // What is missing is worse than anything that is there.
            moved + 100.0 * (clean.times.len() - spoilt.times.len()) as f32
        };
        for kind in SignalCorruption::ALL {
            if kind != SignalCorruption::Missing {
                let (mild, bad) = (distance(kind, 1), distance(kind, 5));
                assert!(mild > 0.0 && bad > 1.5 * mild, "{kind:?}: {mild} {bad}");
            }
        }
        assert_eq!(spoilt(SignalCorruption::Missing, 5), None);
    }

    #[test]
    fn a_frozen_sensor_repeats_itself_and_drop_outs_leave_gaps() {
        let frozen = spoilt(SignalCorruption::Frozen, 5).unwrap();
        assert!((0..100).all(|i| frozen.reading(i) == frozen.reading(0)));
        let gaps = spoilt(SignalCorruption::DropOuts, 5).unwrap();
        let longest = gaps.times.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(longest.unwrap() > Duration::from_millis(40));
    }
}
