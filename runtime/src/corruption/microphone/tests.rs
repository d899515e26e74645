use std::collections::BTreeMap;

use super::noise::active_level;
use super::*;
use crate::corruption::{Corruption, NoiseBank};
use crate::noise::{gain, rms};
use crate::window::{SampleRate, Sound};

const LENGTH: Duration = Duration::from_millis(1280);
const START: Duration = Duration::from_secs(3);

/// A quiet word of three quarters of a second in almost silence.
fn word(hz: u32) -> Sound {
    let samples = SampleRate::new(hz).unwrap().samples_in(LENGTH);
    let said = samples * 3 / 10..samples * 9 / 10;
    let mut hiss = crate::random::rng("hiss", &[u64::from(hz)]);
    let mut sound: Vec<f32> = white(samples, &mut hiss).iter().map(|s| 1e-4 * s).collect();
    for i in said {
        let t = i as f32 / hz as f32;
        let wave = |hz: f32| (std::f32::consts::TAU * hz * t).sin();
        sound[i] += 0.03 * wave(220.0) + 0.02 * wave(900.0) + 0.02 * wave(2_700.0);
    }
    Sound {
        start: START,
        rate: SampleRate::new(hz).unwrap(),
        samples: sound,
    }
}

fn window(sound: Sound) -> Window {
    Window {
        start: START,
        sound: Some(sound),
        frames: Vec::new(),
        ..Window::default()
    }
}

/// The sound after the corruption.
fn spoilt(
    kind: AudioCorruption,
    sound: &Sound,
    level: u8,
    seed: u64,
    sources: &Sources,
) -> Option<Sound> {
    let mut window = window(sound.clone());
    let severity = Severity::try_from(level).unwrap();
    Corruption::Audio(kind).apply(&mut window, LENGTH, severity, seed, sources);
    window.sound
}

fn difference(one: &[f32], other: &[f32]) -> Vec<f32> {
    one.iter().zip(other).map(|(a, b)| a - b).collect()
}

fn voice_of_another(hz: u32) -> Sources {
    let mut other = word(hz);
    other.samples.reverse();
    other.samples.iter_mut().for_each(|s| *s *= -3.0);
    let silent = Sound {
        samples: vec![0.0; 100],
        ..other.clone()
    };
    Sources {
        others: vec![Window::default(), window(silent), window(other)],
        ..Sources::default()
    }
}

fn recorded(hz: u32) -> Sources {
    let rate = SampleRate::new(hz).unwrap();
    let hiss = |seed| Sound {
        start: Duration::ZERO,
        rate,
        samples: crate::noise::pink(
            hz as usize * 2,
            &mut crate::random::rng("recording", &[seed]),
        ),
    };
    let sounds = NoiseKind::ALL.map(|kind| (kind, vec![hiss(1), hiss(2)]));
    Sources {
        noises: NoiseBank::from_recordings(BTreeMap::from(sounds)),
        ..Sources::default()
    }
}

#[test]
fn equal_seeds_give_equal_sounds_and_every_kind_is_heard() {
    let sources = voice_of_another(8_000);
    let sound = word(8_000);
    for kind in AudioCorruption::ALL {
        for level in [1, 5] {
            let [one, same] = [1, 1].map(|seed| spoilt(kind, &sound, level, seed, &sources));
            assert_eq!(one, same, "{kind:?}");
            let Some(one) = one else {
                assert_eq!(kind, AudioCorruption::Missing);
                continue;
            };
            let change = rms(&difference(&one.samples, &sound.samples)) / rms(&sound.samples);
            assert!(change > 0.05, "{kind:?} {level}: {change}");
            assert_eq!((one.start, one.samples.len()), (START, sound.samples.len()));
            assert!(one.samples.iter().all(|s| s.abs() <= 1.0), "{kind:?}");
        }
    }
}

#[test]
fn noise_is_as_loud_as_is_said() {
    use AudioCorruption::*;
    let made = Sources::default();
    for (hz, sources) in [
        (8_000, &made),
        (48_000, &made),
        (16_000, &recorded(16_000)),
        (16_000, &recorded(44_100)),
    ] {
        let sound = word(hz);
        let level = active_level(&sound.samples, sound.rate);
        for kind in [GaussianNoise, Wind, Rain, Thunder, Traffic, Crowd, Hum] {
            for severity in 1..=5 {
                let heard = spoilt(kind, &sound, severity, 7, sources).unwrap();
                let added = rms(&difference(&heard.samples, &sound.samples));
                let snr = 20.0 * (level / added).log10();
                let step = f32::from(severity - 1);
                let expected = if kind == Hum {
                    10.0 - 6.25 * step
                } else {
                    15.0 - 5.0 * step
                };
                assert!(
                    (snr - expected).abs() < 0.5,
                    "{kind:?} {severity} at {hz}: {snr} dB"
                );
            }
        }
    }
}

