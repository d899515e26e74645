//! Plain lines for output that is no terminal, and for the log of a service.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::line_writer::LineWriter;
use super::moment::{Moment, Observer};
use super::news::{Kind, News, Reporter};
use super::repeats::Repeats;
use crate::window::Window;

/// What is worth a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every change: events, sensors, health, notices.
    Changes,
    /// Only what goes wrong and what is well again, as for the log of a service.
    Trouble,
}

impl Detail {
    fn includes(self, kind: Kind) -> bool {
        self == Detail::Changes || matches!(kind, Kind::Trouble | Kind::Recovery)
    }

    /// The same message is told once in this time. Somebody who watches wants to see a sensor come back; a
    /// log must stay small for years.
    fn span(self) -> Duration {
        match self {
            Detail::Changes => Duration::from_secs(5),
            Detail::Trouble => Duration::from_secs(60),
        }
    }
}

/// Writes a line for each change, and nothing while all stays as it is.
///
/// As in `  12.48 s  seven  0.97  from the camera alone`. A message that comes again and again is told
/// once in 5 s (60 s in the log of a service), with how often it came. Events are told every time.
pub struct PlainLines<W: Write> {
    out: LineWriter<W>,
    detail: Detail,
    reporter: Reporter,
    repeats: Repeats,
    /// The end of the last window.
    last: Duration,
}

impl<W: Write> PlainLines<W> {
    /// Writes to `out`; sets `stop` when nobody reads it any more.
    pub fn new(out: W, detail: Detail, stop: Arc<AtomicBool>) -> Self {
        Self {
            out: LineWriter::new(out, stop),
            detail,
            reporter: Reporter::default(),
            repeats: Repeats::new(detail.span()),
            last: Duration::ZERO,
        }
    }

    /// Tells what came again in the spans that are over by `now`.
    fn count(&mut self, now: Duration) {
        let (last, out) = (self.last, &mut self.out);
        self.repeats
            .counts(now, |text, again| counted(out, last, text, again));
    }
}

impl<W: Write> Observer for PlainLines<W> {
    fn observe(&mut self, moment: &Moment, _window: &Window, _raw: &Window) {
        self.last = moment.end();
        self.count(self.last);
        let Self {
            out,
            detail,
            reporter,
            repeats,
            ..
        } = self;
        reporter.report(moment, |News { time, kind, text }| {
            let wanted = detail.includes(kind);
            if wanted && (kind == Kind::Event || repeats.may_tell(time, &text)) {
                write(out, time, format_args!("{text}"));
            }
        });
    }
}

/// What has not been counted aloud yet is told at the end.
impl<W: Write> Drop for PlainLines<W> {
    fn drop(&mut self) {
        self.count(Duration::MAX);
    }
}

fn counted<W: Write>(out: &mut LineWriter<W>, now: Duration, text: &str, again: u64) {
    match (text, again) {
        ("", _) => write(out, now, format_args!("{again} more messages left out")),
        (_, 1) => write(out, now, format_args!("once more: {text}")),
        _ => write(out, now, format_args!("{again} times more: {text}")),
    }
}

fn write<W: Write>(out: &mut LineWriter<W>, time: Duration, what: std::fmt::Arguments) {
    out.line(|buffer| {
        // Writing into memory cannot fail.
        let _ = write!(buffer, "{:>8.2} s  {what}", time.as_secs_f64());
    });
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
