//! The spectrogram as it grows.

use std::time::Duration;

use axum::body::Bytes;

use crate::live::Moment;

/// First byte of a message that holds columns.
const KIND: u8 = 2;
/// Before there was any sound; frontends hop by 10 ms as a rule.
const USUAL_PER_SECOND: f64 = 100.0;
/// Normalised values from here (most of a quiet room lies below the mean, at zero)…
const LOWEST: f32 = -1.5;
/// …to here become 0 to 255.
const HIGHEST: f32 = 3.0;
/// Most columns in a message.
const MOST: u64 = 255;

/// Cuts those columns out of each moment's patch that the moment before did not have.
///
/// A message is: a 2, the number of bands (0 while there is no sound), the number of columns, and then
/// column after column, each from its lowest band to its highest, a byte for each.
#[derive(Debug)]
pub struct Columns {
    bands: usize,
    per_second: f64,
    end: Duration,
}

impl Columns {
    /// For patches of this many bands.
    pub fn new(bands: usize) -> Self {
        Self {
            bands,
            per_second: USUAL_PER_SECOND,
            end: Duration::ZERO,
        }
    }

    /// The time that is new in this moment.
    pub fn advance(&self, moment: &Moment) -> Duration {
        moment.end().saturating_sub(self.end).min(moment.length)
    }

    /// The message for this moment; `None` if it has no new column.
    pub fn cut(&mut self, moment: &Moment) -> Option<Bytes> {
        let width = moment.mel.len().checked_div(self.bands).unwrap_or(0);
        if width > 0 {
            self.per_second = width as f64 / moment.length.as_secs_f64();
        }
        let new = self.count(moment);
        if new == 0 {
            return None;
        }
        if width == 0 {
            return Some(Bytes::from(vec![KIND, 0, new as u8]));
        }
        let new = new.min(width);
        let mut message = Vec::with_capacity(3 + new * self.bands);
        message.extend([KIND, self.bands as u8, new as u8]);
        for column in width - new..width {
            let values = moment.mel.chunks_exact(width).map(|band| band[column]);
            message.extend(values.map(level));
        }
        Some(message.into())
    }

    /// Notes a moment, whose columns nobody wants.
    pub fn pass(&mut self, moment: &Moment) {
        self.end = moment.end();
    }

    /// Counts columns from zero on, so that none is lost or doubled by rounding.
    fn count(&mut self, moment: &Moment) -> usize {
        let place = |time: Duration| (time.as_secs_f64() * self.per_second + 1e-6) as u64;
        let end = moment.end();
        let before = self.end.max(moment.start).min(end);
        let new = place(end) - place(before);
        self.end = end;
        new.min(MOST) as usize
    }
}

/// A normalised value as a byte.
fn level(value: f32) -> u8 {
    ((value - LOWEST) / (HIGHEST - LOWEST) * 255.0) as u8
}
