//! Sittings with clips in place of sensors, as fast as the machine can.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::clip::{ClipEntry, ClipList, ReadOptions, read_clip, write_png, write_wav};
use crate::sensor::{Clock, Player, Playlist, Repeat};
use crate::window::{Frame, SampleRate, Sound};

const LABELS: [&str; 3] = ["up", "down", "nothing"];

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A tone of this height, 1.28 s at 8 kHz, and a picture with this grey on it.
fn make_clip(folder: &Path, label: &str, number: u8, loud: f32, grey: u8) {
    let class = folder.join(label);
    fs::create_dir_all(&class).unwrap();
    let pitch = 0.1 + f32::from(number) / 50.0;
    let sound = Sound {
        start: Duration::ZERO,
        rate: SampleRate::new(8000).unwrap(),
        samples: (0..10_240)
            .map(|i| loud * (i as f32 * pitch).sin())
            .collect(),
    };
    let shade = |i: usize| if grey == 0 { 0 } else { grey + (i % 7) as u8 };
    let frame = Frame {
        time: Duration::ZERO,
        width: 32,
        height: 24,
        rgb: (0..3 * 32 * 24).map(shade).collect(),
    };
    write_wav(&class.join(format!("{number}.wav")), &sound).unwrap();
    write_png(&class.join(format!("{number}.png")), &frame).unwrap();
}

/// Three clips of each class.
fn clips() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, label) in LABELS.iter().enumerate() {
        for number in 0..3 {
            let number = 3 * class as u8 + number;
            make_clip(folder.path(), label, number, 0.4, 60 + 10 * number);
        }
    }
    folder
}

fn studio(clips: &Path) -> Studio {
    let clock = Clock::as_fast_as_possible();
    let player = Player::new(Playlist {
        entries: ClipList::read(clips).unwrap().entries,
        options: ReadOptions::default(),
        times: 1,
        repeat: Repeat::Forever,
    });
    Studio::new(player.sensors(), clock, Some(player))
}

fn plan(per_class: usize, unattended: bool, as_played: bool) -> Plan {
    Plan {
        labels: LABELS.map(name).to_vec(),
        per_class,
        length: Duration::from_millis(1280),
        margin: Duration::from_millis(300),
        countdown: 3,
        unattended,
        as_played,
    }
}

fn session(clips: &Path, out: &Path, plan: Plan) -> Session {
    let shelf = Shelf::open(out, name("anna"), UNIX_EPOCH).unwrap();
    Session::new(plan, shelf, studio(clips))
}

/// Runs it to its end; what was written as JSON.
fn run_to_end(session: &mut Session) -> (Result<(), CollectError>, Vec<serde_json::Value>) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut out = Vec::new();
    let outcome = run(
        session,
        &mut Lines::new(&mut out, Written::Json, Arc::clone(&stop)),
        &stop,
    );
    let text = String::from_utf8(out).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (outcome, lines.collect())
}

fn events(lines: &[serde_json::Value], event: &str) -> usize {
    lines.iter().filter(|line| line["event"] == event).count()
}

fn listed(out: &Path) -> Vec<ClipEntry> {
    ClipList::read(&out.join("clips.csv")).unwrap().entries
}

/// Steps until it is in such a phase.
#[track_caller]
fn until(session: &mut Session, wanted: impl Fn(&Phase) -> bool) -> Vec<Event> {
    let mut told = Vec::new();
    for _ in 0..400 {
        if wanted(session.phase()) {
            return told;
        }
        session.step(&mut told).unwrap();
    }
    panic!("{:?}, {told:?}", session.phase());
}

fn waiting(phase: &Phase) -> bool {
    matches!(phase, Phase::Waiting { .. })
}

