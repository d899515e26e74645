//! Decoded clips on disk, small enough to be read anew for every window.
//!
//! One file per clip: a line of JSON that says from what and how it was made, then the samples
//! (16 bits, little-endian), then the frames (RGB); then the same of a second microphone and a second camera, and
//! the readings of sensors of numbers (nanoseconds in 64 bits and each number in 32, little-endian). A file whose source or parameters have changed,
//! or that is not whole, is made again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, bail};
use evenkeel::clip::{Clip, ClipEntry, ClipSource, ReadOptions, read_clip};
use evenkeel::files::write_atomically;
use evenkeel::frontend::resample;
use evenkeel::window::{Frame, Further, Modality, SampleRate, Signal, Sound};
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
    sound: Option<SoundHeader>,
    frames: Vec<FrameHeader>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sound2: Option<SoundHeader>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    frames2: Vec<FrameHeader>,
    /// Sensor, channels and how many readings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signals: Vec<(Modality, usize, usize)>,
}

/// Start, samples per second, and how many samples.
type SoundHeader = (Duration, SampleRate, usize);

/// Time, columns and rows.
type FrameHeader = (Duration, u32, u32);

fn sound_header(sound: &Option<Sound>) -> Option<SoundHeader> {
    let sound = sound.as_ref()?;
    Some((sound.start, sound.rate, sound.samples.len()))
}

fn frame_headers(frames: &[Frame]) -> Vec<FrameHeader> {
    let header = |frame: &Frame| (frame.time, frame.width, frame.height);
    frames.iter().map(header).collect()
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
        let further = Modality::FURTHER.into_iter();
        let further = further.filter_map(|modality| entry.further[modality].as_ref());
        let mut files = Vec::new();
        for path in paths.into_iter().chain(further) {
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
        for sound in [&mut clip.sound, &mut clip.further.sound] {
            *sound = sound
                .take()
                .map(|sound| resample(&sound, self.rate))
                .transpose()?;
        }
        let signals = clip.further.signals.iter().enumerate();
        let signals = signals.filter_map(|(place, signal)| Some((place, signal.as_ref()?)));
        let header = Header {
            origin: origin.clone(),
            duration: clip.duration,
            sound: sound_header(&clip.sound),
            frames: frame_headers(&clip.frames),
            sound2: sound_header(&clip.further.sound),
            frames2: frame_headers(&clip.further.frames),
            signals: signals
                .clone()
                .map(|(place, signal)| (SIGNALS[place], signal.channels, signal.times.len()))
                .collect(),
        };
        let mut bytes = serde_json::to_vec(&header).context("cannot describe a clip")?;
        bytes.push(b'\n');
        for (sound, frames) in [
            (&clip.sound, &clip.frames),
            (&clip.further.sound, &clip.further.frames),
        ] {
            for sample in sound.iter().flat_map(|sound| &sound.samples) {
                let value = (sample * 32767.0).round().clamp(-32767.0, 32767.0) as i16;
                bytes.extend(value.to_le_bytes());
            }
            frames.iter().for_each(|frame| bytes.extend(&frame.rgb));
        }
        for (_, signal) in signals {
            for time in &signal.times {
                bytes.extend((time.as_nanos() as u64).to_le_bytes());
            }
            for value in &signal.values {
                bytes.extend(value.to_le_bytes());
            }
        }
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
    let mut rest = Rest(&bytes[line + 1..]);
    let sound = rest.sound(header.sound)?;
    let frames = rest.frames(header.frames)?;
    let mut further = Further {
        sound: rest.sound(header.sound2)?,
        frames: rest.frames(header.frames2)?,
        ..Further::default()
    };
    for (modality, channels, readings) in header.signals {
        let place = SIGNALS.iter().position(|&one| one == modality)?;
        further.signals[place] = Some(rest.signal(channels, readings)?);
    }
    rest.0.is_empty().then_some(Clip {
        sound,
        frames,
        further,
        duration: header.duration,
    })
}

/// The sensors of a clip's signals, in their order.
const SIGNALS: [Modality; 4] = [
    Modality::Signal,
    Modality::Signal2,
    Modality::Signal3,
    Modality::Signal4,
];

/// The bytes that have not been read yet; every method gives `None` where they are too few.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (part, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(part)
    }

    fn sound(&mut self, header: Option<SoundHeader>) -> Option<Option<Sound>> {
        let Some((start, rate, count)) = header else {
            return Some(None);
        };
        let (samples, _) = self.take(count.checked_mul(2)?)?.as_chunks::<2>();
        let samples = samples
            .iter()
            .map(|&bytes| f32::from(i16::from_le_bytes(bytes)) / 32767.0)
            .collect();
        Some(Some(Sound {
            start,
            rate,
            samples,
        }))
    }

    fn frames(&mut self, headers: Vec<FrameHeader>) -> Option<Vec<Frame>> {
        let frame = |(time, width, height)| {
            let bytes = usize::try_from(3 * u64::from(width) * u64::from(height)).ok()?;
            let rgb = self.take(bytes)?.to_vec();
            Some(Frame {
                time,
                width,
                height,
                rgb,
            })
        };
        headers.into_iter().map(frame).collect()
    }

    fn signal(&mut self, channels: usize, readings: usize) -> Option<Signal> {
        let (times, _) = self.take(readings.checked_mul(8)?)?.as_chunks::<8>();
        let times = times.iter().map(|&bytes| u64::from_le_bytes(bytes));
        let values = readings.checked_mul(channels)?.checked_mul(4)?;
        let (values, _) = self.take(values)?.as_chunks::<4>();
        Some(Signal {
            channels,
            times: times.map(Duration::from_nanos).collect(),
            values: values
                .iter()
                .map(|&bytes| f32::from_le_bytes(bytes))
                .collect(),
        })
    }
}
