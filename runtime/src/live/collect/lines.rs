//! Lines for terminals that can do no more, for logs, and for other programs; orders are lines as well.

use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use super::event::Event;
use super::face::{Face, Order};
use super::phase::Phase;
use super::session::Session;
use crate::live::line_writer::LineWriter;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As sentences.
    Text,
    /// As JSON objects.
    Json,
}

/// Writes a line for each event. Orders are read from standard input, where somebody gives them.
pub struct Lines<W> {
    out: LineWriter<W>,
    written: Written,
    orders: Option<Receiver<String>>,
}

impl<W: Write> Lines<W> {
    /// Writes to `out`; sets `stop` when nobody reads it any more. Takes no orders.
    pub fn new(out: W, written: Written, stop: Arc<AtomicBool>) -> Self {
        Self {
            out: LineWriter::new(out, stop),
            written,
            orders: None,
        }
    }

    /// Takes orders from these lines: nothing for a clip, the name of a class to choose it, `again`, `keep`,
    /// `drop`, `undo`, `quit`, or the first letter of these. Their end is the end of the session.
    #[must_use]
    pub fn with_orders(mut self, lines: impl BufRead + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        // Nobody can be kept from waiting for a line, so somebody else does.
        thread::spawn(move || {
            for line in lines.lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        self.orders = Some(receiver);
        self
    }
}

impl<W: Write> Face for Lines<W> {
    fn orders(&mut self, session: &Session) -> io::Result<Vec<Order>> {
        let Some(lines) = &self.orders else {
            return Ok(Vec::new());
        };
        // One at a time, and only when it can be done: what is typed ahead waits.
        if matches!(
            session.phase(),
            Phase::Counting { .. } | Phase::Recording { .. }
        ) {
            return Ok(Vec::new());
        }
        match lines.try_recv() {
            Ok(line) => Ok(vec![order(line.trim(), session)]),
            Err(TryRecvError::Empty) => Ok(Vec::new()),
            Err(TryRecvError::Disconnected) => Ok(vec![Order::Quit]),
        }
    }

    fn show(&mut self, _session: &Session, events: &[Event]) -> io::Result<()> {
        for event in events {
            self.out.line(|buffer| match self.written {
                Written::Json => serde_json::to_writer(buffer, event)
                    .expect("names are texts, and memory takes what is written"),
                // Writing into memory cannot fail.
                Written::Text => drop(write!(buffer, "{event}")),
            });
        }
        Ok(())
    }
}

/// What a line says; what says nothing is an order for a class that there is not, and is refused.
fn order(line: &str, session: &Session) -> Order {
    let labels = &session.plan().labels;
    if let Some(label) = labels.iter().position(|label| label.as_str() == line) {
        return Order::Choose(label);
    }
    match line {
        "" => Order::Record,
        "again" | "a" => Order::Again,
        "keep" | "k" => Order::Keep,
        "drop" | "d" => Order::Drop,
        "undo" | "u" => Order::Undo,
        "quit" | "q" => Order::Quit,
        _ => Order::Choose(usize::MAX),
    }
}
