//! What an error of the sound system means for a microphone.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use cpal::ErrorKind;

use crate::sensor::{SensorError, Trouble, permission};

/// One sentence about a microphone after it failed to open.
pub fn fault(name: &str, error: &cpal::Error) -> SensorError {
    let new = SensorError::new;
    match error.kind() {
        ErrorKind::DeviceBusy => {
            let what = format!(
                "the microphone {name} is in use by another program; close that (`fuser -v /dev/snd/*` names it), or use \
                 the one that the sound server shares: \"default\""
            );
            new(Trouble::Busy, what)
        }
        ErrorKind::PermissionDenied => permission::denied(&format!("the microphone {name}"), GROUP),
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => {
            let what = format!(
                "the microphone {name} is not there; connect it, or see `evenkeel devices` for what is there"
            );
            new(Trouble::NotFound, what)
        }
        ErrorKind::UnsupportedOperation | ErrorKind::UnsupportedConfig => unfit(name),
        _ => {
            let what =
                format!("opening the microphone {name} failed ({error}); plug it out and in again");
            new(Trouble::Broken, what)
        }
    }
}

/// A device that captures nothing that can be read.
pub fn unfit(name: &str) -> SensorError {
    let what = format!(
        "{name} captures no sound in a format that can be read; `evenkeel devices` lists the microphones"
    );
    SensorError::new(Trouble::Unfit, what)
}

/// What an error that comes while sound is captured means.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Sound was lost, and goes on.
    Overrun,
    /// It is no matter.
    Nothing,
    /// Nothing more will come.
    Lost,
}

/// Of an error of this kind.
pub fn meaning(kind: ErrorKind) -> Meaning {
    match kind {
        ErrorKind::Xrun => Meaning::Overrun,
        ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied | ErrorKind::DeviceBusy => {
            Meaning::Nothing
        }
        _ => Meaning::Lost,
    }
}

/// A microphone that was lost.
pub fn gone(name: &str, error: &cpal::Error) -> SensorError {
    let what = format!("the microphone {name} has gone ({error}); it is opened again");
    SensorError::new(Trouble::Gone, what)
}

/// A microphone whose buffer is too short for this machine.
pub fn overrun(name: &str) -> SensorError {
    let what = format!(
        "the microphone {name} loses sound again and again, as its buffer is too short for this machine; it is opened \
         again with a longer one"
    );
    SensorError::new(Trouble::Overrun, what)
}

const GROUP: &str = "audio";

/// Whether this user may use sound devices, whose files are in `folder`: `/dev/snd`.
pub fn refused(folder: &Path) -> Option<SensorError> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let is_control = |path: &&std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with("controlC")
    };
    let refuses = |path: &&std::path::PathBuf| {
        File::open(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    let refused = files.iter().filter(is_control).find(refuses)?;
    Some(permission::denied(&refused.display().to_string(), GROUP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overrun_is_no_loss_and_a_device_that_went_is() {
        assert_eq!(meaning(ErrorKind::Xrun), Meaning::Overrun);
        assert_eq!(meaning(ErrorKind::DeviceNotAvailable), Meaning::Lost);
        assert_eq!(meaning(ErrorKind::StreamInvalidated), Meaning::Lost);
        assert_eq!(meaning(ErrorKind::BackendError), Meaning::Lost);
        assert_eq!(meaning(ErrorKind::RealtimeDenied), Meaning::Nothing);
    }

    #[test]
    fn each_error_is_told_with_what_to_do() {
        let of = |kind: ErrorKind| fault("USB", &kind.into());
        assert_eq!(of(ErrorKind::DeviceBusy).trouble, Trouble::Busy);
        let denied = of(ErrorKind::PermissionDenied);
        assert_eq!(denied.trouble, Trouble::Denied);
        assert!(denied.message.contains("usermod -aG audio"));
        assert_eq!(of(ErrorKind::DeviceNotAvailable).trouble, Trouble::NotFound);
        assert_eq!(of(ErrorKind::UnsupportedConfig).trouble, Trouble::Unfit);
        assert_eq!(of(ErrorKind::Other).trouble, Trouble::Broken);
    }
}
