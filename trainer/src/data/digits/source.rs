//! Where words and handwriting come from.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::fsdd::{self, Recording};
use super::made::Synthesiser;
use super::mnist::{self, Handwriting};
use super::pen;
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
}

/// Words and handwriting in memory.
#[derive(Debug, Clone)]
pub struct Material {
    /// Every word of every speaker.
    pub words: Vec<Recording>,
    /// Every image.
    pub handwriting: Handwriting,
    /// Which images are for training, validation and testing.
    pub image_splits: [Range<usize>; 3],
    /// One line on where it comes from and under which licence.
    pub provenance: String,
}

impl Material {
    /// Reads what `source` names.
    ///
    /// # Errors
    /// When a file is not in `store`, or damaged; the message says what to do.
    pub fn load(source: DigitsSource, store: &Store) -> anyhow::Result<Self> {
        match source {
            DigitsSource::Real => Self::real(store),
            DigitsSource::Made => Self::made(store),
        }
    }

    fn made(store: &Store) -> anyhow::Result<Self> {
        Ok(Self {
            words: Synthesiser::in_cache(&store.cache).words()?,
            handwriting: pen::handwriting(3000),
            image_splits: [0..2000, 2000..2500, 2500..3000],
            provenance: "spoken by six voices of espeak-ng, written by a simulated pen, filmed and heard by \
                         simulation"
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
            provenance:
                "spoken by six people (Free Spoken Digit Dataset, CC BY-SA 4.0), written by hand \
                         (MNIST, CC BY-SA 3.0), filmed and heard by simulation"
                    .to_owned(),
        })
    }
}
