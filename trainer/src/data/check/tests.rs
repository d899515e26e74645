//! Clips of coloured noise and of grey pictures with noise, and what is done to them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use evenkeel::clip::{write_png, write_wav};
use evenkeel::noise::white;
use evenkeel::random;
use evenkeel::window::{Frame, SampleRate, Sound};
use tempfile::TempDir;

use super::*;
use crate::data::clips::ClipsConfig;

const CLASSES: [&str; 3] = ["bell", "knock", "nothing"];

/// Noise whose colour changes every 50 ms, another for each number, after `late` seconds of faint hiss.
fn sound(number: u64, gain: f32, late: f32) -> Sound {
    let rate = SampleRate::new(16_000).unwrap();
    let mut rng = random::rng("sounds of the check", &[number]);
    let noise = white(2 * 20_000, &mut rng);
    let mut samples = Vec::new();
    let (mut one, mut two) = (0.0, 0.0);
    for (at, value) in noise[..20_000].iter().enumerate() {
        let pitch = 0.1 + 1.2 * noise[20_000 + at / 800].abs().min(1.0);
        let next = 1.9 * pitch.cos() * one - 0.9 * two + 0.05 * value;
        (two, one) = (one, next);
        samples.push(gain * next.clamp(-1.0, 1.0));
    }
    let hiss = white((late * 16_000.0) as usize, &mut rng);
    let hiss = hiss.into_iter().map(|value| 1e-3 * value);
    Sound {
        start: Duration::ZERO,
        rate,
        samples: hiss.chain(samples).collect(),
    }
}

fn picture(number: u64) -> Frame {
    let mut rng = random::rng("pictures of the check", &[number]);
    let noise = white(3 * 40 * 30, &mut rng);
    Frame {
        time: Duration::ZERO,
        width: 40,
        height: 30,
        rgb: noise
            .iter()
            .map(|value| (128.0 + 30.0 * value).clamp(0.0, 255.0) as u8)
            .collect(),
    }
}

/// Fourteen clips of each class; seven speakers, of whom each says every word twice.
struct Folder(TempDir);

/// Made once, and copied for each test.
static CLIPS: LazyLock<Folder> = LazyLock::new(|| {
    let folder = Folder(tempfile::tempdir().unwrap());
    let mut list = "audio,image,label,group\n".to_owned();
    for (class, label) in CLASSES.iter().enumerate() {
        for n in 0..14 {
            let number = 100 * class as u64 + n;
            let [wav, png] = ["wav", "png"].map(|end| format!("{label}/{n}.{end}"));
            write_wav(&folder.at(&wav), &sound(number, 0.5, 0.0)).unwrap();
            write_png(&folder.at(&png), &picture(number)).unwrap();
            list += &format!("{wav},{png},{label},person{}\n", n % 7);
        }
    }
    fs::write(folder.at("clips.csv"), list).unwrap();
    folder
});

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for label in CLASSES {
            fs::create_dir(folder.at(label)).unwrap();
            for entry in fs::read_dir(CLIPS.at(label)).unwrap() {
                let entry = entry.unwrap();
                fs::copy(entry.path(), folder.at(label).join(entry.file_name())).unwrap();
            }
        }
        fs::copy(CLIPS.at("clips.csv"), folder.at("clips.csv")).unwrap();
        folder
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn edit(&self, edit: impl Fn(&str) -> String) {
        let text = fs::read_to_string(self.at("clips.csv")).unwrap();
        fs::write(self.at("clips.csv"), edit(&text)).unwrap();
    }

    fn check(&self, list: &str) -> Report {
        check_at(&self.at(list), &self.at("cache"))
    }
}

fn check_at(path: &Path, cache: &Path) -> Report {
    let config = ClipsConfig {
        path: Some(path.to_owned()),
        window_seconds: 1.2,
        ..ClipsConfig::default()
    };
    let store = Store {
        cache: cache.to_owned(),
        mirror: None,
        upstream: String::new(),
    };
    check(&config, 0, &store).unwrap()
}

fn kinds(report: &Report) -> Vec<Kind> {
    report.problems.iter().map(|problem| problem.kind).collect()
}

#[track_caller]
fn the(report: &Report, kind: Kind) -> &Problem {
    let mut found = report
        .problems
        .iter()
        .filter(|problem| problem.kind == kind);
    let one = found
        .next()
        .unwrap_or_else(|| panic!("no {kind:?}: {}", text(report)));
    assert!(found.next().is_none(), "{}", text(report));
    one
}

