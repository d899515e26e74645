//! Golden windows: a few inputs with the answers expected.
//!
//! On disk: `golden/<n>.wav` (mono, 32-bit float), `golden/<n>-<frame>.png` (RGB, 8 bits) and
//! `golden/golden.json` with times, labels and answers; of further sensors `golden/<n>.audio2.wav`,
//! `golden/<n>-<frame>.camera2.png` and `golden/<n>.signal.csv`. Nothing is lost on the way.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::codecs::png::PngDecoder;
use image::{ColorType, ImageDecoder, Limits};
use serde::{Deserialize, Serialize};

use super::folder::CheckedFolder;
use super::layout::{
    GOLDEN_INDEX, MOST_GOLDEN_FRAMES, MOST_GOLDEN_WINDOWS, golden_frame, golden_signal,
    golden_sound,
};
use super::{Manifest, Package, PackageError};
use crate::clip::{BrokenSignal, decode_signal, encode_png, encode_signal, encode_wav_f32};
use crate::finite::all_finite;
use crate::window::{
    Attention, Frame, Further, Modality, PerSensor, SampleRate, Signal, Sound, Window,
};

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
    /// Shares of attention.
    pub attention: Attention,
    /// Logits of the microphone encoder's own probe; absent if the encoder was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_probe: Option<Vec<f32>>,
    /// Logits of the camera encoder's own probe; absent if the encoder was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera_probe: Option<Vec<f32>>,
    /// The same of the model's further sensors.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub further_probes: BTreeMap<Modality, Vec<f32>>,
}

impl GoldenAnswer {
    /// Logits of the probe of a sensor's encoder; `None` if it was not run.
    pub fn probe(&self, modality: Modality) -> Option<&Vec<f32>> {
        match modality {
            Modality::Audio => self.audio_probe.as_ref(),
            Modality::Camera => self.camera_probe.as_ref(),
            further => self.further_probes.get(&further),
        }
    }

    /// With these logits of the encoders' probes.
    pub fn new(
        logits: Vec<f32>,
        attention: Attention,
        mut probes: PerSensor<Option<Vec<f32>>>,
    ) -> Self {
        Self {
            logits,
            attention,
            audio_probe: probes.audio.take(),
            camera_probe: probes.camera.take(),
            further_probes: Modality::FURTHER
                .into_iter()
                .filter_map(|m| Some((m, probes[m].take()?)))
                .collect(),
        }
    }

