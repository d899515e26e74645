//! What a newcomer does first: the shipped model, on the demonstration clips.

use evenkeel_tests::{evaluate, packages, program, root, run};

#[test]
fn the_shipped_package_is_whole_and_answers_its_golden_windows() {
    let package = packages::shipped();
    run(program("evenkeel").arg("inspect").arg(&package))
        .fine()
        .says(&["digits", "rollingq", "golden"]);
}

#[test]
fn the_shipped_package_is_small() {
    let bytes: u64 = ["audio.onnx", "camera.onnx", "fusion.onnx"]
        .iter()
        .map(|file| packages::shipped().join(file).metadata().unwrap().len())
        .sum();
    assert!(bytes < 4_000_000, "the shipped graphs have {bytes} bytes");
}

#[test]
fn the_demonstration_clips_are_evaluated_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let outcome = run(program("evenkeel")
        .arg("evaluate")
        .arg(root().join("clips/demo"))
        .arg("--model")
        .arg(packages::shipped())
        .arg("--each")
        .arg("--report")
        .arg(&report))
    .fine()
    .says(&["accuracy", "nothing", "audio", "camera"]);
    assert!(
        outcome.stdout.contains(report.to_str().unwrap()),
        "the path of the report is not named:\n{}",
        outcome.stdout
    );
    let endings: Vec<_> = std::fs::read_dir(&report)
        .unwrap()
        .filter_map(|entry| entry.unwrap().path().extension().map(|e| e.to_owned()))
        .collect();
    assert!(
        endings.iter().any(|ending| ending == "svg"),
        "the report has no picture"
    );
    assert!(
        endings.iter().any(|ending| ending == "json"),
        "the report has no numbers"
    );
}

#[test]
fn a_bench_gives_figures_for_every_graph() {
    run(program("evenkeel").arg("bench").arg(packages::shipped()))
        .fine()
        .says(&["audio", "camera", "fusion", "ms"]);
}

#[test]
fn a_sensor_that_a_clip_lacks_is_reported_as_absent() {
    use evenkeel_tests::clips::{write_csv, write_picture, write_tone, write_video};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_tone(&at("sound.wav"), 1.5);
    write_picture(&at("picture.png"));
    write_video(&at("silent.mp4"), false);
    write_video(&at("both.mp4"), true);
    write_csv(
        &at("clips.csv"),
        &[
            "path,label",
            "sound.wav,one",
            "picture.png,one",
            "silent.mp4,two",
            "both.mp4,two",
        ],
    );
    evaluate(&at("clips.csv"), &packages::shipped())
        .fine()
        .says(&["absent", "audio", "camera"]);
}