#[test]
fn played_clips_are_recorded_as_what_they_are_and_read_back_the_same() {
    let (clips, out) = (clips(), tempfile::tempdir().unwrap());
    let mut sitting = session(clips.path(), out.path(), plan(2, true, true));
    let (outcome, lines) = run_to_end(&mut sitting);
    outcome.unwrap();
    assert_eq!(
        (events(&lines, "kept"), events(&lines, "doubtful")),
        (6, 0),
        "{lines:?}"
    );
    assert_eq!(lines.last().unwrap()["complete"], true);

    let entries = listed(out.path());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &entries {
        *counts.entry(entry.label.as_deref().unwrap()).or_default() += 1;
        assert_eq!(
            (entry.speaker.as_deref(), &entry.group),
            (Some("anna"), &None)
        );
    }
    assert_eq!(
        counts,
        BTreeMap::from([("down", 2), ("nothing", 2), ("up", 2)])
    );

    // Before the very first clip there is no margin, so the second one of `down` was recorded first.
    let options = ReadOptions {
        max_side: Some(16),
        frame_rate: None,
    };
    assert_eq!(entries[0].label.as_deref(), Some("down"));
    let kept = read_clip(&entries[0], &options).unwrap();
    let (pitch, samples) = (0.1 + 4.0 / 50.0, kept.sound.unwrap().samples);
    assert_eq!(samples.len(), 8 * 1880, "1.28 s and two margins");
    let played = (0..10_240).map(|i| 0.4 * (i as f32 * pitch).sin());
    let off = samples[8 * 300..]
        .iter()
        .zip(played)
        .map(|(kept, played)| (kept - played).abs());
    assert!(off.fold(0.0, f32::max) < 0.01);
    // As large as somebody wants them, and not as of a recording that is replayed.
    let frame = &kept.frames[kept.frames.len() / 2];
    assert_eq!((frame.width, frame.height), (16, 12));
    assert!((90..120).contains(&frame.rgb[100]), "{}", frame.rgb[100]);
}

#[test]
fn it_goes_on_where_it_was_and_the_fewest_come_next() {
    let (clips, out) = (clips(), tempfile::tempdir().unwrap());
    run_to_end(&mut session(clips.path(), out.path(), plan(1, true, true)))
        .0
        .unwrap();
    // Half a clip of a sitting that lost its power, and a file of somebody else's.
    let half = out.path().join("up/.anna-19700101T000000Z-009.mkv.partial");
    fs::write(&half, "half").unwrap();
    fs::write(out.path().join("up/notes.txt"), "mine").unwrap();
    fs::remove_file(out.path().join("down/anna-19700101T000000Z-001.mkv")).unwrap();

    let mut again = session(clips.path(), out.path(), plan(2, true, false));
    assert!(!half.exists() && again.shelf().foreign() == 1);
    assert_eq!(listed(out.path()).len(), 2, "the list follows the files");
    let (outcome, lines) = run_to_end(&mut again);
    outcome.unwrap();
    let next = lines.iter().filter(|line| line["event"] == "next");
    let next: Vec<&str> = next.map(|line| line["label"].as_str().unwrap()).collect();
    assert_eq!(next, ["down", "up", "down", "nothing"]);
    assert_eq!(events(&lines, "count"), 4 * 2, "3, 2, 1");
    let entries = listed(out.path());
    assert_eq!(entries.len(), 6);
    assert!(
        entries
            .iter()
            .any(|entry| entry.name.contains("anna-19700101T000001Z-001"))
    );
}

#[test]
fn an_unattended_sitting_drops_what_is_not_well_and_gives_up() {
    let (clips, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (number, label) in LABELS.iter().enumerate() {
        make_clip(clips.path(), label, number as u8, 0.0, 0);
    }
    let (outcome, lines) = run_to_end(&mut session(clips.path(), out.path(), plan(2, true, false)));
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("microphone: dead silence"), "{error}");
    assert!(error.contains("3 takes in a row"), "{error}");
    assert_eq!((events(&lines, "doubtful"), events(&lines, "kept")), (3, 0));
    assert!(!out.path().join("up").exists());
}