#[test]
fn good_clips_are_counted_and_nothing_is_found() {
    let folder = Folder::new();
    let report = folder.check("clips.csv");
    assert_eq!(kinds(&report), [], "{}", text(&report));
    assert_eq!((report.clips, report.speakers), (42, 7));
    assert_eq!(report.split, Some("split by group"));
    let bell = &report.classes[0];
    assert_eq!((bell.all.clips, bell.all.speakers), (14, 7));
    assert!((bell.all.seconds - 17.5).abs() < 0.1, "{bell:?}");
    let splits = bell.splits.as_ref().unwrap();
    assert_eq!(splits.iter().map(|one| one.count.clips).sum::<usize>(), 14);
    assert!(text(&report).contains("Nothing to complain about"));
}

#[test]
fn what_cannot_be_read_or_says_little_is_named() {
    let folder = Folder::new();
    fs::write(folder.at("bell/3.png"), "no picture").unwrap();
    write_wav(
        &folder.at("bell/4.wav"),
        &Sound {
            samples: vec![0.0; 20_000],
            ..sound(0, 0.0, 0.0)
        },
    )
    .unwrap();
    let black = Frame {
        rgb: vec![0; 3600],
        ..picture(0)
    };
    write_png(&folder.at("bell/5.png"), &black).unwrap();
    let short = Sound {
        samples: sound(7, 0.5, 0.0).samples[..8000].to_vec(),
        ..sound(7, 0.5, 0.0)
    };
    write_wav(&folder.at("knock/6.wav"), &short).unwrap();
    let report = folder.check("clips.csv");
    let unreadable = the(&report, Kind::Unreadable);
    assert!(unreadable.clips[0].contains("bell/3.png"), "{unreadable:?}");
    let unwell: Vec<&Problem> = report
        .problems
        .iter()
        .filter(|problem| problem.kind == Kind::Unwell)
        .collect();
    let says = |title: &str, clip: &str| {
        let said = |problem: &&&Problem| problem.title.contains(title);
        let problem = unwell
            .iter()
            .find(said)
            .unwrap_or_else(|| panic!("{unwell:?}"));
        assert!(problem.clips[0].contains(clip), "{problem:?}");
    };
    says("microphone is not well: silent", "bell/4.wav");
    says("camera is not well: dark", "bell/5.wav");
    assert!(the(&report, Kind::Short).clips[0].contains("0.50 s"));
    assert_eq!(report.count(Severity::Error), 1, "{}", text(&report));
}

#[test]
fn a_copy_in_another_split_is_a_leak_however_it_was_changed() {
    let folder = Folder::new();
    // The same bytes; the same sound, softer and 150 ms later; the same picture under another sound.
    fs::copy(folder.at("bell/0.wav"), folder.at("bell/1.wav")).unwrap();
    fs::copy(folder.at("bell/0.png"), folder.at("bell/1.png")).unwrap();
    write_wav(&folder.at("knock/1.wav"), &sound(100, 0.11, 0.15)).unwrap();
    fs::copy(folder.at("nothing/0.png"), folder.at("nothing/1.png")).unwrap();
    folder.edit(|text| {
        let line = |(at, line): (usize, &str)| {
            let split = match line {
                _ if at == 0 => "split",
                line if line.contains("person1") => "test",
                line if line.contains("person2") => "validation",
                _ => "train",
            };
            format!("{line},{split}\n")
        };
        text.lines().enumerate().map(line).collect()
    });
    let report = folder.check("clips.csv");
    let leak = the(&report, Kind::Leak);
    let found: BTreeSet<&str> = leak.clips.iter().map(String::as_str).collect();
    let expected = BTreeSet::from([
        "bell/0.wav + bell/0.png (train) = bell/1.wav + bell/1.png (test): byte for byte the same",
        "knock/0.wav + knock/0.png (train) = knock/1.wav + knock/1.png (test): the same sound",
        "nothing/0.wav + nothing/0.png (train) = nothing/1.wav + nothing/1.png (test): the same pictures",
    ]);
    assert_eq!(found, expected);
    assert_eq!(report.count(Severity::Error), 1, "{}", text(&report));
}

