//! Opening a device again that this program itself may not have closed yet.

use std::thread;
use std::time::{Duration, Instant};

use super::{SensorError, Trouble};

/// A thread that keeps a device closes it within this time after it is no longer wanted.
const CLOSING: Duration = Duration::from_millis(600);
/// Between attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// What `open` gives; as long as it says that the device is busy, and this may be our own doing, it is tried again.
///
/// # Errors
/// Those of the last attempt.
pub(super) fn while_closing<T>(
    mut open: impl FnMut() -> Result<T, SensorError>,
) -> Result<T, SensorError> {
    let since = Instant::now();
    loop {
        match open() {
            Err(error) if error.trouble == Trouble::Busy && since.elapsed() < CLOSING => {
                thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_device_is_tried_again_for_a_while_and_others_are_not() {
        let mut left = 3;
        let opened = while_closing(|| {
            left -= 1;
            match left {
                0 => Ok("open"),
                _ => Err(SensorError::new(Trouble::Busy, "in use")),
            }
        });
        assert_eq!(opened, Ok("open"));
        let mut attempts = 0;
        let refused: Result<(), _> = while_closing(|| {
            attempts += 1;
            Err(SensorError::new(Trouble::Denied, "no"))
        });
        assert_eq!(
            (refused.unwrap_err().trouble, attempts),
            (Trouble::Denied, 1)
        );
    }
}
