//! A camera behind a command that writes pictures to its standard output.

use std::fmt;
use std::io::{self, Read};
use std::process::{ChildStdout, ExitStatus};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::CameraWish;
use super::command::Running;
use super::decoder::Coding;
use super::feed::{self, Fed, Feed};
use super::jpegs::Jpegs;
use super::pixels::{Layout, PixelFormat};
use crate::sensor::{Capture, Clock, Intake, Sensor, SensorError, Trouble};

/// The format and size of pictures that a command writes as they are; read from `yuv420:640x480`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawFormat(Layout);

impl FromStr for RawFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} must be format:widthxheight, as in yuv420:640x480; formats are yuv420, nv12, yuyv, rgb24 \
                 and grey"
            )
        };
        let (format, size) = text.split_once(':').ok_or_else(wrong)?;
        let format = match format.to_ascii_lowercase().as_str() {
            "yuv420" | "yuv420p" | "i420" => PixelFormat::Yuv420,
            "nv12" => PixelFormat::Nv12,
            "yuyv" | "yuyv422" => PixelFormat::Yuyv,
            "rgb24" | "rgb" => PixelFormat::Rgb,
            "grey" | "gray" => PixelFormat::Grey,
            _ => return Err(wrong()),
        };
        let (width, height) = size.split_once(['x', '×']).ok_or_else(wrong)?;
        let side = |text: &str| text.parse().map_err(|_| wrong());
        Layout::packed(format, side(width)?, side(height)?).map(Self)
    }
}

/// Runs a command and takes pictures from its standard output, MJPEG or raw.
pub struct PipedCamera {
    command: String,
    coding: Coding,
    wish: CameraWish,
}

impl PipedCamera {
    /// For a command of the shell, which writes JPEGs one after the other unless `raw` says what else.
    pub fn new(command: impl Into<String>, raw: Option<RawFormat>, wish: CameraWish) -> Self {
        Self {
            command: command.into(),
            coding: raw.map_or(Coding::Jpeg, |RawFormat(layout)| Coding::Raw(layout)),
            wish,
        }
    }
}

impl fmt::Display for PipedCamera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.command)
    }
}

impl Sensor for PipedCamera {
    fn name(&self) -> String {
        self.to_string()
    }

    fn open(&self, clock: &Clock) -> Result<Box<dyn Capture>, SensorError> {
        let (running, stdout) = Running::start(&self.command).map_err(|error| {
            let what = format!("the shell `sh` cannot be started to run {self} ({error})");
            SensorError::new(Trouble::Broken, what)
        })?;
        let running = Arc::new(running);
        let (theirs, clock, coding) = (Arc::clone(&running), clock.clone(), self.coding);
        let name = self.to_string();
        let fed = feed::start(self.name(), coding, self.wish, move |feed| {
            let read = match coding {
                Coding::Jpeg => read_jpegs(stdout, feed, &clock),
                Coding::Raw(layout) => read_raw(stdout, layout, feed, &clock),
            };
            if read.is_err() {
                theirs.kill();
            }
            let status = theirs.end();
            read?;
            match feed.is_stopped() {
                true => Ok(()),
                false => Err(ended(&name, status, &theirs.last_words())),
            }
        })?;
        Ok(Box::new(Piped { fed, running }))
    }
}

/// An open one; the command is killed when it is dropped.
struct Piped {
    fed: Fed,
    running: Arc<Running>,
}

impl Capture for Piped {
    fn format(&self) -> String {
        self.fed.format()
    }

    fn poll(&mut self, now: Duration, intake: &mut dyn Intake) -> Result<(), SensorError> {
        self.fed.poll(now, intake)
    }

    fn overruns(&self) -> u64 {
        self.fed.overruns()
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        self.running.kill();
    }
}

/// Read at once, bytes: what a pipe of Linux holds.
const PIECE: usize = 1 << 16;

/// Until the command closes its output.
fn read_jpegs(mut stdout: ChildStdout, feed: &mut Feed, clock: &Clock) -> Result<(), SensorError> {
    let mut jpegs = Jpegs::default();
    let mut piece = vec![0; PIECE];
    loop {
        let count = match stdout.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // As good as closed; the status of the command tells more.
            Err(_) => return Ok(()),
        };
        let arrival = clock.now();
        jpegs.push(&piece[..count]);
        while let Some(picture) = jpegs.next_picture() {
            if let Some((width, height)) = feed.give(picture, arrival, arrival)? {
                feed.tell_format(|| format!("{width}×{height} from MJPEG, piped"));
            }
        }
    }
}

/// Until the command closes its output.
fn read_raw(
    mut stdout: ChildStdout,
    layout: Layout,
    feed: &mut Feed,
    clock: &Clock,
) -> Result<(), SensorError> {
    let mut picture = vec![0; layout.bytes()];
    while stdout.read_exact(&mut picture).is_ok() {
        let arrival = clock.now();
        feed.tell_format(|| {
            let (width, height) = (layout.width(), layout.height());
            format!("{width}×{height} {}, piped", layout.format())
        });
        feed.give(&picture, arrival, arrival)?;
    }
    Ok(())
}

/// What the shell says when there is no such program (POSIX.1-2017, Shell & Utilities 2.8.2).
const NO_SUCH_PROGRAM: i32 = 127;

fn ended(command: &str, status: Option<ExitStatus>, last_words: &str) -> SensorError {
    let said = match last_words {
        "" => String::new(),
        words => format!(" and said {words:?}"),
    };
    let code = status.and_then(|status| status.code());
    if code == Some(NO_SUCH_PROGRAM) {
        let what = format!(
            "the camera command {command} names a program that is not there{said}; install it, or correct the command"
        );
        return SensorError::new(Trouble::NotFound, what);
    }
    let how = match code {
        Some(0) => "ended by itself".to_owned(),
        Some(code) => format!("ended with exit code {code}"),
        None => "was killed".to_owned(),
    };
    let what = format!("the camera command {command} {how}{said}; try it in a terminal");
    SensorError::new(Trouble::Gone, what)
}

#[cfg(test)]
#[path = "piped_tests.rs"]
mod tests;
