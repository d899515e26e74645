//! How long a piece of sound has to be for this machine to keep up with the sound system.
//!
//! A short piece is heard early; but where the machine is slow, or ALSA has to convert the rate of the card, a buffer
//! of short pieces is full before anybody looks. Then the microphone is opened again with longer ones.

use std::time::Duration;

/// How long a piece of sound is: twice as long after each time that it was too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PieceLength {
    millis: u32,
}

/// Sound that comes later than this is no use to a live answer. Milliseconds.
const LONGEST: u32 = 400;

impl PieceLength {
    /// Short beside a window.
    pub const SHORTEST: Self = Self { millis: 50 };

    /// In samples of one channel.
    pub fn samples(self, rate: u32) -> u32 {
        rate / 1000 * self.millis
    }

    /// Doubles it, unless that would be too long. Returns whether it did.
    pub fn lengthen(&mut self) -> bool {
        let may = self.millis * 2 <= LONGEST;
        if may {
            self.millis *= 2;
        }
        may
    }
}

/// So many overruns within [`SPAN`] are no accident: a single one is a busy moment.
const TOO_MANY: u64 = 4;
const SPAN: Duration = Duration::from_secs(3);

/// Notices that overruns do not stop.
#[derive(Debug, Default)]
pub struct Strain {
    since: Duration,
    before: u64,
}

impl Strain {
    /// Whether too many of all `overruns` so far came within a few seconds before `now`.
    pub fn is_too_much(&mut self, overruns: u64, now: Duration) -> bool {
        let recent = overruns.saturating_sub(self.before);
        if now.saturating_sub(self.since) > SPAN {
            (self.since, self.before) = (now, overruns);
        }
        recent >= TOO_MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_grow_until_they_would_be_too_late() {
        let mut length = PieceLength::SHORTEST;
        let mut all = vec![length.samples(48_000)];
        while length.lengthen() {
            all.push(length.samples(48_000));
        }
        assert_eq!(all, [2400, 4800, 9600, 19_200]);
    }

    #[test]
    fn overruns_that_go_on_are_too_many_and_single_ones_are_not() {
        let strained = |every: u64| {
            let mut strain = Strain::default();
            (1..=200).any(|i| strain.is_too_much(i * 100 / every, Duration::from_millis(100 * i)))
        };
        assert!(strained(200), "five a second");
        assert!(!strained(5000), "one in five seconds");
        let mut strain = Strain::default();
        assert!(!strain.is_too_much(0, Duration::from_secs(100)));
        assert!(!strain.is_too_much(2, Duration::from_secs(101)));
        assert!(!strain.is_too_much(3, Duration::from_secs(104)));
        assert!(strain.is_too_much(7, Duration::from_secs(105)));
    }
}
