//! Which files a package has and how large they may be.

/// Everything about the model that is not in its graphs.
pub(super) const MODEL: &str = "model.toml";
/// Hashes of every other file, in the format of `sha256sum -c`.
pub(super) const SUMS: &str = "SHA256SUMS";
/// What a person should know about the model.
pub(super) const CARD: &str = "CARD.md";
/// Encoder of the microphone.
pub(super) const AUDIO: &str = "audio.onnx";
/// Encoder of the camera.
pub(super) const CAMERA: &str = "camera.onnx";
/// From both encoders' tokens to the answer.
pub(super) const FUSION: &str = "fusion.onnx";
/// The one folder inside a package: input windows with the answers expected.
pub(super) const GOLDEN: &str = "golden";
/// Times, labels and answers of the golden windows.
pub(super) const GOLDEN_INDEX: &str = "golden/golden.json";

/// Golden windows are a quick proof, not a test set.
pub(super) const MOST_GOLDEN_WINDOWS: usize = 16;
/// Frames of one golden window.
pub(super) const MOST_GOLDEN_FRAMES: usize = 64;
/// Files in a package: the fixed ones, and a sound and all frames of every golden window.
pub(super) const MOST_FILES: usize = 7 + MOST_GOLDEN_WINDOWS * (1 + MOST_GOLDEN_FRAMES);

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// The sound of golden window `window`.
pub(super) fn golden_sound(window: usize) -> String {
    format!("{GOLDEN}/{window}.wav")
}

/// Frame `frame` of golden window `window`.
pub(super) fn golden_frame(window: usize, frame: usize) -> String {
    format!("{GOLDEN}/{window}-{frame}.png")
}

/// How many bytes the file `name` may have; `None` if no package has such a file.
pub(super) fn most_bytes(name: &str) -> Option<u64> {
    match name {
        // Text that a person can read through.
        MODEL | CARD | GOLDEN_INDEX => Some(MIB),
        // A line of 64 digits and a short name for each of the files possible.
        SUMS => Some(128 * KIB),
        // A ViT-B/16 encoder in f32, the largest the trainer makes, has 344 MB; the fusion graph
        // has one layer of the same width.
        AUDIO | CAMERA => Some(512 * MIB),
        FUSION => Some(64 * MIB),
        _ => {
            let (stem, ending) = name.strip_prefix("golden/")?.rsplit_once('.')?;
            let numbers = match ending {
                "wav" => number(stem).is_some_and(|n| n < MOST_GOLDEN_WINDOWS),
                "png" => stem.split_once('-').is_some_and(|(window, frame)| {
                    number(window).is_some_and(|n| n < MOST_GOLDEN_WINDOWS)
                        && number(frame).is_some_and(|n| n < MOST_GOLDEN_FRAMES)
                }),
                _ => false,
            };
            // 40 s of sound at 48 kHz; an uncompressed frame of 1920×1080.
            numbers.then_some(8 * MIB)
        }
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
            &golden_sound(15),
            &golden_frame(0, 63),
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
            "",
        ] {
            assert!(most_bytes(name).is_none(), "{name}");
        }
    }
}