#[test]
fn somebody_decides_about_a_doubtful_clip_and_takes_the_last_one_back() {
    let (clips, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_clip(clips.path(), "up", 1, 0.0, 80);
    let mut sitting = session(clips.path(), out.path(), plan(2, false, false));
    let mut told = Vec::new();
    sitting.order(Order::Keep, &mut told).unwrap();
    assert!(matches!(told[..], [Event::Refused { .. }]));
    sitting.order(Order::Choose(2), &mut told).unwrap();
    sitting.order(Order::Record, &mut told).unwrap();
    let doubtful = |phase: &Phase| matches!(phase, Phase::Doubtful(_));
    until(&mut sitting, doubtful);
    sitting.order(Order::Again, &mut told).unwrap();
    until(&mut sitting, doubtful);
    assert_eq!(sitting.shelf().new_clips(), 0);
    sitting.order(Order::Keep, &mut told).unwrap();
    assert!(waiting(sitting.phase()) && sitting.shelf().count(&name("nothing")) == 1);
    assert_eq!(sitting.label(), &name("up"), "it has none yet");

    sitting.order(Order::Step(1), &mut told).unwrap();
    assert_eq!(sitting.label(), &name("down"));
    sitting.order(Order::Record, &mut told).unwrap();
    sitting.order(Order::Drop, &mut told).unwrap();
    sitting.order(Order::Undo, &mut told).unwrap();
    assert!(matches!(told.last(), Some(Event::Undone { label, .. }) if label == "nothing"));
    assert!(
        fs::read_dir(out.path().join("nothing"))
            .unwrap()
            .next()
            .is_none()
    );
    sitting.order(Order::Undo, &mut told).unwrap();
    assert!(matches!(told.last(), Some(Event::Refused { .. })));
    sitting.order(Order::Quit, &mut told).unwrap();
    assert!(matches!(
        told.last(),
        Some(Event::Done {
            complete: false,
            clips: 0,
            ..
        })
    ));
}

#[test]
fn orders_are_lines_where_there_is_no_more_than_that() {
    let (clips, out) = (clips(), tempfile::tempdir().unwrap());
    let mut sitting = session(clips.path(), out.path(), plan(5, false, false));
    let stop = Arc::new(AtomicBool::new(false));
    let mut written = Vec::new();
    let typed = "sideways\ndown\n\n\nundo\nquit\n";
    let mut lines =
        Lines::new(&mut written, Written::Text, Arc::clone(&stop)).with_orders(typed.as_bytes());
    run(&mut sitting, &mut lines, &stop).unwrap();
    drop(lines);
    let text = String::from_utf8(written).unwrap();
    for expected in [
        "press the key",
        "down  (1 of 5)  in 3",
        "NOW: down",
        "kept down/anna-19700101T000000Z-001.mkv: 1.88 s",
        "up  (1 of 5)",
        "took up/anna-19700101T000000Z-002.mkv back",
        "1 clip recorded, not all classes are complete",
    ] {
        assert!(text.contains(expected), "no {expected:?} in {text}");
    }
}

#[test]
fn the_panel_shows_what_is_to_be_done_and_how_much_there_is() {
    let (clips, out) = (clips(), tempfile::tempdir().unwrap());
    run_to_end(&mut session(clips.path(), out.path(), plan(1, true, true)))
        .0
        .unwrap();
    let mut sitting = session(clips.path(), out.path(), plan(4, false, false));
    let mut told = Vec::new();
    for _until_there_is_something in 0..20 {
        sitting.step(&mut told).unwrap();
    }
    let drawn = |sitting: &Session| panel::drawn(sitting, 80, 24);
    for expected in [
        "press space",
        "up           1/4",
        "32×24, played",
        "dB, peak",
        "space record",
    ] {
        assert!(
            drawn(&sitting).contains(expected),
            "no {expected:?} in {}",
            drawn(&sitting)
        );
    }
    sitting.order(Order::Record, &mut Vec::new()).unwrap();
    until(&mut sitting, |phase| {
        matches!(phase, Phase::Counting { told: 2, .. })
    });
    assert!(drawn(&sitting).contains("in 2"), "{}", drawn(&sitting));
    until(&mut sitting, |phase| {
        matches!(phase, Phase::Recording { .. })
    });
    assert!(drawn(&sitting).contains("NOW") && drawn(&sitting).contains("x stop"));
    assert!(panel::drawn(&sitting, 50, 10).contains("make the terminal larger"));
}

#[test]
fn three_speakers_or_sittings_are_kept_apart_once_they_have_every_class() {
    let (clips, out) = (clips(), tempfile::tempdir().unwrap());
    let sit = |speaker: &str, per_class: usize| {
        let shelf = Shelf::open(out.path(), name(speaker), UNIX_EPOCH).unwrap();
        let mut sitting = Session::new(plan(per_class, true, true), shelf, studio(clips.path()));
        run_to_end(&mut sitting).0.unwrap();
        let groups = listed(out.path()).into_iter().map(|entry| entry.group);
        let groups: std::collections::BTreeSet<_> = groups.collect();
        (sitting.shelf().apart(), groups.len())
    };
    assert_eq!(sit("anna", 1), (Apart::Nothing, 1));
    assert_eq!(sit("anna", 2), (Apart::Nothing, 1));
    assert_eq!(sit("ben", 1), (Apart::Sittings, 3));
    assert_eq!(sit("cleo-2", 1), (Apart::Speakers, 3));
}

#[test]
fn names_that_are_no_names_of_folders_are_refused() {
    for wrong in [
        "",
        " ",
        "a/b",
        "..",
        ".hidden",
        "-x",
        "a\nb",
        "a,b",
        &"x".repeat(61),
    ] {
        assert!(wrong.parse::<Name>().is_err(), "{wrong:?}");
    }
    for right in ["up", "größer als", "take_2", "7"] {
        assert_eq!(name(right).as_str(), right);
    }
}
