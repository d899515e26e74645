//! Cards and images as a user meets them. A loop device is a disk like any other, where the machine lets a test have one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::desk::deploy;

fn error(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A disk of 12 MiB, all of whose bytes are 255.
struct Disk {
    device: String,
    file: PathBuf,
    _folder: TempDir,
}

impl Disk {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("disk");
        fs::write(&file, vec![255; 12 << 20]).unwrap();
        let output = Command::new("losetup")
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .args(["--find", "--show"])
            .arg(&file)
            .output();
        let device = output.ok().filter(|output| output.status.success());
        if device.is_none() {
            eprintln!("SKIPPED: this machine does not let tests have loop devices");
        }
        let device = String::from_utf8(device?.stdout).unwrap();
        Some(Self {
            device: device.trim().to_owned(),
            file,
            _folder: folder,
        })
    }

    fn is_untouched(&self) -> bool {
        fs::read(&self.file)
            .unwrap()
            .iter()
            .all(|byte| *byte == 255)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("losetup")
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .args(["--detach", &self.device])
            .status();
    }
}

#[test]
fn an_image_is_written_only_with_a_word_for_a_fixed_disk_and_one_for_erasing_it() {
    let Some(disk) = Disk::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    let bytes: Vec<u8> = (0..9 << 20).map(|i: u32| (i / 5) as u8).collect();
    fs::write(&image, &bytes).unwrap();
    let image = image.to_str().unwrap();

    let said = error(&deploy(&["card", image, &disk.device]));
    assert!(said.contains("--fixed-disk"), "{said}");
    let said = error(&deploy(&["card", image, &disk.device, "--fixed-disk"]));
    assert!(said.contains("12.6 MB") && said.contains("--yes"), "{said}");
    let shown = deploy(&["card", image, &disk.device, "--fixed-disk", "--dry-run"]);
    assert!(shown.status.success());
    assert!(disk.is_untouched());

    let output = deploy(&["card", image, &disk.device, "--fixed-disk", "--yes"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("read back"), "{said}");
    let written = fs::read(&disk.file).unwrap();
    assert!(written[..bytes.len()] == bytes);
    assert!(written[bytes.len()..].iter().all(|byte| *byte == 255));
}

#[test]
fn a_board_that_has_no_image_says_how_it_is_set_up() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    let image = image.to_str().unwrap();
    let said = error(&deploy(&["to", "jetson-nano", "--image", image]));
    assert!(said.contains("NVIDIA's SDK Manager"), "{said}");
    assert!(said.contains("to jetson-nano --host"), "{said}");
    let said = error(&deploy(&["to", "rock-5b", "--image", image]));
    assert!(said.contains("maker's system"), "{said}");
}

#[test]
fn what_cannot_be_on_an_image_is_said_before_anything_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = file("key.pub", "ssh-ed25519 no-key\n");
    let password = file("password", "short\n");
    let image = folder.path().join("image").to_str().unwrap().to_owned();
    let to = |more: &[&str]| {
        let mut arguments = vec![
            "to",
            "generic-amd64",
            "--image",
            &image,
            "--authorized-key",
            &key,
        ];
        arguments.extend(more);
        error(&deploy(&arguments))
    };
    let said = to(&["--hostname", "Camera 7"]);
    assert!(said.contains("unlike 'Camera 7'"), "{said}");
    let said = to(&[]);
    assert!(said.contains("is not a public key of ssh"), "{said}");
    fs::write(
        &key,
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl test\n",
    )
    .unwrap();
    let said = to(&[
        "--wifi-ssid",
        "a",
        "--wifi-country",
        "DE",
        "--wifi-password-file",
        &password,
    ]);
    assert!(said.contains("8 to 63 characters"), "{said}");
    assert!(!Path::new(&image).exists());
}

#[test]
fn an_image_and_an_address_exclude_each_other_and_a_network_needs_all_that_belongs_to_it() {
    for arguments in [
        &["to", "raspberry-pi-3", "--image", "a", "--host", "b"][..],
        &["to", "raspberry-pi-3", "--image", "a", "--card", "b"],
        &["to", "raspberry-pi-3", "--image", "a", "--wifi-ssid", "b"],
        &[
            "to",
            "raspberry-pi-3",
            "--host",
            "a",
            "--authorized-key",
            "b",
        ],
        &["to", "raspberry-pi-3", "--image", "a", "--size", "100"],
    ] {
        let output = deploy(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
