//! What only shows over time.

use super::*;
use crate::clip::Clip;

/// Seven seconds, 25 frames a second: the picture is frozen from 2 to 3.4 s, and there is digital
/// silence from 2 to 4 s.
fn interrupted() -> Clip {
    let mut sensor = rng("health test film", &[]);
    let mut frames: Vec<Frame> = Vec::new();
    for i in 0..192 {
        let time = Duration::from_millis(40 * i);
        let frame = match frames.last() {
            Some(last) if (51..=85).contains(&i) => Frame {
                time,
                ..last.clone()
            },
            _ => picture(time, &mut rng("health test scene", &[]), &mut sensor),
        };
        frames.push(frame);
    }
    let words = (0..6).map(|seed| {
        let mut random = rng("health test film", &[seed]);
        sound(Duration::ZERO, true, &mut random).samples
    });
    let mut samples = words.collect::<Vec<_>>().concat();
    samples[2 * HZ..4 * HZ].fill(0.0);
    let sound = Sound {
        start: Duration::ZERO,
        rate: SampleRate::new(HZ as u32).unwrap(),
        samples,
    };
    Clip::new(Some(sound), frames)
}

#[test]
fn frozen_pictures_and_dead_microphones_are_timed_over_windows_and_recover() {
    let clip = interrupted();
    for config in [&HealthConfig::default(), &*LEARNT] {
        let mut monitor = Monitor::new(config);
        let (mut camera, mut audio) = (Vec::new(), Vec::new());
        for hop in 0..39 {
            let health = monitor.check(&clip.window_at(Duration::from_millis(160 * hop), WINDOW));
            let words = |health: Health| health.reason.map_or("well".into(), |r| r.to_string());
            camera.push(words(health.camera));
            audio.push(words(health.audio));
        }
        // Windows 14 to 21 begin at 2.24 to 3.36 s, and hold the last frozen frame, of 3.4 s.
        for words in &camera[14..=21] {
            assert_eq!(words, "frozen for 1.4 s", "{camera:?}");
        }
        // Window 24 begins at 3.84 s and hears the end of what began in window 5; it takes 0.8 s to be sure
        // of it.
        for words in &audio[10..=24] {
            assert_eq!(words, "dead silence", "{audio:?}");
        }
        let well = |words: &[String]| words.iter().all(|words| words == "well");
        assert!(well(&camera[..7]) && well(&camera[22..]), "{camera:?}");
        assert!(well(&audio[..5]) && well(&audio[25..]), "{audio:?}");
    }
}

#[test]
fn a_still_picture_is_not_frozen() {
    let mut monitor = Monitor::new(&LEARNT);
    let still = clean(1001, Duration::ZERO);
    for hop in 0..20 {
        let start = WINDOW * hop;
        let sound = Some(sound(
            start,
            true,
            &mut rng("health test still", &[hop.into()]),
        ));
        let window = Window {
            start,
            sound,
            frames: still.frames.clone(),
            ..Window::default()
        };
        assert!(monitor.check(&window).camera.is_well());
    }
    // A live camera gives the picture a new time, and then it is.
    let mut later = still;
    later.start = WINDOW * 21;
    later.frames[0].time = later.start;
    let reason = monitor.check(&later).camera.reason;
    assert!(matches!(reason, Some(Reason::Frozen { .. })), "{reason:?}");
    // Another recording is another matter.
    later.start = Duration::ZERO;
    later.frames[0].time = WINDOW * 30;
    assert!(monitor.check(&later).camera.is_well());
}

#[test]
fn fewer_frames_than_usual_are_noticed() {
    let film = |start: Duration, every: u64, seed: u64| {
        let mut window = clean(seed, start);
        let millis = WINDOW.as_millis() as u64;
        let frames = (0..millis).step_by(every as usize).map(|at| {
            let time = start + Duration::from_millis(at);
            let (mut scene, mut sensor) = (rng("health test", &[seed]), rng("s", &[seed, at]));
            picture(time, &mut scene, &mut sensor)
        });
        window.frames = frames.collect();
        window
    };
    let mut calibration = Calibration::default();
    for seed in 0..40 {
        calibration.add(&film(Duration::ZERO, 40 + seed % 2, seed));
    }
    let mut monitor = Monitor::new(&calibration.finish());
    assert!(
        monitor
            .check(&film(Duration::ZERO, 40, 50))
            .camera
            .is_well()
    );
    assert!(monitor.check(&film(WINDOW, 42, 51)).camera.is_well());
    for (hop, every) in [(2, 150), (3, 1280)] {
        let health = monitor.check(&film(hop * WINDOW, every, 52)).camera;
        assert_eq!(health.reason, Some(Reason::FewFrames), "{health:?}");
    }
}

#[test]
fn of_many_frames_some_are_read_and_every_fault_that_lasts_is_seen() {
    let dark = |time: Duration| Frame {
        time,
        width: 16,
        height: 16,
        rgb: (0..768)
            .map(|i| ((i + time.as_millis()) % 7) as u8)
            .collect(),
    };
    let mut monitor = Monitor::new(&HealthConfig::default());
    let mut window = clean(7, Duration::ZERO);
    // One every 10 ms: of the first 125 ms only the first is read, and it is well.
    window.frames.truncate(1);
    let at = |millis: u64| window.frames[0].time + Duration::from_millis(millis);
    let dark: Vec<Frame> = (1..12).map(|i| dark(at(10 * i))).collect();
    window.frames.extend(dark.iter().cloned());
    assert!(monitor.check(&window).camera.is_well());
    // The first is gone, so another is.
    window.start += Duration::from_millis(20);
    window.frames.remove(0);
    let reason = monitor.check(&window).camera.reason;
    assert_eq!(reason, Some(Reason::Dark));
}

#[test]
fn another_picture_at_the_same_time_is_looked_at_where_it_is_expected() {
    let seen = |monitor: &mut Monitor, start: u64, dark: bool| {
        let start = Duration::from_millis(start);
        let mut window = clean(1001, start);
        let time = Duration::from_millis(700);
        window.frames[0].time = time;
        if dark {
            window.frames[0].rgb.fill(0);
        }
        monitor.check(&window).camera.is_well()
    };
    let mut live = Monitor::new(&LEARNT);
    assert!(seen(&mut live, 0, false));
    assert!(seen(&mut live, 640, true), "known by its time");
    let mut spoilt = Monitor::new(&LEARNT);
    spoilt.expect_changes(true);
    assert!(seen(&mut spoilt, 0, false));
    assert!(!seen(&mut spoilt, 640, true));
    assert!(seen(&mut spoilt, 670, false));
}
