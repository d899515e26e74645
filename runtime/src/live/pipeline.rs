//! From sensors to moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::assembler::Assembler;
use super::event::Smoother;
use super::moment::{Age, Moment, Notice, Observer, Rates, SensorMoment, Stages};
use super::pace::Pace;
use super::setup::{PipelineError, Setup};
use super::spoil::{Switchboard, spoil};
use crate::corruption::Sources;
use crate::engine::Recogniser;
use crate::package::Package;
use crate::sensor::{Clock, Condition, Player, Supervisor, Suspensions};
use crate::window::{Modality, PerSensor, Window};

/// Polls sensors, answers windows, and tells observers.
pub struct Pipeline {
    clock: Clock,
    recogniser: Recogniser,
    supervisors: PerSensor<Option<Supervisor>>,
    assembler: Assembler,
    smoother: Smoother,
    pace: Pace,
    suspensions: Suspensions,
    switchboard: Switchboard,
    sources: Sources,
    player: Option<Arc<Player>>,
    length: Duration,
    hop: Duration,
    limit: Duration,
    camera_every: u64,
    last: Option<u64>,
    last_answer: Option<Duration>,
    interval: f32,
    ever_ran: bool,
    notices: Vec<Notice>,
    /// The window after spoiling; kept for its memory.
    spoiled: Window,
}

/// While the first sensor is being opened, nothing is answered for this long: devices take a while.
const PATIENCE: Duration = Duration::from_secs(5);
/// Beyond the longest delay of late, for a piece of data that takes a little longer.
const MARGIN: Duration = Duration::from_millis(5);
/// Data that takes longer than this is not waited for.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// Sensors are polled, and whether to stop is looked at, at least this often.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);
/// Notices kept for the next moment.
const MOST_NOTICES: usize = 100;

impl Pipeline {
    /// Loads the model and begins to open the sensors.
    ///
    /// # Errors
    /// When the model cannot be loaded or has none of the sensors.
    pub fn new(package: &Package, setup: Setup) -> Result<Self, PipelineError> {
        let manifest = &package.manifest;
        let mut recogniser = Recogniser::new(package)?;
        if setup.threads.get() > 1 {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
            recogniser.use_threads(Arc::new(threads));
        }
        let has = PerSensor::pair(manifest.audio.is_some(), manifest.camera.is_some());
        let supervisors = PerSensor::from_fn(|modality| {
            let sensor = setup.sensors[modality].clone().filter(|_| has[modality])?;
            Some(Supervisor::new(sensor, &setup.clock, setup.times))
        });
        if supervisors.audio.is_none() && supervisors.camera.is_none() {
            return Err(PipelineError::NoSensor);
        }
        let hop = setup.hop.unwrap_or_else(|| manifest.hop());
        let mut pipeline = Self {
            smoother: Smoother::new(
                manifest.labels.clone(),
                manifest.nothing_index(),
                manifest.thresholds.confidence,
            ),
            length: manifest.window_duration(),
            camera_every: u64::from(manifest.rates.camera_every.get()),
            pace: Pace::new(hop),
            hop,
            limit: setup.limit.unwrap_or(Duration::MAX),
            clock: setup.clock,
            recogniser,
            supervisors,
            assembler: Assembler::default(),
            suspensions: Suspensions::default(),
            switchboard: setup.switchboard,
            sources: setup.sources,
            player: setup.player,
            last: None,
            last_answer: None,
            interval: 0.0,
            ever_ran: false,
            notices: Vec::new(),
            spoiled: Window::default(),
        };
        let unread: Vec<&str> = manifest
            .further()
            .map(|modality| manifest.sensor_name(modality))
            .collect();
        if !unread.is_empty() {
            let unread = unread.join(", ");
            pipeline.notice(
                None,
                format!("live cannot read this sensor of the model yet, so it counts as absent: {unread}"),
            );
        }
        Ok(pipeline)
    }

    /// Answers until `stop` is set or everything that was played has ended.
    pub fn run(&mut self, stop: &AtomicBool, observers: &mut [&mut dyn Observer]) {
        while self.step(stop, observers) {}
    }

