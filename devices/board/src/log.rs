//! What an update says while it runs: JSON lines for the desk.

use std::io::Write;
use std::time::Instant;

use anyhow::Result;
use serde::Serialize;

/// Says which step begins, how long it took, and what came of it. Nobody has to listen: the connection may be gone, and
/// the update goes on.
pub struct Log {
    began: Instant,
}

/// One line.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Begun {
        step: &'a str,
    },
    Done {
        step: &'a str,
        seconds: f64,
    },
    Failed {
        step: &'a str,
        why: &'a str,
    },
    Outcome {
        live: Option<&'a str>,
        good: bool,
        seconds: f64,
    },
}

impl Default for Log {
    fn default() -> Self {
        Self {
            began: Instant::now(),
        }
    }
}

impl Log {
    /// Does one step and says so.
    ///
    /// # Errors
    /// Those of the step.
    pub fn step<T>(&self, step: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        say(&Line::Begun { step });
        let began = Instant::now();
        let result = work();
        match &result {
            Ok(_) => say(&Line::Done {
                step,
                seconds: began.elapsed().as_secs_f64(),
            }),
            Err(error) => say(&Line::Failed {
                step,
                why: &format!("{error:#}"),
            }),
        }
        result
    }

    /// What is live at the end, and whether that is what was wanted.
    pub fn outcome(&self, live: Option<&str>, good: bool) {
        say(&Line::Outcome {
            live,
            good,
            seconds: self.began.elapsed().as_secs_f64(),
        });
    }
}

fn say(line: &Line) {
    let text = serde_json::to_string(line).expect("plain values can be written");
    // The other end may be gone.
    let _ = writeln!(std::io::stdout(), "{text}");
}
