//! What exporting refuses before it builds anything.

use std::process::Command;

use super::desk::program;

fn export(arguments: &[&str]) -> Command {
    let mut command = program();
    command.arg("export").args(arguments);
    for name in ["DEBFULLNAME", "DEBEMAIL", "SOURCE_DATE_EPOCH"] {
        command.env_remove(name);
    }
    command
}

#[track_caller]
fn refused(command: &mut Command, code: i32, why: &str) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(why), "{said}");
}

const ADA: &str = "Ada Lovelace <ada@example.com>";

#[test]
fn what_a_package_lacks_is_said_before_anything_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let out = path("evenkeel.deb");
    let deb = ["deb", "generic-arm64", "--out", &out];
    refused(&mut export(&deb), 1, "--maintainer 'Name <mail@address>'");
    refused(
        export(&deb).args(["--maintainer", "Ada"]),
        2,
        "not of the form",
    );
    let number = ["--maintainer", ADA, "--version-number", "7"];
    refused(export(&deb).args(number), 1, "SOURCE_DATE_EPOCH");
    let wrong = ("SOURCE_DATE_EPOCH", "yesterday");
    refused(
        export(&deb)
            .args(["--maintainer", ADA])
            .env(wrong.0, wrong.1),
        1,
        "no number of seconds",
    );
    let nowhere = path("nowhere/evenkeel.deb");
    refused(
        &mut export(&[
            "deb",
            "generic-arm64",
            "--maintainer",
            ADA,
            "--out",
            &nowhere,
        ]),
        1,
        "there is no folder",
    );
    let named = path("");
    refused(
        &mut export(&["deb", "generic-arm64", "--maintainer", ADA, "--out", &named]),
        1,
        "is a folder",
    );
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_bundle_is_not_made_without_raucs_own_program() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("evenkeel.raucb");
    let out = out.to_str().unwrap();
    let arguments = [
        "rauc",
        "generic-arm64",
        "--out",
        out,
        "--rauc-cert",
        "cert.pem",
        "--rauc-key",
        "key.pem",
    ];
    refused(
        export(&arguments).env("PATH", folder.path()),
        1,
        "install the Debian package rauc",
    );
}
