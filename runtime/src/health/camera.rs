//! The camera's statistics over windows that follow each other.

use std::time::Duration;

use super::picture::{PictureGauge, View};
use super::statistic::{CAMERA_STATISTICS, CameraStatistic as Is, Statistic};
use crate::window::Frame;

/// One value for each [`CameraStatistic`](super::CameraStatistic); NaN where there is none.
pub(super) type CameraReadings = [f32; CAMERA_STATISTICS];

/// What is wrong with a picture mostly lasts, so of those that are new in each of these stretches of time the first is read; the others are
/// only told apart.
const READ_EVERY: Duration = Duration::from_millis(125);

/// A frame that was in the last window.
#[derive(Debug, Clone, Copy)]
struct Seen {
    time: Duration,
    fingerprint: u64,
    /// When this very picture was first there.
    since: Duration,
    /// `None` if it was not read.
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
    /// Frames at the same time in two windows may be two pictures: in those to come, and in the last one.
    changing: bool,
    was_changing: bool,
    /// There was a window with several frames, so this is no still picture.
    moving: bool,
    picture: PictureGauge,
}

impl CameraGauge {
    pub(super) fn expect_changes(&mut self, expected: bool) {
        self.changing = expected;
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

    /// Fills `next` with the window's frames, of which at least one is read.
    fn look_at(&mut self, frames: &[Frame]) {
        self.next.clear();
        let compare = self.changing || self.was_changing;
        self.was_changing = self.changing;
        let mut last = None;
        for frame in frames {
            let Some(view) = View::new(frame) else {
                continue;
            };
            let known = self.seen.iter().find(|seen| seen.time == frame.time);
            let known = known.filter(|seen| !compare || seen.fingerprint == view.fingerprint());
            let seen = match known {
                Some(known) => *known,
                None => self.first_look(frame.time, &view),
            };
            self.next.push(seen);
            last = Some(view);
        }
        let none_read = self.next.iter().all(|seen| seen.readings.is_none());
        if let Some((seen, view)) = self.next.last_mut().zip(last).filter(|_| none_read) {
            seen.readings = Some(self.picture.read(&view));
        }
    }

    /// What there is to note of a picture that was not in the last window.
    fn first_look(&mut self, time: Duration, view: &View) -> Seen {
        let fingerprint = view.fingerprint();
        let earlier = |seen: &&Seen| seen.time < time;
        let before = self.next.last().filter(earlier);
        let before = before.or_else(|| self.seen.iter().rfind(earlier));
        let stretch = |time: Duration| time.as_nanos() / READ_EVERY.as_nanos();
        let first_in_its_stretch =
            before.is_none_or(|before| stretch(before.time) != stretch(time));
        let same = before.filter(|before| before.fingerprint == fingerprint);
        Seen {
            time,
            fingerprint,
            since: same.map_or(time, |before| before.since),
            readings: first_in_its_stretch.then(|| self.picture.read(view)),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Of moving pictures and of one that stands still, in windows that overlap much, little and not.
    #[test]
    fn eight_pictures_a_second_are_read_however_windows_overlap() {
        for (hop, still) in [(40, false), (160, false), (160, true), (1280, false)] {
            let frame = |i: u64| Frame {
                time: Duration::from_micros(16_667 * i),
                width: 4,
                height: 4,
                rgb: vec![if still { 9 } else { i as u8 }; 48],
            };
            let frames: Vec<Frame> = (0..240).map(frame).collect();
            let mut gauge = CameraGauge::default();
            for window in 1..16 {
                let start = Duration::from_millis(hop * window);
                let begin = frames.partition_point(|frame| frame.time < start);
                let end = frames
                    .partition_point(|frame| frame.time < start + Duration::from_millis(1280));
                if begin == end {
                    break;
                }
                gauge.read(start, &frames[begin..end]);
                let read = gauge.seen.iter().filter(|seen| seen.readings.is_some());
                let (read, seconds) = (read.count(), (end - begin) as f64 / 60.0);
                let most = (8.0 * seconds).ceil() as usize + 1;
                assert!(
                    read <= most && read + 2 >= (8.0 * seconds) as usize,
                    "hop {hop}, still {still}: {read} in {seconds} s"
                );
            }
        }
    }

    /// What was not read, because a picture just before it was, is when that one is gone.
    #[test]
    fn a_window_with_pictures_has_readings() {
        let frame = |milliseconds: u64| Frame {
            time: Duration::from_millis(milliseconds),
            width: 4,
            height: 4,
            rgb: vec![milliseconds as u8; 48],
        };
        let mut gauge = CameraGauge::default();
        let frames = [frame(1010), frame(1030)];
        assert!(gauge.read(Duration::from_millis(500), &frames).is_some());
        let left = gauge.read(Duration::from_millis(1020), &frames[1..]);
        assert!(!left.unwrap()[Is::Brightness.index()].is_nan());
    }
}
