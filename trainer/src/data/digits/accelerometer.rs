//! What an accelerometer in a pen feels while the pen writes a digit.
//!
//! The pen follows the strokes of a simulated hand. Along each stroke and on the way to the next one it
//! speeds up and slows down so that the jerk is smallest: τ of the time makes 10τ³ − 15τ⁴ + 6τ⁵ of the way
//! (Flash and Hogan, "The coordination of arm movements", J. Neurosci. 5, 1985). Its second derivative and
//! gravity, turned into the frame of a pen that is held askew, are what the sensor gives, with noise, an
//! offset of its own, and a clock that is not quite steady.

use std::f32::consts::{PI, TAU};
use std::time::Duration;

use evenkeel::window::{Modality, Signal, Window};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::ink::Point;
use super::{Digits, pen};
use crate::data::Dataset;
use crate::data::range::{pair_within, within};
use crate::normal::normal;

/// How hard the pen's sensor has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccelerometerConfig {
    /// Readings per second, 20..1000.
    pub rate_hz: f32,
    /// Standard deviation of the noise of each reading, m/s².
    pub noise: f32,
    /// How far the pen is askew at most, in each direction, radians, 0..1.5.
    pub tilt: f32,
    /// Seconds that the digit takes, from the quickest to the slowest.
    pub seconds: [f32; 2],
    /// Height of the square that the digit is written in, metres, from the smallest to the largest.
    pub height: [f32; 2],
}

impl Default for AccelerometerConfig {
    fn default() -> Self {
        Self {
            rate_hz: 100.0,
            noise: 0.5,
            tilt: 0.7,
            seconds: [0.5, 1.2],
            height: [0.03, 0.07],
        }
    }
}

impl Digits {
    /// Adds what the pen's accelerometer feels while it writes the digit, if there is one. With numbers drawn by
    /// itself, so that sound and picture are those of the same data set without it.
    pub(super) fn write(&self, window: &mut Window, digit: Option<usize>, mut rng: ChaCha8Rng) {
        if let (Some(accelerometer), Some(readings)) = (
            &self.config.accelerometer,
            window.signal_mut(Modality::Signal),
        ) {
            *readings = Some(accelerometer.feel(digit, self.window_length(), &mut rng));
        }
    }

    /// Whether windows have a third sensor.
    pub fn has_accelerometer(&self) -> bool {
        self.config.accelerometer.is_some()
    }
}

/// Standard gravity, m/s².
const GRAVITY: f32 = 9.806_65;
/// How far the pen is lifted between strokes, metres.
const LIFT: f32 = 0.006;
/// The hand's own smoothing, seconds: corners are rounded in about this time.
const ROUNDING: f32 = 0.03;
/// Steps in which the movement is computed, seconds.
const STEP: f32 = 0.001;
/// What a resting hand trembles, metres and times a second (physiological tremor: 8 to 12 Hz).
const TREMOR: (f32, [f32; 2]) = (0.000_05, [8.0, 12.0]);
/// A reading is this much of its time early or late, at most.
const JITTER: f32 = 0.2;

impl AccelerometerConfig {
    /// # Errors
    /// When a value makes no sense; the message names its key.
    pub fn check(&self) -> anyhow::Result<()> {
        let key = |name: &str| format!("data.digits.accelerometer.{name}");
        within(&key("rate_hz"), self.rate_hz, 20.0..=1000.0)?;
        within(&key("noise"), self.noise, 0.0..=100.0)?;
        within(&key("tilt"), self.tilt, 0.0..=1.5)?;
        pair_within(&key("seconds"), self.seconds, 0.001..=10.0)?;
        pair_within(&key("height"), self.height, 0.001..=1.0)
    }

