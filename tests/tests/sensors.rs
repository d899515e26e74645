//! Three sensors from nothing to answers: trained on made digits and a simulated pen, exported, and evaluated
//! with all of them and with each one lost; then on clips with files beside them.

use std::fs;
use std::path::Path;
use std::process::Command;

use evenkeel_tests::{evaluate, miniature, program, run};
use serde_json::Value;
use tempfile::TempDir;

fn evaluated(folder: &Path, without: &[&str]) -> Value {
    let mut command: Command = program("evenkeel");
    command.arg("evaluate").arg(folder.join("clips/clips.csv"));
    command
        .arg("--model")
        .arg(folder.join("model"))
        .arg("--json");
    for sensor in without {
        command.args(["--without", sensor]);
    }
    let text = run(&mut command).fine().stdout;
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn slow_three_sensors_are_trained_exported_and_evaluated_with_each_one_lost() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let config = miniature::write_three_sensors(folder.path());
    run(&mut miniature::fit_config(folder.path(), &config)).fine();
    let epochs = fs::read_to_string(at("run/metrics.jsonl")).unwrap();
    assert!(epochs.contains(r#""weights":{"audio":"#), "{epochs}");
    assert!(epochs.contains(r#""cosines":{"audio":"#), "{epochs}");
    let result: Value =
        serde_json::from_str(&fs::read_to_string(at("run/result.json")).unwrap()).unwrap();
    for loss in ["noise", "absent"] {
        assert!(result[loss]["signal"]["accuracy"].is_number(), "{loss}");
    }
    assert!(result["shapley"]["value"]["signal"].is_number());

    run(&mut miniature::export(folder.path())).fine();
    run(program("evenkeel").arg("inspect").arg(at("model")))
        .fine()
        .says(&["signal.onnx", "accelerometer, 3 channel(s)", "match"]);
    run(program("evenkeel")
        .args(["bench", "--windows", "5"])
        .arg(at("model")))
    .fine()
    .says(&["signal encoder", "all graphs"]);

    run(program("evenkeel-train")
        .args([
            "data",
            "clips",
            "digits",
            "--source",
            "made",
            "--accelerometer",
        ])
        .args(["--seed", "3", "--count", "22", "--out"])
        .arg(at("clips")))
    .fine();
    assert!(at("clips/zero").read_dir().unwrap().any(|file| {
        let name = file.unwrap().file_name();
        name.to_string_lossy().ends_with(".signal.csv")
    }));

    let whole = evaluated(folder.path(), &[]);
    assert_eq!(whole["summary"]["answered"], 22);
    let shares = &whole["summary"]["attention_with_both"];
    let parts = ["class_token", "audio", "camera", "signal"];
    let sum: f64 = parts
        .map(|part| shares[part].as_f64().unwrap())
        .iter()
        .sum();
    assert!((sum - 1.0).abs() < 1e-3, "{shares}");
    for lost in ["audio", "camera", "signal"] {
        let left = evaluated(folder.path(), &[lost]);
        assert_eq!(left["summary"]["answered"], 22);
        assert_eq!(left["summary"]["absent"][lost], 22);
        // A share of zero of a further sensor is left out.
        let share = left["summary"]["attention"][lost].as_f64().unwrap_or(0.0);
        assert_eq!(share, 0.0, "{lost}");
    }
    let only = evaluated(folder.path(), &["audio", "camera"]);
    assert_eq!(only["summary"]["answered"], 22);
    evaluate(&at("clips/clips.csv"), &at("model"))
        .fine()
        .says(&[
            "accelerometer alone",
            "clips with all sensors",
            "accelerometer",
        ]);

    // A broken reading costs its own clip, and is named with its line.
    let broken = fs::read_dir(at("clips/one")).unwrap().find_map(|file| {
        let path = file.unwrap().path();
        path.to_string_lossy()
            .ends_with(".signal.csv")
            .then_some(path)
    });
    let broken = broken.expect("there is a clip of a one");
    let text = fs::read_to_string(&broken).unwrap();
    fs::write(&broken, text.replacen('\n', "\n0.0,a,b,c\n", 1)).unwrap();
    let outcome = evaluate(&at("clips/clips.csv"), &at("model"));
    assert_eq!(outcome.code, 3, "{}", outcome.text());
    outcome.says(&[
        ".signal.csv: line 2",
        "`a`",
        "1 clip could not be evaluated",
    ]);
}

#[test]
fn a_sensor_that_the_model_does_not_have_cannot_be_taken_away() {
    let model = evenkeel_tests::root().join("models/digits");
    let clips = evenkeel_tests::root().join("clips/demo");
    let evaluate = |sensor: &str| {
        run(program("evenkeel")
            .arg("evaluate")
            .arg(&clips)
            .arg("--model")
            .arg(&model)
            .args(["--without", sensor]))
    };
    evaluate("signal").refuses(1, &["--without signal", "no such sensor"]);
    evaluate("radar").refuses_usage(&["radar", "camera2"]);
    evaluate("audio").fine().says(&["microphone marked absent"]);
}
