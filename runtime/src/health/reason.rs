//! What can be wrong with a sensor.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why a sensor is not well, in a word or two. It is shown as a user reads it ("frozen for 1.4 s")
/// and written to files by its [id](Reason::id).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// Nothing arrived from it.
    Missing,
    /// Camera: the lens is covered, or there is no light.
    Dark,
    /// Camera: too bright, or most of it white.
    OverExposed,
    /// Camera or signal: the same bits for this long.
    Frozen {
        /// How long, in seconds.
        seconds: f32,
    },
    /// Camera: a colour is missing, or there is too much of it.
    OffColour,
    /// Camera: hardly any contrast.
    Flat,
    /// Any sensor: far more noise than usual.
    Noisy,
    /// Camera: no fine detail.
    Blurred,
    /// Camera: two pictures in one, one above the other.
    Torn,
    /// Camera: patches of equal pixels.
    Blocky,
    /// Camera: fewer frames than usual.
    FewFrames,
    /// Microphone: its value does not change at all.
    Silent,
    /// Microphone: too loud for its amplifier or converter; the tops of the wave are cut off.
    Clipping,
    /// Microphone or signal: pieces are missing.
    DropOuts,
    /// Microphone: the mains at 50 or 60 Hz.
    Hum,
    /// Microphone or signal: its zero is not where it was.
    OffCentre,
    /// Microphone: wind or handling, below the pitch of a voice.
    Rumble,
    /// Microphone: louder than ever.
    Loud,
    /// Microphone: far less than even the pauses used to be.
    Quiet,
    /// Microphone: noise, and nothing that stands out of it.
    NoiseOnly,
    /// Microphone: no high tones, as under a cloth.
    Muffled,
    /// Signal: nothing came for this long.
    Stalled {
        /// How long, in seconds.
        seconds: f32,
    },
    /// Signal: it sticks to the largest or smallest value that it can give.
    Saturated,
    /// Signal: values such as it never gave while it was well.
    OutOfRange,
}

impl Reason {
    /// Lower-case with dashes, the same in every version: for CSV and JSON.
    pub fn id(self) -> &'static str {
        match self {
            Reason::Missing => "missing",
            Reason::Dark => "dark",
            Reason::OverExposed => "over-exposed",
            Reason::Frozen { .. } => "frozen",
            Reason::OffColour => "off-colour",
            Reason::Flat => "flat",
            Reason::Noisy => "noisy",
            Reason::Blurred => "blurred",
            Reason::Torn => "torn",
            Reason::Blocky => "blocky",
            Reason::FewFrames => "few-frames",
            Reason::Silent => "silent",
            Reason::Clipping => "clipping",
            Reason::DropOuts => "drop-outs",
            Reason::Hum => "hum",
            Reason::OffCentre => "off-centre",
            Reason::Rumble => "rumble",
            Reason::Loud => "loud",
            Reason::Quiet => "quiet",
            Reason::NoiseOnly => "noise-only",
            Reason::Muffled => "muffled",
            Reason::Stalled { .. } => "stalled",
            Reason::Saturated => "saturated",
            Reason::OutOfRange => "out-of-range",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Reason::Frozen { seconds } => return write!(f, "frozen for {seconds:.1} s"),
            Reason::Stalled { seconds } => return write!(f, "stalled for {seconds:.1} s"),
            Reason::OverExposed => "over-exposed",
            Reason::OffColour => "wrong colours",
            Reason::Flat => "no contrast",
            Reason::FewFrames => "few frames",
            Reason::Silent => "dead silence",
            Reason::Hum => "mains hum",
            Reason::OffCentre => "off centre",
            Reason::Quiet => "too quiet",
            Reason::Loud => "too loud",
            Reason::NoiseOnly => "noise only",
            Reason::OutOfRange => "out of range",
            other => other.id(),
        };
        f.write_str(words)
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
