//! One clip from its file or files.

use std::fs;
use std::path::{Path, PathBuf};

use super::ffmpeg::{Container, Stretch};
use super::wav::Wav;
use super::{Clip, ClipEntry, ClipError, ClipSource, picture, signal, wav};
use crate::window::{Frame, Further, Kind, Modality, PerSensor, Sound, signal_place};

/// How much of the pictures is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ReadOptions {
    /// Frames with a longer side than this are made smaller, in pixels; none if absent.
    pub max_side: Option<u32>,
    /// At most this many frames a second; all if absent.
    pub frame_rate: Option<f32>,
}

impl ReadOptions {
    /// What is enough for both.
    pub fn or_more(self, other: Self) -> Self {
        Self {
            max_side: self.max_side.zip(other.max_side).map(|(a, b)| a.max(b)),
            frame_rate: self.frame_rate.zip(other.frame_rate).map(|(a, b)| a.max(b)),
        }
    }
}

/// Reads the sound and the frames of a clip, and what further sensors recorded beside it, or of the stretch of it between `start` and `end`.
///
/// A file without a sound track gives no sound, one without pictures no frames; either alone is
/// fine. Sound is mixed down to mono at its own rate.
///
/// # Errors
/// One sentence with the file and what to do, when a file is missing, broken, cut short, too large,
/// of a kind that nobody can read, or holds neither sound nor pictures.
pub fn read_clip(entry: &ClipEntry, options: &ReadOptions) -> Result<Clip, ClipError> {
    let stretch = Stretch {
        start: entry.start,
        end: entry.end,
    };
    let (path, sound, frames) = match &entry.source {
        ClipSource::Container(path) => {
            let (sound, frames) = container(path, stretch, options)?;
            (path.as_path(), sound, frames)
        }
        ClipSource::Separate { sound, picture } => {
            let heard = match sound {
                Some(path) => sound_of(path, stretch)?,
                None => None,
            };
            let seen = match picture {
                Some(path) => frames_of(path, stretch, options)?,
                None => Vec::new(),
            };
            let path = sound
                .as_deref()
                .or(picture.as_deref())
                .unwrap_or(Path::new(&entry.name));
            (path, heard, seen)
        }
    };
    if sound.is_none() && frames.is_empty() {
        let what = "it holds neither sound nor pictures; record it again";
        return Err(ClipError::content(path, what));
    }
    let further = further(&entry.further, stretch, options)?;
    Ok(Clip::new(sound, frames).with_further(further))
}

/// What the files of further sensors hold of the stretch.
fn further(
    files: &PerSensor<Option<PathBuf>>,
    stretch: Stretch,
    options: &ReadOptions,
) -> Result<Further, ClipError> {
    let mut further = Further::default();
    for modality in Modality::FURTHER {
        let Some(path) = &files[modality] else {
            continue;
        };
        match modality.kind() {
            Kind::Audio => further.sound = sound_of(path, stretch)?,
            Kind::Camera => further.frames = frames_of(path, stretch, options)?,
            Kind::Signal => {
                check(path)?;
                if let Some(place) = signal_place(modality) {
                    further.signals[place] = signal::read(path, stretch)?;
                }
            }
        }
    }
    Ok(further)
}

fn container(
    path: &Path,
    stretch: Stretch,
    options: &ReadOptions,
) -> Result<(Option<Sound>, Vec<Frame>), ClipError> {
    check(path)?;
    if is_picture(path) {
        return Ok((None, vec![picture::read(path, options.max_side)?]));
    }
    if let Some(sound) = wav_of(path, stretch)? {
        return Ok((Some(sound), Vec::new()));
    }
    let container = Container::open(path, stretch)?;
    Ok((container.sound()?, container.frames(options)?))
}

fn sound_of(path: &Path, stretch: Stretch) -> Result<Option<Sound>, ClipError> {
    check(path)?;
    match wav_of(path, stretch)? {
        Some(sound) => Ok(Some(sound)),
        None => Container::open(path, stretch)?.sound(),
    }
}

fn frames_of(
    path: &Path,
    stretch: Stretch,
    options: &ReadOptions,
) -> Result<Vec<Frame>, ClipError> {
    check(path)?;
    if is_picture(path) {
        return Ok(vec![picture::read(path, options.max_side)?]);
    }
    Container::open(path, stretch)?.frames(options)
}

/// Refuses what is not a file with something in it; opening a pipe, for example, would wait for ever.
fn check(path: &Path) -> Result<(), ClipError> {
    let metadata = fs::metadata(path).map_err(ClipError::io(path))?;
    if !metadata.is_file() {
        return Err(ClipError::content(
            path,
            "it is not a file; name a sound, picture or video file",
        ));
    }
    if metadata.len() == 0 {
        return Err(ClipError::content(
            path,
            "the file is empty; copy or record it again",
        ));
    }
    Ok(())
}

/// The sound of a WAV file that is read in process; `None` if it needs ffmpeg.
fn wav_of(path: &Path, stretch: Stretch) -> Result<Option<Sound>, ClipError> {
    if !has_extension(path, &["wav"]) {
        return Ok(None);
    }
    match wav::read(path, stretch.start, stretch.end)? {
        Wav::Sound(sound) => Ok(Some(sound)),
        Wav::OtherKind => Ok(None),
    }
}

pub(super) fn is_picture(path: &Path) -> bool {
    has_extension(path, &["png", "jpg", "jpeg"])
}

pub(super) fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .is_some_and(|found| extensions.iter().any(|one| found.eq_ignore_ascii_case(one)))
}
