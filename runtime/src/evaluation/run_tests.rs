use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use super::*;
use crate::clip::{ClipList, write_png, write_wav};
use crate::evaluation::{answer_lines, summary_table, write_report};
use crate::window::{Attention, Frame, SampleRate, Sound, Window};

/// Hears the label in the level of the sound and sees it in the brightness of the picture.
struct Fake;

const LABELS: [&str; 3] = ["low", "high", "nothing"];

fn peaked(label: usize, probability: f32) -> Vec<f32> {
    let rest = (1.0 - probability) / 2.0;
    (0..3)
        .map(|l| if l == label { probability } else { rest })
        .collect()
}

fn class(level: f32) -> usize {
    match level {
        level if level < 0.1 => 2,
        level if level < 0.5 => 0,
        _ => 1,
    }
}

impl Answerer for Fake {
    fn answer(&mut self, window: &Window) -> Result<WindowAnswer, String> {
        let audio = window.sound.as_ref().map(|sound| {
            let loudest = sound.samples.iter().fold(0.0f32, |m, s| m.max(s.abs()));
            peaked(class(loudest), 0.6)
        });
        let camera = window
            .frames
            .first()
            .map(|frame| peaked(class(f32::from(frame.rgb[0]) / 255.0), 0.9));
        let shares = match (&audio, &camera) {
            (Some(_), Some(_)) => [0.2, 0.3, 0.5],
            (Some(_), None) => [0.2, 0.8, 0.0],
            _ => [0.2, 0.0, 0.8],
        };
        Ok(WindowAnswer {
            probabilities: camera.clone().or(audio.clone()).ok_or("no sensor")?,
            present: window.present(),
            validity: PerSensor::from_fn(|sensor| f32::from(u8::from(window.present()[sensor]))),
            alone: PerSensor::pair(audio, camera),
            attention: Attention::from(shares),
        })
    }
}

fn setup(threads: usize) -> Setup {
    Setup {
        labels: LABELS.map(str::to_owned).to_vec(),
        nothing: Some(2),
        confidence: 0.7,
        sensors: PerSensor::pair(Some("microphone".into()), Some("camera".into())),
        without: PerSensor::default(),
        window: Duration::from_millis(100),
        hop: Duration::from_millis(50),
        read: ReadOptions::default(),
        threads: NonZeroUsize::new(threads).unwrap(),
    }
}

fn run(path: &Path, setup: &Setup) -> Report {
    let list = ClipList::read(path).unwrap();
    let entries: Vec<_> = list.entries.iter().collect();
    evaluate_with(setup, &entries, || Ok::<_, String>(Fake), |_| ()).unwrap()
}

fn sound(folder: &Path, name: &str, levels: &[f32]) {
    let samples = levels.iter().flat_map(|&level| [level; 100]).collect();
    let sound = Sound {
        start: Duration::ZERO,
        rate: SampleRate::new(1000).unwrap(),
        samples,
    };
    write_wav(&folder.join(name), &sound).unwrap();
}

fn picture_of(folder: &Path, name: &str, level: u8) {
    let frame = Frame {
        time: Duration::ZERO,
        width: 2,
        height: 2,
        rgb: vec![level; 12],
    };
    write_png(&folder.join(name), &frame).unwrap();
}

fn answered(report: &Report, index: usize) -> &ClipAnswer {
    match &report.clips[index].outcome {
        Outcome::Answered(answer) => answer,
        Outcome::Failed(why) => panic!("{why}"),
    }
}

