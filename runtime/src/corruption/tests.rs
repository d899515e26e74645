//! Names, severities, and that one sensor's trouble stays its own.

use super::*;
use crate::window::{Frame, Further, SampleRate, Signal, Sound};

#[test]
fn every_name_reads_back_and_differs() {
    let all = Corruption::standard_with(Modality::FURTHER);
    for corruption in &all {
        assert_eq!(corruption.to_string().parse(), Ok(*corruption));
    }
    let error = "camera/gremlins".parse::<Corruption>().unwrap_err();
    assert!(error.contains("gremlins"), "{error}");
}

/// A window in which every sensor gave something.
fn eight_sensors() -> Window {
    let sound = Sound {
        start: Duration::ZERO,
        rate: SampleRate::new(8_000).unwrap(),
        samples: (0..8_000).map(|i| 0.3 * (i as f32 * 0.2).sin()).collect(),
    };
    let frame = |at: u64| Frame {
        time: Duration::from_millis(at),
        width: 32,
        height: 32,
        rgb: (0..3 * 32 * 32)
            .map(|i| ((i * 7) as u64 + at) as u8)
            .collect(),
    };
    let frames: Vec<Frame> = (0..5).map(|i| frame(200 * i)).collect();
    let mut signal = Signal::new(2);
    for i in 0..100 {
        let x = i as f32 * 0.2;
        signal.push(Duration::from_millis(10 * i), &[x.sin(), x.cos()]);
    }
    Window {
        start: Duration::ZERO,
        sound: Some(sound.clone()),
        frames: frames.clone(),
        further: Further {
            sound: Some(sound),
            frames,
            signals: std::array::from_fn(|_| Some(signal.clone())),
        },
    }
}

#[test]
fn what_spoils_one_sensor_leaves_the_others_alone() {
    let whole = eight_sensors();
    for corruption in Corruption::standard_with(Modality::FURTHER) {
        let mut window = whole.clone();
        let length = Duration::from_secs(1);
        corruption.apply(&mut window, length, Severity::WORST, 1, &Sources::default());
        for sensor in Modality::ALL {
            let alike = window.sound_of(sensor) == whole.sound_of(sensor)
                && window.frames_of(sensor) == whole.frames_of(sensor)
                && window.signal_of(sensor) == whole.signal_of(sensor);
            let spoils = match corruption.sensor() {
                Some(spoilt) => spoilt == sensor,
                None => Modality::LIVE.contains(&sensor),
            };
            assert!(alike || spoils, "{corruption} changed {sensor}");
        }
        assert_ne!(window, whole, "{corruption} did nothing");
    }
}

#[test]
fn severities_outside_one_to_five_are_refused() {
    assert!(Severity::try_from(0).is_err() && Severity::try_from(6).is_err());
    assert_eq!(Severity::try_from(3).unwrap().pick([1, 2, 3, 4, 5]), 3);
}
