//! What was recorded live gives the same answers when it is played.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::{RecordOptions, Recorder};
use crate::clip::ClipList;
use crate::corruption::Sources;
use crate::live::{Moment, Observer, Pipeline, Setup, Switchboard};
use crate::package::Package;
use crate::sensor::{Clock, Player, Playlist, Repeat, Times};
use crate::window::Window;

fn root(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

/// Remembers everything.
#[derive(Default)]
struct Witness(Vec<(Moment, Window)>);

impl Observer for Witness {
    fn observe(&mut self, moment: &Moment, _: &Window, raw: &Window) {
        self.0.push((moment.clone(), raw.clone()));
    }
}

/// Plays clips to a pipeline, recorded to `folder` if there is one, in clips of at most `longest`.
fn play(package: &Package, path: &Path, record: Option<(&Path, Duration)>) -> Witness {
    let clock = Clock::as_fast_as_possible();
    let mut entries = ClipList::read(path).unwrap().entries;
    entries.truncate(4);
    let player = Player::new(Playlist {
        entries,
        options: package.manifest.read_options(),
        times: 1,
        repeat: Repeat::Once,
    });
    let setup = Setup {
        sensors: player.sensors(),
        clock: clock.clone(),
        times: Times::default(),
        hop: None,
        limit: None,
        threads: NonZeroUsize::MIN,
        switchboard: Switchboard::default(),
        sources: Sources::default(),
        player: Some(player),
    };
    let mut pipeline = Pipeline::new(package, setup).unwrap();
    let mut witness = Witness::default();
    let mut recorder = record.map(|(folder, longest)| {
        let options = RecordOptions {
            longest,
            ..RecordOptions::new(folder)
        };
        Recorder::start(&options, &package.manifest, &clock).unwrap()
    });
    let mut observers: Vec<&mut dyn Observer> = vec![&mut witness];
    if let Some(recorder) = &mut recorder {
        observers.push(recorder);
    }
    pipeline.run(&AtomicBool::new(false), &mut observers);
    if let Some(recorder) = &mut recorder {
        assert_eq!(recorder.notices(), [""; 0]);
    }
    witness
}

/// A window as it is in a clip that begins at `zero`.
fn moved(window: &Window, zero: Duration) -> Window {
    let mut window = window.clone();
    window.start -= zero;
    if let Some(sound) = &mut window.sound {
        sound.start -= zero;
    }
    for frame in &mut window.frames {
        frame.time -= zero;
    }
    window
}

#[test]
fn a_recording_that_is_played_gives_the_same_windows_health_and_answers() {
    let package = Package::open(&root("models/digits")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let longest = Duration::from_secs(3);
    let live = play(
        &package,
        &root("clips/demo/clips.csv"),
        Some((folder.path(), longest)),
    )
    .0;
    assert!(live.len() > 20, "{} windows", live.len());
    let clips = ClipList::read(folder.path()).unwrap().entries;
    assert_eq!(clips.len(), 3);
    let mut compared = 0;
    for entry in &clips {
        let path = folder.path().join(&entry.name);
        let lines = std::fs::read_to_string(path.with_extension("jsonl")).unwrap();
        let mut lines = lines
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let zero = lines.next().unwrap()["index"].as_u64().unwrap();
        let zero = package.manifest.hop() * zero as u32;
        let replayed = play(&package, &path, None).0;
        for line in lines.filter(|line| line["exact"] == true) {
            let index = line["index"].as_u64().unwrap();
            let (then, then_window) = live
                .iter()
                .find(|(moment, _)| moment.index == index)
                .unwrap();
            let start = then.start - zero;
            // The first window passes while the sensors are opened.
            let Some((now, window)) = replayed.iter().find(|(m, _)| m.start == start) else {
                assert_eq!(start, Duration::ZERO, "{entry:?}");
                continue;
            };
            assert_eq!(window, &moved(then_window, zero), "{index}");
            assert_eq!(now.answer, then.answer, "{index}");
            assert_eq!(now.mel, then.mel);
            compared += 1;
        }
    }
    assert!(compared + 4 > live.len(), "{compared} of {}", live.len());
}
