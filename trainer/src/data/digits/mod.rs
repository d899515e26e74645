//! Spoken and handwritten digits of the same class: what a camera and a microphone take in when
//! somebody holds up a digit and says it, and when nobody does.

pub mod accelerometer;
mod config;
mod dataset;
pub mod difficulty;
#[cfg(test)]
pub(crate) mod fixture;
pub mod fsdd;
pub mod grid;
pub mod hand;
pub mod ink;
pub mod mnist;
pub mod noise;
pub mod nothing;
pub mod optdigits;
pub mod pen;
pub mod recording;
pub mod scene;
mod source;
pub mod speakers;
pub mod speed;
pub mod synthesiser;
pub mod voice;

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use evenkeel::window::{Frame, SampleRate, Sound, Window};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

pub use self::config::DigitsConfig;
use self::ink::Ink;
use self::recording::{RATE, Recording};
use self::scene::{SCENE_SIDE, Subject};
pub use self::source::{DigitsSource, Further, Material};
use self::speed::Speeds;
use self::voice::Room;
use super::fetch::Store;
use super::{Dataset, Split};

/// The name of the class in which there is no digit.
pub const NOTHING: &str = "nothing";
/// How many digits there are; the class after them is [`NOTHING`].
const DIGITS: usize = 10;

/// The data set. Speakers are never shared between splits; see [`Digits::speaker`].
pub struct Digits {
    config: DigitsConfig,
    seed: u64,
    labels: Vec<String>,
    material: Arc<Material>,
    speakers: Vec<String>,
    speeds: Speeds,
    /// Recordings of each split, as indices into the material's.
    words: [Vec<usize>; 3],
    /// The training words again, by digit.
    words_by_digit: [Vec<usize>; DIGITS],
    /// Further words and handwriting for training, by digit.
    further_words: [Vec<usize>; DIGITS],
    further_images: [Vec<usize>; DIGITS],
    /// Images of each split by digit, as indices into the material's.
    images: [[Vec<usize>; DIGITS]; 3],
    /// What is played backwards while training, and while validating and testing: words of training
    /// speakers, no recording in both.
    others: [Vec<usize>; 2],
}

impl Digits {
    /// Reads the material from `store` and splits it for `seed`.
    ///
    /// # Errors
    /// When the material is not here (the message says how to get it), is damaged or has fewer than
    /// three speakers, or when the configuration makes no sense.
    pub fn load(config: &DigitsConfig, seed: u64, store: &Store) -> anyhow::Result<Self> {
        Self::from_material(
            config,
            seed,
            Material::load(config.source, &config.also, store)?,
        )
    }

