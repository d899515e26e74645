//! From nothing to answers: a miniature training run, exported and evaluated; the same run killed
//! again and again; and what the trainer refuses.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use evenkeel_tests::clips::{write_csv, write_tone};
use evenkeel_tests::packages::sha256;
use evenkeel_tests::{evaluate, miniature, program, run};
use tempfile::TempDir;

#[test]
fn slow_a_miniature_run_is_trained_exported_and_evaluated() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    run(&mut miniature::fit(folder.path())).fine();
    let epochs = fs::read_to_string(at("run/metrics.jsonl")).unwrap();
    assert_eq!(epochs.lines().count(), miniature::EPOCHS, "{epochs}");
    assert!(
        epochs.contains("\"rotation\":{"),
        "it never rotated: {epochs}"
    );

    run(&mut miniature::export(folder.path())).fine();
    run(program("evenkeel").arg("inspect").arg(at("model")))
        .fine()
        .says(&["miniature", "rollingq", "golden"]);

    run(program("evenkeel-train")
        .args([
            "data", "clips", "digits", "--source", "made", "--split", "test",
        ])
        .args(["--seed", "3", "--count", "22", "--out"])
        .arg(at("clips")))
    .fine();
    evaluate(&at("clips"), &at("model"))
        .fine()
        .says(&["accuracy", "22"]);

    // A checkpoint with a weight that is not a number is not exported, and what was exported before
    // stays as it was.
    let before = sha256(&at("model/SHA256SUMS"));
    let weights = at("run/best.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&weights, bytes).unwrap();
    run(&mut miniature::export(folder.path())).refuses(1, &["best.safetensors", "finite"]);
    assert_eq!(sha256(&at("model/SHA256SUMS")), before);
}

#[test]
fn slow_a_killed_run_ends_with_the_same_weights_as_one_that_was_left_alone() {
    let alone = TempDir::new().unwrap();
    run(&mut miniature::fit(alone.path())).fine();

    // A checkpoint after every step, so that the run goes on in the middle of an epoch.
    let killed = TempDir::new().unwrap();
    let fit = || {
        let mut command = miniature::fit(killed.path());
        command.args(["--checkpoint-seconds", "0"]);
        command
    };
    let mut kills = 0;
    for epochs in 1..miniature::EPOCHS {
        let mut child = fit()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if wait_for_a_step_after(&killed.path().join("run"), epochs, &mut child) {
            // Each time a little later, so that the kill falls into different moments: a step,
            // saving, validation.
            std::thread::sleep(Duration::from_millis(7 * epochs as u64));
            kills += usize::from(child.try_wait().unwrap().is_none());
            // SIGKILL: nothing is told to the program.
            child.kill().unwrap();
        }
        child.wait().unwrap();
    }
    assert!(
        kills >= 3,
        "the run ended before it could be killed ({kills} kills)"
    );
    run(&mut fit()).fine();

    for name in [
        "best.safetensors",
        "checkpoint.safetensors",
        "metrics.jsonl",
    ] {
        let file = |folder: &TempDir| sha256(&folder.path().join("run").join(name));
        assert_eq!(file(&killed), file(&alone), "{name} after {kills} kills");
    }
}

/// Whether the run writes down at least so many epochs, and then a checkpoint inside the next, before
/// the program ends.
fn wait_for_a_step_after(run: &Path, epochs: usize, child: &mut Child) -> bool {
    let (metrics, checkpoint) = (
        run.join("metrics.jsonl"),
        run.join("checkpoint.safetensors"),
    );
    let written = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        let found = fs::read_to_string(&metrics).map_or(0, |text| text.lines().count());
        if found >= epochs && written(&checkpoint) > written(&metrics) {
            return true;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(300),
            "no epoch ended in five minutes"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
fn a_configuration_with_a_mistake_names_it() {
    let folder = TempDir::new().unwrap();
    let config = miniature::write_config(folder.path());
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("depth = 1", "dephts = 1")).unwrap();
    run(&mut miniature::fit_config(folder.path(), &config))
        .refuses(1, &["miniature.toml", "dephts"]);
    assert!(!folder.path().join("run").exists(), "a run was begun");
}

#[test]
fn a_list_of_clips_that_cannot_be_trained_on_is_refused_before_training() {
    let folder = TempDir::new().unwrap();
    write_tone(&folder.path().join("a.wav"), 1.5);
    let lines = [
        "path,label,split",
        "a.wav,one,train",
        "gone.wav,two,train",
        "lost.wav,two,test",
    ];
    write_csv(&folder.path().join("clips.csv"), &lines);
    let config = miniature::write_clips_config(folder.path(), "clips.csv");
    run(&mut miniature::fit_config(folder.path(), &config)).refuses(1, &["gone.wav"]);
    assert!(!folder.path().join("run").exists(), "a run was begun");
}

#[test]
fn exporting_what_is_no_run_names_the_folder() {
    let folder = TempDir::new().unwrap();
    run(&mut miniature::export(folder.path())).refuses(1, &["run"]);
    assert!(!folder.path().join("model").exists());
}
