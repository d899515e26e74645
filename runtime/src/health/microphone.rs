//! The microphone's statistics over windows that follow each other.

use std::ops::Range;
use std::time::Duration;

use super::sound::{Heard, SoundGauge};
use super::statistic::{AUDIO_STATISTICS, AudioStatistic as Is, Statistic};
use crate::window::Sound;

/// One value for each [`AudioStatistic`](super::AudioStatistic); NaN where there is none.
pub(super) type AudioReadings = [f32; AUDIO_STATISTICS];

/// Less than this between neighbours is no change: a step of a 20-bit converter.
const NO_CHANGE: f32 = 1e-6;
/// Shorter runs without change happen by chance.
const SHORTEST_RUN: Duration = Duration::from_millis(2);
/// Two windows whose sound is this far apart still follow each other.
const SEAM: Duration = Duration::from_millis(1);

/// A stretch without change.
#[derive(Debug, Clone, Copy)]
struct Stuck {
    since: Duration,
    until: Duration,
    value: f32,
}

/// Reads windows, and remembers where in the last one there was no change.
#[derive(Debug, Clone, Default)]
pub(super) struct MicrophoneGauge {
    runs: Vec<Range<usize>>,
    stuck: Vec<Stuck>,
    /// What `stuck` becomes; kept for its memory.
    next: Vec<Stuck>,
    last_start: Duration,
    sound: SoundGauge,
}

impl MicrophoneGauge {
    pub(super) fn reset(&mut self) {
        self.stuck.clear();
        self.last_start = Duration::ZERO;
    }

    /// `None` if there is no sound in the window that begins at `start`.
    pub(super) fn read(&mut self, start: Duration, sound: Option<&Sound>) -> Option<Heard> {
        if start <= self.last_start {
            self.reset();
        }
        self.last_start = start;
        let sound = sound.filter(|sound| !sound.samples.is_empty())?;
        let mut heard = self.sound.read(&sound.samples, sound.rate.hz());
        let (longest, share) = self.without_change(sound);
        heard.readings[Is::SilentSeconds.index()] = longest;
        heard.readings[Is::DropOuts.index()] = share;
        Some(heard)
    }

    /// The longest time without change, in seconds, and the share of samples without.
    fn without_change(&mut self, sound: &Sound) -> (f32, f32) {
        let shortest = sound.rate.samples_in(SHORTEST_RUN).max(2);
        let samples = self.sound.samples();
        find_runs(samples, shortest, &mut self.runs);
        self.next.clear();
        for run in &self.runs {
            let value = samples[run.start];
            let begin = sound.start + sound.rate.duration_of(run.start);
            let until = sound.start + sound.rate.duration_of(run.end);
            let continues = |before: &&Stuck| {
                (before.since..=before.until + SEAM).contains(&begin)
                    && (before.value - value).abs() <= NO_CHANGE
            };
            let before = self.stuck.iter().find(continues);
            self.next.push(Stuck {
                since: before.map_or(begin, |before| before.since),
                until,
                value,
            });
        }
        std::mem::swap(&mut self.stuck, &mut self.next);
        let lengths = self
            .stuck
            .iter()
            .map(|run| run.until.saturating_sub(run.since));
        let longest = lengths.max().unwrap_or_default();
        let covered: usize = self.runs.iter().map(ExactSizeIterator::len).sum();
        (longest.as_secs_f32(), covered as f32 / samples.len() as f32)
    }
}

/// Replaces `runs` by the stretches of at least `shortest` samples without change.
fn find_runs(samples: &[f32], shortest: usize, runs: &mut Vec<Range<usize>>) {
    let same = |i: usize| (samples[i] - samples[i - 1]).abs() <= NO_CHANGE;
    runs.clear();
    // Every run that counts holds a sample of this comb, and its neighbour: look there first.
    let mut at = 1;
    while at < samples.len() {
        if !same(at) {
            at += shortest - 1;
            continue;
        }
        let mut start = at - 1;
        while start > 0 && same(start) {
            start -= 1;
        }
        let mut end = at + 1;
        while end < samples.len() && same(end) {
            end += 1;
        }
        if end - start >= shortest {
            runs.push(start..end);
        }
        at = end + 1;
    }
}
