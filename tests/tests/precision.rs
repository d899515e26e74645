//! Packages in fewer bits and untrained ones, from the command line.

use std::path::Path;

use evenkeel_tests::packages::{replace, seal, shipped};
use evenkeel_tests::{program, root, run};

/// The shipped package in `precision`, measured on the demonstration clips.
fn convert(precision: &str, out: &Path) -> std::process::Command {
    let mut command = program("evenkeel-train");
    command
        .args(["convert", "models/digits", "--precision", precision])
        .args(["--clips", "clips/demo", "--out"])
        .arg(out);
    command
}

fn graph_bytes(package: &Path) -> u64 {
    ["audio.onnx", "camera.onnx", "fusion.onnx"]
        .iter()
        .map(|file| package.join(file).metadata().unwrap().len())
        .sum()
}

#[test]
fn the_shipped_model_in_fewer_bits_is_smaller_and_works() {
    let folder = tempfile::tempdir().unwrap();
    for (precision, share) in [("f16", 0.55), ("int8", 0.32)] {
        let package = folder.path().join(precision);
        run(&mut convert(precision, &package))
            .fine()
            .says(&["drift", "36 answers"]);
        let smaller = graph_bytes(&package) as f64 / graph_bytes(&shipped()) as f64;
        assert!(smaller < share, "{precision}: {smaller}");
        run(program("evenkeel").arg("inspect").arg(&package))
            .fine()
            .says(&[&format!("weights   in {precision}"), "match"]);
        run(program("evenkeel")
            .arg("evaluate")
            .arg("clips/demo")
            .arg("--model")
            .arg(&package))
        .fine();
    }
}

#[test]
fn more_drift_than_is_allowed_is_neither_written_nor_believed() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("int8");
    run(convert("int8", &package).args(["--drift", "0.0001"])).refuses(
        1,
        &[
            "0.0001 is allowed",
            "farthest off are",
            "nothing was written",
        ],
    );
    assert!(!package.exists());
    run(&mut convert("int8", &package)).fine();
    replace(
        &package,
        "model.toml",
        "probability = 0.05",
        "probability = 0.00001",
    );
    seal(&package);
    run(program("evenkeel").arg("inspect").arg(&package)).refuses(1, &["answers differently"]);
}

#[test]
fn a_model_is_weighed_and_timed_before_it_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("small");
    let config = root().join("trainer/configs/presets.toml");
    let size = run(program("evenkeel-train")
        .arg("size")
        .arg("--config")
        .arg(config)
        .args(["--set", "model.preset=nano", "--json", "--out"])
        .arg(&package))
    .fine();
    let size: serde_json::Value = serde_json::from_str(&size.stdout).unwrap();
    let bench =
        run(program("evenkeel")
            .arg("bench")
            .arg(&package)
            .args(["--windows", "5", "--json"]));
    let bench: serde_json::Value = serde_json::from_str(&bench.fine().stdout).unwrap();
    for key in ["parameters", "multiply_accumulates"] {
        assert!(size[key].as_u64().unwrap() > 200_000, "{size}");
        assert_eq!(size[key], bench[key], "{key}");
    }
}
