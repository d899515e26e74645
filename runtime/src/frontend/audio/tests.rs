//! What the log-mel patch shows, from which rate and start it may come.

use std::f64::consts::TAU;

use super::*;

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).unwrap()
}

pub(super) fn config() -> AudioConfig {
    AudioConfig {
        sample_rate: rate(8_000),
        window_samples: 10_240,
        frame_samples: 200,
        hop_samples: 80,
        fft_size: 256,
        mel_bands: 40,
        min_hz: 60.0,
        max_hz: 3_800.0,
        mel_scale: MelScale::Htk,
        log_floor: 1e-3,
        mean: 0.0,
        std: 1.0,
        centre_bands: false,
    }
}

fn sound(start: Duration, hz: u32, seconds: f64, wave: impl Fn(f64) -> f64) -> Sound {
    let n = (seconds * f64::from(hz)).round() as usize;
    Sound {
        start,
        rate: rate(hz),
        samples: (0..n)
            .map(|i| wave(i as f64 / f64::from(hz)) as f32)
            .collect(),
    }
}

/// The frame with the most power, summed over the bands.
fn loudest_frame(patch: &[f32], frames: usize) -> usize {
    let total = |t: usize| patch.iter().skip(t).step_by(frames).sum::<f32>();
    (0..frames)
        .max_by(|&a, &b| total(a).total_cmp(&total(b)))
        .unwrap()
}

#[test]
fn a_tone_lands_in_its_band_and_the_patch_is_the_same_at_any_rate() {
    let mut frontend = AudioFrontend::new(&config()).unwrap();
    let [bands, frames] = config().shape();
    // The centre of band 20 by the formula of the filter bank.
    let mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let centre = mel(60.0) + (mel(3_800.0) - mel(60.0)) * 21.0 / 41.0;
    let tone = 700.0 * (10_f64.powf(centre / 2595.0) - 1.0);
    let wave = |t: f64| 0.5 * (TAU * tone * t).sin() + 0.05 * (TAU * 3_500.0 * t).sin();
    let reference = frontend
        .log_mel(Duration::ZERO, &sound(Duration::ZERO, 8_000, 1.28, wave))
        .unwrap();
    for t in 0..frames {
        let column = |band: usize| reference[band * frames + t];
        let loudest = (0..bands).max_by(|&a, &b| column(a).total_cmp(&column(b)));
        assert_eq!(loudest, Some(20), "frame {t}");
    }
    for hz in [16_000, 22_050, 44_100, 48_000, 96_000] {
        let patch = frontend
            .log_mel(Duration::ZERO, &sound(Duration::ZERO, hz, 1.28, wave))
            .unwrap();
        // The first and last frames hold the edges of the sound, which a band limit smears.
        let differences: Vec<f32> = (0..patch.len())
            .filter(|i| (2..frames - 2).contains(&(i % frames)))
            .map(|i| (patch[i] - reference[i]).abs())
            .collect();
        let mean = differences.iter().sum::<f32>() / differences.len() as f32;
        assert!(mean < 0.02, "{hz} Hz: mean difference {mean}");
    }
}

#[test]
fn a_click_appears_in_its_frame_whatever_the_rate_and_the_start_of_the_sound() {
    let mut frontend = AudioFrontend::new(&config()).unwrap();
    let frames = config().shape()[1];
    let window_start = Duration::from_millis(5_000);
    // Frame 60 is centred on sample 60·80 + 100 of the window: 612.5 ms.
    let click = Duration::from_micros(5_612_500);
    for hz in [8_000, 11_025, 44_100, 48_000] {
        for sound_start in [0, 4_990, 5_000, 5_200] {
            let start = Duration::from_millis(sound_start);
            let after = (click - start).as_secs_f64();
            let wave = |t: f64| if (t - after).abs() < 2e-4 { 1.0 } else { 0.0 };
            let patch = frontend
                .log_mel(
                    window_start,
                    &sound(start, hz, 8.0 - start.as_secs_f64(), wave),
                )
                .unwrap();
            assert_eq!(
                loudest_frame(&patch, frames),
                60,
                "{hz} Hz from {sound_start} ms"
            );
        }
    }
}

