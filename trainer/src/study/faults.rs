//! How soon the health of a sensor shows a fault, and how often it cries wolf.
//!
//! Windows of a split are played one after the other, as a board would hear and see them, and
//! judged ten times a second. Half way through, the fault sets in.

use std::time::Duration;

use anyhow::Result;
use evenkeel::clip::Clip;
use evenkeel::corruption::{Corruption, Severity, Sources, film};
use evenkeel::evaluation::robustness::Plan;
use evenkeel::health::{HealthConfig, Monitor};
use evenkeel::random;
use evenkeel::window::{Modality, PerSensor, Sound, Window};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::data::{Dataset, Split};

/// From one judged window to the next.
const HOP: Duration = Duration::from_millis(100);
/// Windows in a stream; the fault comes with the second half.
const STREAM: usize = 8;
/// Streams that each fault is tried on.
const TRIALS: usize = 12;

/// Alarms on clean streams, and on each fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultTrial {
    /// Hours of clean signal that were judged.
    pub hours: f64,
    /// Alarms in that time: changes from well to sick.
    pub false_alarms: PerSensor<u64>,
    /// Windows judged in that time, and those of them called sick.
    pub windows: u64,
    /// Windows called sick.
    pub sick: PerSensor<u64>,
    /// Each fault of one sensor at each severity.
    pub faults: Vec<Fault>,
}

/// One fault at one severity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The fault.
    pub corruption: Corruption,
    /// How bad it is.
    pub severity: Severity,
    /// Streams it was tried on.
    pub trials: u64,
    /// In how many of them it was noticed.
    pub noticed: u64,
    /// Median time until then, seconds from the onset to the end of the window that was called sick;
    /// absent where less than half noticed it. Of `stuck` and `silence` below the worst severity only the
    /// last part of the fault's time is spoilt, and it counts from that time's beginning.
    pub delay: Option<f64>,
}

/// Tries every fault of the plan that has one sensor on a split.
///
/// # Errors
/// When an example cannot be had.
pub fn fault_trials(
    config: &HealthConfig,
    data: &dyn Dataset,
    split: Split,
    plan: &Plan,
) -> Result<FaultTrial> {
    let mut all: Vec<usize> = (0..data.len(split)).collect();
    // Splits may be in order of class.
    all.shuffle(&mut random::rng("fault streams", &[plan.seed]));
    let mut trial = FaultTrial {
        hours: 0.0,
        false_alarms: PerSensor::default(),
        windows: 0,
        sick: PerSensor::default(),
        faults: Vec::new(),
    };
    let mut monitor = Monitor::new(config);
    let mut streams = Vec::new();
    for chunk in all.chunks(STREAM) {
        let stream = Stream::of(data, split, chunk, plan.seed)?;
        let clean = stream.judged(&mut monitor, &stream.recording());
        trial.add_clean(stream.length, &clean);
        if streams.len() < TRIALS && stream.length == stream.window * STREAM as u32 {
            streams.push((stream, clean));
        }
    }
    let sources = Sources {
        noises: plan.noises.clone(),
        others: plan
            .donors
            .iter()
            .map(|donor| donor.window.clone())
            .collect(),
    };
    for cell in &plan.cells {
        let Some(sensor) = cell.corruption.sensor() else {
            continue;
        };
        let mut delays: Vec<f64> = (0..)
            .zip(&streams)
            .filter_map(|(seed, (stream, clean))| {
                let (clip, onset) = stream.spoilt(cell.corruption, cell.severity, seed, &sources);
                let spoilt = stream.judged(&mut monitor, &clip);
                delay(sensor, clean, &spoilt, onset)
            })
            .collect();
        delays.sort_by(f64::total_cmp);
        trial.faults.push(Fault {
            corruption: cell.corruption,
            severity: cell.severity,
            trials: streams.len() as u64,
            noticed: delays.len() as u64,
            delay: delays.get(streams.len() / 2).copied(),
        });
    }
    Ok(trial)
}

/// Windows of a data set one after the other, as one recording.
struct Stream {
    /// How long each of them is.
    window: Duration,
    clean: Window,
    length: Duration,
}

/// One window, and which sensors are called sick in it.
struct Judged {
    end: Duration,
    sick: PerSensor<bool>,
}

