//! Every container and codec that is not read in process, through the `ffmpeg` program.
//!
//! Two runs, one for the sound and one for the pictures, each streaming raw data through a pipe.
//! Both measure time from the same zero: the beginning of the container, or the point that is
//! sought. Two things keep them together: ffmpeg applies the edit list of MP4 files (an AAC track
//! begins with 1,024 samples of encoder delay that must not be heard), and `aresample` pads or
//! trims sound whose time stamps begin late, early, or leave gaps.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::ClipError;
use super::probe::{Contents, PictureStream, SoundStream, input, probe, ratio};
use super::read::ReadOptions;
use super::wav::{MAX_SAMPLES, check_finite, mono};
use crate::window::{Frame, Sound};

/// Most bytes of frames that are kept of one clip.
const MAX_FRAME_BYTES: usize = 1 << 30;

/// Which part of a file is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stretch {
    /// Where it begins; the beginning of the file if absent.
    pub start: Option<Duration>,
    /// Where it ends; the end of the file if absent.
    pub end: Option<Duration>,
}

/// One file that ffmpeg reads.
pub struct Container<'a> {
    path: &'a Path,
    stretch: Stretch,
    contents: Contents,
    program: &'a str,
}

impl<'a> Container<'a> {
    /// Looks what is in `path`.
    ///
    /// # Errors
    /// When ffmpeg is not installed or cannot make sense of the file, or when the stretch begins
    /// behind its end.
    pub fn open(path: &'a Path, stretch: Stretch) -> Result<Self, ClipError> {
        let contents = probe("ffprobe", path)?;
        if let (Some(start), Some(end)) = (stretch.start, contents.seconds)
            && start.as_secs_f64() >= end
        {
            return Err(ClipError::StartsBehindEnd {
                path: path.to_owned(),
                start: start.as_secs_f64(),
                end,
            });
        }
        Ok(Self {
            path,
            stretch,
            contents,
            program: "ffmpeg",
        })
    }

    /// The first sound track, `None` if there is none or nothing in it.
    ///
    /// # Errors
    /// When ffmpeg fails, or the sound is too long or not made of finite numbers.
    pub fn sound(&self) -> Result<Option<Sound>, ClipError> {
        let Some(SoundStream {
            index,
            rate,
            channels,
        }) = self.contents.sound
        else {
            return Ok(None);
        };
        let mut command = self.command()?;
        command
            .args([
                "-map",
                &format!("0:{index}"),
                "-af",
                "aresample=async=1:first_pts=0",
            ])
            .args(["-ar", &rate.hz().to_string(), "-ac", &channels.to_string()])
            .args(["-f", "f32le", "pipe:1"]);
        let mut run = Run::start(command, self.program, self.path)?;
        let mut bytes = Vec::new();
        let limit = 4 * MAX_SAMPLES as u64;
        run.stdout
            .by_ref()
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(ClipError::io(self.path))?;
        if bytes.len() as u64 > limit {
            return Err(self.too_long("sound"));
        }
        run.finish(self.path)?;
        let (samples, _) = bytes.as_chunks::<4>();
        let samples = samples
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        let samples = mono(samples, channels);
        check_finite(self.path, &samples)?;
        let sound = Sound {
            start: Duration::ZERO,
            rate,
            samples,
        };
        Ok((!sound.samples.is_empty()).then_some(sound))
    }

