//! The board files hold what devices/README.md says, and nothing else.

use std::collections::BTreeSet;
use std::fs;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Board {
    name: String,
    description: String,
    target: String,
    glibc: String,
    cpu: String,
    cores: u32,
    memory_mb: u32,
    camera: Camera,
    notes: Vec<String>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Camera {
    V4l2,
    Vivid,
}

#[test]
fn every_board_file_is_complete_and_makes_sense() {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(evenkeel_tests::root().join("devices/boards")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let board: Board =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));

        assert_eq!(
            path.file_name().unwrap().to_str().unwrap(),
            format!("{}.toml", board.name)
        );
        let (major, minor) = board
            .glibc
            .split_once('.')
            .expect("a version is major.minor");
        assert_eq!(major, "2", "{}", board.name);
        assert!(
            (17..60).contains(&minor.parse::<u32>().unwrap()),
            "{}",
            board.name
        );
        assert!(
            board.target.ends_with("-unknown-linux-gnu"),
            "{}",
            board.name
        );
        assert!((1..=64).contains(&board.cores), "{}", board.name);
        // The smallest board that a model of a few megabytes, a camera and Linux fit on.
        assert!(board.memory_mb >= 256, "{}", board.name);
        assert_eq!(board.camera == Camera::Vivid, board.name == "virtual");
        for text in board.notes.iter().chain([&board.description, &board.cpu]) {
            assert!(!text.trim().is_empty(), "{} has an empty text", board.name);
        }
        names.insert(board.name);
    }
    let promised = [
        "jetson-nano",
        "jetson-orin-nano",
        "raspberry-pi-4",
        "raspberry-pi-5",
        "raspberry-pi-zero-2w",
        "virtual",
    ];
    for name in promised {
        assert!(names.contains(name), "devices/boards has no {name}.toml");
    }
}
