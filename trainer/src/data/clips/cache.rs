//! Decoded clips on disk, small enough to be read anew for every window.
//!
//! One file per clip: a line of JSON that says from what and how it was made, then the samples
//! (16 bits, little-endian), then the frames (RGB). A file whose source or parameters have changed,
//! or that is not whole, is made again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, bail};
use evenkeel::clip::{Clip, ClipEntry, ClipSource, ReadOptions, read_clip};
use evenkeel::files::write_atomically;
use evenkeel::frontend::resample;
use evenkeel::window::{Frame, SampleRate, Sound};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Goes up with every change of the layout or of the decoding.
const VERSION: u32 = 1;

/// How much of a clip is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reduction {
    /// Samples per second.
    pub sample_rate: u32,
    /// Most frames per second; all if 0.
    pub frame_rate: f32,
    /// Longest side of a frame, pixels.
    pub max_side: u32,
}

/// A folder of decoded clips.
#[derive(Debug, Clone)]
pub struct ClipCache {
    folder: PathBuf,
    reduction: Reduction,
    rate: SampleRate,
}

/// What a kept clip was made from; it is stale when any of it differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Origin {
    version: u32,
    /// Path, bytes, and time of the last change since 1970, of every file.
    files: Vec<(PathBuf, u64, Duration)>,
    start: Option<Duration>,
    end: Option<Duration>,
    reduction: Reduction,
}

/// The first line of a kept clip.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    origin: Origin,
    duration: Duration,
    /// Start, samples per second, and how many samples.
    sound: Option<(Duration, SampleRate, usize)>,
    /// Time, columns and rows.
    frames: Vec<(Duration, u32, u32)>,
}

impl ClipCache {
    /// # Errors
    /// When the sample rate is 0.
    pub fn new(folder: PathBuf, reduction: Reduction) -> anyhow::Result<Self> {
        let rate = SampleRate::new(reduction.sample_rate)
            .context("sample_rate of the clips must not be 0")?;
        Ok(Self {
            folder,
            reduction,
            rate,
        })
    }

    /// Decodes `entry` unless that was done before.
    ///
    /// # Errors
    /// When the clip cannot be read or the cache cannot be written; the message names the file.
    pub fn prepare(&self, entry: &ClipEntry) -> anyhow::Result<()> {
        let origin = self.origin(entry)?;
        let path = self.path(&origin);
        if parse(&path, &origin).is_none() {
            self.decode(entry, &origin, &path)?;
        }
        Ok(())
    }

    /// The decoded clip; decoded again if it is no longer what was prepared.
    ///
    /// # Errors
    /// See [`Self::prepare`].
    pub fn read(&self, entry: &ClipEntry) -> anyhow::Result<Clip> {
        let origin = self.origin(entry)?;
        let path = self.path(&origin);
        match parse(&path, &origin) {
            Some(clip) => Ok(clip),
            None => self.decode(entry, &origin, &path),
        }
    }

    fn origin(&self, entry: &ClipEntry) -> anyhow::Result<Origin> {
        let paths: Vec<&PathBuf> = match &entry.source {
            ClipSource::Container(path) => vec![path],
            ClipSource::Separate { sound, picture } => sound.iter().chain(picture).collect(),
        };
        let mut files = Vec::new();
        for path in paths {
            let context = || format!("cannot read {}", path.display());
            let metadata = fs::metadata(path).with_context(context)?;
            let changed = metadata.modified().with_context(context)?;
            let path = std::path::absolute(path).with_context(context)?;
            files.push((
                path,
                metadata.len(),
                changed.duration_since(UNIX_EPOCH).unwrap_or_default(),
            ));
        }
        Ok(Origin {
            version: VERSION,
            files,
            start: entry.start,
            end: entry.end,
            reduction: self.reduction,
        })
    }

    /// The same for all versions of a clip, so that a stale one is replaced and not kept beside.
    fn path(&self, origin: &Origin) -> PathBuf {
        let paths: Vec<&PathBuf> = origin.files.iter().map(|(path, _, _)| path).collect();
        let place = format!(
            "{paths:?} {:?} {:?} {:?}",
            origin.start, origin.end, origin.reduction
        );
        let hash = Sha256::digest(place.as_bytes());
        let name: String = hash
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.folder.join(name)
    }

    fn decode(&self, entry: &ClipEntry, origin: &Origin, path: &Path) -> anyhow::Result<Clip> {
        let options = ReadOptions {
            max_side: Some(self.reduction.max_side),
            frame_rate: (self.reduction.frame_rate > 0.0).then_some(self.reduction.frame_rate),
        };
        let mut clip = read_clip(entry, &options)?;
        clip.sound = clip
            .sound
            .map(|sound| resample(&sound, self.rate))
            .transpose()?;
        let header = Header {
            origin: origin.clone(),
            duration: clip.duration,
            sound: clip
                .sound
                .as_ref()
                .map(|s| (s.start, s.rate, s.samples.len())),
            frames: clip
                .frames
                .iter()
                .map(|f| (f.time, f.width, f.height))
                .collect(),
        };
        let mut bytes = serde_json::to_vec(&header).context("cannot describe a clip")?;
        bytes.push(b'\n');
        for sample in clip.sound.iter().flat_map(|sound| &sound.samples) {
            let value = (sample * 32767.0).round().clamp(-32767.0, 32767.0) as i16;
            bytes.extend(value.to_le_bytes());
        }
        clip.frames
            .iter()
            .for_each(|frame| bytes.extend(&frame.rgb));
        write_atomically(path, &bytes)
            .with_context(|| format!("cannot write {}", path.display()))?;
        // What is kept has 16 bits; the first reader must not hear more than later ones.
        match parse(path, origin) {
            Some(clip) => Ok(clip),
            None => bail!(
                "{} cannot be read back; is the disk full or failing?",
                path.display()
            ),
        }
    }
}

/// A kept clip, `None` if it is not there, not whole, or made from something else.
fn parse(path: &Path, origin: &Origin) -> Option<Clip> {
    let bytes = fs::read(path).ok()?;
    let line = bytes.iter().position(|&byte| byte == b'\n')?;
    let header: Header = serde_json::from_slice(&bytes[..line]).ok()?;
    if header.origin != *origin {
        return None;
    }
    let mut rest = &bytes[line + 1..];
    let mut take = |count: usize| {
        let (part, tail) = rest.split_at_checked(count)?;
        rest = tail;
        Some(part)
    };
    let sound = match header.sound {
        Some((start, rate, count)) => {
            let samples = take(count.checked_mul(2)?)?
                .chunks_exact(2)
                .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32767.0)
                .collect();
            Some(Sound {
                start,
                rate,
                samples,
            })
        }
        None => None,
    };
    let mut frames = Vec::with_capacity(header.frames.len());
    for (time, width, height) in header.frames {
        let rgb = take(usize::try_from(3 * u64::from(width) * u64::from(height)).ok()?)?.to_vec();
        frames.push(Frame {
            time,
            width,
            height,
            rgb,
        });
    }
    rest.is_empty().then_some(Clip {
        sound,
        frames,
        duration: header.duration,
    })
}
