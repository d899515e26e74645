//! The tutorial, as it is written: its commands are read out of docs/tutorial.md and run one after the other, with
//! smaller sizes and a pretended board.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use evenkeel_tests::desk::{BOARD, Desk};
use evenkeel_tests::hosts::{Host, possible, programs};
use evenkeel_tests::{root, run};
use tempfile::TempDir;

/// What is smaller in the test, or cannot be had there; each is in the tutorial.
const SMALLER: [(&str, &str); 4] = [
    ("./just build", ":"),
    ("--per-class 5", "--per-class 2"),
    ("training.epochs=100", "training.epochs=2"),
    ("raspberry-pi-4 --host", BOARD_AND_HOST),
];
const BOARD_AND_HOST: &str = "$BOARD --host";

/// The boxes of the tutorial from one heading up to another one.
fn boxes(from: &str, to: &str) -> String {
    let text = fs::read_to_string(root().join("docs/tutorial.md")).unwrap();
    let (_, text) = text.split_once(from).unwrap();
    let (text, _) = text.split_once(to).unwrap_or((text, ""));
    let boxes: Vec<&str> = text
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect();
    assert!(!boxes.is_empty());
    boxes.concat()
}

/// A shell that runs these commands as somebody would who has just come here.
fn shell(home: &Path, commands: &str) -> Command {
    let programs = programs();
    let commands = commands.replace("$PWD/target/release", programs.to_str().unwrap());
    let mut shell = Command::new("bash");
    shell
        .args(["-euxo", "pipefail", "-c", &commands])
        .current_dir(root())
        .env("HOME", home)
        .env_remove("EVENKEEL_CACHE")
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::null());
    shell
}

fn smaller(commands: &str) -> String {
    SMALLER
        .iter()
        .fold(commands.to_owned(), |commands, (from, to)| {
            commands.replace(from, to)
        })
}

#[test]
fn every_size_that_the_test_changes_is_in_the_tutorial() {
    let commands = boxes("## 1.", "## 9.");
    for (from, _) in SMALLER {
        assert!(commands.contains(from), "{from}");
    }
    for step in [
        "evenkeel record",
        "data check",
        "fit --config",
        "evaluate",
        "evenkeel-deploy to",
    ] {
        assert!(commands.contains(step), "{step}");
    }
}

#[test]
fn slow_the_tutorial_leads_from_nothing_to_a_board() {
    let home = TempDir::new().unwrap();
    let outcome = run(&mut shell(home.path(), &smaller(&boxes("## 1.", "## 8."))));
    let outcome = outcome.fine().says(&[
        "all classes are complete",
        "clips are split by speaker",
        "30 clips of 3 classes",
        "the clips can be trained on",
        "accuracy",
    ]);
    assert!(!outcome.text().contains("panicked"), "{}", outcome.text());
    let tutorial = home.path().join("evenkeel-tutorial");
    let page = fs::read_to_string(tutorial.join("check.html")).unwrap();
    assert!(page.contains("<audio") && page.contains("alt=\"picture\""));
    let list = fs::read_to_string(tutorial.join("recordings/clips.csv")).unwrap();
    assert_eq!(
        list.lines()
            .filter(|line| line.ends_with(",cleo,cleo"))
            .count(),
        6
    );

    if !possible() {
        return;
    }
    let (desk, host) = (Desk::default(), Host::start());
    let reach = host.reach("root").join(" ");
    let commands = smaller(&boxes("## 8.", "## 9."))
        .replace("--host pi@192.168.1.20", &reach)
        .replace("$BOARD", BOARD)
        // The programs of this test are there already, and nobody waits long for a service that is pretended.
        .replace(
            "--install",
            "--programs \"$PROGRAMS\" --patience 3 --hold 0",
        );
    let mut deploy = shell(home.path(), &commands);
    deploy
        .current_dir(&tutorial)
        .env(
            "PATH",
            format!(
                "{}:{}",
                programs().display(),
                std::env::var("PATH").unwrap()
            ),
        )
        .env("PROGRAMS", programs())
        .env("EVENKEEL_KEY", desk.key())
        .env("EVENKEEL_BOARDS", desk.boards());
    run(&mut deploy).fine().says(&["is live"]);
    assert!(
        host.run("cat /opt/evenkeel/current/model/model.toml")
            .contains("words")
    );
}
