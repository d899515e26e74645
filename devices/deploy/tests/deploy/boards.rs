//! The board files as a user meets them: listed, shown, mistyped.

use std::path::Path;

use super::desk::deploy;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn all_are_listed_one_in_a_line() {
    let output = deploy(&["boards"]);
    assert!(output.status.success());
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards")).unwrap();
    assert_eq!(lines.len(), files.count() + 1);
    let nano = lines
        .iter()
        .find(|line| line.starts_with("jetson-nano "))
        .unwrap();
    assert!(
        nano.contains("4 x Cortex-A57") && nano.contains("2.27"),
        "{nano}"
    );
}

#[test]
fn one_is_shown_with_its_checklist_and_sources() {
    let output = deploy(&["boards", "jetson-nano"]);
    let shown = text(&output.stdout);
    assert!(shown.contains("Never tried on the board"), "{shown}");
    assert!(shown.contains("nvidia,jetson-nano"), "{shown}");
    assert!(shown.contains("https://"), "{shown}");
}

#[test]
fn json_has_what_the_files_have() {
    let output = deploy(&["boards", "raspberry-pi-5", "--json"]);
    let board: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(board["target"], "aarch64-unknown-linux-gnu");
    assert_eq!(board["glibc"], "2.36");
    assert_eq!(board["features"], serde_json::json!(["f16", "dotprod"]));

    let all: serde_json::Value =
        serde_json::from_slice(&deploy(&["boards", "--json"]).stdout).unwrap();
    assert!(all.as_array().unwrap().contains(&board));
}

#[test]
fn a_mistyped_board_is_neither_shown_nor_built() {
    for command in ["boards", "build"] {
        let output = deploy(&[command, "raspberrypi-5"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert_eq!(
            text(&output.stderr),
            "error: there is no board 'raspberrypi-5': did you mean 'raspberry-pi-5'?\n"
        );
    }
}

#[test]
fn boards_of_ones_own_are_taken_from_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().to_str().unwrap();
    let output = deploy(&["boards", "--boards", name]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there are no board files"));

    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards/virtual.toml");
    let toml = std::fs::read_to_string(from).unwrap();
    std::fs::write(
        folder.path().join("mine.toml"),
        toml.replacen("virtual", "mine", 1),
    )
    .unwrap();
    let output = deploy(&["boards", "--boards", name]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("\nmine "));
}
