//! A user's own recordings, in a folder per class beside the configuration: trained on, exported; with
//! a bad one among them; and changed between two sittings.

use std::fs;
use std::path::Path;
use std::process::Command;

use evenkeel_tests::clips::{write_picture, write_tone};
use evenkeel_tests::{miniature, program, run};
use tempfile::TempDir;

/// Clips of each class.
const CLIPS: usize = 6;

/// Two classes of clips, and a configuration that names them as a user would: beside itself.
fn recordings() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (class, seconds) in [("long", 1.5), ("short", 0.6)] {
        let clips = folder.path().join("recordings").join(class);
        fs::create_dir_all(&clips).unwrap();
        for n in 0..CLIPS {
            write_tone(&clips.join(format!("{n}.wav")), seconds);
            write_picture(&clips.join(format!("{n}.png")));
        }
    }
    miniature::write_clips_config(folder.path(), "recordings");
    folder
}

/// With a cache of its own, that goes with the folder.
fn at_home<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    command.env("EVENKEEL_CACHE", folder.join("cache"))
}

fn fit(folder: &Path) -> Command {
    let mut command = miniature::fit_config(folder, &folder.join("miniature.toml"));
    at_home(&mut command, folder).args(["--set", "training.epochs=1"]);
    command
}

#[test]
fn slow_a_folder_beside_the_configuration_is_trained_on_and_exported() {
    let folder = recordings();
    let folder = folder.path();
    run(&mut fit(folder)).fine();
    run(at_home(&mut miniature::export(folder), folder)).fine();
    run(program("evenkeel").arg("inspect").arg(folder.join("model")))
        .fine()
        .says(&["miniature", "long", "short"]);
}

#[test]
fn a_clip_that_cannot_be_read_is_named_and_a_run_keeps_to_its_data() {
    let folder = recordings();
    let folder = folder.path();
    let bad = folder.join("recordings/short/3.png");
    let whole = fs::read(&bad).unwrap();
    fs::write(&bad, "no picture").unwrap();
    let outcome = run(&mut fit(folder));
    assert_eq!(outcome.code, 3, "{}", outcome.text());
    outcome.says(&["1 of 12 clips", "3.png", "test examples right"]);

    fs::write(&bad, whole).unwrap();
    run(&mut fit(folder)).refuses(1, &["run was trained on other clips"]);
}
