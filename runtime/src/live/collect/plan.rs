//! What a sitting is for.

use std::time::Duration;

use super::name::Name;

/// What is to be recorded, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The classes, two or more, each once.
    pub labels: Vec<Name>,
    /// Clips of each that are wanted of the speaker.
    pub per_class: usize,
    /// What a clip is about, between its margins.
    pub length: Duration,
    /// What is recorded before and after that.
    pub margin: Duration,
    /// Seconds that are counted down.
    pub countdown: u64,
    /// Nobody gives orders: it goes on by itself, a moment after each clip.
    pub unattended: bool,
    /// The clips that are played say what is in them, and each is recorded as that.
    pub as_played: bool,
}
