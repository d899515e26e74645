use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;

use super::*;
use crate::clip::{ClipEntry, ClipSource, read_clip};
use crate::engine::Verdict;
use crate::live::{Evidence, Spoiling};
use crate::sensor::{Playlist, Repeat, Times};

/// The shipped model.
fn package() -> Package {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/digits");
    Package::open(&folder).unwrap()
}

fn setup(player: &Arc<Player>, schedule: &[Spoiling]) -> Setup {
    Setup {
        sensors: player.sensors(),
        clock: Clock::as_fast_as_possible(),
        times: Times::default(),
        hop: None,
        limit: None,
        threads: NonZeroUsize::MIN,
        switchboard: Switchboard::new(schedule),
        sources: Sources::default(),
        player: Some(Arc::clone(player)),
    }
}

#[derive(Default)]
struct Kept {
    moments: Vec<Moment>,
    windows: Vec<Window>,
}

impl Observer for Kept {
    fn observe(&mut self, moment: &Moment, window: &Window, _: &Window) {
        self.moments.push(moment.clone());
        self.windows.push(window.clone());
    }
}

/// Everything that is observed while the list is played.
fn play(package: &Package, list: Playlist, schedule: &[&str]) -> Kept {
    let schedule: Vec<Spoiling> = schedule.iter().map(|text| text.parse().unwrap()).collect();
    let player = Player::new(list);
    let mut pipeline = Pipeline::new(package, setup(&player, &schedule)).unwrap();
    let mut kept = Kept::default();
    pipeline.run(&AtomicBool::new(false), &mut [&mut kept]);
    kept
}

/// A film of one of the project's own clips: its picture with a little noise in each frame, its word twice.
fn film(folder: &Path, label: &str) -> ClipEntry {
    let clips = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../clips/demo")
        .join(label);
    let named = |extension: &str| {
        let mut files = std::fs::read_dir(&clips)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files
            .find(|path| path.extension().is_some_and(|found| found == extension))
            .unwrap()
    };
    let path = folder.join(format!("{label}.mkv"));
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-loop", "1", "-framerate", "10", "-i"])
        .arg(named("png"))
        .args(["-stream_loop", "1", "-i"])
        .arg(named("wav"))
        .args([
            "-t",
            "2.56",
            "-vf",
            "noise=alls=2:allf=t",
            "-c:v",
            "ffv1",
            "-c:a",
            "pcm_s16le",
        ])
        .arg(&path)
        .status()
        .expect("ffmpeg is installed");
    assert!(status.success());
    ClipEntry {
        further: Default::default(),
        name: label.into(),
        source: ClipSource::Container(path),
        line: None,
        label: Some(label.into()),
        split: None,
        group: None,
        speaker: None,
        start: None,
        end: None,
    }
}

fn playlist(package: &Package, entries: Vec<ClipEntry>, times: u32) -> Playlist {
    Playlist {
        entries,
        options: package.manifest.read_options(),
        times,
        repeat: Repeat::Once,
    }
}

#[test]
fn a_clip_that_is_played_is_answered_as_it_is_evaluated() {
    let (package, folder) = (package(), tempfile::tempdir().unwrap());
    let entry = film(folder.path(), "seven");
    let kept = play(&package, playlist(&package, vec![entry.clone()], 1), &[]);

    let mut recogniser = Recogniser::new(&package).unwrap();
    let (length, hop) = (package.manifest.window_duration(), package.manifest.hop());
    let clip = read_clip(&entry, &package.manifest.read_options()).unwrap();
    let windows: Vec<Window> = clip.windows(length, hop).collect();
    // The last one ends with the clip, wherever that is; live windows stay on their grid.
    assert_eq!((windows.len(), kept.windows.len()), (10, 9));
    for ((window, moment), same) in kept.windows.iter().zip(&kept.moments).zip(&windows) {
        assert_eq!(window, same);
        assert_eq!(moment.answer, recogniser.answer(same).unwrap());
        assert_eq!(moment.truth.as_deref(), Some("seven"));
    }
}

#[test]
fn the_answer_holds_while_either_sensor_is_spoiled_and_is_none_when_both_are() {
    let (package, folder) = (package(), tempfile::tempdir().unwrap());
    let list = playlist(&package, vec![film(folder.path(), "seven")], 6);
    let schedule = [
        "camera:black:5@2s..6s",
        "audio:noise:5@7s..11s",
        "camera:unplugged@13s..",
        "audio:unplugged@14s..",
    ];
    let kept = play(&package, list, &schedule);
    let between = |from: u64, until: u64| {
        let (from, until) = (Duration::from_secs(from), Duration::from_secs(until));
        kept.moments
            .iter()
            .filter(move |moment| moment.start >= from && moment.end() <= until)
    };
    let right = |moment: &&Moment| moment.smoothed.verdict == Verdict::Label("seven".into());
    for (from, until) in [(0, 2), (2, 6), (7, 11)] {
        let (right, all) = (
            between(from, until).filter(right).count(),
            between(from, until).count(),
        );
        assert!(
            right * 10 >= all * 7,
            "{right} of {all} from {from} to {until} s"
        );
    }
    // At once, though frames of these windows were seen before, as they are.
    for moment in between(0, 12) {
        let black = (2.0..6.0).contains(&moment.end().as_secs_f64());
        let well = moment.answer.health.camera.is_well();
        assert_eq!(well, !black, "at {:?}", moment.end());
    }
    let blind = between(3, 6).all(|moment| moment.smoothed.evidence == Evidence::Microphone);
    assert!(blind, "a black picture must not count");
    assert!(
        between(14, 15)
            .skip(4)
            .all(|moment| moment.smoothed.verdict == Verdict::NoSensor)
    );
}
