//! Leaves out pictures that come more often than they are wanted.

use std::time::Duration;

/// Decides picture by picture, so that the mean rate is the wished one and no higher.
#[derive(Debug)]
pub struct Thinner {
    interval: Duration,
    due: Duration,
}

impl Thinner {
    /// For this many pictures per second.
    pub fn new(frame_rate: f32) -> Self {
        Self {
            interval: Duration::from_secs_f32(frame_rate.clamp(0.1, 1000.0).recip()),
            due: Duration::ZERO,
        }
    }

    /// Whether the picture that was taken at `time` is wanted.
    pub fn wants(&mut self, time: Duration) -> bool {
        // A picture that is a little early is better than the next one, which is late.
        if time + self.interval / 4 < self.due {
            return false;
        }
        self.due = (self.due + self.interval).max(time);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a camera's pictures of ten seconds are wanted.
    fn wanted(camera: u64, wish: f32) -> usize {
        let mut thinner = Thinner::new(wish);
        let jitter = [0, 3, 1, 4, 2];
        (0..10 * camera)
            .filter(|i| {
                let time = i * 1000 / camera + jitter[*i as usize % 5];
                thinner.wants(Duration::from_millis(time + 500))
            })
            .count()
    }

    #[test]
    fn a_fast_camera_is_thinned_and_a_slow_one_is_not() {
        assert!(
            (99..=102).contains(&wanted(30, 10.0)),
            "{}",
            wanted(30, 10.0)
        );
        assert!(
            (150..=162).contains(&wanted(30, 16.0)),
            "{}",
            wanted(30, 16.0)
        );
        assert_eq!(wanted(10, 10.0), 100);
        assert_eq!(wanted(5, 10.0), 50);
    }

    #[test]
    fn after_a_pause_it_does_not_make_up_for_it() {
        let mut thinner = Thinner::new(10.0);
        let ms = Duration::from_millis;
        assert!(thinner.wants(ms(0)));
        let after = (0..30).filter(|i| thinner.wants(ms(60_000 + i * 33)));
        assert!(after.count() <= 12);
    }
}