    /// The data set once for each speaker, who is the test speaker of it. No image is in two of their test splits, as
    /// if everybody wrote as well.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn of_everyone(config: &DigitsConfig, material: Material) -> anyhow::Result<Vec<Self>> {
        let material = Arc::new(material);
        let first = Self::from_material(config, 0, material.clone())?;
        let speakers = first.speakers.len();
        (0..speakers)
            .map(|number| {
                let mut own = Self::from_material(config, number as u64, material.clone())?;
                for images in &mut own.images[Split::Test as usize] {
                    let of_their_own = images.iter().skip(number).step_by(speakers);
                    *images = of_their_own.copied().collect();
                    ensure!(!images.is_empty(), "there are fewer images than speakers");
                }
                Ok(own)
            })
            .collect()
    }

    /// The data set over `material` already in memory.
    ///
    /// # Errors
    /// When there are fewer than three speakers, a digit has no image or word in a split, or the
    /// configuration makes no sense.
    pub fn from_material(
        config: &DigitsConfig,
        seed: u64,
        material: impl Into<Arc<Material>>,
    ) -> anyhow::Result<Self> {
        let material = material.into();
        config.check()?;
        let mut speakers: Vec<String> = material.words.iter().map(|w| w.speaker.clone()).collect();
        speakers.sort();
        speakers.dedup();
        ensure!(
            speakers.len() >= 3,
            "{} has {} speakers, but one for training, one for validation and one for testing are needed",
            material.provenance,
            speakers.len()
        );
        let [test, validation] = held_out(seed, speakers.len());
        let part_of = |speaker: &String| match speakers.iter().position(|s| s == speaker) {
            Some(at) if at == test => Split::Test,
            Some(at) if at == validation => Split::Validation,
            _ => Split::Train,
        };
        let mut words: [Vec<usize>; 3] = Default::default();
        let mut words_by_digit: [Vec<usize>; DIGITS] = Default::default();
        let mut others: [Vec<usize>; 2] = Default::default();
        for (at, word) in material.words.iter().enumerate() {
            let split = part_of(&word.speaker);
            words[split as usize].push(at);
            if split == Split::Train {
                words_by_digit[word.digit].push(at);
                others[usize::from(word.index % 5 == 0)].push(at);
            }
        }
        let mut images: [[Vec<usize>; DIGITS]; 3] = Default::default();
        for (split, range) in [Split::Train, Split::Validation, Split::Test]
            .into_iter()
            .zip(&material.image_splits)
        {
            for at in range.clone() {
                images[split as usize][usize::from(material.handwriting.digits[at])].push(at);
            }
        }
        ensure!(
            words_by_digit
                .iter()
                .chain(images.iter().flatten())
                .all(|list| !list.is_empty())
                && others.iter().all(|list| !list.is_empty()),
            "{} lacks words or images of some digit",
            material.provenance
        );
        let names = [
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", NOTHING,
        ];
        Ok(Self {
            config: config.clone(),
            seed,
            labels: names.map(str::to_owned).to_vec(),
            speeds: Speeds::new(config.difficulty.voice.speed),
            speakers,
            words,
            words_by_digit,
            further_words: by_digit(material.further_words.iter().map(|word| word.digit)),
            further_images: by_digit(
                material
                    .further_handwriting
                    .digits
                    .iter()
                    .map(|&d| usize::from(d)),
            ),
            material,
            images,
            others,
        })
    }

    /// Who speaks in the validation or the test split (for training: everybody else).
    ///
    /// Speakers in alphabetical order; for seed i the test speaker is number i mod their count and the
    /// validation speaker the next.
    pub fn speaker(&self, split: Split) -> Option<&str> {
        let [test, validation] = held_out(self.seed, self.speakers.len());
        match split {
            Split::Train => None,
            Split::Validation => Some(&self.speakers[validation]),
            Split::Test => Some(&self.speakers[test]),
        }
    }

    #[cfg(test)]
    pub(super) fn test_images(&self) -> std::collections::BTreeSet<usize> {
        self.images[Split::Test as usize]
            .iter()
            .flatten()
            .copied()
            .collect()
    }

    fn training_word(&self, digit: usize, rng: &mut ChaCha8Rng) -> &Recording {
        let further = &self.further_words[digit];
        if from_further(further, rng) {
            &self.material.further_words[pick(further, rng)]
        } else {
            &self.material.words[pick(&self.words_by_digit[digit], rng)]
        }
    }

    fn image(&self, digit: usize, split: Split, rng: &mut ChaCha8Rng) -> &Ink {
        let further = &self.further_images[digit];
        if split == Split::Train && from_further(further, rng) {
            &self.material.further_handwriting.images[pick(further, rng)]
        } else {
            let images = &self.images[split as usize][digit];
            &self.material.handwriting.images[pick(images, rng)]
        }
    }

    fn window(&self, digit: Option<(&[f32], &Ink)>, split: Split, rng: &mut ChaCha8Rng) -> Window {
        let difficulty = &self.config.difficulty;
        let others: Vec<&[f32]> = self.others[usize::from(split != Split::Train)]
            .iter()
            .map(|&at| &self.material.words[at].samples[..])
            .collect();
        let rate = SampleRate::new(RATE).expect("not zero");
        let length = self.window_length();
        let room = Room {
            difficulty: &difficulty.voice,
            samples: rate.samples_in(length),
            others: &others,
        };
        let (samples, rgb) = match digit {
            Some((word, ink)) => {
                let variety = (split == Split::Train).then_some(&self.speeds);
                let samples = room.hear(word, variety, rng);
                let ink = match split {
                    Split::Train => hand::vary(ink, &difficulty.hand, rng),
                    _ => *ink,
                };
                (
                    samples,
                    scene::film(Subject::Sheet(&ink), &difficulty.scene, rng),
                )
            }
            None => {
                let samples = room.hear_nothing(rng);
                let ink: Option<Ink> = nothing::on_sheet(rng);
                let subject = ink.as_ref().map_or(Subject::Nothing, Subject::Sheet);
                (samples, scene::film(subject, &difficulty.scene, rng))
            }
        };
        Window {
            start: Duration::ZERO,
            sound: Some(Sound {
                start: Duration::ZERO,
                rate,
                samples,
            }),
            frames: vec![Frame {
                time: length / 2,
                width: SCENE_SIDE as u32,
                height: SCENE_SIDE as u32,
                rgb,
            }],
            ..Window::default()
        }
    }
}

/// Places of the digits 0 to 9 in a list of digits.
fn by_digit(digits: impl Iterator<Item = usize>) -> [Vec<usize>; DIGITS] {
    let mut places: [Vec<usize>; DIGITS] = Default::default();
    digits
        .enumerate()
        .for_each(|(at, digit)| places[digit].push(at));
    places
}

/// Whether the next draw is from further material, if there is any.
fn from_further(further: &[usize], rng: &mut ChaCha8Rng) -> bool {
    const SHARE: f64 = 0.5;
    !further.is_empty() && rng.random_bool(SHARE)
}

/// Numbers of the test and the validation speaker.
fn held_out(seed: u64, speakers: usize) -> [usize; 2] {
    let test = (seed % speakers as u64) as usize;
    [test, (test + 1) % speakers]
}

fn pick(list: &[usize], rng: &mut ChaCha8Rng) -> usize {
    list[rng.random_range(0..list.len())]
}

#[cfg(test)]
mod tests;
