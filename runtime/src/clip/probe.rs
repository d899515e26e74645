//! What a container holds, as the `ffprobe` program tells it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::ClipError;
use super::process::{ErrorLines, spawn_error};
use crate::window::{RateError, SampleRate};

/// The name of the tag in recordings of what a model was given. Their pictures are as large and as many as
/// the model was shown, and are read as they are.
pub const RECORDING_TAG: &str = "EVENKEEL_RECORDING";

/// The streams of a container that the reader uses: the first of each kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    /// The sound track.
    pub sound: Option<SoundStream>,
    /// The pictures; a cover picture of a piece of music does not count.
    pub pictures: Option<PictureStream>,
    /// Where the container's own clock begins, seconds; by far not always at 0.
    pub start: f64,
    /// How long the longest stream lasts, seconds, if the container says so.
    pub seconds: Option<f64>,
    /// Whether the container has an index, so that seeking finds exactly the time that is sought.
    pub indexed: bool,
    /// Whether it is marked as a recording of what a model was given, with [`RECORDING_TAG`].
    pub recorded: bool,
}

/// A sound track.
#[derive(Debug, Clone, PartialEq)]
pub struct SoundStream {
    /// Its number in the container.
    pub index: u32,
    /// Samples per second.
    pub rate: SampleRate,
    /// Channels, at least 1.
    pub channels: usize,
}

/// A video track.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureStream {
    /// Its number in the container.
    pub index: u32,
    /// The longer side in pixels.
    pub longer_side: u32,
    /// Frames per second on average, if the container says so.
    pub frame_rate: Option<f64>,
}

#[derive(Deserialize)]
struct Probed {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Deserialize, Default)]
struct Format {
    format_name: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Stream {
    index: u32,
    codec_type: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    avg_frame_rate: Option<String>,
    sample_rate: Option<String>,
    channels: Option<usize>,
    #[serde(default)]
    disposition: Disposition,
}

#[derive(Deserialize, Default)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
}

/// Arguments that name `path` as input and nothing else, whatever characters it contains, and that
/// keep a playlist in the file from reaching out to the network.
pub fn input(path: &Path) -> Result<[OsString; 4], ClipError> {
    // `file:` with an absolute path: a name may begin with `-` or hold a `:` like a protocol.
    let mut url = OsString::from("file:");
    url.push(std::path::absolute(path).map_err(ClipError::io(path))?);
    Ok([
        "-protocol_whitelist".into(),
        "file".into(),
        "-i".into(),
        url,
    ])
}

/// Asks `ffprobe` what is in `path`.
///
/// # Errors
/// When the program is missing or cannot make sense of the file.
pub fn probe(program: &str, path: &Path) -> Result<Contents, ClipError> {
    let output = Command::new(program)
        .args(["-loglevel", "level+error", "-print_format", "json"])
        .args(["-show_streams", "-show_format"])
        .args(input(path)?)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| spawn_error(program, path, error))?;
    if !output.status.success() {
        let mut errors = ErrorLines::default();
        output
            .stderr
            .split(|&byte| byte == b'\n')
            .for_each(|line| errors.look_at(line));
        return Err(errors.into_error(path));
    }
    let probed: Probed = serde_json::from_slice(&output.stdout).map_err(|error| {
        ClipError::content(
            path,
            format!("{program} describes it in an unknown way ({error})"),
        )
    })?;
    contents(&probed)
        .map_err(|error| ClipError::content(path, format!("{error}; convert the file again")))
}

fn contents(probed: &Probed) -> Result<Contents, RateError> {
    let is = |stream: &&Stream, kind: &str| stream.codec_type.as_deref() == Some(kind);
    let sound = probed
        .streams
        .iter()
        .filter(|stream| is(stream, "audio"))
        .find_map(|stream| {
            let hz = stream.sample_rate.as_deref()?.parse().ok()?;
            let channels = stream.channels.filter(|&channels| channels > 0)?;
            Some(SampleRate::recorded(hz).map(|rate| SoundStream {
                index: stream.index,
                rate,
                channels,
            }))
        })
        .transpose()?;
    let pictures = probed
        .streams
        .iter()
        .filter(|stream| is(stream, "video") && stream.disposition.attached_pic == 0)
        .find_map(|stream| {
            Some(PictureStream {
                index: stream.index,
                longer_side: stream.width?.max(stream.height?),
                frame_rate: stream.avg_frame_rate.as_deref().and_then(ratio),
            })
        });
    let seconds = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    // MP4 and MOV, Matroska and WebM. Others estimate where a time is, or begin in the middle of
    // pictures that need earlier ones.
    let format = probed.format.format_name.as_deref().unwrap_or_default();
    let indexed = format
        .split(',')
        .any(|name| matches!(name, "mov" | "matroska"));
    Ok(Contents {
        sound,
        pictures,
        indexed,
        recorded: probed.format.tags.contains_key(RECORDING_TAG),
        start: seconds(&probed.format.start_time).unwrap_or(0.0),
        seconds: seconds(&probed.format.duration),
    })
}

/// `30000/1001` as a number; `None` if it is not a positive one.
pub fn ratio(text: &str) -> Option<f64> {
    let (above, below) = text.split_once('/')?;
    let value = above.parse::<f64>().ok()? / below.parse::<f64>().ok()?;
    (value.is_finite() && value > 0.0).then_some(value)
}
