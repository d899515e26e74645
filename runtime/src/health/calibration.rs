//! Limits from clean windows.

use std::collections::BTreeMap;

use super::camera::{CameraGauge, CameraReadings};
use super::microphone::{AudioReadings, MicrophoneGauge};
use super::signal::{SignalGauge, SignalReadings};
use super::statistic::Statistic;
use super::{AudioLimits, CameraLimits, HealthConfig, Limits, SignalLimits};
use crate::frontend::{SensorConfig, SensorConfigs};
use crate::window::{Kind, Modality, PerSensor, Window};

/// Fewer clean windows than this say too little about a sensor: it gets no limits.
const FEWEST: usize = 30;
/// The limits leave out this share of the clean windows on either side: a spoilt one or two among
/// thousands do not widen them.
const OUTSIDE: f64 = 0.001;
/// The tail of a statistic begins here.
const TAIL: f64 = 0.1;
/// A clean window reaches half the score by one side of one statistic this seldom. A sensor has a
/// dozen such sides.
const FALSE_ALARMS: f64 = 1e-4;

/// Shapes of tails from a sharp end to one that falls by powers; beyond, a few dozen values mislead.
const LIGHTEST: f64 = -1.0;
const HEAVIEST: f64 = 0.25;
const FEWEST_FOR_SHAPE: f64 = 10.0;
/// However sharply the clean windows end, as a share of the tail's length.
const LEAST_MARGIN: f64 = 0.25;

/// Gathers what clean windows look and sound like: 500 to 3000 of them, of all kinds that the model
/// will meet. It keeps about 100 bytes for each.
///
/// All windows are as long as those that will be judged: a short one may have no pause in it. Those
/// of a clip are given in order of time. One that does not begin after the last one begins
/// another clip; [`Calibration::reset`] says so where that is not seen from the times.
#[derive(Debug, Clone)]
pub struct Calibration {
    sensors: PerSensor<Clean>,
}

/// What one sensor gave in the clean windows so far.
#[derive(Debug, Clone)]
enum Clean {
    Camera(CameraGauge, Vec<CameraReadings>),
    Microphone(MicrophoneGauge, Vec<AudioReadings>),
    Signal(SignalGauge, Vec<SignalReadings>),
}

impl Default for Calibration {
    fn default() -> Self {
        let sensors = PerSensor::from_fn(|modality| match modality.kind() {
            Kind::Audio => Clean::Microphone(MicrophoneGauge::default(), Vec::new()),
            Kind::Camera => Clean::Camera(CameraGauge::default(), Vec::new()),
            Kind::Signal => Clean::Signal(SignalGauge::default(), Vec::new()),
        });
        Self { sensors }
    }
}

impl Calibration {
    /// For a model with these sensors, whose numbers are read in units of their own spread.
    pub fn of(configs: &SensorConfigs) -> Self {
        let mut calibration = Self::default();
        for (modality, clean) in calibration.sensors.iter_mut() {
            if let (Clean::Signal(gauge, _), Some(SensorConfig::Signal(config))) =
                (clean, configs[modality])
            {
                gauge.scale(config);
            }
        }
        calibration
    }

    /// Notes a clean window. A sensor that is missing from it says nothing.
    pub fn add(&mut self, window: &Window) {
        let start = window.start;
        for (modality, clean) in self.sensors.iter_mut() {
            match clean {
                Clean::Camera(gauge, seen) => {
                    seen.extend(gauge.read(start, window.frames_of(modality)));
                }
                Clean::Microphone(gauge, heard) => {
                    let sound = gauge.read(start, window.sound_of(modality));
                    heard.extend(sound.map(|sound| sound.readings));
                }
                Clean::Signal(gauge, measured) => {
                    measured.extend(gauge.read(start, window.signal_of(modality)));
                }
            }
        }
    }

    /// The next window is of another clip.
    pub fn reset(&mut self) {
        for (_, clean) in self.sensors.iter_mut() {
            match clean {
                Clean::Camera(gauge, _) => gauge.reset(),
                Clean::Microphone(gauge, _) => gauge.reset(),
                Clean::Signal(gauge, _) => gauge.reset(),
            }
        }
    }

    /// The limits; none for a sensor with fewer than 30 windows.
    pub fn finish(self) -> HealthConfig {
        HealthConfig {
            audio: self.microphone(Modality::Audio),
            camera: self.camera(Modality::Camera),
            signal: self.signal(Modality::Signal),
            audio2: self.microphone(Modality::Audio2),
            camera2: self.camera(Modality::Camera2),
            signal2: self.signal(Modality::Signal2),
            signal3: self.signal(Modality::Signal3),
            signal4: self.signal(Modality::Signal4),
        }
    }

    fn microphone(&self, modality: Modality) -> Option<AudioLimits> {
        match &self.sensors[modality] {
            Clean::Microphone(_, heard) => all_limits(heard),
            _ => None,
        }
    }

