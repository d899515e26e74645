//! A running ffmpeg: its data, what it tells of frames, and what it complains of.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use super::ClipError;
use super::probe::ratio;

/// No container's clock gets here, in seconds: thirty thousand years.
const LATEST: f64 = 1e12;

/// What ffmpeg tells of a frame that it is about to send.
#[derive(Debug, PartialEq)]
pub struct Told {
    /// When it is shown, on the container's clock.
    pub seconds: f64,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A frame of which ffmpeg does not tell what is needed to read it; the words it uses instead.
#[derive(Debug, PartialEq)]
pub struct Untold(String);

impl Untold {
    /// One sentence about `path`.
    pub fn into_error(self, path: &Path) -> ClipError {
        let what = format!(
            "a frame of it has no usable time or size ({}); convert the file, for example to MP4",
            self.0
        );
        ClipError::content(path, what)
    }
}

/// A running ffmpeg, killed when it goes out of scope.
pub struct Run {
    child: Child,
    /// The raw data.
    pub stdout: BufReader<std::process::ChildStdout>,
    /// One message per frame; closed when ffmpeg ends.
    pub told: mpsc::Receiver<Result<Told, Untold>>,
    listener: Option<JoinHandle<ErrorLines>>,
}

impl Run {
    /// Starts it, with nothing to read from the terminal.
    ///
    /// # Errors
    /// When the program is not there or cannot be started.
    pub fn start(mut command: Command, program: &str, path: &Path) -> Result<Self, ClipError> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| spawn_error(program, path, error))?;
        let stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        let stderr = BufReader::new(child.stderr.take().expect("stderr is a pipe"));
        let (send, told) = mpsc::channel();
        // Its own thread: ffmpeg stops when nobody empties either pipe.
        let listener = thread::spawn(move || listen(stderr, &send));
        Ok(Self {
            child,
            stdout,
            told,
            listener: Some(listener),
        })
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// ffmpeg's own complaint, if it failed or found the file cut short.
    pub fn finish(mut self, path: &Path) -> Result<(), ClipError> {
        // What is left in the pipe is not wanted, but ffmpeg must not wait for somebody to take it.
        io::copy(&mut self.stdout, &mut io::sink()).map_err(ClipError::io(path))?;
        let status = self.child.wait().map_err(ClipError::io(path))?;
        let listener = self.listener.take().expect("finished once");
        let errors = listener.join().unwrap_or_default();
        if status.success() && !errors.cut_short {
            return Ok(());
        }
        Err(errors.into_error(path))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Both fail if it has ended by itself, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads ffmpeg's log to its end: sends on what it tells of frames, keeps what it complains of.
fn listen(mut stderr: impl BufRead, send: &mpsc::Sender<Result<Told, Untold>>) -> ErrorLines {
    let mut errors = ErrorLines::default();
    let mut time_base = None;
    let mut line = Vec::new();
    while stderr
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line);
        if let Some((_, rest)) = text.split_once("config in time_base: ") {
            time_base = rest.split(',').next().and_then(ratio);
        } else if let Some(told) = frame(&text, time_base) {
            // Nobody listens any more if reading was given up.
            let _ = send.send(told);
        } else {
            errors.look_at(&line);
        }
        line.clear();
    }
    errors
}

/// A line of the `showinfo` filter: `n: 0 pts: 256 pts_time:0.02 … s:360x288 …`.
///
/// `None` for every other line. A frame that is not understood must not be passed over: its pixels
/// follow all the same, and would be taken for the next one's.
fn frame(line: &str, time_base: Option<f64>) -> Option<Result<Told, Untold>> {
    if !line.starts_with("[Parsed_showinfo") || !line.contains(" pts:") {
        return None;
    }
    let words = || {
        let text = line.split_once("n:").map_or(line, |(_, rest)| rest);
        let words: Vec<_> = text.split_whitespace().take(8).collect();
        Untold(words.join(" "))
    };
    Some(told(line, time_base).ok_or_else(words))
}

