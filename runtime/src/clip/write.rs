//! Sound and frames as files.

use std::io::Cursor;
use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

use super::ClipError;
use crate::files::write_atomically;
use crate::window::{Frame, Sound};

/// Writes `sound` as 16-bit mono WAV; samples beyond full scale are clipped.
///
/// # Errors
/// When the file cannot be written; it is then not there, or what it was before.
pub fn write_wav(path: &Path, sound: &Sound) -> Result<(), ClipError> {
    write(path, encode_wav(sound))
}

/// `sound` as a 16-bit mono WAV file; samples beyond full scale are clipped.
pub(crate) fn encode_wav(sound: &Sound) -> std::io::Result<Vec<u8>> {
    wav(sound, 16, SampleFormat::Int, |writer, sample| {
        writer.write_sample((sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16)
    })
}

/// Writes `sound` as 32-bit float mono WAV, every sample bit for bit.
///
/// # Errors
/// When the file cannot be written; it is then not there, or what it was before.
pub fn write_wav_f32(path: &Path, sound: &Sound) -> Result<(), ClipError> {
    write(path, encode_wav_f32(sound))
}

/// `sound` as a 32-bit float mono WAV file, every sample bit for bit.
pub(crate) fn encode_wav_f32(sound: &Sound) -> std::io::Result<Vec<u8>> {
    wav(sound, 32, SampleFormat::Float, |writer, sample| {
        writer.write_sample(sample)
    })
}

/// Writes `frame` as an RGB PNG.
///
/// # Errors
/// When the bytes of the frame do not fit its size, or the file cannot be written; it is then not
/// there, or what it was before.
pub fn write_png(path: &Path, frame: &Frame) -> Result<(), ClipError> {
    let bytes = encode_png(frame).map_err(|what| ClipError::content(path, what))?;
    write(path, Ok(bytes))
}

/// `frame` as an RGB PNG file. The error is what is wrong with the frame.
pub(crate) fn encode_png(frame: &Frame) -> Result<Vec<u8>, String> {
    let Frame { width, height, .. } = *frame;
    let expected = u64::from(width) * u64::from(height) * 3;
    if expected == 0 || expected != frame.rgb.len() as u64 {
        return Err(format!(
            "a frame of {width}×{height} must have {expected} bytes and at least one pixel, not {} bytes",
            frame.rgb.len()
        ));
    }
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&frame.rgb, width, height, ExtendedColorType::Rgb8)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

type Writer<'a> = WavWriter<&'a mut Cursor<Vec<u8>>>;

fn wav(
    sound: &Sound,
    bits_per_sample: u16,
    sample_format: SampleFormat,
    mut write: impl FnMut(&mut Writer<'_>, f32) -> hound::Result<()>,
) -> std::io::Result<Vec<u8>> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: sound.rate.hz(),
        bits_per_sample,
        sample_format,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut encode = || {
        let mut writer = WavWriter::new(&mut bytes, spec)?;
        sound
            .samples
            .iter()
            .try_for_each(|&sample| write(&mut writer, sample))?;
        writer.finalize()
    };
    encode().map_err(std::io::Error::other)?;
    Ok(bytes.into_inner())
}

fn write(path: &Path, bytes: std::io::Result<Vec<u8>>) -> Result<(), ClipError> {
    bytes
        .and_then(|bytes| write_atomically(path, &bytes))
        .map_err(|cause| ClipError::Write {
            path: path.to_owned(),
            cause,
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clip::wav::{Wav, read};
    use crate::window::SampleRate;

    #[test]
    fn sound_reads_back_exactly_or_within_half_a_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sound.wav");
        let samples = vec![0.0, 0.1, -1.0, 0.999_99, 1e-20];
        let sound = Sound {
            start: Duration::ZERO,
            rate: SampleRate::new(11_025).unwrap(),
            samples,
        };
        write_wav_f32(&path, &sound).unwrap();
        let Wav::Sound(exact) = read(&path, None, None).unwrap() else {
            panic!()
        };
        assert_eq!(exact, sound);
        write_wav(&path, &sound).unwrap();
        let Wav::Sound(rounded) = read(&path, None, None).unwrap() else {
            panic!()
        };
        for (rounded, exact) in rounded.samples.iter().zip(&sound.samples) {
            assert!((rounded - exact).abs() <= 1.0 / 32768.0);
        }
    }

    #[test]
    fn a_frame_that_contradicts_its_size_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frame.png");
        let frame = Frame {
            time: Duration::ZERO,
            width: 2,
            height: 2,
            rgb: vec![0; 11],
        };
        assert!(
            write_png(&path, &frame)
                .unwrap_err()
                .to_string()
                .contains("a frame of 2×2")
        );
        assert!(!path.exists());
    }
}
