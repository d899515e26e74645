//! Recorded clips, played as if their microphone and camera were live.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Capture, Clock, Intake, Sensor, SensorError, Trouble};
use crate::clip::{Clip, ClipEntry, ReadOptions, read_clip};
use crate::corruption::film;
use crate::window::{Frame, PerSensor, Window};

/// What happens after the last clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Both sensors end.
    Once,
    /// The first clip begins again.
    Forever,
}

/// Clips to play one after the other, each several times in a row.
#[derive(Debug, Clone)]
pub struct Playlist {
    /// The clips, at least one.
    pub entries: Vec<ClipEntry>,
    /// How large and how often their pictures are wanted.
    pub options: ReadOptions,
    /// How many times in a row each is played, at least 1.
    pub times: u32,
    /// What happens after the last one.
    pub repeat: Repeat,
}

/// A clip that is on at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playing {
    /// Its name.
    pub name: String,
    /// What is in it, if that is known.
    pub label: Option<String>,
}

/// Plays clips to the two sensors that [`Player::sensors`] gives; both see the same clip at the same time.
pub struct Player {
    list: Playlist,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What is or was on lately, and what comes next, in order of time.
    segments: VecDeque<Segment>,
    /// Where the last segment ends.
    end: Duration,
    /// How many were begun since the first.
    count: u64,
    /// The clip being read for later.
    reading: Option<Receiver<Result<Clip, String>>>,
    /// The clip last read, and how many more times it is played.
    again: Option<(Arc<Clip>, Playing, u32)>,
    next: usize,
    failed_in_a_row: usize,
    finished: bool,
    problems: Vec<String>,
    failures: u64,
}

#[derive(Clone)]
struct Segment {
    number: u64,
    start: Duration,
    clip: Arc<Clip>,
    playing: Playing,
}

impl Segment {
    fn end(&self) -> Duration {
        self.start + self.clip.duration
    }
}

/// Behind the time that is played, segments are kept for this long.
const KEPT: Duration = Duration::from_secs(2);
/// A still picture without sound is shown for this long.
const STILL: Duration = Duration::from_secs(3);

impl Player {
    /// Begins when the first sensor is asked for data.
    pub fn new(list: Playlist) -> Arc<Self> {
        Arc::new(Self {
            list,
            state: Mutex::default(),
        })
    }

    /// The clips' microphone and camera.
    pub fn sensors(self: &Arc<Self>) -> PerSensor<Option<Arc<dyn Sensor>>> {
        let part = |track: Track| -> Option<Arc<dyn Sensor>> {
            let player = Arc::clone(self);
            Some(Arc::new(Part { player, track }))
        };
        PerSensor::pair(part(Track::Sound), part(Track::Pictures))
    }

    /// The clip that is on at `time`, as far back as is remembered.
    pub fn playing(&self, time: Duration) -> Option<Playing> {
        Some(self.on_at(time)?.0)
    }

    /// The clip that is on at `time`, and from when to when it is.
    pub fn on_at(&self, time: Duration) -> Option<(Playing, Range<Duration>)> {
        let state = self.state();
        let on = |segment: &&Segment| (segment.start..segment.end()).contains(&time);
        let segment = state.segments.iter().find(on)?;
        Some((segment.playing.clone(), segment.start..segment.end()))
    }

    /// When the last clip ends, once that is known.
    pub fn end(&self) -> Option<Duration> {
        let state = self.state();
        state.is_last().then_some(state.end)
    }

    /// What could not be played since the last call, a sentence each.
    pub fn problems(&self) -> Vec<String> {
        std::mem::take(&mut self.state().problems)
    }

    /// How often a clip could not be played.
    pub fn failures(&self) -> u64 {
        self.state().failures
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The segments up to `now`, and whether there will be no more.
    fn until(&self, now: Duration, clock: &Clock) -> (Vec<Segment>, bool) {
        let mut state = self.state();
        while state.end <= now && !state.is_last() {
            if !state.extend(&self.list, now, clock.is_real()) {
                break;
            }
        }
        while let Some(first) = state.segments.front()
            && first.end() + KEPT < now
        {
            state.segments.pop_front();
        }
        let ended = state.is_last() && now >= state.end;
        (state.segments.iter().cloned().collect(), ended)
    }
}

impl State {
    /// No other segment follows the last one.
    fn is_last(&self) -> bool {
        self.finished && self.again.is_none()
    }

    /// Adds the next segment, if it is there already or may be waited for.
    fn extend(&mut self, list: &Playlist, now: Duration, real: bool) -> bool {
        if let Some((clip, playing, times)) = self.again.take() {
            self.add(clip, playing, times, now, real);
            return true;
        }
        let entry = &list.entries[self.next];
        let reading = match self.reading.take() {
            Some(reading) => reading,
            None => read(entry, list.options, real),
        };
        let clip = match reading.try_recv() {
            Ok(clip) => clip,
            Err(TryRecvError::Empty) => {
                self.reading = Some(reading);
                return false;
            }
            Err(TryRecvError::Disconnected) => Err(format!("{}: cannot be read", entry.name)),
        };
        self.next += 1;
        if self.next == list.entries.len() {
            self.next = 0;
            self.finished = list.repeat == Repeat::Once;
        }
        match clip {
            Ok(clip) => {
                self.failed_in_a_row = 0;
                let playing = Playing {
                    name: entry.name.clone(),
                    label: entry.label.clone(),
                };
                self.add(Arc::new(clip), playing, list.times.max(1), now, real);
            }
            Err(problem) => {
                self.problems.push(problem);
                self.failures += 1;
                self.failed_in_a_row += 1;
                self.finished |= self.failed_in_a_row >= list.entries.len();
            }
        }
        if real && !self.finished {
            self.reading = Some(read(&list.entries[self.next], list.options, real));
        }
        true
    }

