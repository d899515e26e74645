//! What was encoded a moment ago.

use std::collections::VecDeque;
use std::time::Duration;

use crate::engine::{Encoding, EngineError};

/// What an encoder made of the last few inputs. A corruption leaves one sensor alone, so that most
/// of what a model is asked about it has encoded before.
pub struct Remembered<T> {
    /// When the window began, what the sensor gave, what came of it.
    last: VecDeque<(Duration, T, Option<Encoding>)>,
}

/// Windows of a clip, clean and spoilt, that are remembered for one sensor.
const REMEMBERED: usize = 6;

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self {
            last: VecDeque::with_capacity(REMEMBERED + 1),
        }
    }
}

impl<T: PartialEq + Clone> Remembered<T> {
    /// What `input` was encoded to, or is by `encode` now.
    ///
    /// # Errors
    /// Those of `encode`.
    pub fn get_or(
        &mut self,
        (start, input): (Duration, &T),
        encode: impl FnOnce() -> Result<Option<Encoding>, EngineError>,
    ) -> Result<Option<Encoding>, EngineError> {
        let mut known = self.last.iter();
        if let Some((.., encoding)) = known.find(|(at, what, _)| *at == start && what == input) {
            return Ok(encoding.clone());
        }
        let encoding = encode()?;
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last
            .push_back((start, input.clone(), encoding.clone()));
        Ok(encoding)
    }
}
