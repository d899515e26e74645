//! Where words and handwriting come from.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::mnist::{self, Handwriting};
use super::recording::Recording;
use super::synthesiser::Synthesiser;
use super::{fsdd, grid, optdigits, pen};
use crate::data::fetch::{Store, table};

/// Who spoke and wrote the digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum DigitsSource {
    /// People: the Free Spoken Digit Dataset and MNIST.
    #[default]
    Real,
    /// The project itself: a speech synthesiser and a simulated pen. Needs no download.
    Made,
    /// Other people than those of `real`: a speaker of the GRID corpus and four voices of the speech synthesiser
    /// flite, and the handwriting of Optdigits. To test on what has nothing in common with the training data.
    Elsewhere,
}

/// Material that the project makes itself, to train with beside the source's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Further {
    /// Words that many voices of the speech synthesiser espeak-ng say.
    Voices,
    /// Digits that a simulated pen writes.
    Pen,
}

/// Digits that a simulated pen writes for training.
const PEN: usize = 20_000;

/// Words and handwriting in memory.
#[derive(Debug, Clone)]
pub struct Material {
    /// Every word of every speaker.
    pub words: Vec<Recording>,
    /// Every image.
    pub handwriting: Handwriting,
    /// Which images are for training, validation and testing.
    pub image_splits: [Range<usize>; 3],
    /// Words for training alone, by nobody who speaks in [`Self::words`].
    pub further_words: Vec<Recording>,
    /// Handwriting for training alone.
    pub further_handwriting: Handwriting,
    /// One line on where it comes from and under which licence.
    pub provenance: String,
}

impl Material {
    /// Reads what `source` names.
    ///
    /// # Errors
    /// When a file is not in `store`, or damaged; the message says what to do.
    pub fn load(source: DigitsSource, also: &[Further], store: &Store) -> anyhow::Result<Self> {
        let mut material = match source {
            DigitsSource::Real => Self::real(store),
            DigitsSource::Made => Self::made(store),
            DigitsSource::Elsewhere => Self::elsewhere(store),
        }?;
        if also.contains(&Further::Voices) {
            material.further_words = Synthesiser::many(&store.cache).words()?;
            material.provenance += "; half of the training words by 48 other voices of espeak-ng";
        }
        if also.contains(&Further::Pen) {
            material.further_handwriting = pen::further(PEN);
            material.provenance += "; half of the training digits by a simulated pen";
        }
        Ok(material)
    }

    fn made(store: &Store) -> anyhow::Result<Self> {
        Ok(Self {
            words: Synthesiser::six(&store.cache).words()?,
            handwriting: pen::handwriting(3000),
            image_splits: [0..2000, 2000..2500, 2500..3000],
            further_words: Vec::new(),
            further_handwriting: Handwriting::default(),
            provenance: "spoken by six voices of espeak-ng, written by a simulated pen, filmed and heard by \
                         simulation"
                .to_owned(),
        })
    }

    fn elsewhere(store: &Store) -> anyhow::Result<Self> {
        let package = store.require(&table::OPTDIGITS, &table::OPTDIGITS.files[0])?;
        let folder = store.unpacked(&table::GRID_DIGITS)?;
        let mut words = grid::words(&folder, &store.cache.join("grid-voice-1"))?;
        words.extend(Synthesiser::flite(&store.cache).words()?);
        Ok(Self {
            words,
            handwriting: optdigits::read(&package)?,
            image_splits: [0..1000, 1000..1300, 1300..1797],
            further_words: Vec::new(),
            further_handwriting: Handwriting::default(),
            provenance: "spoken by a man of the GRID corpus (CC BY 4.0) and four voices of flite, written by hand \
                         (Optdigits, CC BY 4.0), filmed and heard by simulation"
                .to_owned(),
        })
    }

    fn real(store: &Store) -> anyhow::Result<Self> {
        /// Of MNIST's 60,000 training images, those from here on are for validation.
        const VALIDATION_FROM: usize = 50_000;
        let path = |file| store.require(&table::DIGITS, file);
        let [words, train_images, train_labels, test_images, test_labels] = [
            &table::FSDD,
            &table::MNIST[0],
            &table::MNIST[1],
            &table::MNIST[2],
            &table::MNIST[3],
        ]
        .map(path);
        let mut handwriting = mnist::read(&train_images?, &train_labels?)?;
        let known = handwriting.images.len();
        let test = mnist::read(&test_images?, &test_labels?)?;
        handwriting.images.extend(test.images);
        handwriting.digits.extend(test.digits);
        Ok(Self {
            words: fsdd::read(&words?)?,
            image_splits: [
                0..VALIDATION_FROM.min(known),
                VALIDATION_FROM.min(known)..known,
                known..handwriting.images.len(),
            ],
            handwriting,
            further_words: Vec::new(),
            further_handwriting: Handwriting::default(),
            provenance:
                "spoken by six people (Free Spoken Digit Dataset, CC BY-SA 4.0), written by hand \
                         (MNIST, CC BY-SA 3.0), filmed and heard by simulation"
                    .to_owned(),
        })
    }
}
