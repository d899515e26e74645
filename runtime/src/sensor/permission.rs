//! How to get permission to use a device.

use super::{SensorError, Trouble};

/// This user may not use `device`, which members of `group` may.
pub(super) fn denied(device: &str, group: &str) -> SensorError {
    SensorError::new(
        Trouble::Denied,
        format!(
            "no permission to use {device}; run `sudo usermod -aG {group} $USER`, then log out and in again"
        ),
    )
}
