//! What was heard of late, as a strip that scrolls.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::facts::Facts;
use super::super::moment::Moment;
use super::colours::Colours;
use super::pixels;

/// The time that one column of the strip is.
pub const COLUMN: Duration = Duration::from_millis(40);
/// Columns kept: more than any terminal has.
const MOST: usize = 512;
/// The range of loudness that is shown follows what is heard with this time constant, seconds.
const ADAPTATION: f32 = 3.0;
/// From this many standard deviations below the mean of a patch to as many above it.
const BELOW: f32 = 1.0;
const ABOVE: f32 = 3.0;
/// The least range, as the encoder has it, so that mere hiss does not look like speech.
const LEAST_RANGE: f32 = 1.0;

/// The newest columns of the mel patches that the encoder heard.
pub struct Spectrogram {
    bands: usize,
    /// From one column of a patch to the next.
    step: Duration,
    /// Columns of a patch that make one of the strip.
    group: usize,
    /// Oldest first; `bands` values each, the lowest first. An empty one is a time without sound.
    strip: VecDeque<Vec<f32>>,
    /// The end of the newest column of the strip.
    end: Option<Duration>,
    low: f32,
    high: f32,
}

impl Spectrogram {
    /// Of the patches of this model.
    pub fn new(facts: &Facts) -> Self {
        let step = facts.mel_column;
        let group = COLUMN.as_nanos() / step.as_nanos().max(1);
        Self {
            bands: facts.mel_bands,
            step,
            group: (group as usize).max(1),
            strip: VecDeque::new(),
            end: None,
            low: 0.0,
            high: LEAST_RANGE,
        }
    }

    /// Adds what is new in the patch of this moment; the patch begins where the window begins.
    pub fn take(&mut self, moment: &Moment) {
        let column = self.step * self.group as u32;
        if self.bands == 0 || column.is_zero() {
            return;
        }
        let columns = moment.mel.len() / self.bands;
        let end = moment.end();
        let before = self.end.unwrap_or(moment.start).max(moment.start);
        let fresh = (end.saturating_sub(before).as_nanos() / column.as_nanos()) as usize;
        self.end = Some(before + column * fresh as u32);
        if columns > 0 {
            self.adapt(&moment.mel, column * fresh as u32);
        }
        let skipped = before.saturating_sub(moment.start).as_secs_f32() / self.step.as_secs_f32();
        let group = self.group;
        let place = |i: usize| (skipped.round() as usize + i * group).min(columns);
        for i in 0..fresh.min(MOST) {
            self.push(&moment.mel, columns, place(i)..place(i + 1));
        }
    }

    fn push(&mut self, mel: &[f32], columns: usize, range: std::ops::Range<usize>) {
        let mut values = match self.strip.len() {
            MOST => self.strip.pop_front().unwrap_or_default(),
            _ => Vec::new(),
        };
        values.clear();
        if !range.is_empty() {
            let loudest = |band: usize| {
                let row = &mel[band * columns..(band + 1) * columns];
                row[range.clone()].iter().copied().fold(f32::MIN, f32::max)
            };
            values.extend((0..self.bands).map(loudest));
        }
        self.strip.push_back(values);
    }

    fn adapt(&mut self, mel: &[f32], passed: Duration) {
        let count = mel.len() as f32;
        let mean = mel.iter().sum::<f32>() / count;
        let variance = mel.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
        if !variance.is_finite() {
            return;
        }
        let deviation = variance.sqrt();
        let share = 1.0 - (-passed.as_secs_f32() / ADAPTATION).exp();
        let high = (mean + ABOVE * deviation).max(mean - BELOW * deviation + LEAST_RANGE);
        self.low += share * (mean - BELOW * deviation - self.low);
        self.high += share * (high - self.high);
    }

    /// Draws the newest columns, the newest at the right, low tones at the bottom.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, colours: Colours) {
        let rows = usize::from(area.height) * 2;
        let missing = usize::from(area.width).saturating_sub(self.strip.len());
        let first = self.strip.len().saturating_sub(usize::from(area.width));
        pixels::draw(buffer, area, colours, |x, y| {
            let column = usize::from(x)
                .checked_sub(missing)
                .and_then(|x| self.strip.get(first + x));
            let up = rows - 1 - usize::from(y);
            let band = up * self.bands / rows;
            match column.and_then(|values| values.get(band)) {
                Some(value) => heat((value - self.low) / (self.high - self.low)),
                None => [0; 3],
            }
        });
    }
}

/// Colours from quiet to loud: each is brighter than the one before, so that it can be read in grey, too.
const HEAT: [[f32; 3]; 6] = [
    [4.0, 4.0, 20.0],
    [50.0, 15.0, 90.0],
    [140.0, 35.0, 105.0],
    [220.0, 75.0, 60.0],
    [250.0, 165.0, 50.0],
    [255.0, 250.0, 200.0],
];

fn heat(share: f32) -> [u8; 3] {
    let place = share.clamp(0.0, 1.0) * (HEAT.len() - 1) as f32;
    let below = (place as usize).min(HEAT.len() - 2);
    let part = place - below as f32;
    std::array::from_fn(|i| (HEAT[below][i] * (1.0 - part) + HEAT[below + 1][i] * part) as u8)
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::seven;
    use super::super::samples::facts;
    use super::*;

    /// A patch whose value in every band is the time of the column in tens of milliseconds.
    fn at(end: f64) -> Moment {
        let mut moment = seven(end);
        let first = (end * 100.0).round() - 128.0;
        moment.mel = (0..40 * 128)
            .map(|i| first as f32 + (i % 128) as f32)
            .collect();
        moment
    }

    #[test]
    fn each_column_is_shown_once_however_windows_overlap() {
        let mut spectrogram = Spectrogram::new(&facts());
        for end in [2.0, 2.1, 2.2, 2.3, 2.5, 2.6] {
            spectrogram.take(&at(end));
        }
        let times: Vec<f32> = spectrogram.strip.iter().map(|column| column[0]).collect();
        assert!(times.len() >= 46, "{}", times.len());
        let steps: Vec<f32> = times.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(steps.iter().all(|&step| step == 4.0), "{steps:?}");
        assert!(times[times.len() - 1] >= 255.0, "{times:?}");
    }

    #[test]
    fn a_time_without_sound_is_black_and_broken_numbers_do_no_harm() {
        let mut spectrogram = Spectrogram::new(&facts());
        spectrogram.take(&at(2.0));
        let mut silent = at(2.4);
        silent.mel.clear();
        spectrogram.take(&silent);
        assert!(spectrogram.strip.back().unwrap().is_empty());
        let mut broken = at(2.8);
        broken.mel.fill(f32::NAN);
        spectrogram.take(&broken);
        assert!(spectrogram.low.is_finite() && spectrogram.high > spectrogram.low);
        let area = Rect::new(0, 0, 60, 4);
        spectrogram.draw(&mut Buffer::empty(area), area, Colours::True);
    }
}
