//! Puts what the sensors captured into windows on one clock.

use std::collections::VecDeque;
use std::time::Duration;

use super::delay::Delay;
use super::sound::{Seam, SoundBuffer};
use crate::sensor::Intake;
use crate::window::{Frame, Modality, PerSensor, SampleRate, Window};

/// The last frame stays on view for this long; after that there is no picture.
const ON_VIEW: Duration = Duration::from_secs(1);
/// Frames kept for later windows; the oldest are dropped when a driver floods.
const MOST_PENDING: usize = 256;
/// Pictures whose memory is kept.
const MOST_SPARE: usize = 32;

/// Collects sound and frames, and gives windows in order of time.
///
/// Times of frames are whole milliseconds here, so that they survive a recording. Data that comes after its
/// window was given is stamped with that window's end, so that it is in the next one and only there.
#[derive(Debug, Default)]
pub struct Assembler {
    sound: SoundBuffer,
    pending: VecDeque<Frame>,
    window: Window,
    /// Memory of frames that went out of view, and of a sound that was absent.
    spare: Vec<Vec<u8>>,
    spare_sound: Vec<f32>,
    /// The end of the last window.
    edge: Duration,
    newest_frame: Option<Duration>,
    frame_interval: f32,
    delays: PerSensor<Delay>,
    seams: u64,
}

impl Assembler {
    /// The window from `start` to `start + length`. Starts must not decrease.
    pub fn window(&mut self, start: Duration, length: Duration) -> &Window {
        let end = start + length;
        self.window.start = start;
        self.edge = end;
        self.show(start, end);
        self.cut_sound(start, end);
        &self.window
    }

    /// The window that was given last.
    pub fn last(&self) -> &Window {
        &self.window
    }

    /// How long data is late, and so how long after its end a window is complete.
    pub fn delays(&self) -> PerSensor<Duration> {
        self.delays.map(|delay| delay.longest())
    }

    /// Frames or samples per second as they come, 0 while there are too few to tell.
    pub fn rates(&self) -> PerSensor<f32> {
        let frame_rate = match self.frame_interval {
            interval if interval > 0.0 => 1.0 / interval,
            _ => 0.0,
        };
        PerSensor::pair(self.sound.measured_rate().unwrap_or(0.0), frame_rate)
    }

    /// How often sound did not follow what came before, or a sensor was lost: a recording that is to be
    /// replayed must not run across.
    pub fn seams(&self) -> u64 {
        self.seams
    }

    /// Forgets what a sensor gave: it is gone, and the rest of its window is no sign of life.
    pub fn forget(&mut self, sensor: Modality) {
        self.seams += 1;
        self.delays[sensor] = Delay::default();
        match sensor {
            Modality::Audio => self.sound.clear(),
            Modality::Camera => {
                self.window.frames.extend(self.pending.drain(..));
                for frame in self.window.frames.drain(..) {
                    keep(&mut self.spare, frame.rgb);
                }
                self.newest_frame = None;
                self.frame_interval = 0.0;
            }
            // Others never gave anything.
            _ => {}
        }
    }

    fn show(&mut self, start: Duration, end: Duration) {
        while let Some(next) = self.pending.front()
            && next.time < end
        {
            self.window.frames.extend(self.pending.pop_front());
        }
        let frames = &mut self.window.frames;
        // A frame is on view until the next one.
        let gone = match frames.last() {
            Some(last) if last.time + ON_VIEW <= start => frames.len(),
            _ => frames
                .windows(2)
                .take_while(|two| two[1].time <= start)
                .count(),
        };
        for frame in frames.drain(..gone) {
            keep(&mut self.spare, frame.rgb);
        }
    }

    fn cut_sound(&mut self, start: Duration, end: Duration) {
        let memory = match self.window.sound.take() {
            Some(sound) => sound.samples,
            None => std::mem::take(&mut self.spare_sound),
        };
        match self.sound.cut(start, end, memory) {
            Ok(sound) => self.window.sound = Some(sound),
            Err(memory) => self.spare_sound = memory,
        }
    }
}

fn keep(spare: &mut Vec<Vec<u8>>, mut memory: Vec<u8>) {
    if spare.len() < MOST_SPARE {
        memory.clear();
        spare.push(memory);
    }
}

