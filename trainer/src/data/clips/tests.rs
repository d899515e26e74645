//! Clips made of a tone and a grey picture each.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use evenkeel::clip::{ClipList, ClipSource, write_png, write_wav};
use evenkeel::window::{Frame, Modality, SampleRate, Sound};

use super::cache::Reduction;
use super::*;

fn make_clip(folder: &Path, label: &str, number: u8) {
    let samples = (0..8000)
        .map(|i| (i as f32 * 0.1).sin() * f32::from(number) / 64.0)
        .collect();
    let rate = SampleRate::new(8000).unwrap();
    let sound = Sound {
        start: Duration::ZERO,
        rate,
        samples,
    };
    let frame = Frame {
        time: Duration::ZERO,
        width: 40,
        height: 30,
        rgb: vec![number * 4; 3600],
    };
    fs::create_dir_all(folder.join(label)).unwrap();
    write_wav(&folder.join(format!("{label}/{number}.wav")), &sound).unwrap();
    write_png(&folder.join(format!("{label}/{number}.png")), &frame).unwrap();
}

/// Twenty clips of each of two classes.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=20 {
        make_clip(&folder.path().join("clips"), "bell", number);
        make_clip(&folder.path().join("clips"), "nothing", number + 20);
    }
    folder
}

fn store(folder: &Path) -> Store {
    Store {
        cache: folder.join("cache"),
        mirror: None,
        upstream: String::new(),
    }
}

fn config(path: PathBuf) -> ClipsConfig {
    toml::from_str(&format!(
        "path = {path:?}\nwindow_seconds = 0.8\nsample_rate = 8000"
    ))
    .unwrap()
}

fn load(folder: &Path, list: &str, seed: u64) -> anyhow::Result<Clips> {
    Clips::load(&config(folder.join(list)), seed, &store(folder))
}

/// A CSV over the clips of the folder; `extra` gives the further columns of clip number n.
fn write_csv(folder: &Path, columns: &str, extra: impl Fn(u8) -> String) {
    let mut text = format!("audio,image,label,{columns}\n");
    for number in 1..=40 {
        let label = if number <= 20 { "bell" } else { "nothing" };
        let name = format!("clips/{label}/{number}");
        text += &format!("{name}.wav,{name}.png,{label},{}\n", extra(number));
    }
    fs::write(folder.join("list.csv"), text).unwrap();
}

/// The clips of a split, known by the grey of their pictures.
fn greys(clips: &Clips, split: Split) -> HashSet<u8> {
    (0..clips.len(split))
        .map(|i| clips.example(split, 0, i).unwrap().window.frames[0].rgb[0] / 4)
        .collect()
}

#[test]
fn a_folder_is_split_within_classes_and_augmented_only_for_training() {
    let folder = folder();
    let clips = load(folder.path(), "clips", 0).unwrap();
    assert_eq!(clips.labels(), ["bell", "nothing"]);
    assert_eq!(clips.nothing(), Some("nothing"));
    let sizes = [Split::Train, Split::Validation, Split::Test].map(|split| clips.len(split));
    assert_eq!(sizes, [28, 6, 6]);
    let tests: Vec<usize> = (0..6)
        .map(|i| clips.example(Split::Test, 0, i).unwrap().label)
        .collect();
    assert_eq!(tests, [0, 0, 0, 1, 1, 1]);
    assert!(greys(&clips, Split::Test).is_disjoint(&greys(&clips, Split::Validation)));

    let window = |split, epoch| clips.example(split, epoch, 0).unwrap().window;
    assert_eq!(window(Split::Train, 1), window(Split::Train, 1));
    assert_ne!(window(Split::Train, 1), window(Split::Train, 2));
    assert_eq!(window(Split::Test, 1), window(Split::Test, 2));
    assert_eq!(window(Split::Test, 1).sound.unwrap().samples.len(), 6400);
    let other = load(folder.path(), "clips", 1).unwrap();
    assert_ne!(greys(&other, Split::Test), greys(&clips, Split::Test));
}

#[test]
fn groups_are_never_split_apart() {
    let folder = folder();
    write_csv(folder.path(), "group", |n| format!("day{}", n % 5));
    for seed in 0..5 {
        let clips = load(folder.path(), "list.csv", seed).unwrap();
        let [validation, test] = [Split::Validation, Split::Test].map(|split| {
            let days: HashSet<u8> = greys(&clips, split).iter().map(|n| n % 5).collect();
            assert_eq!(clips.len(split), 8 * days.len());
            days
        });
        assert!(!validation.is_empty() && !test.is_empty() && validation.is_disjoint(&test));
    }
}