#[test]
fn a_thousand_clips_with_three_bad_ones_are_finished_and_the_bad_ones_listed() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "audio,image,label\n".to_owned();
    sound(folder.path(), "low.wav", &[0.3]);
    sound(folder.path(), "high.wav", &[0.9]);
    picture_of(folder.path(), "low.png", 80);
    picture_of(folder.path(), "high.png", 230);
    fs::write(folder.path().join("empty.wav"), b"").unwrap();
    let whole = fs::read(folder.path().join("low.wav")).unwrap();
    fs::write(folder.path().join("cut.wav"), &whole[..100]).unwrap();
    for i in 0..1000 {
        let label = ["low", "high"][i % 2];
        csv += &match i {
            17 => "empty.wav,low.png,low\n".to_owned(),
            500 => "cut.wav,,low\n".to_owned(),
            998 => "low.wav,missing.png,low\n".to_owned(),
            i if i % 10 == 3 => format!("{label}.wav,,{label}\n"),
            i if i % 10 == 4 => format!(",{label}.png,{label}\n"),
            // The camera is wrong, and the fake model believes it.
            i if i % 100 == 0 => format!("{label}.wav,high.png,{label}\n"),
            _ => format!("{label}.wav,{label}.png,{label}\n"),
        };
    }
    let list = folder.path().join("clips.csv");
    fs::write(&list, csv).unwrap();
    let report = run(&list, &setup(3));

    let failed: Vec<_> = report.failures().collect();
    assert_eq!(failed.len(), 3);
    for ((_, why), expected) in failed.iter().zip(["empty.wav", "cut.wav", "missing.png"]) {
        assert!(why.contains(expected) && !why.contains('\n'), "{why}");
    }
    let summary = &report.summary;
    assert_eq!((summary.answered, summary.failed), (997, 3));
    // Nine of the ten clips with the wrong picture; the one in the 500th place is bad.
    assert_eq!(summary.fused, crate::evaluation::Score::new(988, 997));
    assert_eq!(summary.confusion.counts()[0][1], 9);
    let alone = |sensor| summary.alone[sensor].unwrap();
    assert_eq!(
        (alone(Modality::Audio).correct, alone(Modality::Audio).total),
        (897, 897)
    );
    assert_eq!(
        (
            alone(Modality::Camera).correct,
            alone(Modality::Camera).total
        ),
        (888, 897)
    );
    assert_eq!(summary.absent, PerSensor::pair(100, 100));
    assert_eq!(
        summary.attention_with_both,
        Some(Share::from(Attention::from([0.2, 0.3, 0.5])))
    );
    assert_eq!(summary.unsure, 100, "those with sound only, at 0.6");
    assert_eq!(
        report,
        run(&list, &setup(1)),
        "one thread gives the same report"
    );

    let table = summary_table(&report);
    assert!(table.contains("100 clips without sound: evaluated with the microphone marked absent"));
    assert!(table.contains("taken for high (9×)"), "{table}");
    let lines = answer_lines(&report);
    assert!(lines.starts_with("low.wav + high.png"), "{lines}");
    assert!(lines.lines().next().unwrap().contains("wrong: low"));

    let files = folder.path().join("report");
    write_report(&files, &report, "fake").unwrap();
    let results = fs::read_to_string(files.join("results.csv")).unwrap();
    assert_eq!(results.lines().count(), 1001);
    assert!(
        results
            .lines()
            .nth(18)
            .unwrap()
            .contains("the file is empty")
    );
    let numbers = fs::read_to_string(files.join("summary.json")).unwrap();
    let numbers: serde_json::Value = serde_json::from_str(&numbers).unwrap();
    assert_eq!(numbers["summary"]["fused"]["correct"], 988);
    assert_eq!(numbers["failures"].as_array().unwrap().len(), 3);
    let figure = fs::read_to_string(files.join("summary.svg")).unwrap();
    assert!(figure.starts_with("<svg") && figure.contains("microphone alone"));
}

#[test]
fn windows_are_searched_for_something_and_stretches_get_the_window_around_them() {
    let folder = tempfile::tempdir().unwrap();
    // 0.4 s of near silence, 0.1 s low, 0.3 s near silence, 0.2 s high.
    sound(
        folder.path(),
        "long.wav",
        &[0.0, 0.0, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.9, 0.9],
    );
    sound(folder.path(), "silent.wav", &[0.0, 0.01]);
    let list = folder.path().join("clips.csv");
    let csv = "path,label,start,end\nlong.wav,low,0.42,0.48\nlong.wav,high,0.75,0.95\n\
               long.wav,nothing,0,0.35\nsilent.wav,nothing,,\nlong.wav,low,,\n";
    fs::write(&list, csv).unwrap();
    let report = run(&list, &setup(2));
    let said: Vec<_> = (0..5)
        .map(|i| answered(&report, i).fused.label.as_str())
        .collect();
    assert_eq!(
        said,
        ["low", "high", "nothing", "nothing", "low"],
        "the first of equals"
    );
    assert_eq!(answered(&report, 0).windows, 1);
    assert_eq!(
        answered(&report, 1).windows,
        3,
        "0.2 s do not fit in one window of 0.1 s"
    );
    assert_eq!(answered(&report, 4).windows, 19);
}

