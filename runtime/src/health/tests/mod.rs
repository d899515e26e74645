//! Made-up sensors, clean and spoilt.

mod config;
mod picture;
mod signal;
mod sound;
mod time;

use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::noise;
use crate::random::rng;
use crate::window::{Frame, SampleRate, Sound};

const SIDE: usize = 96;

const HZ: usize = 8000;

const WINDOW: Duration = Duration::from_millis(1280);

/// A textured scene in some light, with the noise of a sensor.
fn picture(time: Duration, scene: &mut ChaCha8Rng, sensor: &mut ChaCha8Rng) -> Frame {
    let light = scene.random_range(0.35..0.6_f32);
    let tint: [f32; 3] = std::array::from_fn(|_| scene.random_range(0.9..1.1));
    let waves: Vec<[f32; 4]> = (0..12)
        .map(|_| {
            let turns = scene.random_range(1.0..2.0_f32);
            let (sin, cos) = scene.random_range(0.0..TAU).sin_cos();
            [
                turns * sin,
                turns * cos,
                scene.random_range(0.0..TAU),
                scene.random_range(0.02..0.06),
            ]
        })
        .collect();
    let grain = noise::white(3 * SIDE * SIDE, sensor);
    let strength = scene.random_range(0.005..0.02_f32);
    let mut rgb = Vec::with_capacity(3 * SIDE * SIDE);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let [u, v] = [x, y].map(|at| at as f32 * TAU / SIDE as f32);
            let value = waves.iter().fold(light, |sum, [a, b, phase, size]| {
                // A square-ish wave has edges.
                sum + size * (3.0 * (a * u + b * v + phase).sin()).clamp(-1.0, 1.0)
            });
            for channel in tint {
                let noisy = value * channel + strength * grain[rgb.len()];
                rgb.push((255.0 * noisy) as u8);
            }
        }
    }
    Frame {
        time,
        width: SIDE as u32,
        height: SIDE as u32,
        rgb,
    }
}

/// The noise of a room, and perhaps a word: a tone with harmonics that rises and falls.
fn sound(start: Duration, word: bool, rng: &mut ChaCha8Rng) -> Sound {
    let samples = WINDOW.as_millis() as usize * HZ / 1000;
    let floor = noise::gain(rng.random_range(-60.0..-50.0));
    let mut samples: Vec<f32> = noise::pink(samples, rng)
        .iter()
        .map(|s| s * floor)
        .collect();
    if word {
        let (from, length) = (rng.random_range(500..4000), rng.random_range(2500..5000));
        let pitch = rng.random_range(90.0..250.0_f32);
        let loud = noise::gain(rng.random_range(-24.0..-12.0));
        let mut phase = 0.0_f32;
        for i in 0..length {
            let along = i as f32 / length as f32;
            phase += TAU * pitch * (1.15 - 0.3 * along) / HZ as f32;
            let voice = (1..8)
                .map(|k| (k as f32 * phase).sin() / k as f32)
                .sum::<f32>();
            samples[from + i] += loud * (PI * along).sin() * voice * 0.5;
        }
    }
    Sound {
        start,
        rate: SampleRate::new(HZ as u32).unwrap(),
        samples,
    }
}

/// A clean window at `start`, one frame, a word or not.
fn clean(seed: u64, start: Duration) -> Window {
    let mut random = rng("health test", &[seed]);
    let mut sensor = rng("health test sensor", &[seed]);
    Window {
        start,
        sound: Some(sound(start, !seed.is_multiple_of(4), &mut random)),
        frames: vec![picture(start, &mut random, &mut sensor)],
        ..Window::default()
    }
}

/// What 500 clean windows teach.
static LEARNT: LazyLock<HealthConfig> = LazyLock::new(|| {
    let mut calibration = Calibration::default();
    for seed in 0..500 {
        calibration.reset();
        calibration.add(&clean(seed, Duration::ZERO));
    }
    calibration.finish()
});

fn first_look(window: &Window) -> PerSensor<Health> {
    Monitor::new(&LEARNT).check(window)
}

