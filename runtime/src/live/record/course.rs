//! What a clip has got so far, and what of each window is new.

use std::time::Duration;

use super::piece::Piece;
use crate::window::{Frame, SampleRate, Window};

/// The clip under way, as whoever fills it sees it.
///
/// Its own clock begins at zero where its first window begins.
#[derive(Debug)]
pub struct Course {
    zero: Duration,
    /// See [`Moment::seams`](crate::live::Moment::seams).
    seams: u64,
    format: Format,
    /// Samples so far.
    samples: usize,
    /// The newest frame so far: its time on the program's clock, and in the clip, in milliseconds.
    newest: Option<(Duration, u64)>,
    /// Where the last window ends.
    end: Duration,
    /// See [`Course::bytes`].
    bytes: u64,
}

/// What a clip's tracks are like. A sensor that gives nothing has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Samples per second.
    pub sound: Option<SampleRate>,
    /// Columns and rows.
    pub picture: Option<(u32, u32)>,
}

impl Format {
    /// Of a window; none if its frames are of different sizes, as while one camera follows another.
    fn of(window: &Window) -> Option<Self> {
        let size = |frame: &Frame| (frame.width, frame.height);
        let picture = window.frames.first().map(size);
        window
            .frames
            .iter()
            .all(|frame| Some(size(frame)) == picture)
            .then_some(Self {
                sound: window.sound.as_ref().map(|sound| sound.rate),
                picture,
            })
    }
}

impl Course {
    /// A clip that begins with this window, if one can.
    ///
    /// A container's clock begins with the first thing in it, so there must be something at once: a sound
    /// track, which is filled up from the start, or a frame that is on view already.
    pub fn begin(window: &Window, seams: u64) -> Option<Self> {
        let format = Format::of(window)?;
        let first = window.frames.first();
        let on_view = first.is_some_and(|frame| frame.time <= window.start);
        (format.sound.is_some() || on_view).then_some(Self {
            zero: window.start,
            seams,
            format,
            samples: 0,
            newest: None,
            end: window.start,
            bytes: 0,
        })
    }

    /// Whether this window continues the clip.
    pub fn goes_on_with(&self, window: &Window, seams: u64) -> bool {
        seams == self.seams && window.start <= self.end && Format::of(window) == Some(self.format)
    }

    /// What its tracks are like.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How much was copied so far, bytes; its file is smaller.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// When on the clip's clock `time` is.
    pub fn place(&self, time: Duration) -> Duration {
        time.saturating_sub(self.zero)
    }

    /// Copies what is new in a window that continues the clip. Returns whether a replay of the clip will have
    /// exactly this window: not if data of its time came too late for it, or lies before the clip's beginning.
    pub fn take(&mut self, window: &Window, length: Duration, piece: &mut Piece) -> bool {
        self.end = window.start + length;
        let heard = self.take_sound(window, piece);
        let seen = self.take_frames(window, piece);
        self.bytes += piece.bytes() as u64;
        heard && seen
    }

    fn take_sound(&mut self, window: &Window, piece: &mut Piece) -> bool {
        let Some(sound) = &window.sound else {
            return true;
        };
        let sample_at = |time| sound.rate.samples_in(self.place(time));
        let first = sample_at(sound.start);
        let last = first + sound.samples.len();
        let whole = first == sample_at(window.start) && last == sample_at(self.end);
        // Nothing was heard in between.
        piece
            .samples
            .resize(first.saturating_sub(self.samples), 0.0);
        let known = self.samples.saturating_sub(first).min(sound.samples.len());
        piece.samples.extend_from_slice(&sound.samples[known..]);
        self.samples = self.samples.max(last);
        whole
    }