    fn check(&self, labels: usize) -> Result<(), String> {
        let probes = Modality::ALL
            .into_iter()
            .filter_map(|m| Some((format!("{m}_probe"), self.probe(m)?)));
        for (name, values) in probes.chain([("logits".to_owned(), &self.logits)]) {
            if values.len() != labels {
                return Err(format!(
                    "{name} has {} values for {labels} labels",
                    values.len()
                ));
            }
            if !all_finite(values) {
                return Err(format!("{name} holds a value that is not a finite number"));
            }
        }
        if !self
            .attention
            .shares()
            .all(|x| (-1e-3..=1.001).contains(&x))
        {
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
    /// The same of a second microphone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sound2_start_ns: Option<u64>,
    /// The same of a second camera.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    frames2_ns: Vec<u64>,
    /// Which sensors of numbers gave readings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signals: Vec<Modality>,
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
        let start_of = |sound: &Option<Sound>| -> Result<_, PackageError> {
            let sound = sound.as_ref();
            sound.map(|s| nanoseconds(&index, s.start)).transpose()
        };
        let times_of = |frames: &[Frame]| -> Result<Vec<u64>, PackageError> {
            let frames = frames.iter();
            frames
                .map(|frame| nanoseconds(&index, frame.time))
                .collect()
        };
        Ok(Record {
            label: label.clone(),
            start_ns: nanoseconds(&index, window.start)?,
            sound_start_ns: start_of(&window.sound)?,
            frames_ns: times_of(&window.frames)?,
            sound2_start_ns: start_of(&window.further.sound)?,
            frames2_ns: times_of(&window.further.frames)?,
            signals: signals_of(window).map(|(modality, _)| modality).collect(),
            answer: answer.clone(),
        })
    };
    let records: Vec<Record> = windows.iter().map(record).collect::<Result<_, _>>()?;
    check_records(&index, manifest, &records)?;
    let json = serde_json::to_vec_pretty(&records).map_err(PackageError::contents(&index))?;
    let mut files = vec![(GOLDEN_INDEX.to_owned(), json)];
    for (n, golden) in windows.iter().enumerate() {
        for (name, bytes) in files_of(n, &golden.window) {
            let bytes = bytes.map_err(PackageError::contents(dir.join(&name)))?;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

/// The files of window `n`, each with its name; the error is what is wrong with what the sensor gave.
fn files_of(n: usize, window: &Window) -> Vec<(String, Result<Vec<u8>, String>)> {
    let mut files = Vec::new();
    for modality in Modality::ALL {
        if let Some(sound) = window.sound_of(modality) {
            files.push((golden_sound(n, modality), encode_wav(sound)));
        }
        for (k, frame) in window.frames_of(modality).iter().enumerate() {
            files.push((golden_frame(n, modality, k), encode_png(frame)));
        }
    }
    for (modality, signal) in signals_of(window) {
        let bytes = match signal.is_whole() {
            true => encode_signal(signal, &[]).map_err(|error| error.to_string()),
            false => Err("its readings are not finite numbers at rising times".into()),
        };
        files.push((golden_signal(n, modality), bytes));
    }
    files
}

/// The sensors of numbers that gave something, and what.
fn signals_of(window: &Window) -> impl Iterator<Item = (Modality, &Signal)> {
    Modality::ALL
        .into_iter()
        .filter_map(|modality| Some((modality, window.signal_of(modality)?)))
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
            if record.frames_ns.len().max(record.frames2_ns.len()) > MOST_GOLDEN_FRAMES {
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
    let sound = |modality, start: Option<u64>| -> Result<Option<Sound>, PackageError> {
        let Some(start) = start else {
            return Ok(None);
        };
        let (path, bytes) = open(folder, &golden_sound(n, modality))?;
        let sound = decode_wav(Duration::from_nanos(start), &bytes);
        sound.map(Some).map_err(PackageError::contents(path))
    };
    let mut frames = |modality, times: &[u64]| -> Result<Vec<Frame>, PackageError> {
        let mut frames = Vec::with_capacity(times.len());
        for (k, &time) in times.iter().enumerate() {
            let (path, bytes) = open(folder, &golden_frame(n, modality, k))?;
            let frame = decode_png(Duration::from_nanos(time), &bytes, picture_bytes);
            frames.push(frame.map_err(PackageError::contents(path))?);
        }
        Ok(frames)
    };
    let mut window = Window {
        start: Duration::from_nanos(record.start_ns),
        sound: sound(Modality::Audio, record.sound_start_ns)?,
        frames: frames(Modality::Camera, &record.frames_ns)?,
        further: Further {
            sound: sound(Modality::Audio2, record.sound2_start_ns)?,
            frames: frames(Modality::Camera2, &record.frames2_ns)?,
            ..Further::default()
        },
    };
    for &modality in &record.signals {
        let (path, bytes) = open(folder, &golden_signal(n, modality))?;
        let signal = decode_signal(bytes.as_slice()).map_err(|broken| {
            PackageError::contents(path)(match broken {
                BrokenSignal::Io(error) => error.to_string(),
                BrokenSignal::Content(what) => what,
            })
        })?;
        if let Some(place) = window.signal_mut(modality) {
            *place = Some(signal);
        }
    }
    Ok(GoldenWindow {
        window,
        label: record.label,
        answer: record.answer,
    })
}

fn open(folder: &CheckedFolder, name: &str) -> Result<(PathBuf, Vec<u8>), PackageError> {
    Ok((folder.path(name), folder.read(name)?))
}

fn encode_wav(sound: &Sound) -> Result<Vec<u8>, String> {
    SampleRate::recorded(sound.rate.hz()).map_err(|error| error.to_string())?;
    if !all_finite(&sound.samples) {
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
    if !all_finite(&samples) {
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
