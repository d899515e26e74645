//! Words as 8 kHz recordings, in memory and in the cache.

use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::Path;

use anyhow::{Context, ensure};
use evenkeel::files::write_atomically;
use evenkeel::frontend::resample;
use evenkeel::window::{SampleRate, Sound};

/// Samples per second of every recording.
pub const RATE: u32 = 8000;

/// One word by one speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The digit said, 0..=9.
    pub digit: usize,
    /// Who said it.
    pub speaker: String,
    /// Which of the speaker's recordings of this digit.
    pub index: u32,
    /// Mono sound at [`RATE`], −1..1, without the silence before and after the word.
    pub samples: Vec<f32>,
}

/// The samples of a WAV file in the cache, made the first time.
///
/// # Errors
/// When the file is damaged or cannot be written, or `make` fails.
pub(super) fn kept(
    path: &Path,
    make: impl FnOnce() -> anyhow::Result<Vec<f32>>,
) -> anyhow::Result<Vec<f32>> {
    match fs::read(path) {
        Ok(bytes) => read_wav(&bytes)
            .with_context(|| format!("{} is damaged: delete it and try again", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let bytes = wav(&make()?)?;
            write_atomically(path, &bytes)
                .with_context(|| format!("cannot write {}", path.display()))?;
            // What is kept has 16 bits; the first run must not hear more than later ones.
            read_wav(&bytes)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Samples of a mono 16-bit WAV file at [`RATE`].
pub(super) fn read_wav(bytes: &[u8]) -> anyhow::Result<Vec<f32>> {
    let mut wav = hound::WavReader::new(Cursor::new(bytes))?;
    let spec = wav.spec();
    ensure!(
        spec.channels == 1 && spec.sample_rate == RATE && spec.bits_per_sample == 16,
        "it has {} channels of {} bits at {} Hz, not one of 16 bits at {RATE} Hz",
        spec.channels,
        spec.bits_per_sample,
        spec.sample_rate
    );
    let samples: Result<Vec<f32>, _> = wav
        .samples::<i16>()
        .map(|sample| sample.map(|s| f32::from(s) / 32768.0))
        .collect();
    Ok(samples?)
}

fn wav(samples: &[f32]) -> anyhow::Result<Vec<u8>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
    for sample in samples {
        writer.write_sample((sample * 32767.0).round().clamp(-32768.0, 32767.0) as i16)?;
    }
    writer.finalize()?;
    Ok(bytes.into_inner())
}

/// The samples of a sound of any rate at [`RATE`].
pub(super) fn at_rate(sound: &Sound) -> anyhow::Result<Vec<f32>> {
    Ok(resample(sound, SampleRate::new(RATE).expect("not zero"))?.samples)
}

/// The word without the quiet before and after it.
///
/// Quiet is more than 32 dB below the loudest 10 ms; 20 ms are kept on either side so that a soft
/// consonant is not cut.
pub(super) fn trim(samples: &[f32]) -> &[f32] {
    const BLOCK: usize = RATE as usize / 100;
    let energies: Vec<f32> = samples
        .chunks(BLOCK)
        .map(|block| block.iter().map(|s| s * s).sum())
        .collect();
    let loudest = energies.iter().copied().fold(0.0, f32::max);
    let loud = |energy: &f32| *energy > loudest * 10_f32.powf(-3.2);
    match (
        energies.iter().position(loud),
        energies.iter().rposition(loud),
    ) {
        (Some(first), Some(last)) => {
            let from = first.saturating_sub(2) * BLOCK;
            let to = ((last + 3) * BLOCK).min(samples.len());
            &samples[from..to]
        }
        _ => samples,
    }
}
