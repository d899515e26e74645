//! What was encoded a moment ago.

use std::collections::VecDeque;

use crate::engine::{Encoding, EngineError};
use crate::window::{Modality, Window};

/// What an encoder made of the last few inputs. A corruption leaves one sensor alone, so that most
/// of what a model is asked about it has encoded before.
pub struct Remembered {
    /// The sensor's part of a window, and what came of it.
    last: VecDeque<(Window, Option<Encoding>)>,
}

/// Windows of a clip, clean and spoilt, that are remembered for one sensor.
const REMEMBERED: usize = 6;

impl Default for Remembered {
    fn default() -> Self {
        Self {
            last: VecDeque::with_capacity(REMEMBERED + 1),
        }
    }
}

impl Remembered {
    /// What the sensor's part of `window` was encoded to, or is by `encode` now.
    ///
    /// # Errors
    /// Those of `encode`.
    pub fn get_or(
        &mut self,
        sensor: Modality,
        window: &Window,
        encode: impl FnOnce() -> Result<Option<Encoding>, EngineError>,
    ) -> Result<Option<Encoding>, EngineError> {
        let same = |known: &Window| {
            known.start == window.start
                && known.sound_of(sensor) == window.sound_of(sensor)
                && known.frames_of(sensor) == window.frames_of(sensor)
                && known.signal_of(sensor) == window.signal_of(sensor)
        };
        if let Some((_, encoding)) = self.last.iter().find(|(known, _)| same(known)) {
            return Ok(encoding.clone());
        }
        let encoding = encode()?;
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last
            .push_back((part_of(window, sensor), encoding.clone()));
        Ok(encoding)
    }
}

/// What one sensor gave in a window.
fn part_of(window: &Window, sensor: Modality) -> Window {
    let mut part = Window {
        start: window.start,
        ..Window::default()
    };
    if let Some(sound) = part.sound_mut(sensor) {
        *sound = window.sound_of(sensor).cloned();
    }
    if let Some(frames) = part.frames_mut(sensor) {
        *frames = window.frames_of(sensor).to_vec();
    }
    if let Some(readings) = part.signal_mut(sensor) {
        *readings = window.signal_of(sensor).cloned();
    }
    part
}
