//! The data sets of the RollingQ paper, a few small clips of each in the layout of its makers: checked,
//! trained on, exported.

use std::fs;
use std::path::Path;
use std::process::Command;

use evenkeel_tests::{miniature, program, run};
use tempfile::TempDir;

/// A video of a second and a half, unlike every other number's: noise, under a tone if there is to be sound.
fn write_clip(path: &Path, number: usize, with_sound: bool) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let noise = format!(
        "color=c=gray:size=64x48:rate=5:duration=1.5,noise=alls=80:allf=t:all_seed={}",
        100 * number + 1
    );
    let tone = format!(
        "sine=frequency={}:duration=1.5:sample_rate=16000",
        200 + 37 * number
    );
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y", "-f", "lavfi", "-i", &noise]);
    if with_sound {
        ffmpeg.args(["-f", "lavfi", "-i", &tone]);
    }
    let status = ffmpeg.args(["-threads", "1"]).arg(path).status();
    assert!(
        status.expect("ffmpeg is installed").success(),
        "ffmpeg could not make {}",
        path.display()
    );
}

/// A tone of a second and a half, unlike every other number's.
fn write_sound(path: &Path, number: usize) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let tone = format!(
        "sine=frequency={}:duration=1.5:sample_rate=16000",
        200 + 37 * number
    );
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", &tone])
        .arg(path)
        .status();
    assert!(status.expect("ffmpeg is installed").success());
}

/// How windows are cut from them.
const WINDOWS: &str =
    "{ window_seconds = 1.28, sample_rate = 8000, frame_rate = 2.0, max_side = 64 }";

/// `evenkeel-train fit` for one epoch, with a cache that goes with the folder.
fn fit(folder: &Path, data: &str) -> Command {
    let config = miniature::write_config_of(folder, data);
    let mut command = miniature::fit_config(folder, &config);
    command
        .env("EVENKEEL_CACHE", folder.join("cache"))
        .args(["--set", "training.epochs=1"]);
    command
}

fn check(folder: &Path) -> Command {
    let mut command = program("evenkeel-train");
    command
        .env("EVENKEEL_CACHE", folder.join("cache"))
        .args(["data", "check", "--config"])
        .arg(folder.join("miniature.toml"));
    command
}

/// Four actors who say one sentence in three emotions.
fn cremad() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut number = 0;
    for actor in 1001..1005 {
        for emotion in ["ANG", "HAP", "SAD"] {
            let name = format!("CREMA-D/AudioWAV/{actor}_DFA_{emotion}_XX.wav");
            write_sound(&folder.path().join(&name), number);
            let name = name
                .replace("AudioWAV", "VideoFlash")
                .replace(".wav", ".flv");
            write_clip(&folder.path().join(name), number, false);
            number += 1;
        }
    }
    folder
}

#[test]
fn cremad_is_trained_on_with_strangers_for_the_test() {
    let folder = cremad();
    let folder = folder.path();
    let data = format!("[data.cremad]\npath = \"CREMA-D\"\nwindows = {WINDOWS}\n");
    let outcome = run(&mut fit(folder, &data))
        .fine()
        .says(&["test examples right"]);
    assert!(!outcome.text().contains("warning"), "{}", outcome.text());
    run(&mut check(folder)).says(&["12 clips of 3 classes", "4 speakers", "split by group"]);

    let mut on_a_gpu = fit(folder, &data);
    on_a_gpu.args(["--set", "training.device=cuda:0"]);
    run(&mut on_a_gpu).refuses(1, &["cuda:0", "--features cuda"]);
}

