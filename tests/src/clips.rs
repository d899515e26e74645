//! Small clips, good and bad.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Writes `seconds` of a soft tone as a 16-bit WAV file at 16 kHz.
pub fn write_tone(path: &Path, seconds: f32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).expect("a WAV file can be made");
    for n in 0..(seconds * 16_000.0) as usize {
        let sample = (n as f32 * 0.2).sin() * 3_000.0;
        file.write_sample(sample as i16)
            .expect("a sample can be written");
    }
    file.finalize().expect("a WAV file can be finished");
}

/// Writes a picture of 96×96 with a dark stroke on bright ground.
pub fn write_picture(path: &Path) {
    let picture = image::RgbImage::from_fn(96, 96, |x, y| {
        if (44..52).contains(&x) && (16..80).contains(&y) {
            image::Rgb([30, 30, 60])
        } else {
            image::Rgb([220, 210, 200])
        }
    });
    picture.save(path).expect("a picture can be written");
}

/// Writes a short video with ffmpeg: 1.5 s, with or without a sound track.
pub fn write_video(path: &Path, with_sound: bool) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args([
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=96x96:rate=10:duration=1.5",
    ]);
    if with_sound {
        ffmpeg.args([
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440:duration=1.5",
            "-c:a",
            "aac",
        ]);
    }
    let status = ffmpeg
        .args(["-pix_fmt", "yuv420p"])
        .arg(path)
        .status()
        .expect("ffmpeg is installed");
    assert!(status.success(), "ffmpeg could not make {}", path.display());
}

/// Cuts the last third of a file off.
pub fn truncate(path: &Path) {
    let bytes = fs::read(path).expect("the file can be read");
    fs::write(path, &bytes[..bytes.len() * 2 / 3]).expect("the file can be written");
}

/// Writes a CSV file of `lines`, the first of them the names of the columns.
pub fn write_csv(path: &Path, lines: &[&str]) {
    fs::write(path, lines.join("\n") + "\n").expect("a CSV file can be written");
}
