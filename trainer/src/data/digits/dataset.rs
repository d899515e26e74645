//! The digits as a data set: what each example is.

use std::time::Duration;

use anyhow::ensure;
use evenkeel::random;
use evenkeel::window::Window;
use rand::RngExt;

use super::{DIGITS, Digits, NOTHING};
use crate::data::{Dataset, Example, Split, hash};

impl Dataset for Digits {
    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn nothing(&self) -> Option<&str> {
        Some(NOTHING)
    }

    /// Validation and test: every recording of the speaker, and a tenth as many windows of nothing.
    fn len(&self, split: Split) -> usize {
        match split {
            Split::Train => self.config.windows_per_epoch,
            _ => {
                let words = self.words[split as usize].len();
                words + words.div_ceil(10)
            }
        }
    }

    fn window_length(&self) -> Duration {
        Duration::from_secs_f32(self.config.window_seconds)
    }

    fn example(&self, split: Split, epoch: u32, index: usize) -> anyhow::Result<Example> {
        ensure!(
            index < self.len(split),
            "the {split} split has {} examples, there is no number {index}",
            self.len(split)
        );
        // Only training windows change from epoch to epoch.
        let epoch = if split == Split::Train {
            u64::from(epoch)
        } else {
            0
        };
        let place = [self.seed, split as u64, epoch, index as u64];
        let mut rng = random::rng("digits", &place);
        let digit = match split {
            Split::Train => Some(rng.random_range(0..=DIGITS)).filter(|&digit| digit < DIGITS),
            _ => self.words[split as usize]
                .get(index)
                .map(|&at| self.material.words[at].digit),
        };
        let said_and_shown = digit.map(|digit| {
            let word = match split {
                Split::Train => self.training_word(digit, &mut rng),
                _ => &self.material.words[self.words[split as usize][index]],
            };
            (&word.samples[..], self.image(digit, split, &mut rng))
        });
        let label = digit.unwrap_or(DIGITS);
        let mut window = self.window(said_and_shown, split, &mut rng);
        self.write(&mut window, digit, random::rng("digits, pen", &place));
        Ok(Example { window, label })
    }

    fn background(&self, split: Split, index: u64) -> Option<Window> {
        let place = [self.seed, split as u64, index];
        let mut rng = random::rng("background", &place);
        let mut window = self.window(None, split, &mut rng);
        self.write(&mut window, None, random::rng("background, pen", &place));
        Some(window)
    }

    fn provenance(&self) -> String {
        let [test, validation] =
            [Split::Test, Split::Validation].map(|s| self.speaker(s).unwrap_or("nobody"));
        let pen = match self.has_accelerometer() {
            true => "; an accelerometer in a pen that writes them, simulated",
            false => "",
        };
        format!(
            "digits, seed {}: {}; {} speakers, tested on {test}, validated on {validation}, trained on the others{pen}",
            self.seed,
            self.material.provenance,
            self.speakers.len()
        )
    }

    fn fingerprint(&self) -> String {
        let mut texts = vec![self.provenance()];
        texts.extend_from_slice(&self.labels);
        for split in [Split::Train, Split::Validation, Split::Test] {
            let images: usize = self.images[split as usize].iter().map(Vec::len).sum();
            texts.push(format!("{split}: {images} images"));
            for &at in &self.words[split as usize] {
                let word = &self.material.words[at];
                texts.push(format!("{} {} {}", word.speaker, word.digit, word.index));
            }
        }
        hash(texts)
    }
}