    /// What the sensor gives over a window of `length` in which this digit is written; `None`: none is, the
    /// pen rests in a hand or is carried somewhere.
    pub fn feel(&self, digit: Option<usize>, length: Duration, rng: &mut ChaCha8Rng) -> Signal {
        let length = length.as_secs_f32();
        let steps = (length / STEP).ceil() as usize + 1;
        let mut path = match digit {
            Some(digit) => self.written(digit, length, steps, rng),
            None => carried(length, steps, rng),
        };
        for axis in &mut path {
            smooth(axis, (ROUNDING / STEP) as usize);
        }
        tremble(&mut path, rng);
        let turn = self.turn(rng);
        let offset = [0.0; 3].map(|zero| zero + 0.1 * normal(rng));
        let mut signal = Signal::new(3);
        let count = (length * self.rate_hz).floor() as usize;
        for index in 0..count {
            let at = index as f32 + rng.random_range(0.0..JITTER);
            let time = at / self.rate_hz;
            let place = ((time / STEP) as usize).clamp(1, steps - 2);
            let felt = |axis: &Vec<f32>| {
                (axis[place - 1] - 2.0 * axis[place] + axis[place + 1]) / (STEP * STEP)
            };
            let [x, y, z] = [felt(&path[0]), felt(&path[1]), felt(&path[2]) + GRAVITY];
            let mut reading = offset;
            for (value, row) in reading.iter_mut().zip(turn) {
                *value += row[0] * x + row[1] * y + row[2] * z + self.noise * normal(rng);
            }
            signal.push(Duration::from_secs_f32(time), &reading);
        }
        signal
    }

    /// Where the pen is at each step, in metres: along the paper, down the paper, off the paper.
    fn written(
        &self,
        digit: usize,
        length: f32,
        steps: usize,
        rng: &mut ChaCha8Rng,
    ) -> [Vec<f32>; 3] {
        let height = between(self.height, rng);
        let seconds = between(self.seconds, rng).min(0.95 * length);
        let begin = rng.random_range(0.0..=(length - seconds).max(0.0));
        let strokes = pen::strokes(digit, rng);
        // On the paper, then through the air to the next stroke.
        let mut pieces: Vec<(Vec<Point>, bool)> = Vec::new();
        for stroke in strokes {
            if let Some(last) = pieces.last().and_then(|(points, _)| points.last()) {
                pieces.push((vec![*last, stroke[0]], true));
            }
            pieces.push((stroke, false));
        }
        // Long pieces take longer, but less than in proportion.
        let efforts: Vec<f32> = pieces
            .iter()
            .map(|(points, _)| way(points).sqrt())
            .collect();
        let all: f32 = efforts.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        let mut path = [(); 3].map(|()| Vec::with_capacity(steps));
        for step in 0..steps {
            let mut left = (step as f32 * STEP - begin).clamp(0.0, seconds);
            let mut piece = 0;
            let lasts = |piece: usize| seconds * efforts[piece] / all;
            while piece + 1 < pieces.len() && left > lasts(piece) {
                left -= lasts(piece);
                piece += 1;
            }
            let (points, in_the_air) = &pieces[piece];
            let share = least_jerk((left / lasts(piece).max(f32::MIN_POSITIVE)).min(1.0));
            let [x, y] = along(points, share);
            path[0].push(height * x);
            path[1].push(height * y);
            path[2].push(if *in_the_air {
                LIFT * (PI * share).sin().powi(2)
            } else {
                0.0
            });
        }
        path
    }

    /// The rows of the rotation from the paper into the frame of a pen that is held askew.
    fn turn(&self, rng: &mut ChaCha8Rng) -> [[f32; 3]; 3] {
        let mut askew = || rng.random_range(-1.0..=1.0) * self.tilt;
        let [roll, pitch, yaw] = [askew(), askew(), askew()];
        let ((sr, cr), (sp, cp), (sy, cy)) = (roll.sin_cos(), pitch.sin_cos(), yaw.sin_cos());
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    }
}

fn between([low, high]: [f32; 2], rng: &mut ChaCha8Rng) -> f32 {
    rng.random_range(low..=high)
}

fn least_jerk(t: f32) -> f32 {
    t * t * t * (10.0 - 15.0 * t + 6.0 * t * t)
}

/// Length of a stroke in sides of its square.
fn way(points: &[Point]) -> f32 {
    points
        .windows(2)
        .map(|pair| distance(pair[0], pair[1]))
        .sum()
}

fn distance(a: Point, b: Point) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The point after a share of a stroke's way.
fn along(points: &[Point], share: f32) -> Point {
    let mut left = share * way(points);
    for pair in points.windows(2) {
        let piece = distance(pair[0], pair[1]);
        if left <= piece && piece > 0.0 {
            let share = left / piece;
            return [0, 1].map(|i| pair[0][i] + share * (pair[1][i] - pair[0][i]));
        }
        left -= piece;
    }
    points.last().copied().unwrap_or_default()
}