/// Clean windows that the calibration has not seen.
fn fresh() -> impl Iterator<Item = Window> {
    (1000..1020).map(|seed| clean(seed, Duration::ZERO))
}

fn fresh_words() -> impl Iterator<Item = Window> {
    (1000..1040)
        .filter(|seed| seed % 4 != 0)
        .map(|seed| clean(seed, Duration::ZERO))
}

#[test]
fn clean_windows_are_well() {
    let mut monitor = Monitor::new(&LEARNT);
    let mut sick = PerSensor::<u32>::default();
    for seed in 2000..3000 {
        monitor.reset();
        let health = monitor.check(&clean(seed, Duration::ZERO));
        sick.camera += u32::from(!health.camera.is_well());
        sick.audio += u32::from(!health.audio.is_well());
    }
    assert!(
        sick.camera < 5 && sick.audio < 5,
        "of 1000 clean windows: {sick:?}"
    );
}

#[test]
fn without_a_calibration_only_the_plainly_dead_are_sick() {
    let look = |window: &Window| Monitor::new(&HealthConfig::default()).check(window);
    for mut window in fresh_words() {
        let health = look(&window);
        assert_eq!((health.audio, health.camera), (Health::WELL, Health::WELL));
        window.frames[0].rgb.fill(1);
        let samples = &mut window.sound.as_mut().unwrap().samples;
        samples
            .iter_mut()
            .for_each(|s| *s = (*s * 100.0).clamp(-1.0, 1.0));
        let health = look(&window);
        assert_eq!(health.camera.reason, Some(Reason::Dark));
        assert_eq!(health.audio.reason, Some(Reason::Clipping));
    }
}

#[test]
fn a_missing_sensor_is_dead_and_the_other_one_well() {
    let mut window = clean(1001, Duration::ZERO);
    window.sound = None;
    let health = first_look(&window);
    assert_eq!(
        (health.audio, health.camera.is_well()),
        (Health::MISSING, true)
    );
    let health = first_look(&Window {
        frames: Vec::new(),
        ..clean(1001, Duration::ZERO)
    });
    assert_eq!(
        (health.camera, health.audio.is_well()),
        (Health::MISSING, true)
    );
}

#[test]
fn odd_windows_are_no_trouble() {
    let frame = |width, height, bytes| Frame {
        time: Duration::ZERO,
        width,
        height,
        rgb: vec![90; bytes],
    };
    let sound = |hz, samples| Sound {
        start: Duration::ZERO,
        rate: SampleRate::new(hz).unwrap(),
        samples,
    };
    let frames = [
        (frame(1, 1, 3), true),
        (frame(2, 700, 4200), true),
        (frame(700, 1, 2100), true),
        (frame(4, 4, 20), true),
        (frame(0, 0, 0), false),
        (frame(5, 0, 0), false),
        (frame(100_000, 100_000, 7), false),
    ];
    let mut monitor = Monitor::new(&LEARNT);
    for (frame, there) in frames {
        let size = (frame.width, frame.height);
        let window = Window {
            frames: vec![frame],
            ..Window::default()
        };
        let health = monitor.check(&window).camera;
        assert_eq!(health != Health::MISSING, there, "{size:?}");
        assert!((0.0..=1.0).contains(&health.score));
    }
    let loud = [f32::NAN, f32::INFINITY, f32::MIN, 1e30];
    for hz in [1, 100, 8_000, 44_100, 768_000, u32::MAX] {
        for len in [1, 2, 3, 50, 10_000] {
            let samples = (0..len).map(|i| loud[i % 4]).collect();
            let window = Window {
                sound: Some(sound(hz, samples)),
                ..Window::default()
            };
            assert!((0.0..=1.0).contains(&monitor.check(&window).audio.score));
        }
    }
    let nothing = Window {
        sound: Some(sound(8000, Vec::new())),
        ..Window::default()
    };
    assert_eq!(monitor.check(&nothing).audio, Health::MISSING);
    let no_numbers = Window {
        sound: Some(sound(8000, vec![f32::NAN; 8000])),
        ..Window::default()
    };
    assert_eq!(
        monitor.check(&no_numbers).audio.reason,
        Some(Reason::Silent)
    );
}