#[test]
fn somebody_else_is_as_loud_as_is_said_and_is_the_one_who_can_be_heard() {
    for (sources, hz) in [
        (voice_of_another(8_000), 8_000),
        (voice_of_another(16_000), 8_000),
        (Sources::default(), 8_000),
    ] {
        let sound = word(hz);
        let level = active_level(&sound.samples, sound.rate);
        for (severity, expected) in [(1, 15.0), (3, 5.0), (5, -5.0)] {
            for seed in 0..3 {
                let heard =
                    spoilt(AudioCorruption::Speaker, &sound, severity, seed, &sources).unwrap();
                let added = difference(&heard.samples, &sound.samples);
                let ratio = 20.0 * (level / active_level(&added, sound.rate)).log10();
                assert!(
                    (ratio - expected).abs() < 0.5,
                    "{severity} {seed}: {ratio} dB"
                );
            }
        }
    }
}

#[test]
fn silence_around_a_word_does_not_change_its_level() {
    let sound = word(8_000);
    let said = &sound.samples[3_072..9_216];
    let level = active_level(&sound.samples, sound.rate);
    assert!((20.0 * (level / rms(said)).log10()).abs() < 0.1, "{level}");
}

#[test]
fn a_silent_window_is_filled_as_if_its_sound_had_40_db_below_full_scale() {
    let sound = Sound {
        samples: vec![0.0; 8_000],
        ..word(8_000)
    };
    let heard = spoilt(AudioCorruption::Rain, &sound, 4, 1, &Sources::default()).unwrap();
    assert!((rms(&heard.samples) / gain(-40.0) - 1.0).abs() < 0.01);
}

#[test]
fn worse_is_further_from_the_original() {
    use AudioCorruption::*;
    let sound = word(8_000);
    let sources = voice_of_another(8_000);
    for kind in [
        GaussianNoise,
        Wind,
        Rain,
        Thunder,
        Traffic,
        Crowd,
        Speaker,
        Muffled,
        Hum,
        Clipping,
        GainCollapse,
        DropOuts,
        Silence,
    ] {
        let far: Vec<f32> = (1..=5)
            .map(|level| {
                let changes = (0..20).map(|seed| {
                    let heard = spoilt(kind, &sound, level, seed, &sources).unwrap();
                    rms(&difference(&heard.samples, &sound.samples))
                });
                changes.sum()
            })
            .collect();
        // Once everything that was said is gone, there is no further to go.
        assert!(
            far.windows(2).all(|pair| pair[1] >= 0.999 * pair[0]),
            "{kind:?}: {far:?}"
        );
        assert!(far[4] > 1.02 * far[0], "{kind:?}: {far:?}");
    }
}

#[test]
fn drop_outs_are_as_much_and_death_as_early_as_is_said() {
    let mut sound = word(8_000);
    sound.samples.iter_mut().for_each(|s| *s = s.abs() + 0.01);
    let total = sound.samples.len();
    let sources = Sources::default();
    let zeros = |samples: &[f32]| samples.iter().filter(|&&s| s == 0.0).count() as f32;
    for (level, share) in (1..=5).zip([0.15, 0.3, 0.45, 0.6, 0.75]) {
        let heard = spoilt(AudioCorruption::DropOuts, &sound, level, 3, &sources).unwrap();
        let missing = zeros(&heard.samples) / total as f32;
        assert!((missing - share).abs() < 0.01, "{level}: {missing}");

        let heard = spoilt(AudioCorruption::Silence, &sound, level, 3, &sources).unwrap();
        let alive = total - total * usize::from(level) / 5;
        assert_eq!(heard.samples[..alive], sound.samples[..alive]);
        assert_eq!(zeros(&heard.samples), (total - alive) as f32, "{level}");
    }
    // The window counts, not the sound: a microphone that came late dies at the same time.
    let mut late = sound.clone();
    late.start += Duration::from_millis(512);
    late.samples.truncate(1_000);
    let heard = spoilt(AudioCorruption::Silence, &late, 3, 3, &sources).unwrap();
    assert_eq!(zeros(&heard.samples), 1_000.0);
}

#[test]
fn late_sound_is_the_same_sound_later_after_what_silence_sounds_like() {
    let sound = word(8_000);
    let sources = Sources::default();
    for (level, late) in [(1, 800), (3, 3_200), (5, 8_000)] {
        let heard = spoilt(AudioCorruption::Late, &sound, level, 5, &sources).unwrap();
        assert_eq!(heard.samples[late..], sound.samples[..10_240 - late]);
        let before = rms(&heard.samples[..late]);
        assert!((before / 1e-4 - 1.0).abs() < 0.2, "{before}");
    }
    // What ended before the window ends later now.
    let mut short = sound.clone();
    short.samples.truncate(5_000);
    let heard = spoilt(AudioCorruption::Late, &short, 2, 5, &sources).unwrap();
    assert_eq!(heard.samples[1_600..], short.samples[..]);
}

