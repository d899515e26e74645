//! Where a sitting is between one take and the next.

use std::ops::Range;
use std::time::Duration;

use super::take::Take;

/// What goes on.
#[derive(Debug, Clone)]
pub enum Phase {
    /// Nothing, until an order comes, or by itself from this time on.
    Waiting {
        /// When an unattended session goes on.
        since: Duration,
    },
    /// The seconds are counted down until this time.
    Counting {
        /// When the recording begins.
        go: Duration,
        /// The seconds that were last told.
        told: u64,
    },
    /// It is recorded.
    Recording {
        /// From when to when, with the margins.
        time: Range<Duration>,
        /// What [`Studio::seams`](super::Studio::seams) said when it began.
        seams: u64,
    },
    /// A sensor was not well in this take, and somebody must decide.
    Doubtful(Box<Take>),
    /// That is all.
    Over,
}
