//! The pipeline's side of the page.

use std::sync::Arc;
use std::time::Duration;

use super::columns::Columns;
use super::message::Told;
use super::metrics::Before;
use super::picture::Hand;
use super::shared::{Shared, text};
use crate::live::{AgeStatistics, Moment, Observer};
use crate::window::Window;

/// The ages of answers are shown over this time.
const SHOWN: Duration = Duration::from_secs(60);

/// Looks on for the browsers.
#[derive(Debug)]
pub struct WebView {
    shared: Arc<Shared>,
    before: Before,
    ages: AgeStatistics,
    columns: Columns,
    hand: Hand,
}

impl WebView {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            columns: Columns::new(shared.facts.mel_bands),
            shared,
            before: Before::default(),
            ages: AgeStatistics::new(SHOWN),
            hand: Hand::default(),
        }
    }
}

impl Observer for WebView {
    fn observe(&mut self, moment: &Moment, window: &Window, _raw: &Window) {
        let shared = &self.shared;
        shared.metrics.note(moment, &mut self.before);
        shared.pulse().note(moment);
        self.ages.take(moment.end(), moment.age);
        let mut diary = shared.diary();
        let news = diary.note(moment);
        if shared.clients() == 0 {
            self.columns.pass(moment);
            return;
        }
        let advance = self.columns.advance(moment);
        let news = news.then_some(&*diary);
        let Some(ages) = self.ages.summary() else {
            return;
        };
        let told = text(&Told::new(moment, window, advance, ages, news));
        drop(diary);
        // Errors only say that everybody has left in the meantime.
        let _ = shared.messages.send(told);
        if let Some(columns) = self.columns.cut(moment) {
            let _ = shared.messages.send(columns.into());
        }
        if let Some(frame) = window.frames.last() {
            self.hand.offer(frame, &shared.easel);
        }
    }
}
