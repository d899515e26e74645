//! CREMA-D.

use std::time::Duration;

use evenkeel::clip::{write_png, write_wav};
use evenkeel::window::{Frame, SampleRate, Sound};

use super::*;
use crate::data::clips::{Clips, Listed, Windows};
use crate::data::{Dataset, Split};

/// A sound and a picture that can be read, in the places of a clip of CREMA-D. A picture stands for the video.
fn put_cremad(folder: &Folder, name: &str) {
    let sound = Sound {
        start: Duration::ZERO,
        rate: SampleRate::new(8000).unwrap(),
        samples: (0..4000).map(|i| (i as f32 * 0.1).sin() / 4.0).collect(),
    };
    let frame = Frame {
        time: Duration::ZERO,
        width: 16,
        height: 12,
        rgb: vec![100; 576],
    };
    for part in ["AudioWAV", "VideoFlash"] {
        fs::create_dir_all(folder.at(part)).unwrap();
    }
    write_wav(&folder.at(&format!("AudioWAV/{name}.wav")), &sound).unwrap();
    write_png(&folder.at(&format!("VideoFlash/{name}.png")), &frame).unwrap();
}

/// Ten actors who say a sentence in six emotions each.
fn cremad() -> Folder {
    let folder = Folder::new();
    for actor in 1001..1011 {
        for emotion in ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"] {
            put_cremad(&folder, &format!("{actor}_DFA_{emotion}_XX"));
        }
    }
    folder
}

fn cremad_config(folder: &Folder, lists: bool) -> CremadConfig {
    CremadConfig {
        path: folder.at(""),
        official: lists.then(|| CremadLists {
            train: folder.at("train.csv"),
            test: folder.at("test.csv"),
        }),
        windows: Windows {
            window_seconds: 0.5,
            sample_rate: 8000,
            ..Windows::default()
        },
    }
}

/// The field's lists: every actor is in both.
fn write_lists(folder: &Folder) {
    let [mut train, mut test] = ["\u{feff}".to_owned(), String::new()];
    for actor in 1001..1011 {
        for emotion in ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"] {
            let line = format!("{actor}_DFA_{emotion}_XX,{emotion}\n");
            match emotion {
                "SAD" => test += &line,
                _ => train += &line,
            }
        }
    }
    for emotion in ["ANG", "SAD"] {
        let line = format!("1001_IEO_{emotion}_HI,{emotion}\n");
        put_cremad(folder, line.split(',').next().unwrap());
        train += &line;
    }
    folder.write("train.csv", &train);
    folder.write("test.csv", &test);
}

#[test]
fn actors_of_cremad_are_kept_apart() {
    let folder = cremad();
    let config = cremad_config(&folder, false);
    let listed = Listed::open(&config, &folder.store()).unwrap();
    assert_eq!(listed.entries.len(), 60);
    assert_eq!(
        listed.labels,
        [
            "anger",
            "disgust",
            "fear",
            "happiness",
            "neutral",
            "sadness"
        ]
    );
    for seed in 0..3 {
        let (splits, _) = listed.split(seed).unwrap();
        let actors = splits.map(|list| -> std::collections::BTreeSet<_> {
            list.iter()
                .map(|&at| listed.entries[at].speaker.clone())
                .collect()
        });
        assert!(actors.iter().all(|actors| !actors.is_empty()));
        assert_eq!(actors.iter().map(|actors| actors.len()).sum::<usize>(), 10);
    }
    let clips = Clips::load(&config, 0, &folder.store()).unwrap();
    assert!(clips.cautions().is_empty(), "{:?}", clips.cautions());
    assert!(clips.provenance().contains("CREMA-D"));
}

#[test]
fn the_official_split_of_cremad_is_kept_and_warned_of() {
    let folder = cremad();
    write_lists(&folder);
    fs::remove_file(folder.at("VideoFlash/1004_DFA_ANG_XX.png")).unwrap();
    folder.write("AudioWAV/notes.txt", "");
    let clips = Clips::load(&cremad_config(&folder, true), 0, &folder.store()).unwrap();
    let sizes = [Split::Train, Split::Validation, Split::Test].map(|split| clips.len(split));
    assert_eq!(sizes.iter().sum::<usize>(), 61);
    let tested = fs::read_to_string(folder.at("test.csv"))
        .unwrap()
        .lines()
        .count();
    assert_eq!(sizes[2], tested);
    let cautions = clips.cautions().join("\n");
    for part in [
        "shares its actors",
        "10 of 10 speakers are in several splits (1001, 1002, 1003 and 7 more)",
        "1 of 62 listed clips are not there, the first VideoFlash/1004_DFA_ANG_XX.flv",
        "files that are not named like 1001_DFA_ANG_XX are left out: 1, the first",
    ] {
        assert!(cautions.contains(part), "{part}: {cautions}");
    }
}

#[test]
fn bad_lists_of_cremad_are_refused_with_the_line() {
    let folder = cremad();
    write_lists(&folder);
    let config = cremad_config(&folder, true);
    let good = fs::read_to_string(folder.at("test.csv")).unwrap();
    for (line, word) in [
        ("notes,ANG", "no clip of CREMA-D"),
        ("1001_DFA_ANG_XX,SAD", "is of ANG"),
        ("1001_DFA_FEA_XX,FEA", "in the list for train"),
        ("1001_DFA_FEA_XX", "column 2 is missing"),
    ] {
        folder.write("test.csv", &format!("{good}{line}\n"));
        let place = format!("test.csv line {}", good.lines().count() + 1);
        folder.refuses(&config, &[&place, word]);
    }
    fs::remove_file(folder.at("test.csv")).unwrap();
    folder.refuses(&config, &["test.csv", "cannot read the list"]);
    fs::remove_dir_all(folder.at("VideoFlash")).unwrap();
    folder.refuses(&config, &["VideoFlash", "needs the folder of CREMA-D"]);
}