    fn camera(&self, modality: Modality) -> Option<CameraLimits> {
        match &self.sensors[modality] {
            Clean::Camera(_, seen) => all_limits(seen),
            _ => None,
        }
    }

    fn signal(&self, modality: Modality) -> Option<SignalLimits> {
        match &self.sensors[modality] {
            Clean::Signal(_, measured) => all_limits(measured),
            _ => None,
        }
    }
}

fn all_limits<S: Statistic, const N: usize>(windows: &[[f32; N]]) -> Option<BTreeMap<S, Limits>> {
    if windows.len() < FEWEST {
        return None;
    }
    let limits = S::ALL.iter().filter_map(|&statistic| {
        let mut values: Vec<f64> = windows
            .iter()
            .map(|readings| f64::from(readings[statistic.index()]))
            .filter(|value| value.is_finite())
            .collect();
        values.sort_by(f64::total_cmp);
        (values.len() >= FEWEST).then(|| (statistic, limits(statistic, &values)))
    });
    Some(limits.collect())
}

/// The limits of one statistic from its values on clean windows, in rising order.
fn limits<S: Statistic>(statistic: S, values: &[f64]) -> Limits {
    let nature = statistic.nature();
    let low = nature.below.map(|fault| {
        // Turned over, so that the tail is above.
        let turned: Vec<f64> = values.iter().rev().map(|value| -value).collect();
        let harmless = fault.harmless.map_or(f64::NEG_INFINITY, |value| -value);
        let (last, width) = tail(&turned, harmless);
        (-last, width, fault.dead)
    });
    let high = nature.above.map(|fault| {
        let (last, width) = tail(values, fault.harmless.unwrap_or(f64::NEG_INFINITY));
        (last, width, fault.dead)
    });
    let sides = || low.iter().chain(&high);
    let needed = sides()
        .map(|&(limit, width, _)| width.max(nature.softness.at(limit)))
        .fold(0.0, f64::max);
    // The fall must end where the sensor is dead, if clean windows leave any room for it.
    let soft = sides()
        .filter_map(|&(limit, _, dead)| Some((dead? - limit).abs()))
        .filter(|&room| room > 0.0)
        .fold(needed, f64::min);
    Limits {
        low: low.map(|(limit, ..)| rounded(limit, f64::floor)),
        high: high.map(|(limit, ..)| rounded(limit, f64::ceil)),
        soft: rounded(soft, f64::ceil),
    }
}

/// Where the values, in rising order, end, and how wide the fall must be that begins there for a
/// clean window to reach its middle in a share of [`FALSE_ALARMS`]. Differences between values up to
/// `harmless` do not count.
///
/// What exceeds the tenth that is largest follows a generalised Pareto distribution, fitted by
/// probability-weighted moments (Hosking and Wallis, "Parameter and quantile estimation for the
/// generalized Pareto distribution", 1987).
fn tail(values: &[f64], harmless: f64) -> (f64, f64) {
    let last = quantile(values, 1.0 - OUTSIDE).max(harmless);
    let begin = quantile(values, 1.0 - TAIL).max(harmless);
    let first = values.partition_point(|value| *value <= begin);
    let excess = || values[first..].iter().map(|value| value - begin);
    let count = excess().len() as f64;
    if count == 0.0 {
        return (last, 0.0);
    }
    let mean = excess().sum::<f64>() / count;
    let weight = |i: usize| 1.0 - (i as f64 + 0.65) / count;
    let weighted = excess().enumerate().map(|(i, excess)| weight(i) * excess);
    let weighted = weighted.sum::<f64>() / count;
    let shape = match count < FEWEST_FOR_SHAPE {
        true => 0.0,
        false => 2.0 - mean / (mean - 2.0 * weighted).max(f64::MIN_POSITIVE),
    };
    let shape = shape.clamp(LIGHTEST, HEAVIEST);
    let scale = mean * (1.0 - shape);
    let times = count / values.len() as f64 / FALSE_ALARMS;
    let rare = match shape.abs() < 1e-6 {
        true => begin + scale * times.ln(),
        false => begin + scale / shape * (times.powf(shape) - 1.0),
    };
    let least = LEAST_MARGIN * (last - begin);
    (last, 2.0 * (rare - last).max(least))
}

/// The value that a share of the sorted values is below, with a straight line between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

/// Three digits, which is what there is to know, and what a reader can read.
fn rounded(value: f64, towards: fn(f64) -> f64) -> f64 {
    if value == 0.0 {
        return value;
    }
    let digits = 2 - value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(digits);
    let rounded = towards(value * scale) / scale;
    // By way of text, so that no digits are left behind the third.
    let text = format!("{rounded:.*}", digits.max(0) as usize);
    text.parse().unwrap_or(rounded)
}