impl Stream {
    fn of(data: &dyn Dataset, split: Split, indices: &[usize], seed: u64) -> Result<Self> {
        let window = data.window_length();
        let mut joined = Window::default();
        let mut end = Duration::ZERO;
        for &index in indices {
            let mut part = data.example(split, 0, index)?.window;
            film(&mut part, window, seed ^ index as u64);
            let Some(sound) = whole_sound(&mut part, window) else {
                continue;
            };
            for mut frame in part.frames {
                // A frame that was on view before the window began has its place in no other stream.
                if let Some(inside) = frame.time.checked_sub(part.start) {
                    frame.time = end + inside;
                    joined.frames.push(frame);
                }
            }
            let all = joined.sound.get_or_insert_with(|| Sound {
                start: Duration::ZERO,
                rate: sound.rate,
                samples: Vec::new(),
            });
            all.samples.extend(sound.samples);
            end += window;
        }
        Ok(Self {
            window,
            clean: joined,
            length: end,
        })
    }

    fn recording(&self) -> Clip {
        Clip::new(self.clean.sound.clone(), self.clean.frames.clone())
    }

    /// The windows of a recording of this stream, judged one after the other.
    fn judged(&self, monitor: &mut Monitor, clip: &Clip) -> Vec<Judged> {
        monitor.reset();
        clip.windows(self.window, HOP)
            .map(|window| {
                let health = monitor.check(&window);
                // A stream has sound and pictures; of other sensors it says nothing.
                let sick = |sensor| Modality::LIVE.contains(&sensor) && !health[sensor].is_well();
                Judged {
                    end: window.start + self.window,
                    sick: PerSensor::from_fn(sick),
                }
            })
            .collect()
    }

    /// The recording with a fault from its middle on, and when that is.
    fn spoilt(
        &self,
        corruption: Corruption,
        severity: Severity,
        seed: u64,
        sources: &Sources,
    ) -> (Clip, Duration) {
        let onset = self.length / 2;
        let mut before = self.clean.clone();
        let mut after = self.recording().window_at(onset, self.length);
        after.frames.retain(|frame| frame.time >= onset);
        before.frames.retain(|frame| frame.time < onset);
        corruption.apply(&mut after, self.length - onset, severity, seed, sources);
        before.frames.append(&mut after.frames);
        if let Some(sound) = &mut before.sound {
            sound.samples.truncate(sound.rate.samples_in(onset));
            if let Some(after) = after.sound {
                sound.samples.extend(after.samples);
            }
        }
        let mut clip = Clip::new(before.sound, before.frames);
        // What is missing at the end is missing, and not a shorter recording.
        clip.duration = self.length;
        (clip, onset)
    }
}

/// The sound of a window if it fills all of it, to the sample: a gap would be a fault of its own.
fn whole_sound(part: &mut Window, length: Duration) -> Option<Sound> {
    let mut sound = part.sound.take()?;
    let wanted = sound.rate.samples_in(length);
    let late = sound.start > part.start + Duration::from_millis(1);
    let whole = !late && sound.samples.len() >= wanted;
    sound.samples.truncate(wanted);
    whole.then_some(sound)
}

impl FaultTrial {
    fn add_clean(&mut self, length: Duration, clean: &[Judged]) {
        self.hours += length.as_secs_f64() / 3600.0;
        let mut alarmed = PerSensor::from_fn(|_| false);
        for &Judged { sick, .. } in clean {
            self.windows += 1;
            for modality in Modality::ALL {
                self.sick[modality] += u64::from(sick[modality]);
                self.false_alarms[modality] += u64::from(sick[modality] && !alarmed[modality]);
            }
            alarmed = sick;
        }
    }

    /// False alarms in an hour.
    pub fn per_hour(&self, modality: Modality) -> f64 {
        self.false_alarms[modality] as f64 / self.hours
    }
}

/// Seconds from `onset` to the end of the first window after it that is called sick, though it is not
/// where there is no fault.
fn delay(sensor: Modality, clean: &[Judged], spoilt: &[Judged], onset: Duration) -> Option<f64> {
    let (_, first) = clean
        .iter()
        .zip(spoilt)
        .find(|(clean, spoilt)| spoilt.sick[sensor] && !clean.sick[sensor] && spoilt.end > onset)?;
    Some((first.end - onset).as_secs_f64())
}
