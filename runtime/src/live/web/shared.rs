//! What the pipeline's side and the server's side both hold.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Message;
use tokio::sync::{Semaphore, broadcast};

use super::control::{BUTTONS, Button};
use super::diary::Diary;
use super::guard::Guard;
use super::message::Hello;
use super::metrics::Metrics;
use super::picture::Easel;
use super::pulse::Pulse;
use super::server::Limits;
use crate::live::{Facts, Switchboard};

/// Messages that wait for a client that is a little slow; one that is slower misses some.
const WAITING: usize = 32;

/// Between the pipeline and the browsers.
#[derive(Debug)]
pub struct Shared {
    pub facts: Facts,
    pub guard: Guard,
    pub control: bool,
    pub switchboard: Switchboard,
    pub limits: Limits,
    /// A place for each WebSocket.
    pub seats: Arc<Semaphore>,
    /// To all WebSockets; payloads are shared, not copied.
    pub messages: broadcast::Sender<Message>,
    pub easel: Easel,
    pub metrics: Metrics,
    diary: Mutex<Diary>,
    pulse: Mutex<Pulse>,
}

impl Shared {
    pub fn new(
        facts: Facts,
        guard: Guard,
        control: bool,
        switchboard: Switchboard,
        limits: Limits,
    ) -> Self {
        Self {
            metrics: Metrics::new(&facts),
            facts,
            guard,
            control,
            switchboard,
            seats: Arc::new(Semaphore::new(limits.seats)),
            limits,
            messages: broadcast::Sender::new(WAITING),
            easel: Easel::default(),
            diary: Mutex::default(),
            pulse: Mutex::default(),
        }
    }

    /// Browsers that look on.
    pub fn clients(&self) -> usize {
        self.messages.receiver_count()
    }

    /// The message that tells a browser where things stand.
    pub fn hello(&self) -> Message {
        let buttons: &[Button] = if self.control { &BUTTONS } else { &[] };
        let diary = self.diary();
        text(&Hello::new(&self.facts, buttons, &diary))
    }

    pub fn diary(&self) -> MutexGuard<'_, Diary> {
        self.diary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn pulse(&self) -> MutexGuard<'_, Pulse> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As JSON; none of the messages has a key that is no string, so there is nothing that could fail.
pub fn text(message: &impl serde::Serialize) -> Message {
    Message::text(serde_json::to_string(message).unwrap_or_default())
}