#[test]
fn a_window_in_which_no_sensor_counted_does_not_outvote_the_others() {
    let window = |label: usize, probability: f32, counted: f32| WindowAnswer {
        probabilities: peaked(label, probability),
        alone: PerSensor::from_fn(|_| None),
        attention: [1.0 - counted, counted, 0.0].into(),
        present: PerSensor::from_fn(|_| true),
        validity: PerSensor::pair(counted, 0.0),
    };
    let windows = [
        window(1, 0.95, 0.0),
        window(0, 0.8, 0.5),
        window(2, 0.9, 0.5),
    ];
    let about = |windows: &[WindowAnswer]| answer(&setup(1), None, windows).unwrap();
    let clip = about(&windows);
    assert_eq!((clip.fused.label.as_str(), clip.windows), ("low", 3));
    assert_eq!(
        clip.attention,
        Share::from(Attention::from([0.5, 0.5, 0.0]))
    );
    assert_eq!(
        about(&windows[..1]).fused.label,
        "high",
        "there is no other"
    );
}

#[test]
fn a_clip_without_the_only_sensor_of_the_model_is_a_bad_clip() {
    let folder = tempfile::tempdir().unwrap();
    picture_of(folder.path(), "high.png", 230);
    let mut setup = setup(1);
    setup.sensors.camera = None;
    let report = run(&folder.path().join("high.png"), &setup);
    let (_, why) = report.failures().next().unwrap();
    assert_eq!(
        why,
        "high.png: it has no sound, which is all that the model takes"
    );
    assert_eq!(report.summary.alone.camera, None);
}

#[test]
fn every_thread_has_its_own_answerer_and_one_that_cannot_be_made_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    sound(folder.path(), "low.wav", &[0.3]);
    let list = ClipList::read(&folder.path().join("low.wav")).unwrap();
    let entries = vec![&list.entries[0]; 40];
    let makers = Mutex::new(BTreeSet::new());
    let make = || {
        makers
            .lock()
            .unwrap()
            .insert(format!("{:?}", thread::current().id()));
        Ok::<_, String>(Fake)
    };
    let mut seen = Vec::new();
    evaluate_with(&setup(4), &entries, make, |done| seen.push(done)).unwrap();
    assert_eq!(makers.lock().unwrap().len(), 4);
    assert_eq!(seen, Vec::from_iter(1..=40));
    let failed = evaluate_with(&setup(4), &entries, || Err::<Fake, _>("no graph"), |_| ());
    assert_eq!(failed.unwrap_err(), "no graph");
}

/// Panics about loud sound, and answers about nothing after that.
#[derive(Default)]
struct Fragile {
    broken: bool,
}

impl Answerer for Fragile {
    fn answer(&mut self, window: &Window) -> Result<WindowAnswer, String> {
        let sound = window.sound.as_ref().ok_or("no sound")?;
        self.broken |= sound.samples.iter().any(|sample| *sample > 0.8);
        assert!(!self.broken, "index out of bounds");
        Fake.answer(window)
    }
}

#[test]
fn a_clip_that_makes_the_model_panic_is_a_bad_clip_among_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    sound(folder.path(), "low.wav", &[0.3]);
    sound(folder.path(), "high.wav", &[0.9]);
    let list = folder.path().join("clips.csv");
    let csv = "path,label\nlow.wav,low\nhigh.wav,high\nlow.wav,low\n";
    fs::write(&list, csv).unwrap();
    let list = ClipList::read(&list).unwrap();
    let entries: Vec<_> = list.entries.iter().collect();
    let make = || Ok::<_, String>(Fragile::default());
    let report = evaluate_with(&setup(1), &entries, make, |_| ()).unwrap();
    assert_eq!((report.summary.answered, report.summary.failed), (2, 1));
    let (clip, why) = report.failures().next().unwrap();
    assert_eq!(clip, "high.wav");
    assert!(
        why.starts_with("high.wav: it made a library") && why.contains("index out of bounds"),
        "{why}"
    );
}
