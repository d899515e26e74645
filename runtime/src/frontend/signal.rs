//! Numbers of a sensor at a steady rate.
//!
//! A window is read at times that are evenly spaced, `rate_hz` a second, with a straight line between
//! the readings on either side; before the first and after the last reading of the window their
//! values hold. Each channel is then (value − `mean`) / `std`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{FrontendError, SHORTEST_WINDOW};
use crate::window::{Modality, Signal};

/// Every parameter of a signal's frontend; part of model.toml.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalConfig {
    /// What people call the sensor, such as `accelerometer`; its place in the model if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Samples per second and channel that the model takes, 0.1..100 000.
    pub rate_hz: f32,
    /// Numbers in each reading, 1..64.
    pub channels: usize,
    /// How long a window is, 0.01..3600 seconds.
    pub window_seconds: f32,
    /// Subtracted from each channel, in the sensor's own unit.
    pub mean: Vec<f32>,
    /// Divides what is left of each channel, above 0.
    pub std: Vec<f32>,
}

/// Slower than anything that is worth a window, and as fast as sound.
const RATES: std::ops::RangeInclusive<f32> = 0.1..=100_000.0;
/// More than a hand with a sensor in each joint has.
const MOST_CHANNELS: usize = 64;
/// An hour.
const LONGEST_WINDOW: f32 = 3600.0;
/// 16 MB of features.
const MOST_VALUES: f32 = (1 << 22) as f32;
/// Longer names fit in no table.
const LONGEST_NAME: usize = 40;

impl SignalConfig {
    /// `[channels, samples]` of the features.
    pub fn shape(&self) -> [usize; 2] {
        let samples = (self.rate_hz * self.window_seconds).round() as usize;
        [self.channels, samples.max(1)]
    }

    /// How long a window lasts.
    pub fn window_duration(&self) -> Duration {
        Duration::from_secs_f32(self.window_seconds)
    }

    /// # Errors
    /// [`FrontendError::Config`], with the name of the sensor, when a value is out of range.
    pub fn check(&self, modality: Modality) -> Result<(), FrontendError> {
        let name = self.name.as_deref().unwrap_or("signal");
        let shortest = SHORTEST_WINDOW.as_secs_f32();
        let in_turn = |values: &[f32], what: &str, fine: fn(f32) -> bool| {
            let wrong = values.len() != self.channels || !values.iter().all(|&v| fine(v));
            (
                wrong,
                format!("{what} for each of the {} channels", self.channels),
            )
        };
        let faults = [
            (
                !(1..=LONGEST_NAME).contains(&name.chars().count())
                    || name.contains(char::is_control),
                format!("name must be 1 to {LONGEST_NAME} printable characters, not {name:?}"),
            ),
            (
                !RATES.contains(&self.rate_hz),
                format!(
                    "rate_hz must be {} to {}, not {}",
                    RATES.start(),
                    RATES.end(),
                    self.rate_hz
                ),
            ),
            (
                !(1..=MOST_CHANNELS).contains(&self.channels),
                format!(
                    "channels must be 1 to {MOST_CHANNELS}, not {}",
                    self.channels
                ),
            ),
            (
                !(shortest..=LONGEST_WINDOW).contains(&self.window_seconds),
                format!(
                    "window_seconds must be {shortest} to {LONGEST_WINDOW}, not {}",
                    self.window_seconds
                ),
            ),
            (
                self.rate_hz * self.window_seconds * self.channels as f32 > MOST_VALUES,
                format!("rate_hz × window_seconds × channels must be at most {MOST_VALUES}"),
            ),
            in_turn(&self.mean, "mean must hold one finite number", |value| {
                value.is_finite()
            }),
            in_turn(&self.std, "std must hold one number above 0", |value| {
                value >= f32::MIN_POSITIVE && value.is_finite()
            }),
        ];
        match faults.into_iter().find(|(wrong, _)| *wrong) {
            Some((_, what)) => Err(FrontendError::Config { modality, what }),
            None => Ok(()),
        }
    }
}

/// Turns readings into features.
pub struct SignalFrontend {
    modality: Modality,
    config: SignalConfig,
}

impl SignalFrontend {
    /// The frontend of the sensor `modality`.
    ///
    /// # Errors
    /// [`FrontendError::Config`] when the parameters make no sense.
    pub fn new(modality: Modality, config: &SignalConfig) -> Result<Self, FrontendError> {
        config.check(modality)?;
        Ok(Self {
            modality,
            config: config.clone(),
        })
    }

