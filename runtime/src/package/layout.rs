//! Which files a package has and how large they may be.

use crate::window::{Kind, Modality};

/// Everything about the model that is not in its graphs.
pub(super) const MODEL: &str = "model.toml";
/// Hashes of every other file, in the format of `sha256sum -c`.
pub(super) const SUMS: &str = "SHA256SUMS";
/// What a person should know about the model.
pub(super) const CARD: &str = "CARD.md";
/// From the encoders' tokens to the answer.
pub(super) const FUSION: &str = "fusion.onnx";
/// How the name of an encoder ends, behind that of its sensor.
const ENCODER_END: &str = ".onnx";
/// The one folder inside a package: input windows with the answers expected.
pub(super) const GOLDEN: &str = "golden";
/// Times, labels and answers of the golden windows.
pub(super) const GOLDEN_INDEX: &str = "golden/golden.json";

/// Golden windows are a quick proof, not a test set.
pub(super) const MOST_GOLDEN_WINDOWS: usize = 16;
/// Frames of one golden window.
pub(super) const MOST_GOLDEN_FRAMES: usize = 64;
/// Files in a package: the fixed ones, an encoder for each sensor, and in every golden window two
/// sounds, all frames of two cameras and four sensors' numbers.
pub(super) const MOST_FILES: usize =
    5 + Modality::ALL.len() + MOST_GOLDEN_WINDOWS * (2 + 2 * MOST_GOLDEN_FRAMES + 4);

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// The encoder of a sensor.
pub(super) fn encoder(modality: Modality) -> String {
    format!("{modality}{ENCODER_END}")
}

/// What a microphone heard in golden window `window`.
pub(super) fn golden_sound(window: usize, modality: Modality) -> String {
    format!("{GOLDEN}/{window}{}.wav", infix(modality))
}

/// Frame `frame` of a camera in golden window `window`.
pub(super) fn golden_frame(window: usize, modality: Modality, frame: usize) -> String {
    format!("{GOLDEN}/{window}-{frame}{}.png", infix(modality))
}

/// The readings of a sensor of numbers in golden window `window`.
pub(super) fn golden_signal(window: usize, modality: Modality) -> String {
    format!("{GOLDEN}/{window}{}.csv", infix(modality))
}

/// What tells a further sensor's file from the microphone's and the camera's.
fn infix(modality: Modality) -> String {
    match modality {
        Modality::Audio | Modality::Camera => String::new(),
        further => format!(".{further}"),
    }
}

/// How many bytes the file `name` may have; `None` if no package has such a file.
pub(super) fn most_bytes(name: &str) -> Option<u64> {
    match name {
        // Text that a person can read through.
        MODEL | CARD | GOLDEN_INDEX => Some(MIB),
        // A line of 64 digits and a short name for each of the files possible.
        SUMS => Some(256 * KIB),
        // A ViT-B/16 encoder in f32, the largest the trainer makes, has 344 MB; the fusion graph
        // has one layer of the same width.
        FUSION => Some(64 * MIB),
        _ if name
            .strip_suffix(ENCODER_END)
            .and_then(Modality::from_id)
            .is_some() =>
        {
            Some(512 * MIB)
        }
        // 40 s of sound at 48 kHz; an uncompressed frame of 1920×1080.
        _ => is_golden(name).then_some(8 * MIB),
    }
}

/// Whether this is the name of a golden window's sound, frame or readings.
fn is_golden(name: &str) -> bool {
    let parts = name
        .strip_prefix("golden/")
        .and_then(|name| name.rsplit_once('.'));
    let Some((stem, ending)) = parts else {
        return false;
    };
    let (stem, further) = match stem.rsplit_once('.') {
        Some((stem, id)) => match Modality::from_id(id) {
            Some(modality) if Modality::FURTHER.contains(&modality) => (stem, Some(modality)),
            _ => return false,
        },
        None => (stem, None),
    };
    let window = |text| number(text).is_some_and(|n| n < MOST_GOLDEN_WINDOWS);
    let frame = |text| number(text).is_some_and(|n| n < MOST_GOLDEN_FRAMES);
    match (ending, further.map(Modality::kind)) {
        ("wav", None | Some(Kind::Audio)) | ("csv", Some(Kind::Signal)) => window(stem),
        ("png", None | Some(Kind::Camera)) => stem
            .split_once('-')
            .is_some_and(|(at, place)| window(at) && frame(place)),
        _ => false,
    }
}

/// A number as [`golden_sound`] writes it: digits alone, no leading zero.
fn number(text: &str) -> Option<usize> {
    let number: usize = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_files_that_are_written_belong() {
        for name in [
            &golden_sound(15, Modality::Audio),
            &golden_frame(0, Modality::Camera, 63),
            &golden_frame(0, Modality::Camera2, 63),
            &golden_signal(3, Modality::Signal4),
            "signal.onnx",
            GOLDEN_INDEX,
            FUSION,
        ] {
            assert!(most_bytes(name).is_some(), "{name}");
        }
        for name in [
            "golden/16.wav",
            "golden/00.wav",
            "golden/+1.wav",
            "golden/0-64.png",
            "golden/0.png",
            "golden/sub/0.wav",
            "golden/../model.toml",
            "weights.bin",
            "radar.onnx",
            "golden/0.csv",
            "golden/0.camera.wav",
            "golden/0.audio.wav",
            "golden/0.signal.wav",
            "golden/0-0.audio2.png",
            "",
        ] {
            assert!(most_bytes(name).is_none(), "{name}");
        }
    }
}
