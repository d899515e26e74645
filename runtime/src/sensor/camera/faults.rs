//! What an error of the kernel means for a camera.

use std::io;

use rustix::io::Errno;

use crate::sensor::{SensorError, Trouble, permission};

/// One sentence about a camera, which is called `node`, after `doing` failed: "opening", "starting".
pub fn fault(node: &str, doing: &str, error: &io::Error) -> SensorError {
    let new = SensorError::new;
    match Errno::from_io_error(error) {
        Some(Errno::ACCESS | Errno::PERM) => permission::denied(node, "video"),
        Some(Errno::NOENT | Errno::NXIO) => new(Trouble::NotFound, not_there(node)),
        Some(Errno::NODEV) if doing == OPENING => new(Trouble::NotFound, not_there(node)),
        Some(Errno::NODEV | Errno::SHUTDOWN) => {
            let what = format!("{node} has gone; plug it in again");
            new(Trouble::Gone, what)
        }
        Some(Errno::BUSY) => {
            let what = format!(
                "{node} is in use by another program; close that (`fuser -v /dev/video*` names it)"
            );
            new(Trouble::Busy, what)
        }
        Some(Errno::NOTTY | Errno::ISDIR) => {
            let what = format!("{node} is no camera; `evenkeel devices` lists the cameras");
            new(Trouble::Unfit, what)
        }
        Some(Errno::NOSPC) => {
            let what = format!(
                "{node} cannot send pictures because its USB bus is full; connect it to another port, away from other \
                 cameras"
            );
            new(Trouble::Broken, what)
        }
        _ => {
            let what = format!("{doing} {node} failed ({error}); plug it out and in again");
            new(Trouble::Broken, what)
        }
    }
}

/// Before anything is known of the device.
pub const OPENING: &str = "opening";

fn not_there(node: &str) -> String {
    format!("there is no camera {node}; connect it, or see `evenkeel devices` for what is there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_is_told_with_what_to_do() {
        let of = |errno: Errno, doing| {
            let error = fault("/dev/video7", doing, &errno.into());
            assert!(error.message.contains("/dev/video7"), "{error}");
            error
        };
        assert_eq!(of(Errno::NOENT, OPENING).trouble, Trouble::NotFound);
        assert_eq!(of(Errno::NODEV, "reading").trouble, Trouble::Gone);
        let busy = of(Errno::BUSY, "starting");
        assert_eq!(busy.trouble, Trouble::Busy);
        assert!(busy.message.contains("fuser"));
        let denied = of(Errno::ACCESS, OPENING);
        assert_eq!(denied.trouble, Trouble::Denied);
        assert!(denied.message.contains("usermod -aG video"));
        assert_eq!(of(Errno::NOTTY, OPENING).trouble, Trouble::Unfit);
        assert_eq!(of(Errno::IO, "reading").trouble, Trouble::Broken);
    }
}