    /// The features of the window that begins at `start`, `[channels, samples]` row-major.
    ///
    /// # Errors
    /// [`FrontendError::Channels`] when the sensor gives another number of channels,
    /// [`FrontendError::BrokenSignal`] when there are no readings, or they are not finite numbers at
    /// rising times.
    pub fn features(
        &mut self,
        start: Duration,
        signal: &Signal,
    ) -> Result<Vec<f32>, FrontendError> {
        let [channels, samples] = self.config.shape();
        let modality = self.modality;
        if signal.channels != channels {
            return Err(FrontendError::Channels {
                modality,
                expected: channels,
                found: signal.channels,
            });
        }
        if signal.times.is_empty() || !signal.is_whole() {
            return Err(FrontendError::BrokenSignal { modality });
        }
        let mut features = vec![0.0; channels * samples];
        let step = 1.0 / f64::from(self.config.rate_hz);
        let last = signal.times.len() - 1;
        let mut next = 0;
        for sample in 0..samples {
            let time = start.as_secs_f64() + step * sample as f64;
            while next <= last && signal.times[next].as_secs_f64() < time {
                next += 1;
            }
            let (before, after) = (next.saturating_sub(1), next.min(last));
            let between = share(signal, before, after, time);
            let readings = signal.reading(before).iter().zip(signal.reading(after));
            let scales = self.config.mean.iter().zip(&self.config.std);
            for (channel, ((low, high), (mean, std))) in readings.zip(scales).enumerate() {
                let value = low + (high - low) * between;
                features[channel * samples + sample] = (value - mean) / std;
            }
        }
        Ok(features)
    }
}

/// How far `time` is on the way from one reading to the other, 0..1.
fn share(signal: &Signal, before: usize, after: usize, time: f64) -> f32 {
    let [before, after] = [before, after].map(|reading| signal.times[reading].as_secs_f64());
    match after > before {
        true => ((time - before) / (after - before)).clamp(0.0, 1.0) as f32,
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> SignalConfig {
        SignalConfig {
            name: None,
            rate_hz: 10.0,
            channels: 2,
            window_seconds: 0.5,
            mean: vec![0.0, 1.0],
            std: vec![1.0, 2.0],
        }
    }

    fn signal(readings: &[(u64, [f32; 2])]) -> Signal {
        let mut signal = Signal::new(2);
        for (ms, reading) in readings {
            signal.push(Duration::from_millis(*ms), reading);
        }
        signal
    }

    fn features(signal: &Signal) -> Result<Vec<f32>, FrontendError> {
        let mut frontend = SignalFrontend::new(Modality::Signal, &config()).unwrap();
        frontend.features(Duration::from_secs(1), signal)
    }

    #[test]
    fn uneven_readings_are_read_off_the_lines_between_them() {
        let uneven = signal(&[(1050, [1.0, 3.0]), (1250, [3.0, 3.0]), (1300, [0.0, 5.0])]);
        let found = features(&uneven).unwrap();
        let expected = [1.0, 1.5, 2.5, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
        assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn one_reading_holds_for_the_whole_window() {
        assert_eq!(
            features(&signal(&[(1200, [2.0, 1.0])])).unwrap()[..6],
            [2.0, 2.0, 2.0, 2.0, 2.0, 0.0]
        );
    }

    #[test]
    fn what_is_no_signal_of_this_sensor_is_refused() {
        let wrong = Signal {
            channels: 3,
            ..signal(&[(1000, [1.0, 2.0])])
        };
        let error = features(&wrong).unwrap_err().to_string();
        assert!(
            error.contains("3 channels") && error.contains('2'),
            "{error}"
        );
        let backwards = signal(&[(1200, [0.0; 2]), (1100, [0.0; 2])]);
        let nothing = signal(&[(1200, [f32::NAN, 0.0])]);
        for broken in [backwards, nothing, signal(&[])] {
            let error = features(&broken).unwrap_err();
            assert!(matches!(error, FrontendError::BrokenSignal { .. }));
        }
    }

    #[test]
    fn senseless_parameters_are_named() {
        let said = |change: fn(&mut SignalConfig)| {
            let mut config = config();
            change(&mut config);
            config.check(Modality::Signal2).unwrap_err().to_string()
        };
        assert!(said(|c| c.rate_hz = f32::NAN).contains("signal2"));
        assert!(said(|c| c.rate_hz = 0.0).contains("rate_hz"));
        assert!(said(|c| c.channels = 0).contains("channels"));
        assert!(said(|c| c.window_seconds = 1e9).contains("window_seconds"));
        assert!(said(|c| c.std[1] = 0.0).contains("std"));
        assert!(said(|c| c.mean.truncate(1)).contains("mean"));
        assert!(said(|c| c.name = Some("\n".into())).contains("name"));
    }
}