#[test]
fn copies_in_one_split_are_told_apart_from_copies_under_two_labels() {
    let folder = Folder::new();
    folder.edit(|text| text.replace("person", "all"));
    for name in ["0.wav", "0.png"] {
        fs::copy(
            folder.at("bell").join(name),
            folder.at("bell/1").with_extension(&name[2..]),
        )
        .unwrap();
        fs::copy(
            folder.at("knock").join(name),
            folder.at("nothing").join(name),
        )
        .unwrap();
    }
    // Everybody is in training but one each.
    folder.edit(|text| {
        let line = |(at, line): (usize, &str)| {
            let split = match (at, line) {
                (0, _) => "split",
                (_, line) if line.contains("all5") => "validation",
                (_, line) if line.contains("all6") => "test",
                _ => "train",
            };
            format!("{line},{split}\n")
        };
        text.lines().enumerate().map(line).collect()
    });
    let report = folder.check("clips.csv");
    assert!(the(&report, Kind::Duplicate).clips[0].contains("bell/1.wav"));
    assert!(the(&report, Kind::TwoLabels).clips[0].contains("nothing/0.wav"));
}

#[test]
fn people_classes_and_recorders_that_do_not_fit_are_named() {
    let folder = Folder::new();
    // One person under two names, whom the split parts; a class that is hardly there.
    folder.edit(|text| {
        let line = |(at, line): (usize, &str)| {
            let split = match (at, line) {
                (0, _) => "split",
                (_, line) if line.contains("person1") => "test",
                (_, line) if line.contains("person2") => "validation",
                _ => "train",
            };
            format!("{line},{split}\n").replace("person2", "Person1")
        };
        let lines = text.lines().filter(|line| {
            !line.starts_with("knock") || line.ends_with("person3") || line.ends_with("person4")
        });
        lines.enumerate().map(line).collect()
    });
    let slow = Sound {
        rate: SampleRate::new(8000).unwrap(),
        ..sound(901, 0.5, 0.0)
    };
    write_wav(&folder.at("bell/7.wav"), &slow).unwrap();
    let report = folder.check("clips.csv");
    let apart = the(&report, Kind::SpeakerApart);
    assert_eq!(apart.clips, ["person1: validation, test"]);
    assert!(the(&report, Kind::FewClips).clips[0].contains("knock: 4"));
    assert!(the(&report, Kind::Unequal).title.contains("4 of \"knock\""));
    assert!(the(&report, Kind::OddRate).clips[0].contains("8000 Hz"));
    let not_measured: Vec<_> = report
        .problems
        .iter()
        .filter(|problem| problem.kind == Kind::NotMeasured)
        .map(|problem| problem.clips.clone())
        .collect();
    assert_eq!(not_measured, [["knock"], ["knock"]]);
    assert_eq!(report.count(Severity::Error), 0, "{}", text(&report));
}

#[test]
fn what_training_refuses_is_said_in_its_words() {
    let folder = Folder::new();
    folder.edit(|text| text.replace("person", "person1 or "));
    folder.edit(|text| {
        let line = |(at, line): (usize, &str)| {
            let split = match (at, at % 2) {
                (0, _) => "split",
                (_, 0) => "test",
                _ => "train",
            };
            format!("{line},{split}\n")
        };
        text.lines().enumerate().map(line).collect()
    });
    folder.edit(|text| text.replace("person1 or 3", "person1 or 4"));
    let report = folder.check("clips.csv");
    let refused = the(&report, Kind::Refused);
    assert!(
        refused.clips[0].contains("must stay together"),
        "{refused:?}"
    );
    assert_eq!(report.split, None);

    // A folder has no speakers, and a list beside its classes says more.
    let report = folder.check("");
    assert_eq!(kinds(&report), [Kind::NoSpeakers, Kind::ListUnused]);
}

#[test]
fn the_page_shows_every_class_and_nothing_of_a_name_becomes_markup() {
    let folder = Folder::new();
    fs::rename(folder.at("bell"), folder.at("<b>bell")).unwrap();
    folder.edit(|text| text.replace("bell", "<b>bell"));
    fs::write(folder.at("<b>bell/3.png"), "no picture").unwrap();
    let report = folder.check("clips.csv");
    let page = page(&report);
    assert!(page.contains("&lt;b&gt;bell/3.png") && !page.contains("<b>"));
    assert_eq!(page.matches("<audio").count(), 12);
    assert_eq!(page.matches("alt=\"spectrogram\"").count(), 12);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["problems"][0]["severity"], "error");
    assert_eq!(json["classes"][1]["splits"][0]["split"], "train");
}