    /// Waits for the next window and answers it. Returns whether there is more to come.
    fn step(&mut self, stop: &AtomicBool, observers: &mut [&mut dyn Observer]) -> bool {
        let index = self.pace.next(self.last, self.newest());
        let end = self.hop * index as u32 + self.length;
        self.wait_until((end + self.patience()).min(self.limit), stop);
        if stop.load(Ordering::Relaxed) || end > self.limit || self.is_over(end) {
            return false;
        }
        let previous = self.last.replace(index);
        if self.is_opening() && self.clock.now() < PATIENCE {
            return true;
        }
        let begin = self.clock.now();
        let started = std::time::Instant::now();
        self.answer(index, previous, begin, observers);
        if self.clock.is_real() && self.pace.took(started.elapsed()) {
            let every = self.hop * self.pace.stride();
            self.notice(
                None,
                format!(
                    "answers come every {} ms: this machine is {} for every {} ms",
                    every.as_millis(),
                    if self.pace.stride() > 1 {
                        "too slow"
                    } else {
                        "fast enough again"
                    },
                    self.hop.as_millis()
                ),
            );
        }
        true
    }

    /// The newest window that is complete; none while time only passes by waiting.
    fn newest(&self) -> Option<u64> {
        if !self.clock.is_real() {
            return None;
        }
        let complete = self
            .clock
            .now()
            .checked_sub(self.patience() + self.length)?;
        Some((complete.as_nanos() / self.hop.as_nanos().max(1)) as u64)
    }

    /// How long after its end a window is complete.
    fn patience(&self) -> Duration {
        if !self.clock.is_real() {
            return Duration::ZERO;
        }
        let delays = self.assembler.delays();
        (delays.audio.max(delays.camera) + MARGIN).min(LONGEST_WAIT)
    }