    fn add(&mut self, clip: Arc<Clip>, playing: Playing, times: u32, now: Duration, real: bool) {
        // A clip that took longer to read than the last one to play begins when it is there.
        let start = match real {
            true if self.end + KEPT < now || self.count == 0 => now,
            _ => self.end,
        };
        self.end = start + clip.duration;
        self.segments.push_back(Segment {
            number: self.count,
            start,
            clip: Arc::clone(&clip),
            playing: playing.clone(),
        });
        self.count += 1;
        if times > 1 {
            self.again = Some((clip, playing, times - 1));
        }
    }
}

/// Reads a clip, on a thread of its own if the time is real.
fn read(entry: &ClipEntry, options: ReadOptions, real: bool) -> Receiver<Result<Clip, String>> {
    let (sender, receiver) = channel();
    let entry = entry.clone();
    let task = move || {
        let clip = read_clip(&entry, &options)
            .map(moving)
            .map_err(|error| error.to_string());
        let _ = sender.send(clip);
    };
    if real {
        thread::spawn(task);
    } else {
        task();
    }
    receiver
}

/// A still picture becomes what a camera would have delivered: several frames that differ by a little noise.
fn moving(mut clip: Clip) -> Clip {
    if clip.duration.is_zero() {
        clip.duration = STILL;
    }
    if clip.frames.len() == 1 {
        let mut window = Window {
            frames: clip.frames,
            ..Window::default()
        };
        film(&mut window, clip.duration, 0);
        clip.frames = window.frames;
    }
    clip
}

/// What of the clips is played.
#[derive(Debug, Clone, Copy)]
enum Track {
    Sound,
    Pictures,
}

/// One of the two sensors of the clips.
struct Part {
    player: Arc<Player>,
    track: Track,
}

impl Sensor for Part {
    fn name(&self) -> String {
        let what = match self.track {
            Track::Sound => "sound",
            Track::Pictures => "pictures",
        };
        match self.player.list.entries.as_slice() {
            [one] => format!("{what} of {}", one.name),
            several => format!("{what} of {} clips", several.len()),
        }
    }

    fn open(&self, clock: &Clock) -> Result<Box<dyn Capture>, SensorError> {
        Ok(Box::new(Reading {
            player: Arc::clone(&self.player),
            track: self.track,
            clock: clock.clone(),
            opened: clock.now(),
            place: None,
            format: String::new(),
        }))
    }
}

/// Where one sensor has got to.
struct Reading {
    player: Arc<Player>,
    track: Track,
    clock: Clock,
    opened: Duration,
    /// The segment, and the first sample or frame in it that has not been handed over.
    place: Option<(u64, usize)>,
    format: String,
}

impl Reading {
    /// The first sample or frame of `segment` that is still to come.
    fn first(&self, segment: &Segment, at_opening: impl FnOnce(Duration) -> usize) -> usize {
        match self.place {
            Some((number, next)) if number == segment.number => next,
            Some((number, _)) if number > segment.number => usize::MAX,
            Some(_) => 0,
            None => at_opening(self.opened.saturating_sub(segment.start)),
        }
    }

    fn play_sound(&mut self, segment: &Segment, now: Duration, intake: &mut dyn Intake) {
        let Some(sound) = &segment.clip.sound else {
            return;
        };
        let start = segment.start + sound.start;
        let first = self.first(segment, |late| sound.rate.samples_in(late));
        let until = sound
            .rate
            .samples_in(now.saturating_sub(start))
            .min(sound.samples.len());
        if first < until {
            let time = start + sound.rate.duration_of(first);
            // What is played has no way to go.
            intake.hear(time, time, sound.rate, &sound.samples[first..until]);
            self.place = Some((segment.number, until));
            self.format = format!("{}, played", sound.rate);
        }
    }

    fn play_frames(&mut self, segment: &Segment, now: Duration, intake: &mut dyn Intake) {
        let frames = &segment.clip.frames;
        let mut next = self.first(segment, |late| {
            frames.partition_point(|frame| frame.time < late)
        });
        while let Some(frame) = frames.get(next)
            && segment.start + frame.time < now
        {
            let mut rgb = intake.spare();
            rgb.extend_from_slice(&frame.rgb);
            let shown = Frame {
                time: segment.start + frame.time,
                rgb,
                ..*frame
            };
            next += 1;
            self.place = Some((segment.number, next));
            self.format = format!("{}×{}, played", frame.width, frame.height);
            let arrival = shown.time;
            intake.see(shown, arrival);
        }
    }
}

impl Capture for Reading {
    fn format(&self) -> String {
        self.format.clone()
    }

    fn poll(&mut self, now: Duration, intake: &mut dyn Intake) -> Result<(), SensorError> {
        let (segments, ended) = self.player.until(now, &self.clock);
        for segment in &segments {
            match self.track {
                Track::Sound => self.play_sound(segment, now, intake),
                Track::Pictures => self.play_frames(segment, now, intake),
            }
        }
        if ended {
            return Err(SensorError::new(Trouble::Ended, "the clips have ended"));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "played_tests.rs"]
mod tests;