#[test]
fn converting_part_of_a_sound_gives_what_converting_all_of_it_gives() {
    let mut frontend = AudioFrontend::new(&config()).unwrap();
    let wave = |t: f64| (TAU * (200.0 + 300.0 * t) * t).sin();
    for hz in [16_000, 44_100] {
        let long = sound(Duration::from_millis(130), hz, 6.0, wave);
        let start = Duration::from_millis(2_345);
        let part = frontend.log_mel(start, &long).unwrap();
        let whole = frontend
            .log_mel(
                start,
                &crate::frontend::resample(&long, rate(8_000)).unwrap(),
            )
            .unwrap();
        for (a, b) in part.iter().zip(&whole) {
            assert!((a - b).abs() < 1e-2, "{hz} Hz: {a} and {b}");
        }
    }
}

#[test]
fn silence_and_sound_outside_the_window_give_the_floor() {
    let mut frontend = AudioFrontend::new(&config()).unwrap();
    let floor = 1e-3_f32.ln();
    for hz in [8_000, 44_100] {
        let noise = |t: f64| (t * 12_345.6).sin();
        for sound in [
            sound(Duration::ZERO, hz, 0.0, noise),
            sound(Duration::ZERO, hz, 2.0, |_| 0.0),
            sound(Duration::from_secs(900), hz, 1.0, noise),
            sound(Duration::ZERO, hz, 1.0, noise),
            sound(Duration::MAX, hz, 1.0, noise),
        ] {
            let patch = frontend.log_mel(Duration::from_secs(100), &sound).unwrap();
            assert!(patch.iter().all(|x| (x - floor).abs() < 1e-4));
        }
    }
}

#[test]
fn absurdly_loud_sound_is_finite_and_broken_sound_an_error() {
    let mut frontend = AudioFrontend::new(&config()).unwrap();
    for hz in [8_000, 16_000] {
        let loud = sound(Duration::ZERO, hz, 1.28, |t| 1e30 * (t * 5_000.0).sin());
        let patch = frontend.log_mel(Duration::ZERO, &loud).unwrap();
        assert!(patch.iter().all(|x| x.is_finite()));
        let mut broken = sound(Duration::ZERO, hz, 1.28, |_| 0.1);
        broken.samples[3_000] = f32::NAN;
        assert_eq!(
            frontend.log_mel(Duration::ZERO, &broken),
            Err(FrontendError::NotFinite)
        );
    }
}

/// Makes one value wrong.
type Spoil = fn(&mut AudioConfig);

