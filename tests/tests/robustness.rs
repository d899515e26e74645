//! A model under every corruption: the report, a run that is cut off, two reports side by side, and a
//! miniature study.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use evenkeel_tests::{Outcome, miniature, packages, program, root, run};
use serde_json::Value;
use tempfile::TempDir;

/// `evenkeel evaluate` of the demonstration clips under some corruptions.
fn corrupted(which: &str, report: &Path) -> Command {
    let mut command = program("evenkeel");
    command
        .arg("evaluate")
        .arg(root().join("clips/demo"))
        .arg("--model")
        .arg(packages::shipped())
        .args(["--corruptions", which, "--report"])
        .arg(report);
    command
}

fn summary(report: &Path) -> Value {
    let text = fs::read_to_string(report.join("summary.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn slow_every_corruption_is_tried_and_reported() {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("report");
    run(corrupted("standard", &report).arg("--quick"))
        .fine()
        .says(&["clean", "audio/silence", "camera/stuck", "report.html"]);
    let found = summary(&report);
    for key in ["fused", "audio", "camera"] {
        let accuracy = found["clean"][key].as_f64().unwrap();
        assert!(accuracy > 0.5, "{key} {accuracy}");
    }
    let cells = found["cells"].as_array().unwrap();
    // 24 kinds of the camera and 16 of the microphone at three severities, and the two missing.
    assert_eq!(cells.len(), 3 * 40 + 2);
    for cell in cells {
        let (fused, alone) = (&cell["fused"], &cell["healthy_alone"]);
        let margin = fused.as_f64().unwrap() - alone.as_f64().unwrap();
        assert!((cell["margin"].as_f64().unwrap() - margin).abs() < 1e-9);
        assert!(["training", "held-out"].contains(&cell["group"].as_str().unwrap()));
    }
    assert!(found["keel"]["worst"].as_f64().unwrap() <= found["keel"]["mean"].as_f64().unwrap());
    assert!(found["calibration"]["ece"].as_f64().is_some());
    let groups = |group: &str| cells.iter().filter(|cell| cell["group"] == group).count();
    assert!(groups("training") > 0 && groups("held-out") > 0);

    let rows = fs::read_to_string(report.join("results.csv")).unwrap();
    // A clean row for each clip, and the pairs of both sensors too.
    assert_eq!(rows.lines().count(), 1 + 12 * (1 + 3 * 40 + 2 + 3 * 5));
    let page = fs::read_to_string(report.join("report.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("http"));
}

#[test]
fn slow_a_run_that_was_cut_off_goes_on_and_another_one_is_refused() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    run(&mut corrupted("standard", &whole)).fine();

    // As a power cut leaves it: some clips are done.
    let mut child = corrupted("standard", &cut)
        .args(["--threads", "1"])
        .spawn()
        .unwrap();
    let partial = cut.join("partial.jsonl");
    // The first line says which run it is.
    let lines = || fs::read_to_string(&partial).map_or(0, |text| text.lines().count());
    while lines() < 3 {
        assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!cut.join("summary.json").exists());
    // And half a line.
    let text = fs::read_to_string(&partial).unwrap();
    fs::write(&partial, &text[..text.len() - 40]).unwrap();

    run(corrupted("standard", &cut).arg("--seed=1")).refuses(1, &["partial.jsonl", "another"]);
    run(&mut corrupted("standard", &cut)).fine();
    assert!(!partial.exists());
    for file in ["summary.json", "results.csv", "report.html"] {
        let read = |folder: &Path| fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(read(&cut), read(&whole), "{file}");
    }
}

#[test]
fn two_reports_stand_side_by_side() {
    let folder = TempDir::new().unwrap();
    let (soft, none) = (folder.path().join("soft"), folder.path().join("none"));
    let kinds = "camera/stuck,audio/silence";
    run(&mut corrupted(kinds, &soft)).fine();
    run(corrupted(kinds, &none).args(["--policy", "none"])).fine();
    let compare = |more: &[&str]| -> Outcome {
        run(program("evenkeel")
            .arg("compare")
            .arg(&soft)
            .arg(&none)
            .args(more))
    };
    compare(&[]).fine().says(&["clean", "keel", "stuck"]);
    serde_json::from_str::<Value>(&compare(&["--json"]).fine().stdout).unwrap();
    run(program("evenkeel")
        .arg("compare")
        .arg(&soft)
        .arg(folder.path()))
    .refuses(1, &["summary.json", "evaluate"]);
}

#[test]
fn what_cannot_be_corrupted_is_refused_before_anything_is_done() {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("report");
    run(&mut corrupted("camera/gremlins", &report)).refuses_usage(&["gremlins", "camera/fog"]);
    run(corrupted("camera/fog", &report).args(["--policy", "hard"]))
        .refuses_usage(&["hard", "soft"]);
    run(corrupted("camera/fog", &report)
        .arg("--noise")
        .arg(folder.path()))
    .refuses(1, &["no noise", "rain"]);
    assert!(!report.exists());
}

#[test]
fn slow_a_miniature_study_trains_and_measures_every_corruption() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    miniature::write_config(folder.path());
    fs::write(
        at("study.toml"),
        r#"
base = "miniature.toml"
seeds = [3]

[robustness]
main = "rollingq"
vanilla = "attention"
clips = 6
background = 20

[robustness.layers]
"rotation" = "attention"

[[method]]
name = "audio only"
set = ["model.fusion=audio", "training.epochs=1"]

[[method]]
name = "camera only"
set = ["model.fusion=camera", "training.epochs=1"]

[[method]]
name = "attention"
set = ["model.fusion=attention", "training.epochs=1"]

[[method]]
name = "rollingq"
set = ["model.fusion=rollingq", "training.epochs=2"]
"#,
    )
    .unwrap();
    let study = |more: &[&str]| {
        run(program("evenkeel-train")
            .args(["study", "--config"])
            .arg(at("study.toml"))
            .arg("--out")
            .arg(at("runs"))
            .arg("--results")
            .arg(at("results"))
            .args(more))
    };
    study(&[]).fine().says(&[
        "The keel",
        "policy mask",
        "health mask",
        "rotation",
        "Calibration",
        "false alarms per hour",
    ]);
    let found = fs::read_to_string(at("results/robustness-3.json")).unwrap();
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["summary"]["clips"], 6);
    assert_eq!(found["background"]["windows"], 20);
    let faults = found["faults"]["faults"].as_array().unwrap();
    let noticed = |name: &str| {
        let worst = |fault: &&Value| fault["corruption"] == name && fault["severity"] == 5;
        let fault = faults.iter().find(worst).unwrap();
        fault["noticed"].as_u64().unwrap() as f64 / fault["trials"].as_u64().unwrap() as f64
    };
    for name in [
        "camera/covered",
        "camera/stuck",
        "audio/silence",
        "audio/missing",
    ] {
        assert!(noticed(name) > 0.9, "{name} {}", noticed(name));
    }
    // Nothing is computed again, and the same table comes of it.
    let table = fs::read_to_string(at("results/robustness.md")).unwrap();
    study(&["--table-only"]).fine();
    assert_eq!(
        fs::read_to_string(at("results/robustness.md")).unwrap(),
        table
    );
    // In parts it is the same work: one of them is all that is there, and the others have nothing to do.
    fs::remove_file(at("results/robustness.md")).unwrap();
    study(&["--shard", "2/2"]).fine();
    study(&["--shard", "1/2"]).fine();
    assert!(!at("results/robustness.md").exists());
    study(&["--merge"]).fine();
    assert_eq!(
        fs::read_to_string(at("results/robustness.md")).unwrap(),
        table
    );
    // A result of another recipe is no result of this study.
    let text = fs::read_to_string(at("study.toml")).unwrap();
    fs::write(at("study.toml"), text.replace("clips = 6", "clips = 7")).unwrap();
    study(&["--table-only"]).refuses(1, &["robustness-3.json", "another configuration"]);
}

#[test]
fn slow_parts_of_an_evaluation_come_to_the_same_report_as_the_whole() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let which = "camera/covered,audio/rain";
    run(&mut corrupted(which, &at("whole"))).fine();
    for part in ["1", "2"] {
        let shard = format!("{part}/2");
        run(corrupted(which, &at(part)).args(["--shard", &shard]))
            .fine()
            .says(&["6 clips done", "--merge"]);
        assert!(!at(part).join("report.html").exists());
    }
    let merge = || corrupted(which, &at("merged"));
    run(merge().arg("--merge").arg(at("1")).arg(at("2"))).fine();
    for file in ["results.csv", "summary.json", "report.html"] {
        let read = |report: &str| fs::read(at(report).join(file)).unwrap();
        assert!(read("merged") == read("whole"), "{file} differs");
    }
    // A part that was forgotten is named, and done.
    run(corrupted(which, &at("again")).arg("--merge").arg(at("1")))
        .fine()
        .says(&["6 clips in none of the parts"]);
    run(merge().arg("--merge").arg(at("3"))).refuses(1, &["3", "do that part first"]);
    run(corrupted("camera/fog", &at("other"))
        .arg("--merge")
        .arg(at("1")))
    .refuses(1, &["other clips, models or corruptions"]);
}