    fn wait_until(&mut self, time: Duration, stop: &AtomicBool) {
        loop {
            let now = self.clock.now();
            let next = match self.clock.is_real() {
                true => time.min(now + LONGEST_SLEEP),
                false => time,
            };
            self.clock.wait_until(next);
            self.poll();
            if self.clock.now() >= time || stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn poll(&mut self) {
        let now = self.clock.now();
        if self.clock.is_real()
            && let Some(slept) = self.suspensions.check()
        {
            self.notice(
                None,
                format!("the machine was suspended for {slept:.0?}; sensors are opened again"),
            );
            self.recogniser.reset();
            let PerSensor { audio, camera, .. } = &mut self.supervisors;
            for supervisor in [audio, camera].into_iter().flatten() {
                supervisor.reopen(now);
            }
        }
        for modality in Modality::LIVE {
            let Some(supervisor) = &mut self.supervisors[modality] else {
                continue;
            };
            let ran = supervisor.is_running();
            if !supervisor.poll(now, &mut self.assembler) {
                continue;
            }
            let Some(message) = supervisor.says() else {
                continue;
            };
            let lost = matches!(supervisor.condition(), Condition::Lost { .. });
            self.ever_ran |= supervisor.is_running();
            if ran && lost {
                self.assembler.forget(modality);
            }
            self.notice(Some(modality), message);
        }
        if let Some(player) = &self.player {
            for problem in player.problems() {
                self.notice(None, problem);
            }
        }
    }

    /// No sensor has run yet, and at least one may at any moment.
    fn is_opening(&self) -> bool {
        let PerSensor { audio, camera, .. } = &self.supervisors;
        let mut conditions = [audio, camera]
            .into_iter()
            .flatten()
            .map(Supervisor::condition);
        !self.ever_ran && conditions.any(|condition| *condition == Condition::Opening)
    }

    /// Everything that was played has ended before this window does.
    fn is_over(&self, end: Duration) -> bool {
        let ended = |supervisor: &Option<Supervisor>| {
            let condition = supervisor.as_ref().map(Supervisor::condition);
            matches!(condition, None | Some(Condition::Ended))
        };
        let all = ended(&self.supervisors.audio) && ended(&self.supervisors.camera);
        let inside = self
            .player
            .as_ref()
            .and_then(|player| player.end())
            .is_some_and(|last| end <= last + Duration::from_millis(1));
        // A clip that is shorter than a window is answered once.
        all && !inside && self.last.is_some()
    }

    fn answer(
        &mut self,
        index: u64,
        previous: Option<u64>,
        begin: Duration,
        observers: &mut [&mut dyn Observer],
    ) {
        let start = self.hop * index as u32;
        let end = start + self.length;
        let assembling = std::time::Instant::now();
        let raw = self.assembler.window(start, self.length);
        let spoiled = self.switchboard.on_at(end);
        self.recogniser.expect_changes(!spoiled.is_empty());
        let window = if spoiled.is_empty() {
            raw
        } else {
            self.spoiled.clone_from(raw);
            spoil(
                &mut self.spoiled,
                self.length,
                index,
                &spoiled,
                &self.sources,
            );
            &self.spoiled
        };
        let assembled = assembling.elapsed();
        let look =
            previous.is_none_or(|before| before / self.camera_every != index / self.camera_every);
        let due = PerSensor::pair(true, look);
        let answer = match self.recogniser.answer_with_due(window, due) {
            Ok(answer) => answer,
            Err(error) => {
                let message = format!("no answer at {:.2} s: {error}", end.as_secs_f64());
                self.notice(None, message);
                return;
            }
        };
        let spent = self.recogniser.spent();
        let stages = Stages {
            wait: begin.saturating_sub(end),
            window: assembled,
            health: spent.health,
            encode: spent.encode,
            fusion: spent.fusion,
        };
        let now = self.clock.now();
        let total = match self.clock.is_real() {
            true => now.saturating_sub(end),
            false => stages.work(),
        };
        let (smoothed, change) = self.smoother.take(end, &answer);
        let moment = Moment {
            index,
            start,
            length: self.length,
            wall: SystemTime::now(),
            answer,
            smoothed,
            change,
            sensors: self.sensor_moments(),
            age: Age { total, stages },
            rates: self.rates(begin),
            spoiled,
            notices: std::mem::take(&mut self.notices),
            mel: self.recogniser.features().audio.clone().unwrap_or_default(),
            truth: self.truth(start),
            seams: self.assembler.seams(),
        };
        let raw = self.assembler.last();
        let window = if moment.spoiled.is_empty() {
            raw
        } else {
            &self.spoiled
        };
        let mut told = Vec::new();
        for observer in observers {
            observer.observe(&moment, window, raw);
            told.append(&mut observer.notices());
        }
        for message in told {
            self.notice(None, message);
        }
    }

    /// The label of the clip that is on in the middle of the window.
    fn truth(&self, start: Duration) -> Option<String> {
        self.player
            .as_ref()?
            .playing(start + self.length / 2)?
            .label
    }

    fn rates(&mut self, now: Duration) -> Rates {
        if let Some(last) = self.last_answer.replace(now) {
            let interval = now.saturating_sub(last).as_secs_f32();
            self.interval = match self.interval {
                before if before > 0.0 => 0.9 * before + 0.1 * interval,
                _ => interval,
            };
        }
        Rates {
            hop: self.hop,
            stride: self.pace.stride(),
            measured: if self.interval > 0.0 {
                1.0 / self.interval
            } else {
                0.0
            },
        }
    }

    fn sensor_moments(&self) -> PerSensor<Option<SensorMoment>> {
        let (delays, rates) = (self.assembler.delays(), self.assembler.rates());
        PerSensor::from_fn(|modality| {
            let supervisor = self.supervisors[modality].as_ref()?;
            Some(SensorMoment {
                name: supervisor.name(),
                condition: supervisor.condition().clone(),
                overruns: supervisor.overruns(),
                losses: supervisor.losses(),
                delay: delays[modality],
                rate: rates[modality],
            })
        })
    }

    fn notice(&mut self, sensor: Option<Modality>, message: String) {
        if self.notices.len() < MOST_NOTICES {
            self.notices.push(Notice {
                time: self.clock.now(),
                sensor,
                message,
            });
        }
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
