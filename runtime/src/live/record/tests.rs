//! Recordings of made-up moments: what is kept, and what happens when the disk gives trouble.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::clip_file::Create;
use super::{Keep, RecordOptions, Recorder};
use crate::clip::{Clip, ClipList, ReadOptions, read_clip};
use crate::live::{Moment, Observer, samples};
use crate::package::Manifest;
use crate::sensor::Clock;
use crate::window::{Frame, SampleRate, Sound, Window};

const LENGTH: u64 = 1280;
const HOP: u64 = 160;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn manifest() -> Manifest {
    crate::package::Package::open(Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../models/digits"
    )))
    .unwrap()
    .manifest
}

/// Numbers that look random and are the same every time.
fn noise(seed: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

/// What noisy sensors give: a microphone of this rate, and a camera that jitters around 10 frames/s.
fn window(start: u64, hz: u32) -> Window {
    let rate = SampleRate::new(hz).unwrap();
    let range = rate.samples_in(ms(start))..rate.samples_in(ms(start + LENGTH));
    let time = |i: u64| 97 * i + noise(i) % 5;
    let frames = (0..10_000)
        .skip_while(|&i| time(i + 1) <= start)
        .take_while(|&i| time(i) < start + LENGTH);
    Window {
        start: ms(start),
        sound: Some(Sound {
            start: rate.duration_of(range.start),
            rate,
            samples: range
                .map(|i| noise(i as u64) as f32 / 2_f32.powi(44) - 0.5)
                .collect(),
        }),
        frames: frames
            .map(|i| Frame {
                time: ms(time(i)),
                width: 34,
                height: 22,
                rgb: (0..34 * 22 * 3).map(|k| noise(i ^ k << 20) as u8).collect(),
            })
            .collect(),
        ..Window::default()
    }
}

fn moment(index: u64) -> Moment {
    let mut moment = samples::seven(2.0);
    moment.index = index;
    moment.start = ms(HOP * index);
    moment.length = ms(LENGTH);
    moment.rates.hop = ms(HOP);
    moment
}

fn options(folder: &Path) -> RecordOptions {
    RecordOptions {
        longest: ms(4000),
        ..RecordOptions::new(folder)
    }
}

fn start(options: &RecordOptions) -> Recorder {
    Recorder::start(options, &manifest(), &Clock::as_fast_as_possible()).unwrap()
}

/// Records windows `range`, each changed by `change`.
fn record(
    options: &RecordOptions,
    range: std::ops::Range<u64>,
    change: impl Fn(u64, &mut Moment, &mut Window),
) {
    let mut recorder = start(options);
    for index in range {
        let (mut moment, mut window) = (moment(index), window(HOP * index, 44_100));
        change(index, &mut moment, &mut window);
        recorder.observe(&moment, &window, &window);
    }
    drop(recorder);
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort();
    files
}

/// As a model's clips are read: smaller and more seldom than these are.
fn read(path: &Path) -> Clip {
    let few = ReadOptions {
        max_side: Some(16),
        frame_rate: Some(10.0),
    };
    read_clip(&ClipList::read(path).unwrap().entries[0], &few).unwrap()
}

fn lines(clip: &Path) -> Vec<serde_json::Value> {
    fs::read_to_string(clip.with_extension("jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A window as it is in a clip that begins at `zero`.
fn moved(mut window: Window, zero: Duration) -> Window {
    window.start -= zero;
    if let Some(sound) = &mut window.sound {
        sound.start = sound.start.saturating_sub(zero);
    }
    for frame in &mut window.frames {
        frame.time = frame.time.saturating_sub(zero);
    }
    window
}

#[test]
fn every_window_lies_in_a_clip_bit_for_bit() {
    for hz in [8000, 44_100, 11_025] {
        let folder = tempfile::tempdir().unwrap();
        record(&options(folder.path()), 3..60, |index, _, raw| {
            *raw = window(HOP * index, hz);
        });
        let clips = files(folder.path(), "mkv");
        // 18 windows fit into four seconds, and the last is the next clip's first.
        assert_eq!(clips.len(), 4, "{clips:?}");
        let mut exact = Vec::new();
        for path in &clips {
            let clip = read(path);
            let lines = lines(path);
            assert!(clip.duration <= ms(4200));
            let zero = ms(HOP * lines[0]["index"].as_u64().unwrap());
            for line in &lines[1..] {
                let index = line["index"].as_u64().unwrap();
                let expected = moved(window(HOP * index, hz), zero);
                assert_eq!(line["clip_s"], expected.start.as_millis() as f64 / 1000.0);
                let found = clip.window_at(expected.start, ms(LENGTH));
                assert_eq!(found, expected, "window {index} of {}", path.display());
                if line["exact"] == true {
                    exact.push(index);
                }
            }
        }
        exact.dedup();
        // The frame on view when all began is older than the clip.
        assert_eq!(exact, Vec::from_iter(4..60));
    }
}

#[test]
fn the_lines_beside_a_clip_say_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    record(&options(folder.path()), 0..3, |index, moment, _| {
        if index == 2 {
            moment.spoiled = vec![(
                "camera/fog".parse().unwrap(),
                crate::corruption::Severity::WORST,
            )];
        }
    });
    let [clip] = &files(folder.path(), "mkv")[..] else {
        panic!()
    };
    let name = clip.file_stem().unwrap().to_string_lossy().into_owned();
    assert_eq!(name, "2025-12-31T23-59-57.686Z");
    let lines = lines(clip);
    assert_eq!((lines.len(), &lines[0]["model"]), (4, &"digits".into()));
    assert_eq!(lines[0]["wall"], "2025-12-31T23:59:57.686Z");
    assert_eq!(lines[0]["sensors"]["audio"]["rate_hz"], 44_100);
    assert_eq!(lines[0]["sensors"]["camera"]["width"], 34);
    assert_eq!(lines[1]["label"], "seven");
    let exact: Vec<_> = lines[1..].iter().map(|line| &line["exact"]).collect();
    assert_eq!(exact, [true, true, false], "fog is not in the clip");
}

#[test]
fn seams_and_other_formats_begin_another_clip() {
    let folder = tempfile::tempdir().unwrap();
    record(&options(folder.path()), 0..12, |index, moment, window| {
        moment.seams = u64::from(index >= 3);
        if index >= 6 {
            window.sound = None;
        }
        if (8..10).contains(&index) {
            window.frames.clear();
        }
    });
    let counts: Vec<_> = files(folder.path(), "mkv")
        .iter()
        .map(|clip| lines(clip).len() - 1)
        .collect();
    assert_eq!(counts, [3, 3, 2, 2]);
    let clip = read(&files(folder.path(), "mkv")[2]);
    assert!(clip.sound.is_none());
    assert_eq!(clip.frames[0].time, Duration::ZERO);
}

#[test]
fn what_is_of_no_interest_is_not_kept() {
    for (keep, kept) in [(Keep::All, 2), (Keep::Events, 2), (Keep::Trouble, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let options = RecordOptions {
            keep,
            ..options(folder.path())
        };
        record(&options, 0..8, |index, moment, _| {
            moment.seams = u64::from(index >= 4);
            if index == 6 {
                moment.answer.health.camera = crate::health::Health::MISSING;
            }
        });
        assert_eq!(files(folder.path(), "mkv").len(), kept, "{keep:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2 * kept);
    }
}

#[test]
fn the_disk_stays_bounded_and_the_newest_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let options = RecordOptions {
        limit: 1 << 20,
        ..options(folder.path())
    };
    fs::write(folder.path().join("mine.txt"), "x").unwrap();
    let mut recorder = start(&options);
    let mut most = 0;
    for index in 0..40 {
        let window = window(HOP * index, 44_100);
        recorder.observe(&moment(index), &window, &window);
        let mut sizes = BTreeMap::new();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            // It may get its name between two looks, or be removed.
            if let Ok(metadata) = fs::metadata(&path) {
                let name = path.to_string_lossy().replace(".partial", "");
                sizes.insert(name, metadata.len());
            }
        }
        most = most.max(sizes.values().sum::<u64>());
    }
    drop(recorder);
    let clips = files(folder.path(), "mkv");
    let sizes: u64 = clips
        .iter()
        .map(|clip| fs::metadata(clip).unwrap().len())
        .sum();
    assert!((1 << 19..1 << 20).contains(&sizes), "{sizes}");
    // A look is not taken at one moment: some may have gone already, and some have come.
    assert!(most < 5 << 18, "{most}");
    let last = lines(clips.last().unwrap());
    assert_eq!(last.last().unwrap()["index"], 39);
    assert!(folder.path().join("mine.txt").exists());
    assert!(clips.iter().all(|clip| !lines(clip).is_empty()));
}

/// Records with files made by `create`, lets the writer come to its end, and returns the notices.
fn trouble(folder: &Path, create: Create, until: u64) -> Vec<String> {
    let clock = Clock::as_fast_as_possible();
    let mut recorder = Recorder::start_with(&options(folder), &manifest(), &clock, create).unwrap();
    let mut notices = Vec::new();
    for index in 0..until {
        let window = window(HOP * index, 44_100);
        recorder.observe(&moment(index), &window, &window);
        notices.extend(recorder.notices());
    }
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while notices.is_empty() && std::time::Instant::now() < deadline {
        std::thread::sleep(ms(1));
        notices.extend(recorder.notices());
    }
    notices
}

#[test]
fn a_full_disk_is_told_once_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let full: Create = |path| {
        let file = File::create_new(path)?;
        match path.to_string_lossy().contains("jsonl") {
            true => OpenOptions::new().write(true).open("/dev/full"),
            false => Ok(file),
        }
    };
    let notices = trouble(folder.path(), full, 60);
    let [notice] = &notices[..] else {
        panic!("{notices:?}")
    };
    assert!(notice.contains("the disk is full"), "{notice}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_goes_away_is_told_and_not_made_again() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("card");
    let gone: Create = |path| {
        fs::remove_dir_all(path.parent().unwrap())?;
        File::create_new(path)
    };
    let notices = trouble(&folder, gone, 3);
    assert!(notices[0].contains("the folder is gone"), "{notices:?}");
    assert!(!folder.exists());
}

#[test]
fn a_folder_that_is_of_no_use_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "x").unwrap();
    let clock = Clock::as_fast_as_possible();
    let Err(error) = Recorder::start(&RecordOptions::new(&path), &manifest(), &clock) else {
        panic!()
    };
    assert!(error.to_string().contains("choose a folder"), "{error}");
}

#[test]
fn other_programs_read_it_to_the_millisecond() {
    let folder = tempfile::tempdir().unwrap();
    record(&options(folder.path()), 0..9, |_, _, _| {});
    let clip = &files(folder.path(), "mkv")[0];
    let output = Command::new("ffprobe")
        .args(["-v", "warning", "-print_format", "json", "-show_streams"])
        .args(["-show_format", "-show_packets"])
        .arg(clip)
        .output()
        .expect("this test needs ffprobe: sudo apt-get install ffmpeg");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let probed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let codecs: Vec<_> = [0, 1].map(|i| &probed["streams"][i]["codec_name"]).into();
    assert_eq!(codecs, ["pcm_f32le", "png"]);
    assert_eq!(probed["format"]["start_time"], "0.000000");
    assert_eq!(probed["format"]["duration"], "2.560000");
    assert_eq!(probed["format"]["probe_score"], 100);
    let times = |stream: u64| -> Vec<u64> {
        let packets = probed["packets"].as_array().unwrap().iter();
        packets
            .filter(|packet| packet["stream_index"] == stream)
            .map(|packet| packet["pts"].as_u64().unwrap())
            .collect()
    };
    let seen: Vec<_> = window(0, 44_100)
        .frames
        .iter()
        .map(|f| f.time.as_millis() as u64)
        .collect();
    assert_eq!(times(1)[..seen.len()], seen);
    let heard = times(0);
    assert_eq!(heard[..5], [0, 100, 200, 300, 400]);
    let order = probed["packets"].as_array().unwrap();
    let late = order
        .windows(2)
        .filter(|two| two[1]["pts"].as_i64().unwrap() + 100 < two[0]["pts"].as_i64().unwrap());
    assert_eq!(late.count(), 0, "sound and pictures lie side by side");
}
