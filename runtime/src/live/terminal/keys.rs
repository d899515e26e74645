//! What keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::super::spoil::Switchboard;
use crate::corruption::{AudioCorruption, CameraCorruption, Corruption, Severity};
use crate::window::{Modality, PerSensor};

/// What a key was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The program is to end.
    Quit,
    /// The screen is to be drawn anew, because something else has written on it.
    Repaint,
    /// A sensor is spoiled in another way now.
    Switched,
    /// Nothing.
    None,
}

/// A key and the way in which it spoils a sensor; pressed again, no longer.
pub struct Switch {
    /// The key.
    pub key: char,
    /// What it does, in a word.
    pub word: &'static str,
    corruption: Corruption,
}

const SWITCHES: [Switch; 10] = [
    camera('c', "camera off", CameraCorruption::Missing),
    audio('m', "mic off", AudioCorruption::Missing),
    camera('1', "cover", CameraCorruption::Covered),
    camera('2', "blur", CameraCorruption::DefocusBlur),
    camera('3', "freeze", CameraCorruption::Stuck),
    camera('4', "glare", CameraCorruption::OverExposed),
    audio('5', "hiss", AudioCorruption::GaussianNoise),
    audio('6', "wind", AudioCorruption::Wind),
    audio('7', "clip", AudioCorruption::Clipping),
    audio('8', "holes", AudioCorruption::DropOuts),
];

const fn camera(key: char, word: &'static str, kind: CameraCorruption) -> Switch {
    Switch {
        key,
        word,
        corruption: Corruption::Camera(kind),
    }
}

const fn audio(key: char, word: &'static str, kind: AudioCorruption) -> Switch {
    Switch {
        key,
        word,
        corruption: Corruption::Audio(kind),
    }
}

impl Switch {
    fn sensor(&self) -> Modality {
        match self.corruption {
            Corruption::Audio(_) => Modality::Audio,
            _ => Modality::Camera,
        }
    }
}

/// The keys, and the switchboard that they are for.
pub struct Keys {
    sensors: PerSensor<bool>,
    switchboard: Switchboard,
}

impl Keys {
    /// For a model with these sensors.
    pub fn new(sensors: PerSensor<bool>, switchboard: Switchboard) -> Self {
        Self {
            sensors,
            switchboard,
        }
    }

    /// The switches of the sensors that there are, and whether each is on.
    pub fn switches(&self) -> impl Iterator<Item = (&'static Switch, bool)> {
        let on = self.switchboard.switched_on();
        SWITCHES
            .iter()
            .filter(|switch| self.sensors[switch.sensor()])
            .map(move |switch| {
                let same = |(what, _)| what == switch.corruption;
                (switch, on[switch.sensor()].is_some_and(same))
            })
    }

    /// Does what the key is for.
    pub fn pressed(&self, key: &KeyEvent) -> Action {
        if key.kind == KeyEventKind::Release {
            return Action::None;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd') if control => Action::Quit,
            KeyCode::Char('l') if control => Action::Repaint,
            KeyCode::Char(_) if control => Action::None,
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => Action::Quit,
            KeyCode::Char('0') => {
                for modality in Modality::LIVE {
                    self.switchboard.switch(modality, None);
                }
                Action::Switched
            }
            KeyCode::Char(letter) => self.switch(letter.to_ascii_lowercase()),
            _ => Action::None,
        }
    }

    fn switch(&self, key: char) -> Action {
        let Some((switch, on)) = self.switches().find(|(switch, _)| switch.key == key) else {
            return Action::None;
        };
        let what = (!on).then_some((switch.corruption, Severity::WORST));
        self.switchboard.switch(switch.sensor(), what);
        Action::Switched
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key(letter: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)
    }

    #[test]
    fn a_key_spoils_a_sensor_until_it_or_nought_is_pressed_again() {
        let board = Switchboard::default();
        let on = || {
            let on = board.on_at(Duration::ZERO);
            on.iter()
                .map(|(what, _)| what.to_string())
                .collect::<Vec<_>>()
        };
        let keys = Keys::new(PerSensor::from_fn(|_| true), board.clone());
        assert_eq!(keys.pressed(&key('c')), Action::Switched);
        keys.pressed(&key('M'));
        assert_eq!(on(), ["audio/missing", "camera/missing"]);
        keys.pressed(&key('2'));
        assert_eq!(on(), ["audio/missing", "camera/defocus-blur"]);
        keys.pressed(&key('m'));
        assert_eq!(on(), ["camera/defocus-blur"]);
        keys.pressed(&key('0'));
        assert_eq!(on(), [""; 0]);
    }

    #[test]
    fn keys_of_a_sensor_that_the_model_lacks_do_nothing() {
        let board = Switchboard::default();
        let only_audio = PerSensor::pair(true, false);
        let keys = Keys::new(only_audio, board.clone());
        assert_eq!(keys.pressed(&key('c')), Action::None);
        assert!(board.switched_on().camera.is_none());
        assert!(keys.switches().all(|(switch, _)| switch.key != '1'));
    }

    #[test]
    fn there_are_several_ways_to_quit() {
        let keys = Keys::new(PerSensor::from_fn(|_| true), Switchboard::default());
        let control = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        for quit in [
            key('q'),
            KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE),
            control('c'),
        ] {
            assert_eq!(keys.pressed(&quit), Action::Quit);
        }
        assert_eq!(keys.pressed(&control('m')), Action::None);
    }
}
