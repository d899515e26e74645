use super::super::event::{Change, Event, Evidence};
use super::super::moment::Notice;
use super::super::samples::{s, seven};
use super::*;
use crate::corruption::Severity;
use crate::health::{Health, Reason};
use crate::sensor::{Condition, SensorError, Trouble};
use crate::window::Modality;

/// What is written of these moments.
fn written(detail: Detail, moments: impl IntoIterator<Item = Moment>) -> String {
    let mut bytes = Vec::new();
    let mut lines = PlainLines::new(&mut bytes, detail, Arc::default());
    for moment in moments {
        lines.observe(&moment, &Window::default(), &Window::default());
    }
    drop(lines);
    String::from_utf8(bytes).unwrap()
}

/// Moments every 0.1 s from 2 s on, each changed by `change`, which is told its number.
fn moments(count: usize, mut change: impl FnMut(usize, &mut Moment)) -> Vec<Moment> {
    let make = |i: usize| {
        let mut moment = seven(2.0 + 0.1 * i as f64);
        change(i, &mut moment);
        moment
    };
    (0..count).map(make).collect()
}

fn notice(moment: &mut Moment, sensor: Option<Modality>, message: &str) {
    moment.notices.push(Notice {
        time: moment.end(),
        sensor,
        message: message.into(),
    });
}

const DARK: Health = Health {
    score: 0.0,
    reason: Some(Reason::Dark),
};

#[test]
fn a_line_for_each_event_and_none_for_windows_in_which_nothing_changes() {
    let event = |end: f64| Event {
        label: "seven".into(),
        confidence: 0.97,
        evidence: Evidence::Camera,
        since: s(end),
    };
    let row = moments(50, |i, moment| {
        moment.change = match i {
            10 => Some(Change::Began(event(3.0))),
            16 => Some(Change::Ended(event(3.0))),
            _ => None,
        };
    });
    let text = written(Detail::Changes, row.clone());
    assert_eq!(
        text,
        "    3.00 s  seven  0.97  from the camera alone\n    3.60 s  seven ended after 0.6 s\n"
    );
    assert_eq!(written(Detail::Trouble, row), "");
}

#[test]
fn health_is_told_when_it_turns_and_not_for_a_single_window() {
    let row = moments(60, |i, moment| {
        if i == 3 || (10..36).contains(&i) {
            moment.answer.health.camera = DARK;
        }
    });
    for detail in [Detail::Changes, Detail::Trouble] {
        assert_eq!(
            written(detail, row.clone()),
            "    3.30 s  camera  dark since 3.0 s\n    5.90 s  camera  well again after 2.6 s\n"
        );
    }
}

#[test]
fn a_lost_sensor_is_told_once_and_so_is_its_return() {
    let row = moments(40, |i, moment| {
        if i == 0 {
            notice(moment, Some(Modality::Camera), "/dev/video0: 640×480 YUYV");
        }
        if (10..20).contains(&i) {
            moment.answer.health.camera = Health::MISSING;
            let camera = moment.sensors.camera.as_mut().unwrap();
            camera.losses = 1;
            camera.condition = Condition::Lost {
                error: SensorError::new(Trouble::Gone, "/dev/video0 is gone"),
                retry: s(9.0),
            };
        }
        if i == 10 {
            notice(
                moment,
                Some(Modality::Camera),
                "/dev/video0 is gone\u{1b}[2J",
            );
        }
        if i >= 20 {
            moment.sensors.camera.as_mut().unwrap().losses = 1;
        }
        if i == 20 {
            notice(moment, Some(Modality::Camera), "/dev/video0: 640×480 YUYV");
        }
    });
    let quiet = "    3.00 s  camera  /dev/video0 is gone [2J\n    4.00 s  camera  /dev/video0: 640×480 YUYV\n";
    assert_eq!(written(Detail::Trouble, row.clone()), quiet);
    let all = written(Detail::Changes, row);
    assert!(
        all.starts_with("    2.00 s  camera  /dev/video0: 640×480"),
        "{all}"
    );
    assert!(all.contains("is gone"), "{all}");
}

#[test]
fn a_fault_that_comes_and_goes_all_day_does_not_fill_the_log() {
    let hour = 36_000;
    let row = moments(hour, |i, moment| {
        if i % 20 < 10 {
            moment.answer.health.camera = DARK;
        }
        notice(moment, None, &format!("clip {i}.wav cannot be read"));
    });
    let text = written(Detail::Trouble, row);
    let lines = text.lines().count();
    assert!((120..=3 * 61).contains(&lines), "{lines} lines in an hour");
    assert!(
        text.contains("times more: camera  dark since 2.0 s"),
        "{text}"
    );
    assert!(
        text.contains("600 times more: clip 0.wav"),
        "{}",
        &text[..2000]
    );
}

#[test]
fn what_is_spoiled_on_purpose_is_told() {
    let row = moments(30, |i, moment| {
        if (5..20).contains(&i) {
            let fog = "camera/fog".parse().unwrap();
            moment.spoiled.push((fog, Severity::WORST));
        }
    });
    let text = written(Detail::Changes, row);
    assert_eq!(
        text,
        "    2.50 s  spoiled on purpose: camera/fog 5\n    4.00 s  nothing is spoiled on purpose any more\n"
    );
}
