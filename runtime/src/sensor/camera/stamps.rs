//! Time stamps of V4L2's pictures on the program's clock.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use v4l::buffer::{Flags, Metadata};

use crate::sensor::Clock;

/// An older picture cannot be; its stamp is of another clock. Seconds.
const OLDEST: f64 = 1.0;

/// When the picture was taken and when it arrived, which is now.
pub fn times(meta: &Metadata, clock: &Clock) -> (Duration, Duration) {
    let arrival = clock.now();
    let now = clock_gettime(ClockId::Monotonic);
    let now = now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9;
    // The driver's stamps are of the same clock as `now` only if it says so.
    let kind = meta.flags & Flags::TIMESTAMP_MASK;
    let stamp = meta.timestamp.sec as f64 + meta.timestamp.usec as f64 * 1e-6;
    let age = (kind == Flags::TIMESTAMP_MONOTONIC).then_some(now - stamp);
    (taken(arrival, age), arrival)
}

/// When a picture of this age, seconds, was taken; if its age cannot be, as late as it can be.
fn taken(arrival: Duration, age: Option<f64>) -> Duration {
    let age = age.filter(|age| (0.0..=OLDEST).contains(age));
    arrival.saturating_sub(age.map_or(Duration::ZERO, Duration::from_secs_f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use v4l::Timestamp;

    #[test]
    fn a_stamp_is_believed_only_if_it_can_be() {
        let arrival = Duration::from_secs(100);
        let back = |age| (arrival - taken(arrival, age)).as_millis();
        assert_eq!(back(Some(0.033)), 33);
        assert_eq!(back(Some(-0.5)), 0, "from the future");
        assert_eq!(back(Some(1.7e9)), 0, "of another clock");
        assert_eq!(back(None), 0);
        assert_eq!(taken(Duration::ZERO, Some(0.5)), Duration::ZERO);
    }

    #[test]
    fn stamps_of_the_monotonic_clock_are_brought_to_the_programs() {
        let clock = Clock::real();
        clock.wait_until(Duration::from_millis(30));
        let now = clock_gettime(ClockId::Monotonic);
        let uptime = Duration::new(now.tv_sec as u64, now.tv_nsec as u32);
        let mut meta = Metadata {
            flags: Flags::TIMESTAMP_MONOTONIC | Flags::DONE,
            timestamp: Timestamp::from(uptime - Duration::from_millis(20)),
            ..Metadata::default()
        };
        let (time, arrival) = times(&meta, &clock);
        let age = (arrival - time).as_millis();
        assert!((20..30).contains(&age), "{age}");
        meta.flags = Flags::TIMESTAMP_COPY;
        let (time, arrival) = times(&meta, &clock);
        assert_eq!(time, arrival);
    }
}