impl Intake for Assembler {
    fn hear(&mut self, time: Duration, arrival: Duration, rate: SampleRate, samples: &[f32]) {
        self.delays.audio.note(time, arrival);
        if self.sound.hear(time, rate, samples) != Seam::None {
            self.seams += 1;
        }
    }

    fn see(&mut self, mut frame: Frame, arrival: Duration) {
        self.delays.camera.note(frame.time, arrival);
        let after = |time: Duration| time + Duration::from_millis(1);
        let soonest = self.newest_frame.map_or(Duration::ZERO, after);
        let millis = Duration::from_millis(frame.time.as_millis() as u64);
        frame.time = millis.max(soonest).max(self.edge);
        if let Some(newest) = self.newest_frame {
            let interval = frame.time.saturating_sub(newest).as_secs_f32();
            self.frame_interval = match self.frame_interval {
                before if before > 0.0 => 0.9 * before + 0.1 * interval,
                _ => interval,
            };
        }
        self.newest_frame = Some(frame.time);
        if self.pending.len() == MOST_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            keep(&mut self.spare, oldest.rgb);
        }
        self.pending.push_back(frame);
    }

    fn spare(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::Clip;
    use crate::window::Sound;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn frame(at: u64) -> Frame {
        Frame {
            time: ms(at),
            width: 1,
            height: 1,
            rgb: vec![(at % 251) as u8; 3],
        }
    }

    const RATE: u32 = 1000;

    fn sound(millis: usize) -> Sound {
        Sound {
            start: Duration::ZERO,
            rate: SampleRate::new(RATE).unwrap(),
            samples: (0..millis).map(|i| i as f32).collect(),
        }
    }

    #[test]
    fn windows_of_a_stream_are_those_of_its_recording() {
        let clip = Clip::new(
            Some(sound(3000)),
            (0..75).map(|i| frame(7 + 40 * i)).collect(),
        );
        let mut assembler = Assembler::default();
        let (length, hop) = (ms(500), ms(100));
        let (mut heard, mut seen) = (0, 0);
        let samples = &clip.sound.as_ref().unwrap().samples;
        for index in 0..=25 {
            let (start, end) = (hop * index, hop * index + length);
            while heard < end.as_millis() as usize {
                let piece = (heard + 20).min(samples.len());
                assembler.hear(
                    ms(heard as u64),
                    end,
                    SampleRate::new(RATE).unwrap(),
                    &samples[heard..piece],
                );
                heard = piece;
            }
            while seen < clip.frames.len() && clip.frames[seen].time < end {
                assembler.see(clip.frames[seen].clone(), end);
                seen += 1;
            }
            assert_eq!(
                assembler.window(start, length),
                &clip.window_at(start, length),
                "{start:?}"
            );
        }
        assert!((assembler.rates().camera - 25.0).abs() < 0.1);
    }

    #[test]
    fn a_late_frame_is_in_the_next_window_and_one_that_stays_away_goes_out_of_view() {
        let mut assembler = Assembler::default();
        assembler.see(frame(0), ms(0));
        assert_eq!(assembler.window(ms(0), ms(500)).frames.len(), 1);
        assembler.see(frame(300), ms(510));
        let window = assembler.window(ms(100), ms(500));
        let times: Vec<_> = window.frames.iter().map(|frame| frame.time).collect();
        assert_eq!(times, [ms(0), ms(500)]);
        assert_eq!(assembler.window(ms(1499), ms(500)).frames.len(), 1);
        assert!(assembler.window(ms(1500), ms(500)).frames.is_empty());
        assert_eq!(assembler.spare().capacity(), 3, "its memory is used again");
    }

    #[test]
    fn a_sensor_that_is_gone_leaves_nothing_behind() {
        let mut assembler = Assembler::default();
        assembler.see(frame(0), ms(0));
        assembler.hear(ms(0), ms(0), SampleRate::new(RATE).unwrap(), &[1.0; 400]);
        assembler.window(ms(0), ms(300));
        assembler.forget(Modality::Audio);
        let window = assembler.window(ms(100), ms(300));
        assert_eq!((window.sound.is_some(), window.frames.len()), (false, 1));
        assembler.forget(Modality::Camera);
        assert!(assembler.window(ms(200), ms(300)).frames.is_empty());
    }
}
