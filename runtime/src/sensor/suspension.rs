//! Notices that the machine was suspended.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A shorter difference is a matter of reading two clocks one after the other.
const SHORTEST: Duration = Duration::from_millis(500);

/// Compares the clock that stops while the machine is suspended with the one that does not. After a
/// suspension devices are often open in name only, and what they hold is old.
#[derive(Debug)]
pub struct Suspensions {
    asleep: Duration,
}

impl Default for Suspensions {
    fn default() -> Self {
        Self {
            asleep: time_asleep(),
        }
    }
}

impl Suspensions {
    /// How long the machine was suspended since the last call, if it was.
    pub fn check(&mut self) -> Option<Duration> {
        self.compare(time_asleep())
    }

    fn compare(&mut self, asleep: Duration) -> Option<Duration> {
        let longer = asleep.checked_sub(self.asleep)?;
        (longer >= SHORTEST).then(|| {
            self.asleep = asleep;
            longer
        })
    }
}

/// How long the machine has been suspended since it booted.
fn time_asleep() -> Duration {
    let read = |clock| {
        let time = clock_gettime(clock);
        Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec as u32)
    };
    read(ClockId::Boottime).saturating_sub(read(ClockId::Monotonic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_suspension_is_told_once() {
        let mut suspensions = Suspensions::default();
        let before = suspensions.asleep;
        assert_eq!(suspensions.check(), None);
        let slept = Duration::from_secs(90);
        assert_eq!(suspensions.compare(before + slept), Some(slept));
        assert_eq!(suspensions.compare(before + slept), None);
    }
}
