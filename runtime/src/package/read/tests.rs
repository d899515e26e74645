//! Every way in which a package can be bad, and the sentence that it gets.

use std::fs::{self, File};

use tempfile::TempDir;

use super::super::folder::sha256;
use super::super::layout::SUMS;
use super::super::{example, write};
use super::*;

fn package() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &example::contents()).unwrap();
    folder
}

fn refusal(folder: &TempDir) -> PackageError {
    let error = Package::open(folder.path()).unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
    error
}

/// Replaces a file, and its hash in SHA256SUMS as whoever forges a package would.
fn forge(folder: &TempDir, name: &str, bytes: &[u8]) {
    let path = folder.path().join(name);
    let old = sha256(&fs::read(&path).unwrap());
    fs::write(&path, bytes).unwrap();
    edit(folder, SUMS, &old, &sha256(bytes));
}

fn edit(folder: &TempDir, name: &str, from: &str, to: &str) {
    let path = folder.path().join(name);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in {name}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_folder_without_model_is_no_package() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(refusal(&folder), PackageError::NotAPackage { .. }));
    let nowhere = folder.path().join("nowhere");
    let error = Package::open(&nowhere).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn a_changed_byte_in_any_file_is_noticed() {
    let names = [
        "model.toml",
        "audio.onnx",
        "camera.onnx",
        "fusion.onnx",
        "CARD.md",
        "golden/golden.json",
        "golden/0.wav",
        "golden/0-1.png",
    ];
    for name in names {
        let folder = package();
        let path = folder.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        // In model.toml a blank at the end, so that it still parses.
        bytes.push(b' ');
        fs::write(&path, bytes).unwrap();
        match refusal(&folder) {
            PackageError::Hash { path: named } => assert_eq!(named, path),
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    for name in [
        "audio.onnx",
        "fusion.onnx",
        "CARD.md",
        SUMS,
        "golden/1-0.png",
    ] {
        let folder = package();
        let path = folder.path().join(name);
        fs::remove_file(&path).unwrap();
        match refusal(&folder) {
            PackageError::Missing { path: named } => assert_eq!(named, path),
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn a_graph_and_its_sensor_come_together() {
    for (name, said) in [
        ("camera.onnx", "no camera.onnx"),
        ("fusion.onnx", "fusion.onnx is missing"),
    ] {
        let folder = package();
        let bytes = fs::read(folder.path().join(name)).unwrap();
        fs::remove_file(folder.path().join(name)).unwrap();
        edit(&folder, SUMS, &format!("{}  {name}\n", sha256(&bytes)), "");
        let error = refusal(&folder).to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn extra_files_and_folders_are_refused() {
    for extra in ["notes.txt", "golden/7.wav", "golden/sub/0.wav", ".hidden"] {
        let folder = package();
        let path = folder.path().join(extra);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "extra").unwrap();
        let error = refusal(&folder);
        assert!(matches!(error, PackageError::Unexpected { .. }), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_refused_even_to_the_right_contents() {
    for name in ["audio.onnx", "golden", "model.toml", SUMS] {
        let folder = package();
        let elsewhere = tempfile::tempdir().unwrap();
        let moved = elsewhere.path().join("moved");
        fs::rename(folder.path().join(name), &moved).unwrap();
        std::os::unix::fs::symlink(&moved, folder.path().join(name)).unwrap();
        let error = refusal(&folder);
        assert!(matches!(error, PackageError::NotAFile { .. }), "{error}");
    }
}

#[test]
fn names_that_climb_out_are_refused_before_anything_is_read() {
    for name in [
        "../secret.onnx",
        "golden/../../secret.onnx",
        "/etc/passwd",
        "..\\secret.onnx",
        "C:secret.onnx",
        "./audio.onnx/..",
    ] {
        let folder = package();
        edit(&folder, SUMS, "audio.onnx", name);
        let error = refusal(&folder);
        assert!(matches!(error, PackageError::Climbs { .. }), "{error}");
    }
}

#[test]
fn sums_that_make_no_sense_are_named_by_line() {
    let sum = sha256(b"x");
    for (line, said) in [
        ("not a sum\n".to_owned(), "line 1"),
        (format!("{sum}  weights.bin\n"), "weights.bin"),
        (format!("{sum}  SHA256SUMS\n"), "SHA256SUMS"),
        (format!("{sum} *audio.onnx\n"), "twice"),
    ] {
        let folder = package();
        let path = folder.path().join(SUMS);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, line + &text).unwrap();
        let error = refusal(&folder).to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn oversized_files_are_refused_unread() {
    // Sparse files: these sizes are never written, and must never be read.
    for (name, size) in [
        ("audio.onnx", 1 << 40),
        ("model.toml", (1 << 20) + 1),
        (SUMS, 1 << 40),
        ("golden/0.wav", 1 << 40),
    ] {
        let folder = package();
        let file = File::options().write(true).open(folder.path().join(name));
        file.unwrap().set_len(size).unwrap();
        match refusal(&folder) {
            PackageError::TooLarge {
                path, size: found, ..
            } => {
                assert_eq!((path, found), (folder.path().join(name), size));
            }
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn a_newer_format_asks_for_an_update_whatever_else_is_new() {
    let folder = package();
    fs::write(
        folder.path().join("model.toml"),
        "format = 2\nsensors = [\"radar\"]\n",
    )
    .unwrap();
    fs::write(folder.path().join("radar.onnx"), "new").unwrap();
    let error = refusal(&folder).to_string();
    let end = "model.toml is in package format 2, this evenkeel reads up to 1; update evenkeel";
    assert!(error.ends_with(end), "{error}");
}

#[test]
fn a_broken_model_toml_is_named_with_the_line() {
    let whole = fs::read_to_string(package().path().join("model.toml")).unwrap();
    let third_line = whole.match_indices('\n').nth(1).unwrap().0;
    let truncated = &whole[..third_line + 6];
    for (text, said) in [
        (truncated, "model.toml, line 3"),
        (
            &whole.replacen("license", "lisense", 1)[..],
            "line 4: unknown field `lisense`",
        ),
        ("name = \"x\"\n", "missing field `format`"),
        (&whole.replacen("\"f32\"", "\"int8\"", 1), "[drift]"),
        (
            &whole.replacen("\"f32\"", "\"int4\"", 1),
            "line 7: unknown variant `int4`",
        ),
        (
            &whole.replacen("hop_samples = 80", "hop_samples = 0", 1),
            "hop_samples",
        ),
        ("format = 1\n\u{0}", "line 2"),
    ] {
        let folder = package();
        forge(&folder, "model.toml", text.as_bytes());
        let error = refusal(&folder).to_string();
        assert!(
            error.contains("model.toml") && error.contains(said),
            "{error}"
        );
    }
}

#[test]
fn forged_golden_windows_are_refused() {
    let whole = fs::read(package().path().join("golden/0.wav")).unwrap();
    let picture = fs::read(package().path().join("golden/0-0.png")).unwrap();
    let mut huge = whole.clone();
    // The length of the data chunk, in the last four bytes of the header.
    let header = whole.len() - 4 * 4_410;
    huge[header - 4..header].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    for (name, bytes, said) in [
        ("golden/0.wav", &whole[..whole.len() / 2], "0.wav"),
        ("golden/0.wav", &huge[..], "0.wav"),
        ("golden/0-0.png", &picture[..picture.len() / 2], "0-0.png"),
        ("golden/golden.json", b"[{}]", "golden.json"),
        ("golden/golden.json", b"[", "golden.json"),
    ] {
        let folder = package();
        forge(&folder, name, bytes);
        let package = Package::open(folder.path()).unwrap();
        let error = package.golden().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
