//! How long data takes from a sensor to the program.

use std::time::Duration;

/// The longest delay of late: a maximum that falls by half every ten seconds, so that one hiccup is not
/// waited for all day.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delay {
    longest: Duration,
    updated: Duration,
}

const HALF_LIFE: f32 = 10.0;

impl Delay {
    /// Data captured at `time` was there at `arrival`.
    pub fn note(&mut self, time: Duration, arrival: Duration) {
        let passed = arrival.saturating_sub(self.updated).as_secs_f32();
        self.updated = arrival;
        let faded = self.longest.mul_f32(0.5_f32.powf(passed / HALF_LIFE));
        self.longest = faded.max(arrival.saturating_sub(time));
    }

    /// How long to wait for data.
    pub fn longest(&self) -> Duration {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hiccup_is_forgotten() {
        let ms = Duration::from_millis;
        let mut delay = Delay::default();
        delay.note(ms(0), ms(200));
        for time in (0..100_000).step_by(100) {
            delay.note(ms(time), ms(time + 20));
        }
        assert_eq!(delay.longest(), ms(20));
        delay.note(ms(100_000), ms(100_090));
        assert_eq!(delay.longest(), ms(90));
    }
}
