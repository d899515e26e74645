//! Broken, outdated and hostile packages: one sentence, exit code 1, and nothing else.

use std::fs;

use evenkeel_tests::packages::{change, copy_of_shipped, replace, seal};
use evenkeel_tests::{evaluate, onnx, program, root, run};
use tempfile::TempDir;

/// Inspects and evaluates with a copy of the shipped package that `damage` was done to. Both
/// refuse, both say `parts`, and no report is begun.
#[track_caller]
fn refused(damage: impl FnOnce(&std::path::Path), parts: &[&str]) {
    let folder = TempDir::new().unwrap();
    let package = copy_of_shipped(folder.path());
    damage(&package);
    run(program("evenkeel").arg("inspect").arg(&package)).refuses(1, parts);
    let report = folder.path().join("report");
    run(program("evenkeel")
        .arg("evaluate")
        .arg(root().join("clips/demo"))
        .arg("--model")
        .arg(&package)
        .arg("--report")
        .arg(&report))
    .refuses(1, parts);
    assert!(!report.exists(), "a report was begun");
}

#[test]
fn a_wrong_hash() {
    let flip = |mut bytes: Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    };
    refused(
        |package| change(package, "audio.onnx", flip),
        &["audio.onnx", "SHA256SUMS"],
    );
}

#[test]
fn a_newer_format() {
    refused(
        |package| {
            replace(
                package,
                "model.toml",
                "format = 1\n",
                "format = 999\nunheard_of = true\n",
            );
            seal(package);
        },
        &["model.toml", "999", "update evenkeel"],
    );
}

#[test]
fn weights_that_are_not_numbers() {
    refused(
        |package| {
            change(package, "camera.onnx", |bytes| {
                onnx::with_constant(bytes, &[2], &[1.0, f32::NAN])
            });
            seal(package);
        },
        &["camera.onnx", "finite"],
    );
}

#[test]
fn a_tensor_that_claims_to_be_huge() {
    refused(
        |package| {
            let huge = [1 << 20, 1 << 20, 1 << 20];
            change(package, "fusion.onnx", |bytes| {
                onnx::with_constant(bytes, &huge, &[])
            });
            seal(package);
        },
        &["fusion.onnx", "added.by.test", "larger than"],
    );
}

#[test]
fn a_window_that_claims_to_be_huge() {
    refused(
        |package| {
            replace(
                package,
                "model.toml",
                "window_samples = ",
                "window_samples = 99999999",
            );
            seal(package);
        },
        &["model.toml", "window_samples"],
    );
}

#[test]
fn a_name_that_leads_out_of_the_package() {
    refused(
        |package| {
            fs::write(package.parent().unwrap().join("outside.txt"), "secret").unwrap();
            replace(package, "SHA256SUMS", "  CARD.md", "  ../outside.txt");
        },
        &["SHA256SUMS", "../outside.txt"],
    );
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_package() {
    refused(
        |package| {
            let outside = package.parent().unwrap().join("card");
            fs::rename(package.join("CARD.md"), &outside).unwrap();
            std::os::unix::fs::symlink(outside, package.join("CARD.md")).unwrap();
        },
        &["CARD.md"],
    );
}

#[test]
fn a_missing_file() {
    refused(
        |package| fs::remove_file(package.join("fusion.onnx")).unwrap(),
        &["fusion.onnx"],
    );
}

#[test]
fn a_folder_that_is_no_package() {
    let folder = TempDir::new().unwrap();
    evaluate(&root().join("clips/demo"), folder.path()).refuses(1, &["model.toml"]);
    let nowhere = folder.path().join("nowhere");
    run(program("evenkeel").arg("inspect").arg(nowhere)).refuses(1, &["nowhere"]);
}
