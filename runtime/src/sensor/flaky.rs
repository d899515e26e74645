//! A sensor that fails at random, for finding out what survives it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Capture, Clock, Intake, Sensor, SensorError, Trouble};
use crate::random::rng;
use crate::window::{Frame, SampleRate};

/// Another sensor, with a fault every few seconds: it goes, hangs, shouts, or stamps wrong times.
pub struct Flaky {
    inner: Arc<dyn Sensor>,
    seed: u64,
    every: Duration,
    openings: AtomicU64,
}

impl Flaky {
    /// Faults come at random, one after about `every` of running; equal seeds give equal faults.
    pub fn new(inner: Arc<dyn Sensor>, seed: u64, every: Duration) -> Self {
        Self {
            inner,
            seed,
            every,
            openings: AtomicU64::new(0),
        }
    }
}

impl Sensor for Flaky {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn open(&self, clock: &Clock) -> Result<Box<dyn Capture>, SensorError> {
        let opening = self.openings.fetch_add(1, Ordering::Relaxed);
        let mut rng = rng(&format!("flaky {}", self.name()), &[self.seed, opening]);
        if opening > 0 && rng.random_bool(0.3) {
            let trouble = [Trouble::NotFound, Trouble::Busy][rng.random_range(0..2)];
            let message = format!("{} does not open, on purpose", self.name());
            return Err(SensorError::new(trouble, message));
        }
        let mut capture = FlakyCapture {
            inner: self.inner.open(clock)?,
            name: self.name(),
            rng,
            every: self.every,
            next: Duration::ZERO,
            fault: None,
        };
        capture.next = clock.now() + capture.pause();
        Ok(Box::new(capture))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// Gives nothing.
    Hangs,
    /// Gives far too much.
    Shouts,
    /// Stamps times that are this much too early or late, seconds.
    Misdates(f32),
}

struct FlakyCapture {
    inner: Box<dyn Capture>,
    name: String,
    rng: ChaCha8Rng,
    every: Duration,
    /// When the next fault begins.
    next: Duration,
    /// What is wrong, and until when.
    fault: Option<(Fault, Duration)>,
}

impl FlakyCapture {
    /// Exponentially distributed, as between things that have nothing to do with each other.
    fn pause(&mut self) -> Duration {
        let uniform: f32 = self.rng.random_range(1e-3..1.0);
        self.every.mul_f32(-uniform.ln())
    }

    /// Begins and ends faults.
    fn fate(&mut self, now: Duration) -> Result<(), SensorError> {
        if self.fault.is_some_and(|(_, until)| now >= until) {
            self.fault = None;
            self.next = now + self.pause();
        }
        if self.fault.is_some() || now < self.next {
            return Ok(());
        }
        let fault = match self.rng.random_range(0..4) {
            0 => {
                let message = format!("{} is gone, on purpose", self.name);
                return Err(SensorError::new(Trouble::Gone, message));
            }
            1 => Fault::Hangs,
            2 => Fault::Shouts,
            _ => Fault::Misdates(self.rng.random_range(-1.0..1.0)),
        };
        let lasts = Duration::from_secs_f32(self.rng.random_range(0.05..4.0));
        self.fault = Some((fault, now + lasts));
        Ok(())
    }
}

impl Capture for FlakyCapture {
    fn format(&self) -> String {
        self.inner.format()
    }

    fn poll(&mut self, now: Duration, intake: &mut dyn Intake) -> Result<(), SensorError> {
        self.fate(now)?;
        let fault = self.fault.map(|(fault, _)| fault);
        self.inner.poll(now, &mut Spoilt { intake, fault })
    }
}

/// Passes on what a fault leaves.
struct Spoilt<'a> {
    intake: &'a mut dyn Intake,
    fault: Option<Fault>,
}

impl Spoilt<'_> {
    fn dated(&self, time: Duration) -> Duration {
        match self.fault {
            Some(Fault::Misdates(by)) if by < 0.0 => {
                time.saturating_sub(Duration::from_secs_f32(-by))
            }
            Some(Fault::Misdates(by)) => time + Duration::from_secs_f32(by),
            _ => time,
        }
    }
}

impl Intake for Spoilt<'_> {
    fn hear(&mut self, time: Duration, arrival: Duration, rate: SampleRate, samples: &[f32]) {
        let time = self.dated(time);
        match self.fault {
            Some(Fault::Hangs) => {}
            Some(Fault::Shouts) => {
                let loud: Vec<f32> = samples.iter().map(|sample| sample * 1e6).collect();
                self.intake.hear(time, arrival, rate, &loud);
            }
            _ => self.intake.hear(time, arrival, rate, samples),
        }
    }

    fn see(&mut self, mut frame: Frame, arrival: Duration) {
        frame.time = self.dated(frame.time);
        match self.fault {
            Some(Fault::Hangs) => {}
            Some(Fault::Shouts) => {
                frame.rgb.fill(255);
                self.intake.see(frame, arrival);
            }
            _ => self.intake.see(frame, arrival),
        }
    }

    fn spare(&mut self) -> Vec<u8> {
        self.intake.spare()
    }
}
