//! What a person sees while a fleet is served.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::Member;
use crate::deploy::{Progress, Report};

/// A line on the standard error for each board that is done; on a terminal also one for each that is under way.
pub struct Screen {
    lines: MultiProgress,
    live: bool,
    /// Of the longest name.
    width: usize,
}

impl Screen {
    /// With room for the names of these boards.
    pub fn new<'a>(members: impl Iterator<Item = &'a Member>) -> Self {
        Self {
            lines: MultiProgress::new(),
            live: io::stderr().is_terminal(),
            width: members.map(|member| member.name.len()).max().unwrap_or(0),
        }
    }

    /// A line that stays.
    pub fn say(&self, line: &str) {
        self.lines.suspend(|| eprintln!("{line}"));
    }

    /// A board is begun with.
    pub fn begin(&self, member: &Member) -> Line<'_> {
        let bar = match self.live {
            true => self.lines.add(ProgressBar::new_spinner()),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{prefix}  {spinner} {msg}  {elapsed}");
        bar.set_style(style.expect("a fixed template"));
        bar.set_prefix(format!("{:<1$}", member.name, self.width));
        bar.enable_steady_tick(Duration::from_millis(250));
        Line {
            screen: self,
            name: member.name.clone(),
            bar,
            began: Instant::now(),
            sent: Arc::new(AtomicU64::new(0)),
        }
    }
}

/// A board under way.
pub struct Line<'a> {
    screen: &'a Screen,
    name: String,
    bar: ProgressBar,
    began: Instant,
    sent: Arc<AtomicU64>,
}

impl Line<'_> {
    /// Since it was begun with. Seconds, to a tenth.
    pub fn seconds(&self) -> f64 {
        (self.began.elapsed().as_secs_f64() * 10.0).round() / 10.0
    }

    /// What was sent so far. Bytes.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// It is done with.
    pub fn end(self, word: &str, said: &str) {
        self.bar.finish_and_clear();
        let (width, seconds) = (self.screen.width, self.seconds());
        self.screen.say(&format!(
            "{:<width$}  {word:<6} {seconds:>6.1} s  {said}",
            self.name
        ));
    }
}

impl Report for Line<'_> {
    fn begin(&self, step: &str) {
        self.bar.set_message(step.to_owned());
    }

    fn end(&self, _step: &str, _said: Result<&str, &anyhow::Error>) {
        // Two hundred boards with six steps each are nothing to read; how it ended has a line.
    }

    fn progress(&self, _bytes: u64) -> Progress {
        Progress::counted(Arc::clone(&self.sent))
    }
}
