//! Limits from clean windows.

use std::collections::BTreeMap;

use super::camera::CameraGauge;
use super::microphone::MicrophoneGauge;
use super::statistic::{AUDIO_STATISTICS, CAMERA_STATISTICS, Statistic};
use super::{HealthConfig, Limits};
use crate::window::Window;

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
/// of a clip are given in order of time. One that begins before the last one did begins
/// another clip; [`Calibration::reset`] says so where that is not seen from the times.
#[derive(Debug, Clone, Default)]
pub struct Calibration {
    camera: CameraGauge,
    microphone: MicrophoneGauge,
    seen: Vec<[f32; CAMERA_STATISTICS]>,
    heard: Vec<[f32; AUDIO_STATISTICS]>,
}

impl Calibration {
    /// Notes a clean window. A sensor that is missing from it says nothing.
    pub fn add(&mut self, window: &Window) {
        self.seen.extend(self.camera.read(window));
        let heard = self.microphone.read(window);
        self.heard.extend(heard.map(|heard| heard.readings));
    }

    /// The next window is of another clip.
    pub fn reset(&mut self) {
        self.camera.reset();
        self.microphone.reset();
    }

    /// The limits; none for a sensor with fewer than 30 windows.
    pub fn finish(self) -> HealthConfig {
        HealthConfig {
            audio: all_limits(&self.heard),
            camera: all_limits(&self.seen),
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
