//! Golden windows: a few inputs with the answers expected.
//!
//! On disk: `golden/<n>.wav` (mono, 32-bit float), `golden/<n>-<frame>.png` (RGB, 8 bits) and
//! `golden/golden.json` with times, labels and answers. Nothing is lost on the way.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::codecs::png::PngDecoder;
use image::{ColorType, ImageDecoder, Limits};
use serde::{Deserialize, Serialize};

use super::folder::CheckedFolder;
use super::layout::{
    GOLDEN_INDEX, MOST_GOLDEN_FRAMES, MOST_GOLDEN_WINDOWS, golden_frame, golden_sound,
};
use super::{Manifest, Package, PackageError};
use crate::clip::{encode_png, encode_wav_f32};
use crate::window::{Frame, SampleRate, Sound, Window};

/// All frames of all golden windows together, unpacked: a small PNG can hold a huge picture.
const MOST_PICTURE_BYTES: u64 = 256 << 20;

/// An input window and the answer expected.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenWindow {
    /// What the sensors took in.
    pub window: Window,
    /// The true class, one of the labels of the model.
    pub label: String,
    /// What the engine answered where the package was made.
    pub answer: GoldenAnswer,
}

/// What the engine answered where the package was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenAnswer {
    /// One per label, before temperature and softmax.
    pub logits: Vec<f32>,
    /// Share of attention on the class token, the microphone and the camera.
    pub attention: [f32; 3],
    /// Logits of the microphone encoder's own probe; absent if the encoder was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_probe: Option<Vec<f32>>,
    /// Logits of the camera encoder's own probe; absent if the encoder was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera_probe: Option<Vec<f32>>,
}

impl GoldenAnswer {
    fn check(&self, labels: usize) -> Result<(), String> {
        let probes = [
            ("audio_probe", &self.audio_probe),
            ("camera_probe", &self.camera_probe),
        ];
        let present = probes
            .into_iter()
            .filter_map(|(name, probe)| Some((name, probe.as_ref()?)));
        for (name, values) in present.chain([("logits", &self.logits)]) {
            if values.len() != labels {
                return Err(format!(
                    "{name} has {} values for {labels} labels",
                    values.len()
                ));
            }
            if !values.iter().all(|x| x.is_finite()) {
                return Err(format!("{name} holds a value that is not a finite number"));
            }
        }
        if !self.attention.iter().all(|x| (-1e-3..=1.001).contains(x)) {
            return Err("attention holds a value outside 0..1".into());
        }
        Ok(())
    }
}

/// One window in golden.json; its place in the list is its number.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    label: String,
    /// Start of the window, nanoseconds.
    start_ns: u64,
    /// When the first sample of the sound was taken; absent without sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sound_start_ns: Option<u64>,
    /// When each frame was taken.
    frames_ns: Vec<u64>,
    answer: GoldenAnswer,
}

impl Package {
    /// The golden windows, none if the package has none.
    ///
    /// # Errors
    /// [`PackageError`] when the files changed since the package was opened or make no sense.
    pub fn golden(&self) -> Result<Vec<GoldenWindow>, PackageError> {
        let folder = CheckedFolder::open(&self.dir)?;
        if !folder.names().any(|name| name == GOLDEN_INDEX) {
            return Ok(Vec::new());
        }
        let index = folder.path(GOLDEN_INDEX);
        let records: Vec<Record> = serde_json::from_slice(&folder.read(GOLDEN_INDEX)?)
            .map_err(PackageError::contents(&index))?;
        check_records(&index, &self.manifest, &records)?;
        let mut picture_bytes = MOST_PICTURE_BYTES;
        records
            .into_iter()
            .enumerate()
            .map(|(n, record)| read_window(&folder, n, record, &mut picture_bytes))
            .collect()
    }
}

