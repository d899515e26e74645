//! Clips of made digits, written and read back.

use evenkeel::clip::{ClipList, ReadOptions, read_clip};

use super::*;
use crate::data::digits::{DigitsConfig, fixture};

fn digits() -> Digits {
    Digits::from_material(&DigitsConfig::default(), 0, fixture::material()).unwrap()
}

fn written(split: Split, count: Option<usize>, folder: &Path) -> anyhow::Result<usize> {
    let digits = &digits();
    let part = Part {
        digits,
        split,
        count,
    };
    render(&[part], "Words.", folder)
}

#[test]
fn clips_can_be_read_back_and_hold_what_the_data_set_gave() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("clips/demo");
    assert_eq!(written(Split::Test, Some(12), &folder).unwrap(), 12);
    let list = ClipList::read(&folder.join(LIST)).unwrap();
    let labels: Vec<_> = list
        .entries
        .iter()
        .map(|e| e.label.clone().unwrap())
        .collect();
    assert_eq!(labels[..3], ["zero", "one", "two"]);
    assert_eq!(labels[9..], ["nine", NOTHING, NOTHING]);
    assert!(
        list.entries
            .iter()
            .all(|e| e.group.as_deref() == Some("ann"))
    );
    // Read as a folder per class, it holds the same clips.
    assert_eq!(ClipList::read(&folder).unwrap().entries.len(), 12);

    let clip = read_clip(&list.entries[3], &ReadOptions::default()).unwrap();
    let name = &list.entries[3].name;
    let data = digits();
    let original = (0..data.len(Split::Test))
        .map(|i| data.example(Split::Test, 0, i).unwrap())
        .find(|e| e.window.frames[0].rgb == clip.frames[0].rgb)
        .unwrap_or_else(|| panic!("{name} is not in the data set"));
    assert_eq!(original.label, 3);
    let (read, made) = (
        clip.sound.unwrap().samples,
        original.window.sound.unwrap().samples,
    );
    assert_eq!(read.len(), made.len());
    assert!(read.iter().zip(&made).all(|(a, b)| (a - b).abs() < 1e-3));
}

#[test]
fn a_pen_that_writes_leaves_its_readings_beside_the_sound() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("clips");
    let config = DigitsConfig {
        accelerometer: Some(Default::default()),
        ..DigitsConfig::default()
    };
    let written = Digits::from_material(&config, 0, fixture::material()).unwrap();
    // Twice, because the second replaces what the first has listed.
    for _ in 0..2 {
        let part = Part {
            digits: &written,
            split: Split::Test,
            count: Some(12),
        };
        render(&[part], "Words.", &folder).unwrap();
    }
    let list = ClipList::read(&folder.join(LIST)).unwrap();
    assert_eq!(list.entries.len(), 12);
    for entry in &list.entries {
        let clip = read_clip(entry, &ReadOptions::default()).unwrap();
        let signal = clip.further.signals[0].as_ref().unwrap();
        assert_eq!((signal.channels, signal.times.len()), (3, 128));
    }
    // Sound and picture are those of the same data set without a pen.
    let [pen, plain] = [&written, &digits()].map(|data| {
        let window = data.example(Split::Test, 0, 1).unwrap().window;
        (window.sound, window.frames)
    });
    assert_eq!(pen, plain);
}

#[test]
fn everyone_has_clips_and_handwriting_of_their_own() {
    let mut material = fixture::material();
    let handwriting = &mut material.handwriting;
    for number in 0..240_u32 {
        let mut image = [0; 784];
        image[..4].copy_from_slice(&number.to_le_bytes());
        handwriting.images.push(image);
        handwriting.digits.push((number % 10) as u8);
    }
    material.image_splits[2] = 90..330;
    let people = Digits::of_everyone(&DigitsConfig::default(), material).unwrap();
    let parts: Vec<Part> = people
        .iter()
        .map(|digits| Part {
            digits,
            split: Split::Test,
            count: Some(20),
        })
        .collect();
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("clips");
    assert_eq!(render(&parts, "Words.", &folder).unwrap(), 120);
    let list = ClipList::read(&folder.join(LIST)).unwrap();
    assert!(list.entries.iter().all(|entry| entry.split.is_none()));
    for (number, group) in ["ann", "bob", "cas", "dee", "eve", "fay"]
        .iter()
        .enumerate()
    {
        let own = |entry: &&_| -> bool {
            let entry: &evenkeel::clip::ClipEntry = entry;
            entry.group.as_deref() == Some(group)
        };
        assert_eq!(list.entries.iter().filter(own).count(), 20);
        assert_eq!(people[number].speaker(Split::Test), Some(*group));
        let others = people.iter().enumerate().filter(|(n, _)| *n != number);
        let images = people[number].test_images();
        assert!(
            others
                .map(|(_, other)| other.test_images())
                .all(|o| o.is_disjoint(&images))
        );
    }
}

#[test]
fn it_is_repeatable_and_replaces_only_clips() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("clips");
    let list = || fs::read_to_string(folder.join(LIST)).unwrap();
    written(Split::Validation, Some(40), &folder).unwrap();
    let first = list();
    written(Split::Validation, Some(40), &folder).unwrap();
    assert_eq!(list(), first);
    assert_eq!(written(Split::Validation, None, &folder).unwrap(), 66);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

/// Recordings of the user's own, under the names that this program uses too, stay.
#[test]
fn what_it_did_not_make_is_never_replaced() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("clips");
    let refused = |file: &Path, part: &str| {
        let before = fs::read(file).unwrap();
        let error = written(Split::Test, Some(12), &folder);
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains("--out") && error.contains(part), "{error}");
        assert_eq!(fs::read(file).unwrap(), before);
    };
    fs::create_dir_all(folder.join("zero")).unwrap();
    let recording = folder.join("zero/mine.wav");
    fs::write(&recording, "the only copy").unwrap();
    fs::write(
        folder.join(LIST),
        "audio,image,label\nzero/mine.wav,,zero\n",
    )
    .unwrap();
    refused(&recording, "clips");
    fs::write(folder.join(README), "# My recordings\n").unwrap();
    refused(&recording, "clips");

    fs::remove_dir_all(&folder).unwrap();
    written(Split::Test, Some(12), &folder).unwrap();
    fs::write(&recording, "the only copy").unwrap();
    refused(&recording, "mine.wav");
    fs::remove_file(&recording).unwrap();
    written(Split::Test, Some(12), &folder).unwrap();
}
