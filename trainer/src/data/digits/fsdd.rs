//! Spoken digits from the archive of the Free Spoken Digit Dataset.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use flate2::read::GzDecoder;

use super::recording::{Recording, read_wav, trim};

/// Every recording of the archive, in order of speaker, digit and index.
///
/// # Errors
/// When the archive cannot be read or a recording in it is not mono 16-bit WAV at 8 kHz; the
/// message names the file.
pub fn read(archive: &Path) -> anyhow::Result<Vec<Recording>> {
    let file = File::open(archive).with_context(|| format!("cannot open {}", archive.display()))?;
    let broken = || format!("{} is not a whole archive; get it again", archive.display());
    let mut tar = tar::Archive::new(GzDecoder::new(file));
    let mut recordings = Vec::new();
    for entry in tar.entries().with_context(broken)? {
        let mut entry = entry.with_context(broken)?;
        let path = entry.path().with_context(broken)?.into_owned();
        let Some((digit, speaker, index)) = path.to_str().and_then(parse_name) else {
            continue;
        };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).with_context(broken)?;
        let samples = read_wav(&bytes)
            .with_context(|| format!("cannot use {} in {}", path.display(), archive.display()))?;
        recordings.push(Recording {
            digit,
            speaker,
            index,
            samples: trim(&samples).to_vec(),
        });
    }
    recordings.sort_by(|a, b| (&a.speaker, a.digit, a.index).cmp(&(&b.speaker, b.digit, b.index)));
    Ok(recordings)
}

/// `…/{digit}_{speaker}_{index}.wav`.
fn parse_name(path: &str) -> Option<(usize, String, u32)> {
    let name = path.rsplit('/').next()?.strip_suffix(".wav")?;
    let mut parts = name.split('_');
    let digit = parts.next()?.parse().ok().filter(|&digit| digit <= 9)?;
    let speaker = parts.next()?.to_owned();
    let index = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((digit, speaker, index))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::super::recording::RATE;
    use super::*;

    fn wav(samples: &[i16], rate: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        samples
            .iter()
            .for_each(|&s| writer.write_sample(s).unwrap());
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn archive(path: &Path, files: &[(&str, Vec<u8>)]) {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, name, &bytes[..]).unwrap();
        }
        let file = File::create(path).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(&tar.into_inner().unwrap()).unwrap();
        gzip.finish().unwrap();
    }

    #[test]
    fn reads_words_in_order_without_their_silence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fsdd.tar.gz");
        let mut word = vec![0; 4000];
        word[1600..2400].fill(16384);
        archive(
            &path,
            &[
                ("fsdd/README.md", b"words".to_vec()),
                ("fsdd/recordings/7_theo_12.wav", wav(&word, RATE)),
                ("fsdd/recordings/3_george_0.wav", wav(&[8192; 800], RATE)),
            ],
        );
        let words = read(&path).unwrap();
        assert_eq!((words[0].speaker.as_str(), words[0].digit), ("george", 3));
        assert_eq!(
            (words[1].speaker.as_str(), words[1].digit, words[1].index),
            ("theo", 7, 12)
        );
        assert_eq!(words[1].samples.len(), 800 + 4 * 80);
        assert_eq!(words[1].samples[400], 0.5);
    }

    #[test]
    fn names_the_recording_that_has_another_rate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fsdd.tar.gz");
        archive(
            &path,
            &[("fsdd/recordings/7_theo_12.wav", wav(&[1; 800], 44100))],
        );
        let error = format!("{:#}", read(&path).unwrap_err());
        assert!(
            error.contains("7_theo_12.wav") && error.contains("44100"),
            "{error}"
        );
    }
}
