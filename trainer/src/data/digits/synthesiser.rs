//! Words that a speech synthesiser says, for tests and demonstrations that need no download.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use evenkeel::window::{SampleRate, Sound};
use rayon::prelude::*;

use super::recording::{Recording, at_rate, kept, trim};
use super::speakers::{self, Speaker, TAKES, Voice};

const WORDS: [&str; 10] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

/// A speech synthesiser: a program, its voices, and the folder that keeps what they said.
pub struct Synthesiser {
    /// Its name or path; also the name of its package.
    pub program: OsString,
    /// What was once said is read from here.
    pub folder: PathBuf,
    /// Who speaks.
    pub speakers: Vec<Speaker>,
}

impl Synthesiser {
    /// `espeak-ng` with [the six voices of made data](speakers::six), its words kept in the user's cache.
    pub fn six(cache: &Path) -> Self {
        // The number goes up with every change of speakers, takes or processing.
        Self::of("espeak-ng", cache.join("made-voices-1"), speakers::six())
    }

    /// `espeak-ng` with [many voices](speakers::many).
    pub fn many(cache: &Path) -> Self {
        Self::of("espeak-ng", cache.join("espeak-voices-1"), speakers::many())
    }

    /// `flite` with [the voices of four people](speakers::flite).
    pub fn flite(cache: &Path) -> Self {
        Self::of("flite", cache.join("flite-voices-1"), speakers::flite())
    }

    fn of(program: &str, folder: PathBuf, speakers: Vec<Speaker>) -> Self {
        Self {
            program: program.into(),
            folder,
            speakers,
        }
    }

    /// Every word by every speaker.
    ///
    /// # Errors
    /// When a word is not kept yet and the synthesiser is missing or fails; the message says how to
    /// install it.
    pub fn words(&self) -> anyhow::Result<Vec<Recording>> {
        let mut wanted = Vec::new();
        for speaker in &self.speakers {
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
        let name = format!("{digit}_{}_{index}.wav", speaker.name);
        let samples = kept(&self.folder.join(name), || {
            self.speak(&speaker.voice, digit, index)
        })?;
        Ok(Recording {
            digit,
            speaker: speaker.name.clone(),
            index,
            samples: trim(&samples).to_vec(),
        })
    }

    fn speak(&self, voice: &Voice, digit: usize, take: u32) -> anyhow::Result<Vec<f32>> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let path = folder.path().join("word.wav");
        let mut command = Command::new(&self.program);
        command.args(voice.arguments(take));
        match voice {
            Voice::Espeak { .. } => command.arg("-w").arg(&path).arg(WORDS[digit]),
            Voice::Flite { .. } => command.args(["-t", WORDS[digit], "-o"]).arg(&path),
        };
        let output = match command.output() {
            Ok(output) => output,
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "the speech synthesiser {0} is not installed: install it (`sudo apt install {0}`) and try again",
                self.program.display()
            ),
            Err(error) => return Err(anyhow!("cannot run {}: {error}", self.program.display())),
        };
        ensure!(
            output.status.success() && path.is_file(),
            "{} could not say {:?} as {voice:?}: {}; reinstall it, with its voices",
            self.program.display(),
            WORDS[digit],
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
        at_rate(&Sound {
            start: Duration::ZERO,
            rate,
            samples: samples?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_synthesiser_is_named_with_its_cure() {
        let folder = tempfile::tempdir().unwrap();
        let synthesiser = Synthesiser {
            program: "espeak-that-is-not-here".into(),
            ..Synthesiser::six(folder.path())
        };
        let error = synthesiser.words().unwrap_err().to_string();
        assert!(
            error.contains("apt install espeak-that-is-not-here"),
            "{error}"
        );
        assert!(!synthesiser.folder.exists());
    }

    #[test]
    fn words_are_said_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut synthesiser = Synthesiser::six(folder.path());
        let speaker = synthesiser.speakers[0].clone();
        let first = synthesiser.word(&speaker, 7, 1).unwrap();
        assert!(
            (1200..8000).contains(&first.samples.len()),
            "{}",
            first.samples.len()
        );
        synthesiser.program = "nothing-to-speak-with".into();
        assert_eq!(synthesiser.word(&speaker, 7, 1).unwrap(), first);
    }

    /// A variant that espeak-ng does not know is silently its usual voice.
    #[test]
    fn many_voices_differ() {
        let folder = tempfile::tempdir().unwrap();
        let synthesiser = Synthesiser::many(folder.path());
        let words: Vec<Vec<f32>> = synthesiser
            .speakers
            .par_iter()
            .map(|speaker| synthesiser.word(speaker, 3, 0).unwrap().samples)
            .collect();
        for (number, word) in words.iter().enumerate() {
            assert!(
                words[..number].iter().all(|other| other != word),
                "{number}"
            );
        }
    }
}
