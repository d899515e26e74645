//! Training samples that come again.

use std::sync::OnceLock;

use anyhow::Result;
use evenkeel::window::Modality;

use super::quality::Spoiler;
use super::shard::{Sample, Shard};
use crate::data::Dataset;

/// A sample, and the sensor that must not be dropped from it.
type Made = (Sample, Option<Modality>);

/// The samples of a training split, in some renditions of each.
pub struct Kept {
    renditions: u32,
    examples: usize,
    made: Vec<OnceLock<Made>>,
}

impl Kept {
    /// Nothing is made yet; with 0 renditions nothing will be kept.
    pub fn new(renditions: u32, examples: usize) -> Self {
        Self {
            renditions,
            examples,
            made: (0..renditions as usize * examples)
                .map(|_| OnceLock::new())
                .collect(),
        }
    }

    /// The sample of an epoch, and the sensor that must not be dropped from it; see [`Shard::training_sample`].
    ///
    /// # Errors
    /// When the data set cannot give the example.
    pub fn sample(
        &self,
        shard: &mut Shard,
        data: &dyn Dataset,
        spoiler: Option<&Spoiler>,
        epoch: u32,
        index: usize,
    ) -> Result<Made> {
        self.get(epoch, index, |rendition| {
            shard.training_sample(data, spoiler, rendition, index)
        })
    }

    /// The sample of an epoch, made by `make`, which is told the rendition, unless it was before.
    ///
    /// # Errors
    /// Those of `make`.
    fn get(
        &self,
        epoch: u32,
        index: usize,
        make: impl FnOnce(u32) -> Result<Made>,
    ) -> Result<Made> {
        if self.renditions == 0 {
            return make(epoch);
        }
        let rendition = epoch % self.renditions;
        let place = &self.made[rendition as usize * self.examples + index];
        if let Some(made) = place.get() {
            return Ok(made.clone());
        }
        let made = make(rendition)?;
        Ok(place.get_or_init(|| made).clone())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_rendition_is_made_once() {
        let made = Cell::new(0);
        let make = |rendition: u32| {
            made.set(made.get() + 1);
            let sample = Sample {
                features: Default::default(),
                label: rendition,
            };
            Ok((sample, None))
        };
        let kept = Kept::new(2, 3);
        for (epoch, rendition) in [(0, 0), (1, 1), (2, 0), (5, 1)] {
            assert_eq!(kept.get(epoch, 2, make).unwrap().0.label, rendition);
        }
        assert_eq!(made.get(), 2);
        let fresh = Kept::new(0, 3);
        assert_eq!(fresh.get(7, 2, make).unwrap().0.label, 7);
        assert_eq!(fresh.get(7, 2, make).unwrap().0.label, 7);
        assert_eq!(made.get(), 4);
    }
}