#[test]
fn the_list_s_own_split_is_kept_and_checked() {
    let folder = folder();
    write_csv(folder.path(), "split", |n| {
        (if n % 4 == 0 { "test" } else { "train" }).to_owned()
    });
    let clips = load(folder.path(), "list.csv", 0).unwrap();
    assert_eq!(
        greys(&clips, Split::Test),
        (1..=10).map(|n| n * 4).collect()
    );
    assert_eq!(
        (clips.len(Split::Train), clips.len(Split::Validation)),
        (25, 5)
    );

    write_csv(folder.path(), "split", |n| {
        (if n == 7 { "spare" } else { "train" }).to_owned()
    });
    let error = format!("{:#}", load(folder.path(), "list.csv", 0).err().unwrap());
    assert!(
        error.contains("spare") && error.contains("list.csv"),
        "{error}"
    );
    write_csv(folder.path(), "split,group", |n| {
        format!("{},one", if n % 4 == 0 { "test" } else { "train" })
    });
    let error = format!("{:#}", load(folder.path(), "list.csv", 0).err().unwrap());
    assert!(error.contains("stay together"), "{error}");
}

/// Names of the clips of each split.
fn names(clips: &Clips) -> [Vec<String>; 3] {
    clips.splits.each_ref().map(|list| {
        let name = |&at: &usize| clips.clips[at].0.name.clone();
        list.iter().map(name).collect()
    })
}

#[test]
fn a_few_bad_clips_are_left_out_and_many_are_refused() {
    let folder = folder();
    let file = |n: u8| folder.path().join(format!("clips/bell/{n}.png"));
    let whole = load(folder.path(), "clips", 0).unwrap();
    assert!(whole.left_out().is_empty());
    fs::write(file(3), b"not a picture").unwrap();
    let rest = load(folder.path(), "clips", 0).unwrap();
    assert_eq!(rest.left_out().len(), 1);
    assert!(rest.left_out()[0].contains("3.png"));
    // The others stay in their splits.
    let without = names(&whole).map(|list| {
        list.into_iter()
            .filter(|name| name != "bell/3.wav + 3.png")
            .collect::<Vec<_>>()
    });
    assert_eq!(names(&rest), without);
    (4..9).for_each(|n| fs::write(file(n), b"not a picture").unwrap());
    let error = format!("{:#}", load(folder.path(), "clips", 0).err().unwrap());
    assert!(
        error.contains("6 of 40") && error.contains("3.png"),
        "{error}"
    );
}

#[test]
fn the_fingerprint_changes_with_clips_labels_and_split_alone() {
    let folder = folder();
    let print = |list, seed| load(folder.path(), list, seed).unwrap().fingerprint();
    let before = print("clips", 0);
    assert_eq!(before.len(), 64);
    assert_eq!(print("clips", 0), before);
    assert_ne!(print("clips", 1), before);
    let split = |n: u8| ["train", "validation", "test"][usize::from(n % 3)].to_owned();
    write_csv(folder.path(), "split", split);
    let listed = print("list.csv", 0);
    assert_eq!(print("list.csv", 1), listed);
    write_csv(folder.path(), "split", |n| split(n + u8::from(n == 7)));
    assert_ne!(print("list.csv", 0), listed);
    make_clip(&folder.path().join("clips"), "bell", 50);
    assert_ne!(print("clips", 0), before);
}

/// Ten recordings of which each is cut into four clips.
fn write_cuts(folder: &Path, columns: &str, extra: impl Fn(u8, u8) -> String) {
    let mut text = format!("audio,image,label,start,end{columns}\n");
    for number in 1..=10 {
        for cut in 0..4 {
            let (label, start) = (
                ["bell", "nothing"][usize::from(cut % 2)],
                f32::from(cut) / 5.0,
            );
            let file = format!("clips/bell/{number}");
            let extra = extra(number, cut);
            text += &format!(
                "{file}.wav,{file}.png,{label},{start},{}{extra}\n",
                start + 0.2
            );
        }
    }
    fs::write(folder.join("list.csv"), text).unwrap();
}

#[test]
fn clips_of_one_file_stay_together_unless_they_have_groups() {
    let folder = folder();
    write_cuts(folder.path(), "", |_, _| String::new());
    for seed in 0..3 {
        let clips = load(folder.path(), "list.csv", seed).unwrap();
        let files = names(&clips).map(|list| -> HashSet<String> {
            list.iter()
                .map(|name| name[..name.find(' ').unwrap()].to_owned())
                .collect()
        });
        assert_eq!(files.each_ref().map(HashSet::len).iter().sum::<usize>(), 10);
        assert!(clips.provenance().contains("by file"));
    }
    write_cuts(folder.path(), ",split", |n, cut| {
        (if n + cut < 9 { ",train" } else { ",test" }).to_owned()
    });
    let error = format!("{:#}", load(folder.path(), "list.csv", 0).err().unwrap());
    assert!(
        error.contains("clips/bell/6.wav") && error.contains("`group`"),
        "{error}"
    );

    write_cuts(folder.path(), ",group", |n, cut| {
        format!(",{}", (n + cut) % 5)
    });
    let clips = load(folder.path(), "list.csv", 0).unwrap();
    let groups = clips.splits.each_ref().map(|list| -> HashSet<&String> {
        list.iter()
            .flat_map(|&at| &clips.clips[at].0.group)
            .collect()
    });
    assert_eq!(groups.each_ref().map(HashSet::len).iter().sum::<usize>(), 5);
    // One row without a group: its file is parted from nothing that is in it.
    write_cuts(folder.path(), ",group", |n, cut| {
        (if (n, cut) == (1, 0) { "," } else { ",same" }).to_owned()
    });
    let error = format!("{:#}", load(folder.path(), "list.csv", 0).err().unwrap());
    assert!(error.contains("no clip is left"), "{error}");
}

