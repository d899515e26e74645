use super::*;
use crate::clip::{ClipSource, write_wav};
use crate::window::{SampleRate, Sound};

/// Everything that was handed over.
#[derive(Default)]
struct Heard {
    samples: Vec<f32>,
    times: Vec<Duration>,
    frames: Vec<Frame>,
}

impl Intake for Heard {
    fn hear(&mut self, time: Duration, _: Duration, _: SampleRate, samples: &[f32]) {
        self.times.push(time);
        self.samples.extend_from_slice(samples);
    }

    fn see(&mut self, frame: Frame, _: Duration) {
        self.frames.push(frame);
    }

    fn spare(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// One clip of 500 ms that counts up in steps of 1/1024, and the folder that it lies in.
fn clip() -> (tempfile::TempDir, ClipEntry) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("count.wav");
    let sound = Sound {
        start: Duration::ZERO,
        rate: SampleRate::new(1000).unwrap(),
        samples: (0..500).map(|i| i as f32 / 1024.0).collect(),
    };
    write_wav(&path, &sound).unwrap();
    let entry = ClipEntry {
        further: Default::default(),
        name: "count".into(),
        source: ClipSource::Container(path),
        line: None,
        label: Some("one".into()),
        split: None,
        group: None,
        speaker: None,
        start: None,
        end: None,
    };
    (folder, entry)
}

fn play(entries: Vec<ClipEntry>, times: u32) -> (Arc<Player>, Clock, Box<dyn Capture>) {
    let player = Player::new(Playlist {
        entries,
        options: ReadOptions::default(),
        times,
        repeat: Repeat::Once,
    });
    let clock = Clock::as_fast_as_possible();
    let capture = player.sensors().audio.unwrap().open(&clock).unwrap();
    (player, clock, capture)
}

#[test]
fn a_clip_is_handed_over_once_and_in_full_however_often_it_is_asked_for() {
    let (_folder, entry) = clip();
    let (player, _clock, mut capture) = play(vec![entry], 2);
    let mut heard = Heard::default();
    for time in [0, 70, 71, 400, 650, 650, 990] {
        capture.poll(ms(time), &mut heard).unwrap();
    }
    assert_eq!(
        player.playing(ms(700)).unwrap().label.as_deref(),
        Some("one")
    );
    let end = capture.poll(ms(1000), &mut heard).unwrap_err();
    assert_eq!(end.trouble, Trouble::Ended);
    assert_eq!(heard.samples.len(), 1000, "twice 500");
    assert_eq!(heard.samples[..500], heard.samples[500..]);
    assert!(heard.samples[..500].is_sorted());
    assert_eq!(heard.times[1], ms(70));
}

#[test]
fn what_cannot_be_read_is_told_and_passed_over() {
    let (_folder, entry) = clip();
    let lost = ClipEntry {
        further: Default::default(),
        name: "lost".into(),
        source: ClipSource::Container("no/such/file.wav".into()),
        ..entry.clone()
    };
    let (player, _clock, mut capture) = play(vec![lost.clone(), entry], 1);
    let mut heard = Heard::default();
    capture.poll(ms(400), &mut heard).unwrap();
    assert_eq!(heard.samples.len(), 400);
    let problems = player.problems();
    assert!(problems[0].contains("no/such/file.wav"), "{problems:?}");

    let (_, _, mut nothing) = play(vec![lost], 1);
    let end = nothing.poll(ms(1), &mut heard).unwrap_err();
    assert_eq!(end.trouble, Trouble::Ended, "not an endless search");
}

#[test]
fn a_still_picture_is_filmed_and_never_frozen() {
    let still = Clip::new(
        None,
        vec![Frame {
            time: Duration::ZERO,
            width: 8,
            height: 8,
            rgb: vec![100; 3 * 64],
        }],
    );
    let clip = moving(still);
    assert_eq!(clip.frames.len(), 30);
    assert!(clip.frames.windows(2).all(|two| two[0].rgb != two[1].rgb));
}
