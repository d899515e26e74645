//! WAV files in process.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use hound::{SampleFormat, WavReader};

use super::ClipError;
use crate::finite::all_finite;
use crate::window::{SampleRate, Sound};

/// Longest sound that is read at once, in samples of all channels together: an hour of stereo at
/// 48 kHz, 1.4 GB.
pub const MAX_SAMPLES: usize = 2 * 48_000 * 3_600;

/// What became of a WAV file.
pub enum Wav {
    /// Its sound, mixed down to mono, on a clock that begins at the start asked for.
    Sound(Sound),
    /// It is a WAV of a kind that only ffmpeg reads (µ-law, ADPCM, length unknown, …).
    OtherKind,
}

/// The sample rate that a WAV file's header names; `None` for a kind that only ffmpeg reads.
pub fn rate(path: &Path) -> Option<u32> {
    let reader = WavReader::open(path).ok()?;
    Some(reader.spec().sample_rate)
}

/// Reads the stretch of a WAV file between `start` and `end` (both measured from its beginning).
///
/// # Errors
/// When the file cannot be opened, is cut short, holds no sound, or holds samples that are not
/// numbers.
pub fn read(path: &Path, start: Option<Duration>, end: Option<Duration>) -> Result<Wav, ClipError> {
    let file = File::open(path).map_err(ClipError::io(path))?;
    let mut reader = match WavReader::new(BufReader::new(file)) {
        Ok(reader) => reader,
        Err(hound::Error::IoError(error)) => return Err(broken(path, error)),
        Err(_) => return Ok(Wav::OtherKind),
    };
    let spec = reader.spec();
    let rate = SampleRate::recorded(spec.sample_rate)
        .map_err(|error| ClipError::content(path, format!("{error}; write the file again")))?;
    let length = reader.duration();
    if length == 0 {
        return Err(ClipError::content(
            path,
            "it holds no sound; record it again",
        ));
    }
    let position = |time: Duration| rate.samples_in(time).min(length as usize) as u32;
    let first = start.map_or(0, position);
    let last = end.map_or(length, position);
    if first >= last {
        return Err(ClipError::StartsBehindEnd {
            path: path.to_owned(),
            start: start.unwrap_or_default().as_secs_f64(),
            end: rate.duration_of(length as usize).as_secs_f64(),
        });
    }
    let channels = usize::from(spec.channels);
    let wanted = (last - first) as usize * channels;
    if wanted > MAX_SAMPLES {
        return Err(ClipError::content(
            path,
            "the sound is too long to read at once; cut it, or give start and end in a CSV file",
        ));
    }
    reader.seek(first).map_err(|error| broken(path, error))?;
    let samples: Result<Vec<f32>, _> = match spec.sample_format {
        SampleFormat::Float => reader.samples::<f32>().take(wanted).collect(),
        SampleFormat::Int => {
            let full_scale = (1u64 << (spec.bits_per_sample - 1)) as f32;
            let scaled = |sample: i32| sample as f32 / full_scale;
            reader
                .samples::<i32>()
                .take(wanted)
                .map(|sample| sample.map(scaled))
                .collect()
        }
    };
    let samples = match samples {
        Ok(samples) if samples.len() == wanted => mono(samples, channels),
        Ok(_) => return Err(cut_short(path)),
        Err(hound::Error::IoError(error)) => return Err(broken(path, error)),
        Err(_) => return Ok(Wav::OtherKind),
    };
    check_finite(path, &samples)?;
    Ok(Wav::Sound(Sound {
        start: Duration::ZERO,
        rate,
        samples,
    }))
}

/// Interleaved channels mixed down to their mean.
pub fn mono(samples: Vec<f32>, channels: usize) -> Vec<f32> {
    if channels == 1 {
        return samples;
    }
    samples
        .chunks_exact(channels)
        .map(|frame| frame.iter().sum::<f32>() / channels as f32)
        .collect()
}

/// # Errors
/// When a sample is NaN or infinite.
pub fn check_finite(path: &Path, samples: &[f32]) -> Result<(), ClipError> {
    if all_finite(samples) {
        return Ok(());
    }
    let what = "the sound holds a sample that is not a finite number; write the file again";
    Err(ClipError::content(path, what))
}

/// hound reports the end of the file inside the samples as an error of its own wording, of any kind.
fn broken(path: &Path, error: std::io::Error) -> ClipError {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::Other => cut_short(path),
        _ => ClipError::io(path)(error),
    }
}

fn cut_short(path: &Path) -> ClipError {
    ClipError::content(
        path,
        "the WAV file is cut short: it ends before the sound that its header announces; copy or \
         record it again",
    )
}

#[cfg(test)]
#[path = "wav_tests.rs"]
mod tests;
