//! The camera's statistics over windows that follow each other.

use std::time::Duration;

use super::picture::{PictureGauge, View};
use super::statistic::{CAMERA_STATISTICS, CameraStatistic as Is, Statistic};
use crate::window::Frame;

/// One value for each [`CameraStatistic`](super::CameraStatistic); NaN where there is none.
pub(super) type CameraReadings = [f32; CAMERA_STATISTICS];

/// What is wrong with a picture mostly lasts, so within this time behind one that was read the others are only told apart.
const READ_EVERY: Duration = Duration::from_millis(125);

/// A frame that was in the last window.
#[derive(Debug, Clone, Copy)]
struct Seen {
    time: Duration,
    fingerprint: u64,
    /// When this very picture was first there.
    since: Duration,
    /// `None` if another frame of the window was read shortly before.
    readings: Option<CameraReadings>,
}

/// Reads windows, and remembers the frames of the last one: neither is a frame in two windows
/// looked at twice, nor one that repeats.
#[derive(Debug, Clone, Default)]
pub(super) struct CameraGauge {
    seen: Vec<Seen>,
    /// What `seen` becomes; kept for its memory.
    next: Vec<Seen>,
    last_start: Duration,
    /// A frame at the time of one in the last window may be another picture.
    changing: bool,
    /// There was a window with several frames, so this is no still picture.
    moving: bool,
    picture: PictureGauge,
}

impl CameraGauge {
    pub(super) fn expect_changes(&mut self) {
        self.changing = true;
    }

    pub(super) fn reset(&mut self) {
        self.seen.clear();
        self.last_start = Duration::ZERO;
        self.moving = false;
    }

    /// `None` if there are no frames in the window that begins at `start`.
    pub(super) fn read(&mut self, start: Duration, frames: &[Frame]) -> Option<CameraReadings> {
        if start <= self.last_start {
            self.reset();
        }
        self.last_start = start;
        self.look_at(frames);
        let (first, last) = (self.next.first()?, self.next.last()?);
        let shown = self.next.len() - 1;
        self.moving |= shown > 0;

        let mut readings = mean(&self.next);
        readings[Is::FrozenSeconds.index()] = self
            .next
            .iter()
            .map(|seen| seen.time.saturating_sub(seen.since).as_secs_f32())
            .fold(0.0, f32::max);
        let span = last.time.saturating_sub(first.time).as_secs_f32();
        readings[Is::FrameRate.index()] = match self.moving {
            true if span > 0.0 => shown as f32 / span,
            true => 0.0,
            false => f32::NAN,
        };
        std::mem::swap(&mut self.seen, &mut self.next);
        Some(readings)
    }

    /// Fills `next` with the window's frames.
    fn look_at(&mut self, frames: &[Frame]) {
        self.next.clear();
        for frame in frames {
            let Some(view) = View::new(frame) else {
                continue;
            };
            let known = self.seen.iter().find(|seen| seen.time == frame.time);
            let known =
                known.filter(|seen| !self.changing || seen.fingerprint == view.fingerprint());
            let mut seen = match known {
                Some(known) => *known,
                None => self.first_look(frame.time, &view),
            };
            let just_read = |before: &Seen| {
                before.readings.is_some() && seen.time.saturating_sub(before.time) < READ_EVERY
            };
            if seen.readings.is_none() && !self.next.iter().any(just_read) {
                seen.readings = Some(self.picture.read(&view));
            }
            self.next.push(seen);
        }
    }

    /// What there is to note of a picture that was not in the last window, before it is read.
    fn first_look(&self, time: Duration, view: &View) -> Seen {
        let fingerprint = view.fingerprint();
        let earlier = |seen: &&Seen| seen.time < time;
        let before = self.next.last().filter(earlier);
        let before = before.or_else(|| self.seen.iter().rfind(earlier));
        match before.filter(|before| before.fingerprint == fingerprint) {
            Some(before) => Seen { time, ..*before },
            None => Seen {
                time,
                fingerprint,
                since: time,
                readings: None,
            },
        }
    }
}

/// The mean of each statistic over the frames that have it.
fn mean(frames: &[Seen]) -> CameraReadings {
    std::array::from_fn(|statistic| {
        let readings = frames.iter().filter_map(|seen| seen.readings.as_ref());
        let values = readings.map(|readings| readings[statistic]);
        let (count, sum) = values
            .filter(|value| !value.is_nan())
            .fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
        sum / count as f32
    })
}
