//! How often to answer on a machine that may be too slow for it.

use std::time::Duration;

/// Decides which windows are answered: all of them, or every second, third, … where answering takes longer
/// than a hop. So the age of an answer stays bounded, where a queue would let it grow.
#[derive(Debug, Clone)]
pub struct Pace {
    hop: Duration,
    stride: u32,
    /// How long an answer takes, smoothed.
    cost: Duration,
    /// How many answers in a row were cheap enough for a smaller stride.
    calm: u32,
}

/// An answer may take this share of the time there is for it, in percent.
const BUSY: u32 = 85;
/// After this many answers that would have fitted into a smaller stride it is tried.
const CALM: u32 = 20;
/// A machine that is slower than this cannot be helped.
const LONGEST_STRIDE: u32 = 64;

impl Pace {
    /// For windows that begin every `hop`.
    pub fn new(hop: Duration) -> Self {
        Self {
            hop,
            stride: 1,
            cost: Duration::ZERO,
            calm: 0,
        }
    }

    /// Every how many hops there is an answer.
    pub fn stride(&self) -> u32 {
        self.stride
    }

    /// Learns how long the last answer took. Returns whether the stride changed.
    pub fn took(&mut self, cost: Duration) -> bool {
        self.cost = (3 * self.cost + cost) / 4;
        let before = self.stride;
        if self.cost > self.room(self.stride) {
            let needed =
                self.cost.as_nanos() * 100 / (self.hop.as_nanos() * u128::from(BUSY)).max(1);
            self.stride =
                (needed as u32 + 1).clamp(self.stride + 1, LONGEST_STRIDE.max(self.stride + 1));
            self.calm = 0;
        } else if self.stride > 1 && self.cost < self.room(self.stride - 1) {
            self.calm += 1;
            if self.calm >= CALM {
                self.stride -= 1;
                self.calm = 0;
            }
        } else {
            self.calm = 0;
        }
        self.stride = self.stride.min(LONGEST_STRIDE);
        self.stride != before
    }

    /// The time that may be used with a stride.
    fn room(&self, stride: u32) -> Duration {
        self.hop * stride * BUSY / 100
    }

    /// Which window is answered after number `last` (none before the first), when the newest that is complete
    /// is number `newest`: the newest there is of those that are at least a stride on, or else the one to wait for.
    pub fn next(&self, last: Option<u64>, newest: Option<u64>) -> u64 {
        let soonest = last.map_or(0, |last| last + u64::from(self.stride));
        newest.map_or(soonest, |newest| newest.max(soonest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Answers for `seconds` with this cost; returns the greatest age of a window's end at its answer.
    fn run(pace: &mut Pace, seconds: u64, cost: impl Fn(u64) -> u64) -> (u64, Vec<u64>) {
        let (mut now, mut last, mut answered, mut oldest) = (0, None, Vec::new(), 0);
        while now < seconds * 1000 {
            // Window n is complete at (n + 1) · 100 ms.
            let newest = (now / 100).checked_sub(1);
            let next = pace.next(last, newest);
            now = now.max((next + 1) * 100) + cost(now);
            oldest = oldest.max(now - (next + 1) * 100);
            pace.took(ms(cost(now)));
            answered.push(next);
            last = Some(next);
        }
        (oldest, answered)
    }

    #[test]
    fn a_machine_that_is_fast_enough_answers_every_window() {
        let mut pace = Pace::new(ms(100));
        let (oldest, answered) = run(&mut pace, 20, |_| 60);
        assert_eq!((pace.stride(), oldest), (1, 60));
        assert!(answered.windows(2).all(|two| two[1] == two[0] + 1));
    }

    #[test]
    fn one_that_is_too_slow_answers_less_often_and_never_falls_behind() {
        let mut pace = Pace::new(ms(100));
        let (oldest, answered) = run(&mut pace, 60, |_| 230);
        assert_eq!(pace.stride(), 3);
        assert!(oldest < 230 + 100, "{oldest} ms");
        assert!(answered.len() > 60_000 / 310, "{}", answered.len());
    }

    #[test]
    fn it_comes_back_when_the_load_is_gone_and_does_not_flap() {
        let mut pace = Pace::new(ms(100));
        run(&mut pace, 20, |now| if now < 10_000 { 230 } else { 30 });
        assert_eq!(pace.stride(), 1);
        let mut edge = Pace::new(ms(100));
        run(&mut edge, 5, |_| 120);
        let before = edge.stride();
        let changes = (0..200)
            .filter(|i| edge.took(ms(110 + 20 * (i % 2))))
            .count();
        assert_eq!((before, changes), (2, 0));
    }
}