#[test]
fn a_wrong_clock_moves_what_is_heard_by_its_error() {
    let mut sound = word(8_000);
    sound.samples.fill(0.0);
    // A smooth hump whose centre is easily found again.
    for i in 0..200 {
        sound.samples[7_900 + i] = (std::f32::consts::PI * i as f32 / 200.0).sin();
    }
    let centre = |samples: &[f32]| {
        let weighted = samples.iter().enumerate().map(|(i, s)| i as f32 * s);
        weighted.sum::<f32>() / samples.iter().sum::<f32>()
    };
    let mut signs = Vec::new();
    for seed in 0..8 {
        let kind = AudioCorruption::WrongClock;
        let heard = spoilt(kind, &sound, 5, seed, &Sources::default()).unwrap();
        let speed = centre(&sound.samples) / centre(&heard.samples);
        assert!(((speed - 1.0).abs() - 0.03).abs() < 1e-3, "{speed}");
        signs.push(speed > 1.0);
    }
    assert!(signs.contains(&true) && signs.contains(&false));
}

#[test]
fn a_room_adds_a_tail_that_fades_as_fast_as_is_said() {
    let mut click = word(8_000);
    click.samples.fill(0.0);
    click.samples[0] = 0.5;
    let kind = AudioCorruption::Reverberation;
    for (level, seconds) in [(1, 0.3), (3, 1.0), (4, 1.6)] {
        let heard = spoilt(kind, &click, level, 2, &Sources::default()).unwrap();
        assert!((rms(&heard.samples) / rms(&click.samples) - 1.0).abs() < 1e-3);
        let loudest = heard.samples.iter().fold(0.0_f32, |l, s| l.max(s.abs()));
        assert_eq!(
            loudest, heard.samples[0],
            "the direct sound is still the first and loudest"
        );
        let tenth = |from: f32| {
            let from = (from * seconds * 8_000.0) as usize;
            rms(&heard.samples[from..][..(0.1 * seconds * 8_000.0) as usize])
        };
        let db = 20.0 * (tenth(0.1) / tenth(0.6)).log10();
        assert!(
            (db - 30.0).abs() < 2.0,
            "{level}: {db} dB in half of the time for 60"
        );
    }
}

#[test]
fn a_hand_takes_the_treble_and_an_amplifier_makes_flat_tops() {
    let sources = Sources::default();
    let tone = |hz: f32| Sound {
        samples: (0..10_240)
            .map(|i| 0.1 * (std::f32::consts::TAU * hz * i as f32 / 8_000.0).sin())
            .collect(),
        ..word(8_000)
    };
    let left = |hz: f32, level| {
        let tone = tone(hz);
        let heard = spoilt(AudioCorruption::Muffled, &tone, level, 1, &sources).unwrap();
        20.0 * (rms(&heard.samples) / rms(&tone.samples)).log10()
    };
    assert!((left(200.0, 1) + 3.0).abs() < 0.2);
    assert!((left(100.0, 5) + 15.0).abs() < 0.5);
    assert!(left(1_000.0, 5) < -60.0 && left(3_500.0, 1) < -25.0);

    let heard = spoilt(AudioCorruption::Clipping, &tone(300.0), 4, 1, &sources).unwrap();
    let flat = heard.samples.iter().filter(|s| s.abs() > 0.0999).count();
    assert!(flat > 9_000, "{flat} samples at the limit");
}

#[test]
fn the_level_falls_into_noise_of_16_bits() {
    let sources = Sources::default();
    let heard = spoilt(AudioCorruption::GainCollapse, &word(8_000), 5, 1, &sources).unwrap();
    let db = 20.0 * rms(&heard.samples).log10();
    assert!((db + 75.0).abs() < 1.0, "{db} dBFS");
    let whole = |s: &f32| (s * 32_768.0).fract() == 0.0;
    assert!(heard.samples.iter().all(whole));
}

#[test]
fn short_empty_odd_and_absent_sounds_are_no_trouble() {
    for hz in [100, 8_000, 11_025, 48_000] {
        for count in [0, 1, 2, 50, 3_000] {
            let mut sound = word(48_000);
            sound.rate = SampleRate::new(hz).unwrap();
            sound.samples.truncate(count);
            for sources in [Sources::default(), voice_of_another(8_000), recorded(8_000)] {
                for kind in AudioCorruption::ALL {
                    if let Some(heard) = spoilt(kind, &sound, 5, 1, &sources) {
                        assert!(heard.samples.iter().all(|s| s.is_finite()), "{kind:?}");
                    }
                }
            }
        }
    }
    for kind in AudioCorruption::ALL {
        let mut window = Window::default();
        let corruption = Corruption::Audio(kind);
        corruption.apply(&mut window, LENGTH, Severity::WORST, 1, &Sources::default());
        assert_eq!(window, Window::default(), "{kind:?}");
    }
}
