//! The one clock that everything live is stamped with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Time since the program began to listen and look, on the machine's monotonic clock; or a time that
/// only passes when somebody waits, for playing clips faster than real time.
///
/// Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Real(Instant),
    /// Nanoseconds.
    Virtual(Arc<AtomicU64>),
}

impl Clock {
    /// Begins at zero now.
    pub fn real() -> Self {
        Self(Kind::Real(Instant::now()))
    }

    /// Begins at zero, and stands still until somebody waits.
    pub fn as_fast_as_possible() -> Self {
        Self(Kind::Virtual(Arc::default()))
    }

    /// Whether time passes by itself.
    pub fn is_real(&self) -> bool {
        matches!(self.0, Kind::Real(_))
    }

    /// The time now.
    pub fn now(&self) -> Duration {
        match &self.0 {
            Kind::Real(zero) => zero.elapsed(),
            Kind::Virtual(time) => Duration::from_nanos(time.load(Ordering::Acquire)),
        }
    }

    /// Returns when it is `time`; at once if that is past.
    pub fn wait_until(&self, time: Duration) {
        match &self.0 {
            Kind::Real(_) => thread::sleep(time.saturating_sub(self.now())),
            Kind::Virtual(now) => {
                now.fetch_max(time.as_nanos() as u64, Ordering::AcqRel);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_passes_only_by_waiting_and_never_backwards() {
        let clock = Clock::as_fast_as_possible();
        let same = clock.clone();
        clock.wait_until(Duration::from_secs(3600));
        assert_eq!(same.now(), Duration::from_secs(3600));
        same.wait_until(Duration::from_secs(5));
        assert_eq!(clock.now(), Duration::from_secs(3600));
    }
}