#[test]
fn contradicting_parameters_are_named() {
    let cases: [(Spoil, &str); 11] = [
        (|c| c.hop_samples = 0, "hop_samples"),
        (|c| c.frame_samples = 20_000, "frame_samples"),
        (|c| c.fft_size = 128, "fft_size"),
        (|c| c.mel_bands = 0, "mel_bands"),
        (|c| c.mel_bands = 120, "mel band"),
        (|c| c.max_hz = 4_001.0, "max_hz"),
        (|c| c.std = 0.0, "std"),
        (|c| c.window_samples = 1 << 40, "window_samples"),
        (|c| c.window_samples = 79, "10 ms"),
        (|c| c.sample_rate = rate(999), "sample_rate"),
        (|c| c.sample_rate = rate(384_001), "sample_rate"),
    ];
    for (spoil, named) in cases {
        let mut config = config();
        spoil(&mut config);
        let error = AudioFrontend::new(&config).err().unwrap().to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn moves_to_the_thread_that_runs_the_model() {
    fn is_send<T: Send>() {}
    is_send::<AudioFrontend>();
}

#[test]
fn with_centred_bands_another_microphone_sounds_the_same() {
    let config = AudioConfig {
        centre_bands: true,
        log_floor: 1e-20,
        ..config()
    };
    let mut frontend = AudioFrontend::new(&config).unwrap();
    let mut hear = |gain: f64| {
        // Louder and softer, so that something is left when the mean is gone.
        let level = |t: f64| gain * (1.2 + (TAU * 3.0 * t).sin());
        let wave = |t: f64| level(t) * (TAU * 800.0 * t).sin();
        frontend
            .log_mel(Duration::ZERO, &sound(Duration::ZERO, 8_000, 1.28, wave))
            .unwrap()
    };
    let (near, far) = (hear(0.5), hear(0.1));
    let [_, frames] = config.shape();
    // The tone's band; far from it there are only rounding errors.
    let range = |band: &[f32]| band.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let loudest = (0..config.mel_bands)
        .max_by(|&a, &b| {
            let range = |band| range(&near[band * frames..][..frames]);
            range(a).total_cmp(&range(b))
        })
        .unwrap();
    let (near, far) = (
        &near[loudest * frames..][..frames],
        &far[loudest * frames..][..frames],
    );
    assert!(near.iter().sum::<f32>().abs() < 1e-2);
    assert!(range(near) > 1.0);
    assert!(std::iter::zip(near, far).all(|(a, b)| (a - b).abs() < 0.02));
}

/// What the speech embedding's own front end (melspectrogram.onnx of openWakeWord, by way of ONNX Runtime) gives for the
/// fourth frame of 0.3 sin 440 Hz + 0.1 sin 1900 Hz at 16 kHz, in units of 10 dB plus 2, in the bands where it has not cut off
/// what lies 80 dB below the loudest.
#[test]
fn with_slaneys_bands_it_is_the_front_end_of_the_speech_embedding() {
    let expected = [
        (0, 5.5481),
        (2, 7.3304),
        (4, 12.0402),
        (5, 12.2010),
        (7, 7.3805),
        (9, 5.8224),
        (20, 5.9575),
        (22, 11.1168),
        (24, 5.6523),
    ];
    let config = AudioConfig {
        sample_rate: rate(16_000),
        window_samples: 16_000,
        frame_samples: 400,
        hop_samples: 160,
        fft_size: 512,
        mel_bands: 32,
        mel_scale: MelScale::Slaney,
        log_floor: 9.3e-20,
        mean: -25.4,
        std: std::f32::consts::LN_10,
        ..config()
    };
    // There a frame of 400 samples lies in the middle of 512.
    let samples = (0..16_000)
        .map(|n| {
            let t = f64::from(n + 56) / 16_000.0;
            (0.3 * (TAU * 440.0 * t).sin() + 0.1 * (TAU * 1900.0 * t).sin()) as f32
        })
        .collect();
    let sound = Sound {
        start: Duration::ZERO,
        rate: rate(16_000),
        samples,
    };
    let mut frontend = AudioFrontend::new(&config).unwrap();
    let patch = frontend.log_mel(Duration::ZERO, &sound).unwrap();
    let frames = config.shape()[1];
    for (band, value) in expected {
        let found = patch[band * frames + 3];
        assert!(
            (found - value).abs() < 2e-3,
            "band {band}: {found} instead of {value}"
        );
    }
}

#[test]
fn windows_that_overlap_give_what_each_gives_by_itself() {
    let config = config();
    let noise = crate::noise::white(40_000, &mut crate::random::rng("overlap test", &[]));
    let spoilt: Vec<f32> = noise.iter().map(|sample| 0.5 * sample).collect();
    let heard = |start: Duration, samples: &[f32]| Sound {
        start,
        rate: config.sample_rate,
        samples: samples[config.sample_rate.samples_in(start)..][..10_240].to_vec(),
    };
    let mut streaming = AudioFrontend::new(&config).unwrap();
    // Whole hops, part of one, the same time again, back, beyond the last window, and another sound at a time that follows.
    let starts = [0, 160, 320, 330, 345, 345, 500, 120, 1700, 1860];
    for (index, start) in starts.into_iter().enumerate() {
        let start = Duration::from_millis(start);
        for samples in [&noise, &spoilt] {
            if index % 3 == 2 || std::ptr::eq(samples, &noise) {
                let sound = heard(start, samples);
                let alone = AudioFrontend::new(&config).unwrap().log_mel(start, &sound);
                assert_eq!(streaming.log_mel(start, &sound), alone, "{start:?}");
            }
        }
    }
}
