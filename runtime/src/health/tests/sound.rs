//! What goes wrong with sound.

use super::*;

/// Every fresh word is sick after `spoil`, and for the reason that is shown as `words`.
fn assert_microphone(words: &str, spoil: impl Fn(&mut [f32])) {
    for (i, mut window) in fresh_words().enumerate() {
        spoil(&mut window.sound.as_mut().unwrap().samples);
        let health = first_look(&window).audio;
        let reason = health.reason.map(|reason| reason.to_string());
        assert_eq!(reason.as_deref(), Some(words), "sound {i}: {health:?}");
        assert!(!health.is_well());
    }
}

#[test]
fn each_fault_of_the_sound_is_named() {
    assert_microphone("dead silence", |samples| samples.fill(0.0));
    assert_microphone("dead silence", |samples| samples.fill(0.3));
    assert_microphone("dead silence", |samples| samples[4000..].fill(0.0));
    assert_microphone("clipping", |samples| {
        samples
            .iter_mut()
            .for_each(|s| *s = (*s * 40.0).clamp(-1.0, 1.0));
    });
    assert_microphone("clipping", |samples| {
        let peak = samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        samples
            .iter_mut()
            .for_each(|s| *s = s.clamp(-0.3 * peak, 0.3 * peak));
    });
    assert_microphone("drop-outs", |samples| {
        samples
            .chunks_mut(1600)
            .for_each(|part| part[..400].fill(0.0));
    });
    for hz in [50.0, 60.0] {
        assert_microphone("mains hum", |samples| {
            for (i, sample) in samples.iter_mut().enumerate() {
                let turn = TAU * hz * i as f32 / HZ as f32;
                *sample += 0.1 * (turn.sin() + 0.5 * (2.0 * turn).sin());
            }
        });
    }
    assert_microphone("off centre", |samples| {
        samples.iter_mut().for_each(|s| *s += 0.3)
    });
    assert_microphone("too quiet", |samples| {
        samples.iter_mut().for_each(|s| *s *= 0.03)
    });
    assert_microphone("noise only", |samples| {
        let noise = noise::white(samples.len(), &mut rng("health test noise", &[]));
        samples
            .iter_mut()
            .zip(noise)
            .for_each(|(s, noise)| *s = 0.1 * *s + 0.1 * noise);
    });
}

#[test]
fn a_pause_is_well_even_if_it_was_never_heard_before() {
    let mut calibration = Calibration::default();
    for seed in (0..400).filter(|seed| seed % 4 != 0) {
        calibration.reset();
        calibration.add(&clean(seed, Duration::ZERO));
    }
    let mut monitor = Monitor::new(&calibration.finish());
    for seed in 0..50 {
        monitor.reset();
        let pause = clean(4 * seed + 4000, Duration::ZERO);
        assert!(monitor.check(&pause).audio.is_well());
    }
}
