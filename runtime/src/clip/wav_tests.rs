use std::fs;
use std::path::PathBuf;

use hound::{WavSpec, WavWriter};

use super::*;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.wav");
    (folder, path)
}

fn spec(bits: u16, format: SampleFormat, channels: u16) -> WavSpec {
    WavSpec {
        channels,
        sample_rate: 8000,
        bits_per_sample: bits,
        sample_format: format,
    }
}

fn sound(path: &Path) -> Sound {
    match read(path, None, None).unwrap() {
        Wav::Sound(sound) => sound,
        Wav::OtherKind => panic!("not read in process"),
    }
}

fn error_of(path: &Path) -> String {
    match read(path, None, None) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{} was read", path.display()),
    }
}

#[test]
fn every_sample_format_has_the_same_full_scale() {
    for bits in [8, 16, 24, 32] {
        let (_folder, path) = folder();
        let mut writer = WavWriter::create(&path, spec(bits, SampleFormat::Int, 1)).unwrap();
        let half = 1i32 << (bits - 2);
        for sample in [half, -half, 0] {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        assert_eq!(sound(&path).samples, [0.5, -0.5, 0.0], "{bits} bit");
    }
    let (_folder, path) = folder();
    let mut writer = WavWriter::create(&path, spec(32, SampleFormat::Float, 1)).unwrap();
    writer.write_sample(0.5f32).unwrap();
    writer.finalize().unwrap();
    assert_eq!(sound(&path).samples, [0.5]);
}

#[test]
fn channels_are_mixed_down_to_their_mean() {
    let (_folder, path) = folder();
    let mut writer = WavWriter::create(&path, spec(32, SampleFormat::Float, 3)).unwrap();
    for sample in [0.3f32, 0.6, 0.0, 0.9, 0.0, 0.0] {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
    let samples = sound(&path).samples;
    assert!(
        samples.len() == 2 && samples.iter().all(|s| (s - 0.3).abs() < 1e-6),
        "{samples:?}"
    );
}

fn write_ramp(path: &Path, samples: i16) {
    let mut writer = WavWriter::create(path, spec(16, SampleFormat::Int, 1)).unwrap();
    (0..samples).for_each(|i| writer.write_sample(i).unwrap());
    writer.finalize().unwrap();
}

#[test]
fn a_stretch_is_cut_out_and_its_clock_begins_at_zero() {
    let (_folder, path) = folder();
    write_ramp(&path, 8000);
    let ms = |ms| Some(Duration::from_millis(ms));
    let Wav::Sound(sound) = read(&path, ms(500), ms(750)).unwrap() else {
        panic!()
    };
    assert_eq!((sound.start, sound.samples.len()), (Duration::ZERO, 2000));
    assert_eq!(sound.samples[0], 4000.0 / 32768.0);
    let Wav::Sound(sound) = read(&path, ms(900), ms(9000)).unwrap() else {
        panic!()
    };
    assert_eq!(
        sound.samples.len(),
        800,
        "the end of the file ends the stretch"
    );
    let Err(error) = read(&path, ms(1500), None) else {
        panic!()
    };
    assert!(
        error
            .to_string()
            .contains("to start at 1.5 s, but the file ends at 1.000 s")
    );
}

#[test]
fn broken_files_get_one_sentence() {
    let (_folder, path) = folder();
    write_ramp(&path, 1000);
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() - 1, whole.len() / 2, 44, 30, 3] {
        fs::write(&path, &whole[..length]).unwrap();
        let message = error_of(&path);
        assert!(
            message.contains("cut short") && message.contains("sound.wav"),
            "{message}"
        );
    }
    for hz in [0u32, 99, 768_001, 2_000_000_000] {
        let mut strange = whole.clone();
        strange[24..28].copy_from_slice(&hz.to_le_bytes());
        strange[28..32].copy_from_slice(&(2 * hz).to_le_bytes());
        fs::write(&path, strange).unwrap();
        let message = error_of(&path);
        assert!(message.contains("must be 100 to 768000 Hz"), "{message}");
    }
    write_ramp(&path, 0);
    assert!(error_of(&path).ends_with("it holds no sound; record it again"));
    fs::remove_file(&path).unwrap();
    assert!(error_of(&path).contains("No such file"));
}

#[test]
fn samples_that_are_no_numbers_are_refused() {
    for bad in [f32::NAN, f32::INFINITY] {
        let (_folder, path) = folder();
        let mut writer = WavWriter::create(&path, spec(32, SampleFormat::Float, 1)).unwrap();
        writer.write_sample(0.0f32).unwrap();
        writer.write_sample(bad).unwrap();
        writer.finalize().unwrap();
        assert!(error_of(&path).contains("not a finite number"));
    }
}
