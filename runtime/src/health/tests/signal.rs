//! A sensor of numbers: an accelerometer at 100 Hz with a little noise.

use std::sync::LazyLock;
use std::time::Duration;

use crate::corruption::{Corruption, Severity, SignalCorruption, Sources};
use crate::frontend::{SensorConfig, SensorConfigs, SignalConfig};
use crate::health::{Calibration, Health, HealthConfig, Monitor, Reason};
use crate::random;
use crate::window::{Modality, PerSensor, Signal, Window};
use rand::RngExt;

const LENGTH: Duration = Duration::from_secs(1);

/// Window `index` of many, each of another movement.
fn window(index: u64) -> Window {
    let mut rng = random::rng("health of signals", &[index]);
    let turn = rng.random_range(3.0..9.0_f32);
    let phase = rng.random_range(0.0..6.0_f32);
    let mut signal = Signal::new(3);
    for i in 0..100 {
        let at = turn * i as f32 * 0.01 + phase;
        let mut noise = || rng.random_range(-0.05..0.05_f32);
        let reading = [at.sin() + noise(), at.cos() + noise(), 9.81 + noise()];
        signal.push(Duration::from_millis(10 * i), &reading);
    }
    let mut window = Window::default();
    *window.signal_mut(Modality::Signal).unwrap() = Some(signal);
    window
}

/// Each channel's spread, as a model's section states it.
static SECTION: LazyLock<SignalConfig> = LazyLock::new(|| SignalConfig {
    name: None,
    rate_hz: 100.0,
    channels: 3,
    window_seconds: 1.0,
    mean: vec![0.0, 0.0, 9.81],
    std: vec![0.7, 0.7, 0.05],
});

fn configs() -> SensorConfigs<'static> {
    let section = Some(SensorConfig::Signal(&SECTION));
    PerSensor::from_fn(|modality| section.filter(|_| modality == Modality::Signal))
}

fn learnt() -> HealthConfig {
    let mut calibration = Calibration::of(&configs());
    for index in 0..400 {
        calibration.reset();
        calibration.add(&window(index));
    }
    calibration.finish()
}

fn health(config: &HealthConfig, window: &Window) -> Health {
    let mut monitor = Monitor::new(config).with_scales(&configs());
    monitor.check(window)[Modality::Signal]
}

fn spoilt(kind: SignalCorruption, severity: Severity, index: u64) -> Window {
    let mut window = window(index);
    let sources = Sources::default();
    Corruption::Signal(kind).apply(&mut window, LENGTH, severity, index, &sources);
    window
}

#[test]
fn clean_windows_are_well_and_spoilt_ones_are_told_with_their_reason() {
    let config = learnt();
    let well = (1000..1200).filter(|&index| health(&config, &window(index)).is_well());
    assert!(well.count() >= 198);
    for (kind, reasons) in [
        (SignalCorruption::Noise, &["noisy", "out-of-range"][..]),
        (SignalCorruption::Frozen, &["frozen"]),
        (SignalCorruption::DropOuts, &["drop-outs", "stalled"]),
        (SignalCorruption::Saturated, &["saturated"]),
        (SignalCorruption::Offset, &["off-centre", "out-of-range"]),
        (SignalCorruption::Missing, &["missing"]),
    ] {
        let mut noticed = 0;
        for index in 2000..2040 {
            let found = health(&config, &spoilt(kind, Severity::WORST, index));
            if let Some(reason) = found.reason {
                noticed += 1;
                assert!(reasons.contains(&reason.id()), "{kind:?}: {reason}");
            }
        }
        assert!(noticed >= 36, "{kind:?}: {noticed} of 40");
    }
}

#[test]
fn without_limits_only_what_needs_none_is_judged() {
    let none = HealthConfig::default();
    assert_eq!(health(&none, &Window::default()), Health::MISSING);
    assert_eq!(health(&none, &window(1)), Health::WELL);
    // Frozen for all of the first window, and still in the third.
    let mut monitor = Monitor::new(&none);
    let mut frozen = spoilt(SignalCorruption::Frozen, Severity::WORST, 3);
    let mut last = Health::WELL;
    for second in 0..3 {
        last = monitor.check(&frozen)[Modality::Signal];
        frozen.start += LENGTH;
        let signal = frozen.signal_mut(Modality::Signal).unwrap();
        let times = &mut signal.as_mut().unwrap().times;
        times.iter_mut().for_each(|time| *time += LENGTH);
        assert!(second > 0 || last.is_well());
    }
    assert!(matches!(last.reason, Some(Reason::Frozen { seconds }) if seconds > 2.0));
}

#[test]
fn a_pause_in_the_readings_is_a_stall_with_its_length() {
    let config = learnt();
    let mut paused = window(5);
    let signal = paused
        .signal_mut(Modality::Signal)
        .unwrap()
        .as_mut()
        .unwrap();
    // Late, but all there: the readings of the second half are taken twice as densely.
    for (index, time) in signal.times.iter_mut().enumerate().skip(50) {
        *time = Duration::from_millis(750 + 5 * (index as u64 - 50));
    }
    let found = health(&config, &paused);
    let Some(Reason::Stalled { seconds }) = found.reason else {
        panic!("{found:?}");
    };
    assert!((0.25..0.28).contains(&seconds), "{seconds}");
    assert_eq!(found.reason.unwrap().to_string(), "stalled for 0.3 s");
}
