//! A clip in memory and the windows it is cut into.

use std::time::Duration;

use crate::window::{Frame, Further, Modality, PerSensor, Signal, Sound, Window, signal_place};

/// What a recording holds. The clock of sound and frames begins at zero where the clip begins.
///
/// A clip with exactly one frame is a still picture: it is seen during the whole clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clip {
    /// The sound, `None` without a sound track.
    pub sound: Option<Sound>,
    /// The frames in order of time, empty without a picture.
    pub frames: Vec<Frame>,
    /// What further sensors recorded.
    pub further: Further,
    /// How long all of it lasts together; zero for a still picture without sound.
    pub duration: Duration,
}

impl Clip {
    /// A clip that lasts until its sound and its last frame end.
    pub fn new(sound: Option<Sound>, frames: Vec<Frame>) -> Self {
        let heard = sound
            .as_ref()
            .map_or(Duration::ZERO, |sound| sound.start + sound.duration());
        let seen = match frames.len() {
            0 | 1 => Duration::ZERO,
            n => end_of_frame(&frames, n - 1),
        };
        Self {
            sound,
            frames,
            further: Further::default(),
            duration: heard.max(seen),
        }
    }

    /// This clip with what further sensors recorded; it lasts until all of that ends.
    pub fn with_further(mut self, further: Further) -> Self {
        let Further {
            sound,
            frames,
            signals,
        } = further;
        let signals_end = signals.iter().flatten().map(Signal::end).max();
        let beside = Clip::new(sound, frames);
        self.duration = self
            .duration
            .max(beside.duration)
            .max(signals_end.unwrap_or_default());
        self.further = Further {
            sound: beside.sound,
            frames: beside.frames,
            signals,
        };
        self
    }

    /// Which sensors gave something.
    pub fn sensors(&self) -> PerSensor<bool> {
        let signal = |place: usize| self.further.signals[place].is_some();
        PerSensor::from_fn(|modality| match modality {
            Modality::Audio => self.sound.is_some(),
            Modality::Camera => !self.frames.is_empty(),
            Modality::Audio2 => self.further.sound.is_some(),
            Modality::Camera2 => !self.further.frames.is_empty(),
            other => signal_place(other).is_some_and(signal),
        })
    }

    /// Windows of `length`, each beginning `hop` after the one before.
    ///
    /// Every window lies inside the clip; one more that ends with the clip is added where the tail
    /// would otherwise be missed. A clip no longer than `length` gives exactly one window, which
    /// begins with the clip. A hop of zero counts as `length`.
    pub fn windows(&self, length: Duration, hop: Duration) -> impl Iterator<Item = Window> + '_ {
        // A millisecond of tail is a matter of rounding, not something to look at once more.
        let tolerance = Duration::from_millis(1);
        let last = self.duration.saturating_sub(length);
        let hop = if hop.is_zero() {
            length.max(tolerance)
        } else {
            hop
        };
        let mut next = Some(Duration::ZERO);
        std::iter::from_fn(move || {
            let start = next?;
            next = (start + tolerance < last).then(|| (start + hop).min(last));
            Some(self.window_at(start, length))
        })
    }

    /// The window of `length` that begins at `start`: the sound inside it, and the frames that are
    /// on view at some time inside it.
    ///
    /// A frame is on view until the next one, the last for as long as the one before it. A sensor
    /// that gave nothing in this time is absent from the window.
    pub fn window_at(&self, start: Duration, length: Duration) -> Window {
        let end = start + length;
        let heard = |sound: &Option<Sound>| sound.as_ref().and_then(|sound| cut(sound, start, end));
        let measured = |signal: &Option<Signal>| signal.as_ref()?.between(start, end);
        Window {
            start,
            sound: heard(&self.sound),
            frames: on_view(&self.frames, start, end),
            further: Further {
                sound: heard(&self.further.sound),
                frames: on_view(&self.further.frames, start, end),
                signals: self.further.signals.each_ref().map(measured),
            },
        }
    }
}

