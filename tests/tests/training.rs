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

    let killed = TempDir::new().unwrap();
    let progress = killed.path().join("run/metrics.jsonl");
    let mut kills = 0;
    // Each time a little later after the next epoch was written down, so that the kill falls into
    // different moments: training, validation, saving.
    for epochs in 1..miniature::EPOCHS {
        let mut child = miniature::fit(killed.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if wait_for_lines(&progress, epochs, &mut child) {
            std::thread::sleep(Duration::from_millis(17 * epochs as u64));
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
    run(&mut miniature::fit(killed.path())).fine();

    let weights = "run/best.safetensors";
    assert_eq!(
        sha256(&killed.path().join(weights)),
        sha256(&alone.path().join(weights)),
        "after {kills} kills"
    );
}

/// Whether `path` has at least `lines` lines before the program ends.
fn wait_for_lines(path: &Path, lines: usize, child: &mut Child) -> bool {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        let found = fs::read_to_string(path).map_or(0, |text| text.lines().count());
        if found >= lines {
            return true;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(300),
            "no epoch ended in five minutes"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn a_configuration_with_a_mistake_names_it() {
    let folder = TempDir::new().unwrap();
    let config = miniature::write_config(folder.path());
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("depth = 1", "dephts = 1")).unwrap();
    let out = folder.path().join("run");
    run(program("evenkeel-train")
        .args(["fit", "--config"])
        .arg(&config)
        .arg("--out")
        .arg(&out))
    .refuses(1, &["miniature.toml", "dephts"]);
    assert!(!out.exists(), "a run was begun");
}

#[test]
fn a_list_of_clips_that_cannot_be_trained_on_is_refused_before_training() {
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("clips.csv");
    write_tone(&folder.path().join("a.wav"), 1.5);
    write_csv(&list, &["path,label", "a.wav,one", "gone.wav,two"]);
    let config = miniature::write_config(folder.path());
    let text = fs::read_to_string(&config).unwrap();
    let (_, rest) = text.split_once("[model]").unwrap();
    let data = format!("[data]\nseed = 3\n\n[data.clips]\npath = {list:?}\n\n[model]");
    fs::write(&config, data + rest).unwrap();
    let out = folder.path().join("run");
    run(program("evenkeel-train")
        .args(["fit", "--config"])
        .arg(&config)
        .arg("--out")
        .arg(&out))
    .refuses(1, &["gone.wav"]);
    assert!(!out.join("best.safetensors").exists());
}

#[test]
fn exporting_what_is_no_run_names_the_folder() {
    let folder = TempDir::new().unwrap();
    run(&mut miniature::export(folder.path())).refuses(1, &["run"]);
    assert!(!folder.path().join("model").exists());
}
