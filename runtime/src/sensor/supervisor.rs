//! Keeps a sensor open: watches it, gives it up when it stalls, and opens it again.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use super::{Capture, Clock, Intake, Sensor, SensorError, Trouble};
use crate::window::{Frame, SampleRate};

/// How long a supervisor waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// For a device to open and give its first data; the thread that opens it is abandoned after that.
    pub open: Duration,
    /// For the next data of a sensor that is running.
    pub stall: Duration,
    /// Before the first attempt to open it again; doubled each time.
    pub first_retry: Duration,
    /// Before any later attempt.
    pub longest_retry: Duration,
    /// A sensor that has run for this long is forgiven its earlier failures.
    pub forgiven: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(10),
            stall: Duration::from_secs(1),
            first_retry: Duration::from_millis(250),
            longest_retry: Duration::from_secs(4),
            forgiven: Duration::from_secs(10),
        }
    }
}

/// What a sensor is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It is being opened.
    Opening,
    /// It gives data, in this format.
    Running {
        /// See [`Capture::format`].
        format: String,
    },
    /// It gives nothing, and will be opened again.
    Lost {
        /// Why.
        error: SensorError,
        /// When it is tried again.
        retry: Duration,
    },
    /// It has come to its end, and nobody waits for more.
    Ended,
}

/// The result of opening a sensor on another thread.
type Opened = Result<Box<dyn Capture>, SensorError>;

enum State {
    Opening {
        since: Duration,
        result: Receiver<Opened>,
    },
    /// Open; `proven` once it has given data.
    Open {
        since: Duration,
        capture: Box<dyn Capture>,
        last_data: Duration,
        proven: bool,
    },
    Closed {
        retry: Duration,
    },
    Ended,
}

/// One sensor and everything that is done to keep it.
pub struct Supervisor {
    sensor: Arc<dyn Sensor>,
    clock: Clock,
    times: Times,
    state: State,
    condition: Condition,
    failures: u32,
    losses: u64,
}

impl Supervisor {
    /// Begins to open the sensor.
    pub fn new(sensor: Arc<dyn Sensor>, clock: &Clock, times: Times) -> Self {
        let mut supervisor = Self {
            sensor,
            clock: clock.clone(),
            times,
            state: State::Ended,
            condition: Condition::Opening,
            failures: 0,
            losses: 0,
        };
        supervisor.open(clock.now());
        supervisor
    }

    /// The sensor's name.
    pub fn name(&self) -> String {
        self.sensor.name()
    }

    /// What it is doing.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// What it is doing, in a sentence; nothing is said while it is being opened.
    pub fn says(&self) -> Option<String> {
        match &self.condition {
            Condition::Opening => None,
            Condition::Running { format } => Some(format!("{}: {format}", self.name())),
            Condition::Lost { error, .. } => Some(error.message.clone()),
            Condition::Ended => Some(format!("{} has ended", self.name())),
        }
    }

    /// It is open and gives data.
    pub fn is_running(&self) -> bool {
        matches!(self.condition, Condition::Running { .. })
    }

    /// How many times it was lost after it had run.
    pub fn losses(&self) -> u64 {
        self.losses
    }

    /// How many times data was lost because nobody took it in time, since it was opened last.
    pub fn overruns(&self) -> u64 {
        match &self.state {
            State::Open { capture, .. } => capture.overruns(),
            _ => 0,
        }
    }

    /// Closes the sensor and opens it again at once, as after the machine was suspended.
    pub fn reopen(&mut self, now: Duration) {
        if !matches!(self.state, State::Ended) {
            self.open(now);
        }
    }

    /// Hands on what has come in, and does what has to be done. Returns whether the condition changed.
    pub fn poll(&mut self, now: Duration, intake: &mut dyn Intake) -> bool {
        match &mut self.state {
            State::Ended => false,
            State::Closed { retry } => {
                let again = now >= *retry;
                if again {
                    self.open(now);
                }
                again
            }
            State::Opening { since, result } => {
                let since = *since;
                match result.try_recv() {
                    Ok(opened) => self.opened(opened, now, intake),
                    Err(TryRecvError::Empty) if now < since + self.times.open => false,
                    Err(TryRecvError::Empty) => {
                        self.lose(now, self.stalled("did not open", self.times.open))
                    }
                    Err(TryRecvError::Disconnected) => self.lose(now, self.crashed()),
                }
            }
            State::Open { .. } => self.read(now, intake),
        }
    }

