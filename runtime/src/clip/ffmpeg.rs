//! Every container and codec that is not read in process, through the `ffmpeg` program.
//!
//! Two runs, one for the sound and one for the pictures, each streaming raw data through a pipe.
//! Three things keep them together. ffmpeg applies the edit list of MP4 files (an AAC track begins
//! with 1,024 samples of encoder delay that must not be heard). Time stamps stay those of the
//! container (`-copyts`), because otherwise ffmpeg lets a stream that it reads alone begin at zero,
//! and zero is put where the container begins, or the point that is sought. And `aresample` pads or
//! trims sound whose time stamps begin late, early, or leave gaps.

use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::ClipError;
use super::probe::{Contents, PictureStream, SoundStream, input, probe};
use super::process::Run;
use super::read::ReadOptions;
use super::wav::{MAX_SAMPLES, check_finite, mono};
use crate::window::{Frame, Sound};

/// Most bytes of frames that are kept of one clip.
const MAX_FRAME_BYTES: u64 = 1 << 30;

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
        let first = (self.zero() * f64::from(rate.hz())).round();
        let filters = self.cut("atrim") + &format!("aresample=async=1:first_pts={first}");
        command
            .args(["-map", &format!("0:{index}"), "-af", &filters])
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

    /// The frames of the first video track in order of time, empty if there is none; all of them and as they
    /// are, whatever the options, if it is a recording of what a model was given.
    ///
    /// # Errors
    /// When ffmpeg fails, or the frames take more than 1 GiB.
    pub fn frames(&self, options: &ReadOptions) -> Result<Vec<Frame>, ClipError> {
        let Some(stream) = &self.contents.pictures else {
            return Ok(Vec::new());
        };
        // Of a recording the model gets what it got when it was live.
        let options = match self.contents.recorded {
            true => ReadOptions::default(),
            false => *options,
        };
        let mut command = self.command()?;
        command
            .args([
                "-map",
                &format!("0:{}", stream.index),
                "-vf",
                &(self.cut("trim") + &filters(stream, &options)),
            ])
            .args(["-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]);
        let mut run = Run::start(command, self.program, self.path)?;
        let zero = self.zero();
        let mut frames: Vec<Frame> = Vec::new();
        let mut bytes = 0;
        // ffmpeg tells of each frame before it sends it.
        while let Ok(told) = run.told.recv() {
            let told = told.map_err(|untold| untold.into_error(self.path))?;
            let size = 3 * u64::from(told.width) * u64::from(told.height);
            bytes += size;
            if bytes > MAX_FRAME_BYTES {
                return Err(self.too_long("video"));
            }
            let mut rgb = vec![0; size as usize];
            if run.stdout.read_exact(&mut rgb).is_err() {
                break;
            }
            frames.push(Frame {
                time: Duration::from_secs_f64((told.seconds - zero).max(0.0)),
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
        command.args(["-threads", "1", "-copyts"]);
        if let Some(start) = self.stretch.start
            && self.contents.indexed
        {
            command.args(["-ss", &format!("{:.6}", start.as_secs_f64())]);
        }
        command.args(input(self.path)?);
        Ok(command)
    }

    /// The container's time at which the clip begins, seconds.
    fn zero(&self) -> f64 {
        self.contents.start + self.stretch.start.unwrap_or_default().as_secs_f64()
    }

    /// The filter that lets the stretch through, with a comma, for `trim` (pictures) or `atrim`.
    ///
    /// Seeking alone does not do: containers without an index are decoded from their beginning.
    fn cut(&self, filter: &str) -> String {
        let mut cut = String::new();
        if self.stretch.start.is_some() || self.stretch.end.is_some() {
            cut = format!("{filter}=start={:.6}", self.zero());
            if let Some(end) = self.stretch.end {
                cut += &format!(":end={:.6}", self.contents.start + end.as_secs_f64());
            }
            cut.push(',');
        }
        cut
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
        // Without `pass`, a video of one short frame would have none.
        filters += &format!("fps={rate}:eof_action=pass,");
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

#[cfg(test)]
#[path = "ffmpeg_tests.rs"]
mod tests;
