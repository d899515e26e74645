//! Keeps the sensors running, and cuts takes out of what they give.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::take::Take;
use crate::live::assembler::Assembler;
use crate::sensor::{Clock, Condition, Player, Playing, Sensor, Supervisor, Times};
use crate::window::{Modality, PerSensor, Window};

/// From one look at the sensors to the next.
const TICK: Duration = Duration::from_millis(50);
/// How far back what is shown goes, and a take may begin.
const LOOK: Duration = Duration::from_secs(1);
/// Beyond the longest delay of late.
const MARGIN: Duration = Duration::from_millis(5);
/// Data that takes longer than this is not waited for.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// Camera and microphone, at least one of them.
pub struct Studio {
    clock: Clock,
    supervisors: PerSensor<Option<Supervisor>>,
    player: Option<Arc<Player>>,
    assembler: Assembler,
    /// Where the last window began; none may begin earlier.
    start: Duration,
}

impl Studio {
    /// Begins to open the sensors; `player` plays the clips that they come from, if they do.
    pub fn new(
        sensors: PerSensor<Option<Arc<dyn Sensor>>>,
        clock: Clock,
        player: Option<Arc<Player>>,
    ) -> Self {
        let supervisors = sensors
            .map(|sensor| sensor.map(|sensor| Supervisor::new(sensor, &clock, Times::default())));
        Self {
            clock,
            supervisors,
            player,
            assembler: Assembler::default(),
            start: Duration::ZERO,
        }
    }

    /// The time.
    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Waits a little, and takes in what came. Gives what happened to the sensors, a sentence each.
    pub fn tick(&mut self) -> Vec<(Option<Modality>, String)> {
        self.clock.wait_until(self.clock.now() + TICK);
        let now = self.clock.now();
        let mut told = Vec::new();
        for modality in Modality::LIVE {
            let Some(supervisor) = &mut self.supervisors[modality] else {
                continue;
            };
            let ran = supervisor.is_running();
            if !supervisor.poll(now, &mut self.assembler) {
                continue;
            }
            if ran && matches!(supervisor.condition(), Condition::Lost { .. }) {
                self.assembler.forget(modality);
            }
            if let Some(message) = supervisor.says() {
                told.push((Some(modality), message));
            }
        }
        let problems = self.player.iter().flat_map(|player| player.problems());
        told.extend(problems.map(|problem| (None, problem)));
        told
    }

    /// The sensors that are recorded.
    pub fn wanted(&self) -> PerSensor<bool> {
        PerSensor::from_fn(|modality| self.supervisors[modality].is_some())
    }

    /// What a sensor is and does, in a line; `None` for one that is not recorded.
    pub fn about(&self, modality: Modality) -> Option<String> {
        let supervisor = self.supervisors[modality].as_ref()?;
        Some(
            supervisor
                .says()
                .unwrap_or_else(|| format!("{}: opening", supervisor.name())),
        )
    }

    /// All sensors that are recorded run.
    pub fn runs(&self) -> bool {
        let PerSensor { audio, camera, .. } = &self.supervisors;
        [audio, camera]
            .into_iter()
            .flatten()
            .all(Supervisor::is_running)
    }

    /// What was played has ended, and nothing more will come.
    pub fn has_ended(&self) -> bool {
        let PerSensor { audio, camera, .. } = &self.supervisors;
        let ended = |supervisor: &Supervisor| *supervisor.condition() == Condition::Ended;
        [audio, camera].into_iter().flatten().all(ended)
    }

    /// The clip that is being played, and from when to when.
    pub fn playing(&self) -> Option<(Playing, Range<Duration>)> {
        self.player.as_ref()?.on_at(self.clock.now())
    }

    /// How often data were lost so far.
    pub fn seams(&self) -> u64 {
        self.assembler.seams()
    }

    /// Up to when everything has arrived.
    pub fn complete(&self) -> Duration {
        let now = self.clock.now();
        if !self.clock.is_real() {
            return now;
        }
        let delays = self.assembler.delays();
        let patience = (delays.audio.max(delays.camera) + MARGIN).min(LONGEST_WAIT);
        now.saturating_sub(patience)
    }

    /// The earliest time from which a take may still be cut.
    pub fn earliest(&self) -> Duration {
        self.start
    }

    /// What came in last.
    pub fn look(&mut self) -> &Window {
        let end = self.complete();
        self.window(end.saturating_sub(LOOK)..end)
    }

    /// What came in from one time to another; what comes later is in no window that begins earlier.
    pub fn window(&mut self, time: Range<Duration>) -> &Window {
        self.start = self.start.max(time.start);
        let length = time.end.saturating_sub(self.start);
        self.assembler.window(self.start, length)
    }

    /// The take of this time, which is over; `torn` as in [`Take::new`].
    pub fn take(&mut self, time: Range<Duration>, torn: bool) -> Take {
        let wanted = self.wanted();
        let length = time.end.saturating_sub(time.start);
        let window = self.window(time);
        Take::new(window, length, SystemTime::now(), wanted, torn)
    }

    /// The window that was given last.
    pub fn last(&self) -> &Window {
        self.assembler.last()
    }
}