    fn open(&mut self, now: Duration) {
        let (sender, result) = channel();
        let (sensor, clock) = (Arc::clone(&self.sensor), self.clock.clone());
        let task = move || {
            // Nobody listens any more when it took too long; then the sensor is closed again.
            let _ = sender.send(sensor.open(&clock));
        };
        if self.clock.is_real() {
            thread::spawn(task);
        } else {
            task();
        }
        self.state = State::Opening { since: now, result };
        if !matches!(self.condition, Condition::Lost { .. }) {
            self.condition = Condition::Opening;
        }
    }

    fn opened(&mut self, opened: Opened, now: Duration, intake: &mut dyn Intake) -> bool {
        match opened {
            Ok(capture) => {
                self.state = State::Open {
                    since: now,
                    capture,
                    last_data: now,
                    proven: false,
                };
                self.read(now, intake)
            }
            Err(error) if error.trouble == Trouble::Ended => self.end(),
            Err(error) => self.lose(now, error),
        }
    }

    fn end(&mut self) -> bool {
        self.state = State::Ended;
        self.condition = Condition::Ended;
        true
    }

    fn read(&mut self, now: Duration, intake: &mut dyn Intake) -> bool {
        let State::Open {
            since,
            capture,
            last_data,
            proven,
        } = &mut self.state
        else {
            return false;
        };
        let mut watched = Watched {
            intake,
            anything: false,
        };
        let result = capture.poll(now, &mut watched);
        let first = watched.anything && !*proven;
        if watched.anything {
            *last_data = now;
            *proven = true;
        }
        let running_for = now.saturating_sub(*since);
        if *proven && running_for >= self.times.forgiven {
            self.failures = 0;
        }
        let patience = if *proven {
            self.times.stall
        } else {
            self.times.open
        };
        let silent_for = now.saturating_sub(*last_data);
        if first {
            let format = capture.format();
            self.condition = Condition::Running { format };
        }
        match result {
            Err(error) if error.trouble == Trouble::Ended => self.end(),
            Err(error) => self.lose(now, error),
            Ok(()) if silent_for > patience => {
                let error = self.stalled("gives nothing", silent_for);
                self.lose(now, error)
            }
            Ok(()) => first,
        }
    }

    /// Gives the sensor up for now. Always a change, so that every new reason is told.
    fn lose(&mut self, now: Duration, error: SensorError) -> bool {
        if self.is_running() {
            self.losses += 1;
        }
        let retry = now + self.pause();
        self.failures = self.failures.saturating_add(1);
        // What was open is dropped here, and with it the device is closed.
        self.state = State::Closed { retry };
        let known =
            matches!(&self.condition, Condition::Lost { error: known, .. } if *known == error);
        self.condition = Condition::Lost { error, retry };
        !known
    }

    fn pause(&self) -> Duration {
        let doubled = self
            .times
            .first_retry
            .saturating_mul(1 << self.failures.min(16));
        doubled.min(self.times.longest_retry)
    }

    fn stalled(&self, what: &str, passed: Duration) -> SensorError {
        SensorError::new(
            Trouble::Stalled,
            format!(
                "{} {what} for {:.1} s; it is opened again",
                self.sensor.name(),
                passed.as_secs_f32()
            ),
        )
    }

    fn crashed(&self) -> SensorError {
        SensorError::new(
            Trouble::Broken,
            format!(
                "opening {} failed inside its driver; it is tried again",
                self.sensor.name()
            ),
        )
    }
}

/// Notices whether anything comes in.
struct Watched<'a> {
    intake: &'a mut dyn Intake,
    anything: bool,
}

impl Intake for Watched<'_> {
    fn hear(&mut self, time: Duration, arrival: Duration, rate: SampleRate, samples: &[f32]) {
        self.anything |= !samples.is_empty();
        self.intake.hear(time, arrival, rate, samples);
    }

    fn see(&mut self, frame: Frame, arrival: Duration) {
        self.anything = true;
        self.intake.see(frame, arrival);
    }

    fn spare(&mut self) -> Vec<u8> {
        self.intake.spare()
    }
}

#[cfg(test)]
#[path = "supervisor_tests.rs"]
mod tests;