/// The frames on view at some time from `start` to before `end`.
fn on_view(frames: &[Frame], start: Duration, end: Duration) -> Vec<Frame> {
    if frames.len() == 1 {
        return frames.to_vec();
    }
    (0..frames.len())
        .filter(|&i| frames[i].time < end && end_of_frame(frames, i) > start)
        .map(|i| frames[i].clone())
        .collect()
}

/// When the frame goes out of view; there are at least two frames.
fn end_of_frame(frames: &[Frame], index: usize) -> Duration {
    match frames.get(index + 1) {
        Some(next) => next.time,
        None => {
            let time = frames[index].time;
            time + time.saturating_sub(frames[index - 1].time)
        }
    }
}

/// The samples between two times, `None` if there are none.
fn cut(sound: &Sound, start: Duration, end: Duration) -> Option<Sound> {
    let first = sound.rate.samples_in(start.saturating_sub(sound.start));
    let last = sound
        .rate
        .samples_in(end.saturating_sub(sound.start))
        .min(sound.samples.len());
    if first >= last {
        return None;
    }
    Some(Sound {
        start: sound.start + sound.rate.duration_of(first),
        rate: sound.rate,
        samples: sound.samples[first..last].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::SampleRate;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn frame(at: u64) -> Frame {
        Frame {
            time: ms(at),
            width: 1,
            height: 1,
            rgb: vec![0, 0, (at / 40) as u8],
        }
    }

    /// `millis` of sound at 1 kHz whose samples count up.
    fn sound(millis: usize) -> Sound {
        Sound {
            start: Duration::ZERO,
            rate: SampleRate::new(1000).unwrap(),
            samples: (0..millis).map(|i| i as f32).collect(),
        }
    }

    fn starts(clip: &Clip, length: u64, hop: u64) -> Vec<u64> {
        clip.windows(ms(length), ms(hop))
            .map(|w| w.start.as_millis() as u64)
            .collect()
    }

    #[test]
    fn windows_cover_the_whole_clip() {
        let clip = Clip::new(Some(sound(3000)), Vec::new());
        assert_eq!(starts(&clip, 1000, 500), [0, 500, 1000, 1500, 2000]);
        assert_eq!(starts(&clip, 1000, 800), [0, 800, 1600, 2000]);
        assert_eq!(starts(&clip, 3000, 500), [0]);
        assert_eq!(starts(&clip, 5000, 500), [0]);
        assert_eq!(starts(&clip, 1500, 0), [0, 1500]);
    }

    #[test]
    fn a_window_holds_the_sound_and_the_frames_of_its_time() {
        let clip = Clip::new(Some(sound(400)), (0..10).map(|i| frame(40 * i)).collect());
        assert_eq!(clip.duration, ms(400));
        let window = clip.window_at(ms(100), ms(100));
        let heard = window.sound.unwrap();
        assert_eq!(
            (heard.start, heard.samples.len(), heard.samples[0]),
            (ms(100), 100, 100.0)
        );
        let seen: Vec<_> = window.frames.iter().map(|f| f.time.as_millis()).collect();
        assert_eq!(
            seen,
            [80, 120, 160],
            "the frame of 80 ms is on view until 120 ms"
        );
        let behind = clip.window_at(ms(400), ms(100));
        assert_eq!(
            behind,
            Window {
                start: ms(400),
                ..Window::default()
            }
        );
    }

    #[test]
    fn a_still_picture_is_seen_in_every_window() {
        let clip = Clip::new(Some(sound(3000)), vec![frame(0)]);
        assert!(
            clip.windows(ms(1000), ms(1000))
                .all(|window| window.frames.len() == 1)
        );
        let silent = Clip::new(None, vec![frame(0)]);
        let windows: Vec<_> = silent.windows(ms(1000), ms(500)).collect();
        assert_eq!(
            (windows.len(), windows[0].frames.len(), &windows[0].sound),
            (1, 1, &None)
        );
    }
}