    /// The frames of the first video track in order of time, empty if there is none.
    ///
    /// # Errors
    /// When ffmpeg fails, or the frames take more than 1 GiB.
    pub fn frames(&self, options: &ReadOptions) -> Result<Vec<Frame>, ClipError> {
        let Some(stream) = &self.contents.pictures else {
            return Ok(Vec::new());
        };
        let mut command = self.command()?;
        command
            .args([
                "-map",
                &format!("0:{}", stream.index),
                "-vf",
                &filters(stream, options),
            ])
            .args(["-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]);
        let mut run = Run::start(command, self.program, self.path)?;
        let mut frames: Vec<Frame> = Vec::new();
        let mut bytes = 0;
        // ffmpeg tells of each frame before it sends it.
        while let Ok(told) = run.told.recv() {
            let size = 3 * told.width as usize * told.height as usize;
            bytes += size;
            if bytes > MAX_FRAME_BYTES {
                return Err(self.too_long("video"));
            }
            let mut rgb = vec![0; size];
            if run.stdout.read_exact(&mut rgb).is_err() {
                break;
            }
            frames.push(Frame {
                time: Duration::from_secs_f64(told.seconds.max(0.0)),
                width: told.width,
                height: told.height,
                rgb,
            });
        }
        run.finish(self.path)?;
        frames.sort_by_key(|frame| frame.time);
        Ok(frames)
    }

    /// ffmpeg with the input and the stretch of it that is wanted.
    fn command(&self) -> Result<Command, ClipError> {
        let mut command = Command::new(self.program);
        command.args([
            "-hide_banner",
            "-nostdin",
            "-nostats",
            "-loglevel",
            "level+info",
        ]);
        command.args(["-threads", "1"]);
        let start = self.stretch.start.unwrap_or_default();
        if !start.is_zero() {
            command.args(["-ss", &format!("{:.6}", start.as_secs_f64())]);
        }
        if let Some(end) = self.stretch.end {
            let length = end.saturating_sub(start);
            command.args(["-t", &format!("{:.6}", length.as_secs_f64())]);
        }
        command.args(input(self.path)?);
        Ok(command)
    }

    fn too_long(&self, what: &str) -> ClipError {
        ClipError::content(
            self.path,
            format!(
                "the {what} is too long to read at once; cut it, or give start and end in a CSV file"
            ),
        )
    }
}

/// What the frames go through. The exact flags make the pixels the same on every processor.
fn filters(stream: &PictureStream, options: &ReadOptions) -> String {
    const FLAGS: &str = "flags=bicubic+accurate_rnd+full_chroma_int+bitexact";
    let mut filters = String::new();
    if let Some(rate) = options.frame_rate
        && stream
            .frame_rate
            .is_none_or(|native| native > f64::from(rate))
    {
        filters += &format!("fps={rate},");
    }
    match options.max_side {
        Some(side) if stream.longer_side > side => {
            filters +=
                &format!("scale=w={side}:h={side}:force_original_aspect_ratio=decrease:{FLAGS},");
        }
        _ => filters += &format!("scale={FLAGS},"),
    }
    filters + "format=rgb24,showinfo=checksum=0"
}

/// What ffmpeg tells of a frame that it is about to send.
#[derive(Debug, PartialEq)]
struct Told {
    seconds: f64,
    width: u32,
    height: u32,
}

/// A running ffmpeg, killed when it goes out of scope.
struct Run {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    /// One message per frame; closed when ffmpeg ends.
    told: mpsc::Receiver<Told>,
    listener: Option<JoinHandle<ErrorLines>>,
}

impl Run {
    fn start(mut command: Command, program: &str, path: &Path) -> Result<Self, ClipError> {
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
    fn finish(mut self, path: &Path) -> Result<(), ClipError> {
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
fn listen(mut stderr: impl BufRead, send: &mpsc::Sender<Told>) -> ErrorLines {
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
/// The time is counted in `time_base`, because `pts_time` is rounded to six digits.
fn frame(line: &str, time_base: Option<f64>) -> Option<Told> {
    if !line.starts_with("[Parsed_showinfo") {
        return None;
    }
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
        seconds,
        width: width.parse().ok()?,
        height: height.parse().ok()?,
    })
}

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
        // A file that ends early is only a warning in some demuxers.
        self.cut_short |= line.trim_end().ends_with("partial file");
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
#[path = "ffmpeg_tests.rs"]
mod tests;