#[test]
fn slow_the_official_split_of_cremad_is_warned_of_at_the_start_in_the_check_and_on_the_card() {
    let folder = cremad();
    let folder = folder.path();
    let rows = |emotions: [&str; 2]| -> String {
        (1001..1005)
            .flat_map(|actor| emotions.map(|e| format!("{actor}_DFA_{e}_XX,{e}\n")))
            .collect()
    };
    fs::write(folder.join("train.csv"), rows(["ANG", "HAP"])).unwrap();
    fs::write(
        folder.join("test.csv"),
        "1001_DFA_SAD_XX,SAD\n1009_DFA_SAD_XX,SAD\n",
    )
    .unwrap();
    let data = format!(
        "[data.cremad]\npath = \"CREMA-D\"\nwindows = {WINDOWS}\nofficial = {{ train = \"train.csv\", test = \"test.csv\" }}\n"
    );
    run(&mut fit(folder, &data)).refuses(1, &["\"sadness\"", "is for training"]);

    fs::write(
        folder.join("train.csv"),
        rows(["ANG", "HAP"]) + "1002_DFA_SAD_XX,SAD\n1003_DFA_SAD_XX,SAD\n1004_DFA_SAD_XX,SAD\n",
    )
    .unwrap();
    let warnings = [
        "shares its actors",
        "speakers are in several splits",
        "1 of 13 listed clips are not there, the first AudioWAV/1009_DFA_SAD_XX.wav",
    ];
    run(&mut fit(folder, &data)).fine().says(&warnings);
    run(&mut check(folder)).says(&["shares its actors", "AudioWAV/1009_DFA_SAD_XX.wav"]);
    let mut export = miniature::export(folder);
    run(export.env("EVENKEEL_CACHE", folder.join("cache"))).fine();
    let card = fs::read_to_string(folder.join("model/CARD.md")).unwrap();
    for warning in warnings {
        assert!(card.contains(warning), "{warning}: {card}");
    }

    fs::write(folder.join("test.csv"), "1001_DFA_SAD_XX;SAD\n").unwrap();
    run(&mut fit(folder, &data)).refuses(1, &["test.csv line 1"]);
}

#[test]
fn kinetics_sounds_is_trained_on_with_holes_in_it() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let header = "label,youtube_id,time_start,time_end,split\n";
    let [mut train, mut test] = [header.to_owned(), header.to_owned()];
    for number in 0..10 {
        let (label, id) = (
            ["bowling", "tap dancing"][number % 2],
            format!("video-{number:05}"),
        );
        let row = format!("{label},{id},3,13,any\n");
        match number {
            8.. => test += &row,
            _ => train += &row,
        }
        if number != 5 {
            let name = format!("videos/{label}/{id}_000003_000013.mp4");
            write_clip(&folder.join(name), number, true);
        }
    }
    fs::write(folder.join("train.csv"), train).unwrap();
    fs::write(folder.join("test.csv"), test).unwrap();
    let data = format!(
        "[data.kinetics-sounds]\npath = \"videos\"\nwindows = {WINDOWS}\nlists = {{ train = \"train.csv\", test = \"test.csv\" }}\n"
    );
    run(&mut fit(folder, &data)).fine().says(&[
        "1 of 10 listed clips are not there, the first video-00005_3",
        "2 of the 31 classes",
        "test examples right",
    ]);
    run(&mut check(folder)).says(&["1 clip of the list are not there", "video-00005_3"]);
}

#[test]
fn cmu_mosei_is_trained_on_from_its_raw_videos() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut labels = "video_id,clip_id,text,label\n".to_owned();
    for number in 0..9 {
        let video = ["one", "two", "three"][number / 3];
        let segment = number % 3;
        let name = format!("MOSEI/Raw/Videos/Segmented/Combined/{video}_{segment}.mp4");
        write_clip(&folder.join(name), number, true);
        labels += &format!(
            "{video},{segment},\"well, well\",{}\n",
            number as f32 % 3.0 - 1.0
        );
    }
    fs::write(folder.join("label.csv"), labels).unwrap();
    fs::write(
        folder.join("folds.py"),
        "standard_train_fold = ['one']\nstandard_valid_fold = ['two']\nstandard_test_fold = ['three']\n",
    )
    .unwrap();
    let data = format!(
        "[data.cmu-mosei]\npath = \"MOSEI\"\nlabels = \"label.csv\"\nfolds = \"folds.py\"\nwindows = {WINDOWS}\n"
    );
    run(&mut fit(folder, &data))
        .fine()
        .says(&["does not say who speaks", "test examples right"]);
    run(&mut check(folder)).says(&["9 clips of 2 classes", "does not say who speaks"]);
}
