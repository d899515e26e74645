//! Words that a speech synthesiser says, for tests and demonstrations that need no download.

use std::ffi::OsString;
use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use evenkeel::files::write_atomically;
use evenkeel::frontend::resample;
use evenkeel::window::{SampleRate, Sound};
use rayon::prelude::*;

use super::fsdd::{RATE, Recording, read_wav, trim};

/// A voice of the synthesiser that stands for a person.
struct Speaker {
    name: &'static str,
    /// Language and variant.
    voice: &'static str,
    /// Base pitch, 0..99.
    pitch: u32,
    /// Words a minute.
    speed: u32,
}

const SPEAKERS: [Speaker; 6] = [
    Speaker {
        name: "made-a",
        voice: "en-us+m1",
        pitch: 40,
        speed: 140,
    },
    Speaker {
        name: "made-b",
        voice: "en-us+f2",
        pitch: 60,
        speed: 150,
    },
    Speaker {
        name: "made-c",
        voice: "en-gb+m3",
        pitch: 30,
        speed: 155,
    },
    Speaker {
        name: "made-d",
        voice: "en-gb+f4",
        pitch: 50,
        speed: 135,
    },
    Speaker {
        name: "made-e",
        voice: "en-gb-scotland+m7",
        pitch: 55,
        speed: 145,
    },
    Speaker {
        name: "made-f",
        voice: "en-us+f5",
        pitch: 45,
        speed: 160,
    },
];

const WORDS: [&str; 10] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

/// How often each speaker says each digit, each time a little differently.
const TAKES: u32 = 5;

/// The speech synthesiser: a program, and the folder that keeps what it said.
pub struct Synthesiser {
    /// Its name or path.
    pub program: OsString,
    /// What was once said is read from here.
    pub folder: std::path::PathBuf,
}

impl Synthesiser {
    /// `espeak-ng`, with its words kept in the user's cache.
    pub fn in_cache(cache: &Path) -> Self {
        // The number goes up with every change of speakers, takes or processing.
        Self {
            program: "espeak-ng".into(),
            folder: cache.join("made-voices-1"),
        }
    }

    /// Every word by every speaker.
    ///
    /// # Errors
    /// When a word is not kept yet and the synthesiser is missing or fails; the message says how to
    /// install it.
    pub fn words(&self) -> anyhow::Result<Vec<Recording>> {
        let mut wanted = Vec::new();
        for speaker in &SPEAKERS {
            for digit in 0..WORDS.len() {
                wanted.extend((0..TAKES).map(|index| (speaker, digit, index)));
            }
        }
        wanted
            .into_par_iter()
            .map(|(speaker, digit, index)| self.word(speaker, digit, index))
            .collect()
    }

    fn word(&self, speaker: &Speaker, digit: usize, index: u32) -> anyhow::Result<Recording> {
        let kept = self
            .folder
            .join(format!("{digit}_{}_{index}.wav", speaker.name));
        let samples = match fs::read(&kept) {
            Ok(bytes) => read_wav(&bytes).with_context(|| {
                format!("{} is damaged: delete it and try again", kept.display())
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let samples = self.speak(speaker, digit, index)?;
                let bytes = wav(&samples)?;
                write_atomically(&kept, &bytes)
                    .with_context(|| format!("cannot write {}", kept.display()))?;
                // What is kept has 16 bits; the first run must not hear more than later ones.
                read_wav(&bytes)?
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", kept.display()));
            }
        };
        let samples = trim(&samples).to_vec();
        Ok(Recording {
            digit,
            speaker: speaker.name.to_owned(),
            index,
            samples,
        })
    }

    fn speak(&self, speaker: &Speaker, digit: usize, index: u32) -> anyhow::Result<Vec<f32>> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let path = folder.path().join("word.wav");
        // The first take is the speaker's usual way; the others are slower, faster, higher, deeper.
        let [pitch, speed] = [[0, 0], [8, -20], [-8, 20], [4, 35], [-4, -30]][index as usize];
        let output = Command::new(&self.program)
            .args(["-v", speaker.voice])
            .args([
                "-p",
                &speaker.pitch.saturating_add_signed(pitch).to_string(),
            ])
            .args([
                "-s",
                &speaker.speed.saturating_add_signed(speed).to_string(),
            ])
            .arg("-w")
            .arg(&path)
            .arg(WORDS[digit])
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "the speech synthesiser {0} is not installed: install it (`sudo apt install {0}`) and try again",
                self.program.display()
            ),
            Err(error) => return Err(anyhow!("cannot run {}: {error}", self.program.display())),
        };
        ensure!(
            output.status.success() && path.is_file(),
            "{} could not say {:?} as {}: {}; reinstall it, with its voices",
            self.program.display(),
            WORDS[digit],
            speaker.voice,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let mut file =
            hound::WavReader::open(&path).context("the speech synthesiser wrote no WAV file")?;
        let rate = SampleRate::new(file.spec().sample_rate)
            .context("the speech synthesiser wrote a rate of 0 Hz")?;
        let samples: Result<Vec<f32>, _> = file
            .samples::<i16>()
            .map(|sample| sample.map(|s| f32::from(s) / 32768.0))
            .collect();
        let sound = Sound {
            start: Duration::ZERO,
            rate,
            samples: samples?,
        };
        Ok(resample(&sound, SampleRate::new(RATE).expect("not zero"))?.samples)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_synthesiser_is_named_with_its_cure() {
        let folder = tempfile::tempdir().unwrap();
        let synthesiser = Synthesiser {
            program: "espeak-that-is-not-here".into(),
            folder: folder.path().join("kept"),
        };
        let error = synthesiser.words().unwrap_err().to_string();
        assert!(
            error.contains("apt install espeak-that-is-not-here"),
            "{error}"
        );
        assert!(!folder.path().join("kept").exists());
    }

    #[test]
    fn words_are_said_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut synthesiser = Synthesiser::in_cache(folder.path());
        let first = synthesiser.word(&SPEAKERS[0], 7, 1).unwrap();
        assert!(
            (1200..8000).contains(&first.samples.len()),
            "{}",
            first.samples.len()
        );
        synthesiser.program = "nothing-to-speak-with".into();
        assert_eq!(synthesiser.word(&SPEAKERS[0], 7, 1).unwrap(), first);
    }
}
