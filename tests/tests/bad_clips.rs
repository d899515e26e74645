//! Broken clips and lists: named in one sentence, and in the exit code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use evenkeel_tests::clips::{truncate, write_csv, write_picture, write_tone, write_video};
use evenkeel_tests::{Outcome, evaluate, packages};
use tempfile::TempDir;

/// A folder with good clips in it: `good.wav`, `good.png`, `good.mp4`.
struct Clips(TempDir);

impl Clips {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        write_tone(&folder.path().join("good.wav"), 1.5);
        write_picture(&folder.path().join("good.png"));
        write_video(&folder.path().join("good.mp4"), true);
        Self(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Evaluates a CSV file of `lines` with the shipped model.
    #[track_caller]
    fn evaluate(&self, lines: &[&str]) -> Outcome {
        let list = self.at("clips.csv");
        write_csv(&list, lines);
        evaluate(&list, &packages::shipped())
    }
}

/// Makes `name` in a folder by `make`, lists it after a good clip, and expects it to be named while
/// the good one is evaluated.
#[track_caller]
fn named(name: &str, make: impl FnOnce(&Path), parts: &[&str]) {
    let clips = Clips::new();
    make(&clips.at(name));
    let bad = format!("{name},two");
    let mut expected = vec![name];
    expected.extend(parts);
    clips
        .evaluate(&["path,label", "good.mp4,one", &bad])
        .refuses(3, &expected);
}

#[test]
fn a_truncated_wav() {
    named(
        "cut.wav",
        |path| {
            write_tone(path, 1.5);
            truncate(path);
        },
        &["cut short", "record it again"],
    );
}

#[test]
fn a_wav_of_no_length() {
    named(
        "empty.wav",
        |path| write_tone(path, 0.0),
        &["no sound", "record it again"],
    );
}

#[test]
fn a_truncated_jpeg() {
    named(
        "cut.jpg",
        |path| {
            write_picture(path);
            truncate(path);
        },
        &["cut short", "take it again"],
    );
}

#[test]
fn a_file_of_no_bytes() {
    named(
        "nothing.mp4",
        |path| fs::write(path, []).unwrap(),
        &["empty", "record it again"],
    );
}

#[test]
fn a_truncated_video() {
    named(
        "cut.mp4",
        |path| {
            write_video(path, true);
            truncate(path);
        },
        &["ffmpeg cannot read it", "moov atom not found", "record it"],
    );
}

#[test]
fn a_missing_clip() {
    named("gone.mp4", |_| (), &["no such file", "check the path"]);
}

#[test]
fn a_file_that_is_no_clip() {
    named(
        "notes.mp4",
        |path| fs::write(path, "to do: record").unwrap(),
        &["ffmpeg cannot read it", "check that it plays"],
    );
}

#[test]
fn a_video_file_without_a_video_track_is_heard() {
    let clips = Clips::new();
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(clips.at("good.mp4"))
        .args(["-vn", "-c:a", "copy"])
        .arg(clips.at("blind.mp4"))
        .status()
        .unwrap();
    assert!(made.success());
    clips
        .evaluate(&["path,label", "blind.mp4,one"])
        .fine()
        .says(&["1 clip without picture", "camera marked absent"]);
}

#[test]
fn files_that_are_no_clips_are_counted() {
    let clips = Clips::new();
    fs::create_dir_all(clips.at("class/one")).unwrap();
    write_tone(&clips.at("class/one/a.wav"), 1.5);
    fs::write(clips.at("class/one/b.webp"), "").unwrap();
    evaluate(&clips.at("class"), &packages::shipped())
        .fine()
        .says(&["left out 1 file", "b.webp", "convert"]);
}

/// Noticed at once, and not after hours of work.
#[test]
fn a_report_folder_that_cannot_be_made() {
    let clips = Clips::new();
    let outcome = evenkeel_tests::run(
        evenkeel_tests::program("evenkeel")
            .arg("evaluate")
            .arg(clips.at("good.wav"))
            .arg("--model")
            .arg(packages::shipped())
            .arg("--report")
            .arg(clips.at("good.png/report")),
    );
    assert_eq!(outcome.stdout, "");
    outcome.refuses(1, &["report", "good.png", "choose a folder"]);
}

#[test]
fn a_class_that_the_model_does_not_know() {
    let clips = Clips::new();
    clips
        .evaluate(&["path,label", "good.mp4,one", "good.wav,eleventy"])
        .refuses(
            1,
            &[
                "clips.csv line 3",
                "good.wav",
                "eleventy",
                "correct the label",
            ],
        );
}

#[test]
fn a_list_without_the_columns_it_needs() {
    let clips = Clips::new();
    clips
        .evaluate(&["file,class", "good.mp4,one"])
        .refuses(1, &["clips.csv", "path"]);
}

#[test]
fn a_list_that_is_not_there() {
    let clips = Clips::new();
    evaluate(&clips.at("nowhere.csv"), &packages::shipped()).refuses(1, &["nowhere.csv"]);
}

#[test]
fn wrong_usage_has_an_exit_code_of_its_own() {
    let outcome = evenkeel_tests::run(evenkeel_tests::program("evenkeel").arg("levitate"));
    assert_eq!(outcome.code, 2, "{}", outcome.text());
}

/// A thousand clips, three of them bad: the rest is evaluated, the three are listed.
#[test]
fn slow_three_bad_clips_among_a_thousand_do_not_stop_the_evaluation() {
    let clips = Clips::new();
    write_tone(&clips.at("cut.wav"), 1.5);
    truncate(&clips.at("cut.wav"));
    fs::write(clips.at("nothing.png"), []).unwrap();
    let mut lines = vec!["audio,image,label"];
    lines.extend(std::iter::repeat_n("good.wav,good.png,one", 997));
    lines.insert(10, "cut.wav,good.png,two");
    lines.insert(500, "good.wav,nothing.png,two");
    lines.push("gone.wav,good.png,two");
    let outcome = clips.evaluate(&lines);
    assert_eq!(outcome.code, 3, "{}", outcome.text());
    outcome.says(&["accuracy", "997", "cut.wav", "nothing.png", "gone.wav"]);
}
