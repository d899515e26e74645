//! What `evenkeel doctor` finds of cameras and microphones.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

#[cfg(feature = "sensors")]
use cpal::traits::{DeviceTrait, HostTrait};
#[cfg(feature = "sensors")]
use nokhwa::utils::ApiBackend;

use super::doctor::Finding;

/// Whether the device files that begin with `prefix` can be opened.
pub(super) fn device_files(
    what: &'static str,
    folder: &Path,
    prefix: &str,
    group: &str,
) -> Finding {
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
        })
        .collect();
    names.sort();
    if names.is_empty() {
        return Finding::advice(
            what,
            format!("no {}/{prefix}*", folder.display()),
            "connect a device; inside a container, pass the device files in",
        );
    }
    let denied: Vec<String> = names
        .iter()
        .filter(|path| {
            File::open(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
        })
        .map(|path| path.display().to_string())
        .collect();
    if denied.is_empty() {
        let names: Vec<String> = names
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        return Finding::fine(what, names.join(", "));
    }
    Finding::problem(
        what,
        format!("no permission to open {}", denied.join(", ")),
        format!("run `sudo usermod -aG {group} $USER`, then log out and in again"),
    )
}

/// The cameras, by name.
#[cfg(feature = "sensors")]
pub(super) fn cameras() -> Finding {
    let names: Vec<String> = match nokhwa::query(ApiBackend::Auto) {
        Ok(cameras) => cameras
            .iter()
            .map(|camera| format!("{} ({})", camera.human_name(), camera.index()))
            .collect(),
        Err(error) => {
            return Finding::advice(
                "cameras",
                format!("cannot be listed ({error})"),
                "look at the camera files above",
            );
        }
    };
    if names.is_empty() {
        Finding::advice("cameras", "none", "connect a camera to use a model live")
    } else {
        Finding::fine("cameras", names.join(", "))
    }
}

/// The microphones, by name.
#[cfg(feature = "sensors")]
pub(super) fn microphones() -> Finding {
    let devices = match cpal::default_host().input_devices() {
        Ok(devices) => devices,
        Err(error) => {
            return Finding::advice(
                "microphones",
                format!("cannot be listed ({error})"),
                "look at the sound files above",
            );
        }
    };
    let names: Vec<String> = devices
        .filter_map(|device| Some(device.description().ok()?.name().to_owned()))
        // ALSA always lists its null device, which only ever hears silence.
        .filter(|name| !name.starts_with("Discard all samples"))
        .collect();
    if names.is_empty() {
        Finding::advice(
            "microphones",
            "none",
            "connect a microphone to use a model live",
        )
    } else {
        Finding::fine("microphones", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::doctor::State;
    use super::*;

    #[test]
    fn a_folder_without_devices_gives_advice_and_one_with_them_lists_them() {
        let folder = tempfile::tempdir().unwrap();
        let look = || device_files("camera files", folder.path(), "video", "video");
        assert_eq!(look().state, State::Advice);
        fs::write(folder.path().join("video0"), b"").unwrap();
        let finding = look();
        assert_eq!(finding.state, State::Fine);
        assert!(finding.found.ends_with("video0"), "{}", finding.found);
    }
}