#[test]
fn every_class_must_be_learnt() {
    let folder = folder();
    write_csv(folder.path(), "split", |n| {
        (if n > 20 || n % 4 == 0 {
            "test"
        } else {
            "train"
        })
        .to_owned()
    });
    let error = format!("{:#}", load(folder.path(), "list.csv", 0).err().unwrap());
    assert!(
        error.contains("\"nothing\"") && error.contains("training"),
        "{error}"
    );
    fs::remove_dir_all(folder.path().join("clips/nothing")).unwrap();
    let error = format!("{:#}", load(folder.path(), "clips", 0).err().unwrap());
    assert!(
        error.contains("\"bell\"") && error.contains("another class"),
        "{error}"
    );
}

#[test]
fn files_beside_a_clip_are_kept_with_it_and_change_what_the_data_are() {
    let folder = folder();
    let plain = load(folder.path(), "clips", 0).unwrap().fingerprint();
    let clips = folder.path().join("clips");
    for label in ["bell", "nothing"] {
        for number in 1..=40 {
            let sound = clips.join(format!("{label}/{number}.wav"));
            if sound.exists() {
                let text: String = (0..50)
                    .map(|i| format!("{:.2},{}\n", 0.02 * f64::from(i), i * number))
                    .collect();
                fs::write(
                    sound.with_extension("signal.csv"),
                    format!("time,x\n{text}"),
                )
                .unwrap();
                fs::copy(&sound, sound.with_extension("audio2.wav")).unwrap();
            }
        }
    }
    let data = load(folder.path(), "clips", 0).unwrap();
    assert_ne!(data.fingerprint(), plain);
    // Once decoded and once from the cache: bit for bit the same.
    let [first, again] = [0, 1].map(|_| data.example(Split::Test, 0, 0).unwrap().window);
    assert_eq!(first, again);
    let signal = first.signal_of(Modality::Signal).unwrap();
    let step = signal.values[1] - signal.values[0];
    assert!(step >= 1.0 && signal.is_whole(), "{signal:?}");
    assert_eq!(signal.values[5] - signal.values[4], step);
    assert_eq!(
        first.sound_of(Modality::Audio2),
        first.sound_of(Modality::Audio)
    );
}

#[test]
fn the_cache_is_used_until_its_source_changes() {
    let folder = folder();
    let list = folder.path().join("clips");
    let reduction = Reduction {
        sample_rate: 8000,
        frame_rate: 25.0,
        max_side: 20,
    };
    let cache = ClipCache::new(folder.path().join("cache"), reduction).unwrap();
    let entry = ClipList::read(&list).unwrap().entries[0].clone();
    let first = cache.read(&entry).unwrap();
    assert_eq!((first.frames[0].width, first.frames[0].height), (20, 15));
    let kept = || {
        fs::read_dir(folder.path().join("cache"))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect::<Vec<_>>()
    };
    let [path] = kept().try_into().unwrap();
    let written = path.metadata().unwrap().modified().unwrap();
    assert_eq!(cache.read(&entry).unwrap(), first);
    assert_eq!(path.metadata().unwrap().modified().unwrap(), written);

    // A kept clip that lost its end is made again.
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(cache.read(&entry).unwrap(), first);
    // So is one whose source changed, in the same place.
    make_clip(&list, "bell", 1);
    let changed = Frame {
        time: Duration::ZERO,
        width: 40,
        height: 30,
        rgb: vec![200; 3600],
    };
    let ClipSource::Separate {
        picture: Some(picture),
        ..
    } = &entry.source
    else {
        panic!("{entry:?}")
    };
    write_png(picture, &changed).unwrap();
    assert_ne!(cache.read(&entry).unwrap().frames, first.frames);
    assert_eq!(kept().len(), 1);
}

#[test]
fn an_epoch_may_go_through_few_clips_several_times() {
    let folder = folder();
    let config = ClipsConfig {
        most_per_class: Some(4),
        passes: 3,
        ..config(folder.path().join("clips"))
    };
    let clips = Clips::load(&config, 0, &store(folder.path())).unwrap();
    assert_eq!(clips.len(Split::Train), 3 * 8);
    assert_eq!(clips.len(Split::Test), 6);
    let window = |index| clips.example(Split::Train, 0, index).unwrap();
    assert_eq!(window(1).label, window(9).label);
    assert_ne!(window(1).window, window(9).window);
    assert!(clips.example(Split::Train, 0, 24).is_err());
}
