//! `evenkeel live` as a user runs it, on clips, on a camera behind a command, and on what is not there.

use std::net::TcpListener;
use std::path::Path;

use evenkeel_tests::live::{Live, command, film};
use evenkeel_tests::run;
use serde_json::Value;
use tempfile::TempDir;

/// Every line of JSON of a run on a film of `label`.
fn play(folder: &Path, label: &str, arguments: &[&str]) -> Vec<Value> {
    let film = film(folder, label);
    let outcome = run(command(arguments)
        .args(["--json", "--speed", "max", "--clip"])
        .arg(film))
    .fine();
    let read = |line| serde_json::from_str(line).expect("a line of JSON");
    outcome.stdout.lines().map(read).collect()
}

fn between(lines: &[Value], from: f64, until: f64) -> Vec<&Value> {
    let inside = |line: &&Value| {
        line["start_s"].as_f64().unwrap() >= from && line["time_s"].as_f64().unwrap() <= until
    };
    lines.iter().filter(inside).collect()
}

#[test]
fn the_answer_holds_while_each_sensor_is_spoiled_in_turn() {
    let folder = TempDir::new().unwrap();
    let spoilings = [
        "--times",
        "6",
        "--corrupt",
        "camera:black:5@3s..7s",
        "--corrupt",
        "audio:noise:5@8s..12s",
    ];
    let lines = play(folder.path(), "seven", &spoilings);
    for (from, until) in [(0.0, 3.0), (3.0, 7.0), (8.0, 12.0)] {
        let lines = between(&lines, from, until);
        let right = lines
            .iter()
            .filter(|line| line["smoothed"]["label"] == "seven")
            .count();
        assert!(
            lines.len() >= 8 && right * 10 >= lines.len() * 8,
            "{right} of {}",
            lines.len()
        );
    }
    let blind = between(&lines, 4.0, 7.0);
    assert!(
        blind
            .iter()
            .all(|line| line["smoothed"]["evidence"] == "microphone")
    );
    assert!(
        blind
            .iter()
            .all(|line| line["sensors"]["camera"]["reason"] == "dark")
    );
    assert_eq!(blind[0]["spoiled"][0]["corruption"], "camera/covered");
}

#[test]
fn without_any_sensor_there_is_no_answer_and_the_program_goes_on() {
    let folder = TempDir::new().unwrap();
    let gone = [
        "--times",
        "4",
        "--corrupt",
        "camera:unplugged@3s..6s",
        "--corrupt",
        "audio:unplugged@3s..6s",
    ];
    let lines = play(folder.path(), "two", &gone);
    let without = between(&lines, 3.0, 6.0);
    assert!(without.len() >= 9);
    assert!(
        without
            .iter()
            .all(|line| line["smoothed"]["verdict"] == "no-sensor")
    );
    let after = between(&lines, 7.5, 10.5);
    assert!(
        after.iter().all(|line| line["smoothed"]["label"] == "two"),
        "{after:?}"
    );
}

#[test]
fn sensors_that_fail_at_random_are_always_opened_again() {
    let folder = TempDir::new().unwrap();
    let film = film(folder.path(), "two");
    let outcome = run(command(&[
        "--speed", "max", "--loop", "--for", "600", "--faults", "3", "--quiet", "--tally", "--clip",
    ])
    .arg(film))
    .fine();
    let tally: Value = serde_json::from_str(&outcome.stderr).expect("a tally in JSON");
    for sensor in ["audio", "camera"] {
        let outages = &tally["sensors"][sensor];
        assert!(outages["losses"].as_u64().unwrap() > 20, "{tally}");
        assert!(outages["longest_s"].as_f64().unwrap() < 60.0, "{tally}");
    }
    assert!(tally["answers"].as_u64().unwrap() > 3700, "{tally}");
}

#[test]
fn a_camera_behind_a_command_is_watched_and_started_again() {
    let folder = TempDir::new().unwrap();
    let film = film(folder.path(), "seven");
    // A second and a half of pictures, again and again.
    let camera = format!(
        "ffmpeg -v error -re -i {} -t 1.5 -f mjpeg -q:v 2 -",
        film.display()
    );
    let arguments = [
        "--microphone",
        "none",
        "--camera-command",
        &camera,
        "--json",
        "--for",
        "8",
    ];
    let outcome = run(&mut command(&arguments)).fine();
    let lines: Vec<Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |wanted: &dyn Fn(&&Value) -> bool| lines.iter().filter(wanted).count();
    let seen = count(&|line| line["label"] == "seven" && line["smoothed"]["evidence"] == "camera");
    assert!(seen >= 5, "{seen} of {}", lines.len());
    let losses = lines.last().unwrap()["sensors"]["camera"]["losses"]
        .as_u64()
        .unwrap();
    assert!(losses >= 2, "{losses}");
    assert!(count(&|line| line["verdict"] == "no-sensor") > 0);
}

#[test]
fn a_sensor_that_is_not_there_is_named_and_waited_for() {
    let missing = [
        "--camera",
        "/dev/video99",
        "--microphone",
        "none",
        "--plain",
        "--for",
        "2",
    ];
    run(&mut command(&missing)).fine().says(&["/dev/video99"]);
    let wrong = [
        "--camera",
        "/dev/null",
        "--microphone",
        "none",
        "--plain",
        "--for",
        "2",
    ];
    run(&mut command(&wrong)).fine().says(&["/dev/null"]);
    let nothing = ["--camera", "none", "--microphone", "none"];
    run(&mut command(&nothing)).refuses(1, &["none of the sensors", "clip"]);
}

#[test]
fn bad_usage_is_refused_in_a_sentence() {
    run(&mut command(&["--corrupt", "camera:gremlins:3"])).refuses_usage(&["gremlins"]);
    run(&mut command(&["--corrupt", "camera:fog:9"])).refuses_usage(&["1 to 5"]);
    run(&mut command(&["--hop", "0"])).refuses_usage(&["0.01"]);
    run(&mut command(&["--web", "everywhere"])).refuses_usage(&["port"]);
    run(&mut command(&["--clip", "no/such/folder"])).refuses(1, &["no/such/folder"]);
    run(&mut command(&["--camera-raw", "yuv420:640x480"])).refuses_usage(&["camera-command"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    run(&mut command(&["--clip", "clips/demo", "--web", &port])).refuses(1, &[&port]);
    let short = [
        "--clip",
        "clips/demo",
        "--web",
        "127.0.0.1:0",
        "--token",
        "abc",
    ];
    run(&mut command(&short)).refuses(1, &["token"]);
}

#[test]
fn a_reader_that_goes_away_and_a_signal_end_it_quietly() {
    let endless = ["--clip", "clips/demo", "--loop", "--json"];
    let mut live = Live::start(&endless);
    assert!(live.line().is_some());
    assert_eq!(live.leave(), (Some(0), String::new()));

    let mut live = Live::start(&endless);
    assert!(live.line().is_some());
    let ended = std::process::Command::new("kill")
        .arg(live.id().to_string())
        .status()
        .unwrap();
    assert!(ended.success());
    while live.line().is_some() {}
    assert_eq!(live.leave(), (Some(0), String::new()));
}