    fn take_frames(&mut self, window: &Window, piece: &mut Piece) -> bool {
        let mut exact = true;
        for frame in &window.frames {
            let at = self.place(frame.time).as_millis() as u64;
            exact &= self.zero + Duration::from_millis(at) == frame.time;
            let place = match self.newest {
                Some((newest, _)) if frame.time <= newest => continue,
                Some((_, place)) => at.max(place + 1),
                None => at,
            };
            self.newest = Some((frame.time, place));
            piece.show(frame, Duration::from_millis(place));
        }
        exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Sound;

    const LENGTH: Duration = ms(500);

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A window of sound at 1 kHz whose samples say when they were taken, and frames every 100 ms from 30 ms on.
    fn window(start: u64) -> Window {
        let frames = (0..100).map(|i| 30 + 100 * i);
        Window {
            start: ms(start),
            sound: Some(Sound {
                start: ms(start),
                rate: SampleRate::new(1000).unwrap(),
                samples: (start..start + 500).map(|i| i as f32).collect(),
            }),
            frames: frames
                .filter(|time| time + 100 > start && *time < start + 500)
                .map(|time| Frame {
                    time: ms(time),
                    width: 1,
                    height: 1,
                    rgb: vec![time as u8; 3],
                })
                .collect(),
            ..Window::default()
        }
    }

    /// The clip of these windows: its samples, the times of its frames, and which windows are exact.
    fn clip(windows: &[Window]) -> (Vec<f32>, Vec<u128>, Vec<bool>) {
        let mut course = Course::begin(&windows[0], 0).unwrap();
        let mut piece = Piece::default();
        let mut exact = Vec::new();
        for window in windows {
            assert!(course.goes_on_with(window, 0));
            let mut new = Piece::default();
            exact.push(course.take(window, LENGTH, &mut new));
            piece.samples.append(&mut new.samples);
            piece.frames.append(&mut new.frames);
        }
        let times = piece.frames.iter().map(|frame| frame.time.as_millis());
        let times = times.collect();
        (piece.samples, times, exact)
    }

    #[test]
    fn each_sample_and_each_frame_is_kept_once_on_the_clips_own_clock() {
        let (samples, times, exact) = clip(&[window(160), window(320), window(480)]);
        let expected: Vec<f32> = (160..980).map(|i| i as f32).collect();
        assert_eq!(samples, expected);
        // The frame of 130 ms is on view when the clip begins.
        assert_eq!(times, [0, 70, 170, 270, 370, 470, 570, 670, 770]);
        assert_eq!(exact, [false, true, true]);
    }

    #[test]
    fn what_comes_late_is_kept_and_its_window_is_marked() {
        let mut short = window(160);
        short.sound.as_mut().unwrap().samples.truncate(300);
        let (samples, _, exact) = clip(&[window(0), short, window(320)]);
        let expected: Vec<f32> = (0..820).map(|i| i as f32).collect();
        assert_eq!(samples, expected);
        assert_eq!(exact, [true, false, true]);
    }

    #[test]
    fn sound_that_begins_inside_the_first_window_keeps_its_place() {
        let mut late = window(160);
        let sound = late.sound.as_mut().unwrap();
        sound.start = ms(260);
        sound.samples.drain(..100);
        let (samples, _, exact) = clip(&[late, window(320)]);
        assert_eq!(
            (samples[99], samples[100], samples.len()),
            (0.0, 260.0, 660)
        );
        assert_eq!(exact, [false, true]);
    }

    #[test]
    fn seams_holes_and_other_formats_end_a_clip() {
        let mut course = Course::begin(&window(0), 7).unwrap();
        course.take(&window(0), LENGTH, &mut Piece::default());
        assert!(course.goes_on_with(&window(500), 7));
        assert!(!course.goes_on_with(&window(160), 8), "a seam");
        assert!(!course.goes_on_with(&window(501), 7), "a hole");
        let mut deaf = window(160);
        deaf.sound = None;
        let mut blind = window(160);
        blind.frames.clear();
        let mut other = window(160);
        other.sound.as_mut().unwrap().rate = SampleRate::new(2000).unwrap();
        let mut mixed = window(160);
        mixed.frames.last_mut().unwrap().width = 3;
        for window in [&deaf, &blind, &other, &mixed] {
            assert!(!course.goes_on_with(window, 7));
        }
        assert!(Course::begin(&deaf, 8).is_some());
        assert!(Course::begin(&blind, 8).is_some());
        assert!(Course::begin(&mixed, 8).is_none());
        deaf.frames.retain(|frame| frame.time > deaf.start);
        assert!(Course::begin(&deaf, 8).is_none(), "nothing to begin with");
    }
}
