//! From live sensors to answers, as time goes by.
//!
//! A [`Pipeline`] polls its sensors, puts what they captured into windows on one clock, spoils them where
//! somebody asked for it, has them answered, and hands each [`Moment`] to whoever looks on: a terminal, a
//! page, a recording, a line of JSON. The same pipeline plays clips, in real time or as fast as it can.

mod assembler;
#[cfg(feature = "live")]
pub mod collect;
mod delay;
mod event;
mod facts;
mod json;
mod line;
mod line_writer;
mod lines;
mod moment;
mod news;
mod pace;
mod pipeline;
#[cfg(feature = "live")]
mod record;
mod repeats;
#[cfg(test)]
mod samples;
#[cfg(feature = "live")]
mod service;
mod setup;
mod sound;
mod spoil;
mod statistics;
mod tally;
#[cfg(feature = "live")]
mod terminal;
mod wall;
#[cfg(feature = "live")]
pub mod web;

pub use event::{Change, Event, Evidence, Smoothed};
pub use facts::{Facts, Looked};
pub use json::JsonLines;
pub use line::Line;
pub use lines::{Detail, PlainLines};
pub use moment::{Age, Moment, Notice, Observer, Rates, SensorMoment, Stages};
pub use pipeline::Pipeline;
#[cfg(feature = "live")]
pub use record::{Keep, RecordError, RecordOptions, Recorder, parse_size};
#[cfg(feature = "live")]
pub use service::ServiceNotifier;
pub use setup::{PipelineError, Setup};
pub use spoil::{Spoiling, Switchboard};
pub use statistics::{AGE_BINS, AgeStatistics, AgeSummary, Level, StageShares, dbfs};
pub use tally::{Outages, Tally, Verdicts, resident};
#[cfg(feature = "live")]
pub use terminal::TerminalView;
pub use wall::rfc3339;