/// A pen that writes nothing: at rest, or on its way from one place to another.
fn carried(length: f32, steps: usize, rng: &mut ChaCha8Rng) -> [Vec<f32>; 3] {
    let moves = rng.random_bool(0.5);
    let [begin, end] = [rng.random_range(0.0..0.4), rng.random_range(0.6..1.0)];
    [(); 3].map(|()| {
        let far = if moves { 0.05 * normal(rng) } else { 0.0 };
        let way = |step: usize| {
            let share = (step as f32 * STEP / length - begin) / (end - begin);
            far * least_jerk(share.clamp(0.0, 1.0))
        };
        (0..steps).map(way).collect()
    })
}

/// Moving average over `width` steps, twice; ends hold.
fn smooth(values: &mut [f32], width: usize) {
    for _ in 0..2 {
        let sums: Vec<f64> = std::iter::once(0.0)
            .chain(values.iter().scan(0.0, |sum, &value| {
                *sum += f64::from(value);
                Some(*sum)
            }))
            .collect();
        let last = values.len();
        for (place, value) in values.iter_mut().enumerate() {
            let reach = (width / 2).min(place).min(last - 1 - place);
            let (from, to) = (place - reach, place + reach + 1);
            *value = ((sums[to] - sums[from]) / (to - from) as f64) as f32;
        }
    }
}

fn tremble(path: &mut [Vec<f32>; 3], rng: &mut ChaCha8Rng) {
    let (far, rates) = TREMOR;
    for axis in path {
        let turn = TAU * between(rates, rng);
        let phase = rng.random_range(0.0..TAU);
        for (step, value) in axis.iter_mut().enumerate() {
            *value += far * (turn * step as f32 * STEP + phase).sin();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evenkeel::random;

    const LENGTH: Duration = Duration::from_millis(1280);

    fn felt(config: &AccelerometerConfig, digit: Option<usize>, seed: u64) -> Signal {
        config.feel(digit, LENGTH, &mut random::rng("accelerometer", &[seed]))
    }

    /// Standard deviation of the acceleration's length: 0 at rest, however the pen is held.
    fn movement(signal: &Signal) -> f32 {
        let lengths: Vec<f32> = (0..signal.times.len())
            .map(|i| signal.reading(i).iter().map(|x| x * x).sum::<f32>().sqrt())
            .collect();
        let n = lengths.len() as f32;
        let mean = lengths.iter().sum::<f32>() / n;
        (lengths.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n).sqrt()
    }

    #[test]
    fn it_is_a_whole_signal_that_weighs_what_gravity_does() {
        let config = AccelerometerConfig::default();
        for digit in [None, Some(0), Some(4), Some(7)] {
            let signal = felt(&config, digit, 3);
            assert!(signal.is_whole() && signal.channels == 3);
            assert_eq!(signal.times.len(), 128);
            let weight = (0..128)
                .map(|i| signal.reading(i).iter().map(|x| x * x).sum::<f32>())
                .sum::<f32>();
            let weight = (weight / 128.0).sqrt();
            assert!((8.0..13.0).contains(&weight), "{digit:?}: {weight}");
            assert_eq!(signal, felt(&config, digit, 3), "it is not repeatable");
            assert_ne!(signal, felt(&config, digit, 4));
        }
    }

    #[test]
    fn writing_is_felt_and_rest_is_not() {
        let quiet = AccelerometerConfig {
            noise: 0.0,
            ..AccelerometerConfig::default()
        };
        let mean = |digit: fn(u64) -> Option<usize>| {
            let all = (0..20).map(|seed| movement(&felt(&quiet, digit(seed), seed)));
            all.sum::<f32>() / 20.0
        };
        let (written, carried) = (mean(|seed| Some(seed as usize % 10)), mean(|_| None));
        assert!(written > 2.0 * carried, "{written} {carried}");
    }

    #[test]
    fn senseless_values_are_named() {
        let said = |change: fn(&mut AccelerometerConfig)| {
            let mut config = AccelerometerConfig::default();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        AccelerometerConfig::default().check().unwrap();
        assert!(said(|c| c.noise = f32::NAN).contains("data.digits.accelerometer.noise"));
        assert!(said(|c| c.seconds = [2.0, 1.0]).contains("seconds"));
        assert!(said(|c| c.height = [0.0, 1.0]).contains("height"));
    }
}