/// The files of the golden windows, by name; none without windows. `dir` is for messages.
pub(super) fn encode(
    dir: &Path,
    manifest: &Manifest,
    windows: &[GoldenWindow],
) -> Result<Vec<(String, Vec<u8>)>, PackageError> {
    if windows.is_empty() {
        return Ok(Vec::new());
    }
    let index = dir.join(GOLDEN_INDEX);
    let record = |golden: &GoldenWindow| -> Result<Record, PackageError> {
        let GoldenWindow {
            window,
            label,
            answer,
        } = golden;
        let sound = window.sound.as_ref();
        let frames = window.frames.iter();
        Ok(Record {
            label: label.clone(),
            start_ns: nanoseconds(&index, window.start)?,
            sound_start_ns: sound.map(|s| nanoseconds(&index, s.start)).transpose()?,
            frames_ns: frames
                .map(|frame| nanoseconds(&index, frame.time))
                .collect::<Result<_, _>>()?,
            answer: answer.clone(),
        })
    };
    let records: Vec<Record> = windows.iter().map(record).collect::<Result<_, _>>()?;
    check_records(&index, manifest, &records)?;
    let json = serde_json::to_vec_pretty(&records).map_err(PackageError::contents(&index))?;
    let mut files = vec![(GOLDEN_INDEX.to_owned(), json)];
    for (n, golden) in windows.iter().enumerate() {
        if let Some(sound) = &golden.window.sound {
            let name = golden_sound(n);
            let bytes = encode_wav(sound).map_err(PackageError::contents(dir.join(&name)))?;
            files.push((name, bytes));
        }
        for (k, frame) in golden.window.frames.iter().enumerate() {
            let name = golden_frame(n, k);
            let bytes = encode_png(frame).map_err(PackageError::contents(dir.join(&name)))?;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

fn nanoseconds(index: &Path, time: Duration) -> Result<u64, PackageError> {
    let too_late = |_| PackageError::contents(index)("a time lies centuries ahead");
    u64::try_from(time.as_nanos()).map_err(too_late)
}

fn check_records(
    index: &Path,
    manifest: &Manifest,
    records: &[Record],
) -> Result<(), PackageError> {
    let fault = || -> Result<(), String> {
        if records.len() > MOST_GOLDEN_WINDOWS {
            return Err(format!("it has more than {MOST_GOLDEN_WINDOWS} windows"));
        }
        for (n, record) in records.iter().enumerate() {
            if record.frames_ns.len() > MOST_GOLDEN_FRAMES {
                return Err(format!(
                    "window {n} has more than {MOST_GOLDEN_FRAMES} frames"
                ));
            }
            if !manifest.labels.contains(&record.label) {
                return Err(format!(
                    "window {n} has the label {:?}, which model.toml does not list",
                    record.label
                ));
            }
            let answer = record.answer.check(manifest.labels.len());
            answer.map_err(|what| format!("in window {n}, {what}"))?;
        }
        Ok(())
    };
    fault().map_err(PackageError::contents(index))
}

fn read_window(
    folder: &CheckedFolder,
    n: usize,
    record: Record,
    picture_bytes: &mut u64,
) -> Result<GoldenWindow, PackageError> {
    let sound = match record.sound_start_ns {
        Some(start) => {
            let (path, bytes) = open(folder, &golden_sound(n))?;
            let start = Duration::from_nanos(start);
            Some(decode_wav(start, &bytes).map_err(PackageError::contents(path))?)
        }
        None => None,
    };
    let mut frames = Vec::with_capacity(record.frames_ns.len());
    for (k, &time) in record.frames_ns.iter().enumerate() {
        let (path, bytes) = open(folder, &golden_frame(n, k))?;
        let frame = decode_png(Duration::from_nanos(time), &bytes, picture_bytes);
        frames.push(frame.map_err(PackageError::contents(path))?);
    }
    Ok(GoldenWindow {
        window: Window {
            start: Duration::from_nanos(record.start_ns),
            sound,
            frames,
        },
        label: record.label,
        answer: record.answer,
    })
}

fn open(folder: &CheckedFolder, name: &str) -> Result<(PathBuf, Vec<u8>), PackageError> {
    Ok((folder.path(name), folder.read(name)?))
}

fn encode_wav(sound: &Sound) -> Result<Vec<u8>, String> {
    SampleRate::recorded(sound.rate.hz()).map_err(|error| error.to_string())?;
    if !sound.samples.iter().all(|x| x.is_finite()) {
        return Err("the sound holds a sample that is not a finite number".into());
    }
    encode_wav_f32(sound).map_err(|error| error.to_string())
}

fn decode_wav(start: Duration, bytes: &[u8]) -> Result<Sound, String> {
    let mut reader = hound::WavReader::new(bytes).map_err(|error| error.to_string())?;
    let hound::WavSpec {
        channels,
        sample_rate,
        bits_per_sample,
        sample_format,
    } = reader.spec();
    if (channels, bits_per_sample, sample_format) != (1, 32, hound::SampleFormat::Float) {
        return Err("it is not mono sound of 32-bit floats".into());
    }
    // The header is not believed: memory is set aside by its word.
    if reader.len() as usize > bytes.len() / 4 {
        return Err("it ends before the length in its header".into());
    }
    let samples: Vec<f32> = reader
        .samples()
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    if !samples.iter().all(|x| x.is_finite()) {
        return Err("it holds a sample that is not a finite number".into());
    }
    Ok(Sound {
        start,
        rate: SampleRate::recorded(sample_rate).map_err(|error| error.to_string())?,
        samples,
    })
}

/// `left` is how many bytes of picture may still be unpacked.
fn decode_png(time: Duration, bytes: &[u8], left: &mut u64) -> Result<Frame, String> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(*left);
    let decoder =
        PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions();
    if decoder.color_type() != ColorType::Rgb8 {
        return Err("it is not a picture of 8-bit red, green and blue".into());
    }
    *left = left.checked_sub(decoder.total_bytes()).ok_or_else(|| {
        format!("the golden frames take more than {MOST_PICTURE_BYTES} bytes unpacked")
    })?;
    let mut rgb = vec![0; decoder.total_bytes() as usize];
    decoder
        .read_image(&mut rgb)
        .map_err(|error| error.to_string())?;
    Ok(Frame {
        time,
        width,
        height,
        rgb,
    })
}