/// The time is counted in `time_base`, because `pts_time` is rounded to six digits.
fn told(line: &str, time_base: Option<f64>) -> Option<Told> {
    let after = |key: &str| {
        let rest = line.split_once(key)?.1.trim_start();
        rest.split(char::is_whitespace).next()
    };
    let (width, height) = after(" s:")?.split_once('x')?;
    let seconds = match (after(" pts:")?.parse::<i64>(), time_base) {
        (Ok(pts), Some(time_base)) => pts as f64 * time_base,
        _ => after(" pts_time:")?.parse().ok()?,
    };
    Some(Told {
        seconds: (seconds.abs() < LATEST).then_some(seconds)?,
        width: width.parse().ok()?,
        height: height.parse().ok()?,
    })
}

/// How MP4, Matroska and WebM, and other demuxers say that a file ends too early.
const ENDS_EARLY: [&str; 3] = [
    "partial file",
    "File ended prematurely",
    "Stream ends prematurely",
];

/// What ffmpeg complained of.
#[derive(Default)]
pub struct ErrorLines {
    first: Option<String>,
    cut_short: bool,
}

impl ErrorLines {
    /// Takes notice of a line of the log if it is a complaint.
    pub fn look_at(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let text = ["[error] ", "[fatal] "]
            .iter()
            .find_map(|mark| Some(line.split_once(mark)?.1));
        // A file that ends early is only a warning in some demuxers, or no failure.
        self.cut_short |= ENDS_EARLY.iter().any(|words| line.contains(words));
        if let (None, Some(text)) = (&self.first, text) {
            // "file:/where/it/is: what is wrong": the message names the file itself.
            let what = if text.starts_with("file:") {
                text.rsplit(": ").next()
            } else {
                None
            };
            self.first = Some(what.unwrap_or(text).trim().to_owned());
        }
    }

    /// One sentence about `path`.
    pub fn into_error(self, path: &Path) -> ClipError {
        let what = if self.cut_short {
            "the file is cut short; copy or record it again".to_owned()
        } else {
            let first = self
                .first
                .unwrap_or_else(|| "it does not say why".to_owned());
            format!(
                "ffmpeg cannot read it ({first}); check that it plays, and copy or record it again"
            )
        };
        ClipError::content(path, what)
    }
}

/// Why a program could not be started.
pub fn spawn_error(program: &str, path: &Path, error: io::Error) -> ClipError {
    if error.kind() == io::ErrorKind::NotFound {
        return ClipError::ProgramMissing {
            path: path.to_owned(),
            program: program.to_owned(),
        };
    }
    ClipError::content(
        path,
        format!("the program `{program}` cannot be started ({error})"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "[Parsed_showinfo_1 @ 0x55] [info] n:   3 pts:  NUMBER pts_time:SECONDS \
                        duration: 1 fmt:rgb24 sar:1/1 s:96x64 i:P iskey:1 type:I";

    fn read(pts: &str, pts_time: &str) -> Option<Result<Told, Untold>> {
        let line = LINE.replace("NUMBER", pts).replace("SECONDS", pts_time);
        frame(&line, Some(0.04))
    }

    #[test]
    fn a_frame_without_a_time_is_an_error_and_not_passed_over() {
        let told = Told {
            seconds: 1.0,
            width: 96,
            height: 64,
        };
        assert_eq!(read("25", "1"), Some(Ok(told)));
        for (pts, pts_time) in [
            ("NOPTS", "NOPTS"),
            ("NOPTS", "inf"),
            ("9000000000000000000", "1"),
        ] {
            let error = read(pts, pts_time).unwrap().unwrap_err();
            let message = error.into_error(Path::new("film.avi")).to_string();
            assert!(
                message.starts_with("film.avi: a frame") && message.contains(pts),
                "{message}"
            );
        }
        let other = "[Parsed_showinfo_1 @ 0x55] [info] config in time_base: 1/25, frame_rate: 25/1";
        assert_eq!(frame(other, None), None);
    }
}
