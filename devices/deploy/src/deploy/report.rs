//! What a person sees of a deployment.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Who is told how a deployment goes on.
pub trait Report: Sync {
    /// A step begins, or a part of one.
    fn begin(&self, step: &str);
    /// A step ended: with something to say about it, or why it failed.
    fn end(&self, step: &str, said: Result<&str, &anyhow::Error>);
    /// So many bytes are going to be sent.
    fn progress(&self, bytes: u64) -> Progress;
}

/// Bytes on their way.
pub struct Progress(Shown);

/// To whom.
enum Shown {
    Nobody,
    Person(ProgressBar),
    Counter(Arc<AtomicU64>),
}

impl Progress {
    /// Nobody looks.
    pub fn hidden() -> Self {
        Self(Shown::Nobody)
    }

    /// They are added up.
    pub fn counted(counter: Arc<AtomicU64>) -> Self {
        Self(Shown::Counter(counter))
    }

    /// So many more are gone.
    pub fn add(&self, bytes: u64) {
        match &self.0 {
            Shown::Nobody => {}
            Shown::Person(bar) => bar.inc(bytes),
            Shown::Counter(counter) => {
                counter.fetch_add(bytes, Ordering::Relaxed);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Person(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// A line for each step on the standard error, with its time; on a terminal also what goes on now.
pub struct Terminal {
    now: ProgressBar,
    began: Mutex<Option<Instant>>,
}

impl Terminal {
    /// Nothing is shown yet.
    pub fn new() -> Self {
        let now = match std::io::stderr().is_terminal() {
            true => ProgressBar::new_spinner(),
            false => ProgressBar::hidden(),
        };
        now.set_style(
            ProgressStyle::with_template("{spinner} {msg}  {elapsed}").expect("a fixed template"),
        );
        Self {
            now,
            began: Mutex::new(None),
        }
    }
}

impl Report for Terminal {
    fn begin(&self, step: &str) {
        let mut began = self
            .began
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        if began.is_none() {
            *began = Some(Instant::now());
            self.now.reset_elapsed();
        }
        self.now.set_message(step.to_owned());
        self.now.enable_steady_tick(Duration::from_millis(120));
    }

    fn end(&self, step: &str, said: Result<&str, &anyhow::Error>) {
        let mut began = self
            .began
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        let seconds = began
            .take()
            .map_or(0.0, |began| began.elapsed().as_secs_f64());
        self.now.disable_steady_tick();
        self.now.suspend(|| match said {
            Ok(said) => eprintln!("{step:<16} {seconds:>6.1} s  {said}"),
            // The error itself is told at the end.
            Err(_) => eprintln!("{step:<16} {seconds:>6.1} s  failed"),
        });
        self.now.set_message("");
    }

    fn progress(&self, bytes: u64) -> Progress {
        if self.now.is_hidden() {
            return Progress::hidden();
        }
        let template = "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} to go";
        let style = ProgressStyle::with_template(template).expect("a fixed template");
        self.now.disable_steady_tick();
        Progress(Shown::Person(ProgressBar::new(bytes).with_style(style)))
    }
}
