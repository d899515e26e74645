use std::collections::BTreeSet;
use std::process::Command;

use super::schema::Feature;
use super::*;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards")
}

/// A folder with one board file, made of the virtual board's.
fn one(name: &str, change: impl Fn(String) -> String) -> tempfile::TempDir {
    let text = fs::read_to_string(shipped().join("virtual.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), change(text)).unwrap();
    folder
}

fn refusal(name: &str, change: impl Fn(String) -> String) -> String {
    let folder = one(name, change);
    format!("{:#}", all(folder.path()).unwrap_err())
}

#[test]
fn every_board_that_is_promised_is_there_and_makes_sense() {
    let boards = all(&shipped()).unwrap();
    let names: BTreeSet<&str> = boards.iter().map(|board| board.name.as_str()).collect();
    let promised = [
        "armv7",
        "beagleplay",
        "generic-amd64",
        "generic-arm64",
        "imx8mp-evk",
        "jetson-agx-orin",
        "jetson-nano",
        "jetson-orin-nano",
        "jetson-xavier-nx",
        "orange-pi-5",
        "raspberry-pi-3",
        "raspberry-pi-4",
        "raspberry-pi-5",
        "raspberry-pi-zero-2w",
        "rock-5b",
        "virtual",
    ];
    for name in promised {
        assert!(names.contains(name), "devices/boards has no {name}.toml");
    }
}

#[test]
fn no_two_boards_have_the_same_identity() {
    let mut seen = BTreeSet::new();
    for board in all(&shipped()).unwrap() {
        for identity in board.identity {
            assert!(seen.insert(identity.clone()), "{identity} is there twice");
        }
    }
}

#[test]
fn the_compiler_knows_every_processor_and_its_features() {
    for board in all(&shipped()).unwrap() {
        let output = Command::new("rustc")
            .args(["--print", "cfg", "--target", board.target.triple()])
            .arg(format!("-Ctarget-cpu={}", board.target_cpu))
            .output()
            .unwrap();
        let complaints = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{}: {complaints}", board.name);
        assert!(
            !complaints.contains("not a recognized processor"),
            "{}: {complaints}",
            board.name
        );
        let cfg = String::from_utf8(output.stdout).unwrap();
        for (feature, name) in [(Feature::F16, "fp16"), (Feature::Dotprod, "dotprod")] {
            assert_eq!(
                board.features.contains(&feature),
                cfg.contains(&format!("target_feature=\"{name}\"")),
                "{}: {name} of {}",
                board.name,
                board.target_cpu
            );
        }
    }
}

#[test]
fn a_mistyped_name_is_told_the_nearest() {
    let told = |name: &str| find(&shipped(), name).unwrap_err().to_string();
    assert_eq!(
        told("rasberry-pi-4"),
        "there is no board 'rasberry-pi-4': did you mean 'raspberry-pi-4'?"
    );
    assert!(told("jetson").contains("'jetson-"), "{}", told("jetson"));
    assert!(told("qqq").ends_with("lists those that there are"));
    assert_eq!(find(&shipped(), "virtual").unwrap().name, "virtual");
}

#[test]
fn a_file_that_says_something_else_is_refused() {
    assert!(all(one("virtual.toml", |text| text).path()).is_ok());

    let said = refusal("virtual.toml", |text| format!("colour = \"red\"\n{text}"));
    assert!(said.contains("unknown field `colour`"), "{said}");
    let said = refusal("other.toml", |text| text);
    assert!(said.contains("its name is 'virtual'"), "{said}");
    let said = refusal("virtual.toml", |text| text.replace("2.36", "36"));
    assert!(said.contains("no version of glibc"), "{said}");
    let said = refusal("virtual.toml", |text| text.replace("2.36", "2.5"));
    assert!(said.contains("glibc 2.5 is not from 2.17"), "{said}");
    let said = refusal("virtual.toml", |text| text.replace("aarch64", "mips"));
    assert!(said.contains("mips-unknown-linux-gnu"), "{said}");
    let said = refusal("virtual.toml", |text| text.replace("\"vivid\"", "\"v4l2\""));
    assert!(said.contains("virtual boards"), "{said}");
    let said = refusal("virtual.toml", |text| {
        text.replace("tried = true", "tried = false")
    });
    assert!(said.contains("checklist"), "{said}");
}

#[test]
fn a_folder_without_boards_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = all(folder.path()).unwrap_err().to_string();
    assert!(said.contains(folder.path().to_str().unwrap()), "{said}");
}
