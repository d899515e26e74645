//! Keeps the same message from being told over and over: logs that fill a board's memory card are a trap.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Different messages that are told within one span; all further ones are only counted.
const MOST: usize = 32;

/// Lets each message through once in a span, and counts how often it came again.
///
/// Messages that differ in nothing but numbers are the same. So in a span there are at most [`MOST`] messages
/// and as many counts, whatever happens.
#[derive(Debug)]
pub struct Repeats {
    span: Duration,
    told: Vec<Told>,
    /// How many messages found no place.
    left_out: u64,
}

#[derive(Debug)]
struct Told {
    key: u64,
    text: String,
    /// When it, or the count of its repeats, was last told.
    at: Duration,
    again: u64,
}

impl Repeats {
    /// Each message at most once in `span`.
    pub fn new(span: Duration) -> Self {
        Self {
            span,
            told: Vec::new(),
            left_out: 0,
        }
    }

    /// Whether this message is to be told now; if not, it is counted.
    pub fn may_tell(&mut self, now: Duration, text: &str) -> bool {
        let key = key(text);
        if let Some(told) = self.told.iter_mut().find(|told| told.key == key) {
            told.again += 1;
            return false;
        }
        if self.told.len() == MOST {
            self.left_out += 1;
            return false;
        }
        self.told.push(Told {
            key,
            text: text.to_owned(),
            at: now,
            again: 0,
        });
        true
    }

    /// Gives the messages that came again in the span that is over by `now`, with how often; an empty one
    /// stands for all those that found no place. To be called often.
    pub fn counts(&mut self, now: Duration, mut tell: impl FnMut(&str, u64)) {
        let span = self.span;
        self.told.retain_mut(|told| {
            if told.at + span > now {
                return true;
            }
            let repeated = told.again > 0;
            if repeated {
                tell(&told.text, told.again);
                (told.at, told.again) = (now, 0);
            }
            repeated
        });
        if self.left_out > 0 && self.told.len() < MOST {
            tell("", self.left_out);
            self.left_out = 0;
        }
    }
}

/// The same for messages that differ only in numbers.
fn key(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for letter in text.chars().filter(|letter| !letter.is_ascii_digit()) {
        letter.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn counts(repeats: &mut Repeats, now: u64) -> Vec<(String, u64)> {
        let mut counts = Vec::new();
        repeats.counts(s(now), |text, again| counts.push((text.to_owned(), again)));
        counts
    }

    #[test]
    fn a_message_that_comes_again_is_counted_and_told_once_in_a_span() {
        let mut repeats = Repeats::new(s(10));
        assert!(repeats.may_tell(s(0), "silent for 1.2 s"));
        assert!(!repeats.may_tell(s(1), "silent for 3.4 s"));
        assert!(repeats.may_tell(s(1), "busy"));
        assert_eq!(counts(&mut repeats, 9), []);
        assert_eq!(
            counts(&mut repeats, 10),
            [("silent for 1.2 s".to_owned(), 1)]
        );
        assert!(!repeats.may_tell(s(19), "silent for 9.9 s"));
        assert_eq!(counts(&mut repeats, 20).len(), 1);
        assert_eq!(counts(&mut repeats, 30), []);
        assert!(repeats.may_tell(s(31), "silent for 1.0 s"));
    }

    #[test]
    fn a_flood_of_different_messages_is_bounded() {
        let mut repeats = Repeats::new(s(10));
        let word = |i: usize| "x".repeat(i);
        let told = (0..1000)
            .filter(|&i| repeats.may_tell(s(0), &word(i)))
            .count();
        assert_eq!(told, MOST);
        let left_out = (1000 - MOST) as u64;
        assert_eq!(counts(&mut repeats, 10), [(String::new(), left_out)]);
    }
}
