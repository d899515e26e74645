//! What is to be drawn: the last moment, and what has been gathered of those before.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::super::facts::Facts;
use super::super::moment::Moment;
use super::super::news::{News, Reporter};
use super::super::statistics::{AgeStatistics, Level};
use super::spectrogram::Spectrogram;
use super::thumbnail::Thumbnail;
use crate::window::Window;

/// Answers whose ages are told.
pub const AGES_OF: Duration = Duration::from_secs(30);
/// News kept: more than any terminal has lines.
const MOST_NEWS: usize = 200;
/// The mark of the loudest peak falls by this many decibels in a second.
const FALL: f32 = 15.0;

/// Everything on the screen.
pub struct Screen {
    /// The model.
    pub facts: Facts,
    /// How old answers are.
    pub ages: AgeStatistics,
    /// What was heard.
    pub spectrogram: Spectrogram,
    /// What was seen.
    pub thumbnail: Thumbnail,
    /// How loud it is; `None` without sound.
    pub level: Option<Level>,
    /// The highest peak of late, falling.
    pub held_peak: f32,
    /// What happened, the newest last.
    pub news: VecDeque<News>,
    latest: Option<(Moment, Instant)>,
    fresh: bool,
    reporter: Reporter,
}

impl Screen {
    /// Before the first answer.
    pub fn new(facts: Facts) -> Self {
        Self {
            ages: AgeStatistics::new(AGES_OF),
            spectrogram: Spectrogram::new(&facts),
            facts,
            thumbnail: Thumbnail::default(),
            level: None,
            held_peak: 0.0,
            news: VecDeque::new(),
            latest: None,
            fresh: false,
            reporter: Reporter::default(),
        }
    }

    /// Notes a moment. What only the newest one is needed of is copied when it is going to be drawn, so that
    /// clips can be played faster than anybody can look.
    pub fn take(&mut self, moment: &Moment, window: &Window, raw: &Window) {
        self.ages.take(moment.end(), moment.age);
        self.spectrogram.take(moment);
        self.hear(moment, raw);
        let news = &mut self.news;
        self.reporter.report(moment, |one| {
            if news.len() == MOST_NEWS {
                news.pop_front();
            }
            news.push_back(one);
        });
        if !self.fresh {
            self.fresh = true;
            self.thumbnail.take(window.frames.last());
            self.latest = Some((moment.clone(), Instant::now()));
        }
    }

    fn hear(&mut self, moment: &Moment, raw: &Window) {
        let period = moment.rates.hop * moment.rates.stride.max(1);
        self.level = raw
            .sound
            .as_ref()
            .and_then(|sound| Level::newest(sound, moment.end(), period));
        let fallen = self.held_peak * 10.0_f32.powf(-FALL * period.as_secs_f32() / 20.0);
        self.held_peak = fallen.max(self.level.map_or(0.0, |level| level.peak));
    }

    /// Whether there is something that was not drawn yet.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// What is there now has been drawn.
    pub fn drawn(&mut self) {
        self.fresh = false;
    }

    /// The moment that is to be drawn, and for how long there has been no newer one.
    pub fn latest(&self) -> Option<(&Moment, Duration)> {
        let (moment, since) = self.latest.as_ref()?;
        Some((moment, since.elapsed()))
    }
}
