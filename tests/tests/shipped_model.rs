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
    run(program("evenkeel")
        .arg("evaluate")
        .arg(root().join("clips/demo"))
        .arg("--model")
        .arg(packages::shipped())
        .arg("--each")
        .arg("--report")
        .arg(&report))
    .fine()
    .says(&[
        "accuracy",
        "nothing",
        "microphone alone",
        "camera alone",
        "attention",
    ]);
    for file in ["results.csv", "summary.json", "summary.svg"] {
        assert!(report.join(file).exists(), "the report has no {file}");
    }
    let summary = std::fs::read_to_string(report.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let (right, clips) = (
        summary["summary"]["fused"]["correct"].as_u64().unwrap(),
        summary["summary"]["fused"]["total"].as_u64().unwrap(),
    );
    assert!(clips >= 12, "{clips} clips");
    // The voices are synthetic, which the model has never met, so not every answer has to be right.
    assert!(3 * right >= 2 * clips, "{right} of {clips} right");
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
        .says(&[
            "1 clip without picture: evaluated with the camera marked absent",
            "2 clips without sound: evaluated with the microphone marked absent",
        ]);
}
