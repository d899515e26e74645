//! Windows of mixed quality: what teaches the fusion that a sensor can be wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use evenkeel::corruption::{Corruption, NoiseBank, Part, Severity, Sources};
use evenkeel::evaluation::robustness::spread;
use evenkeel::random;
use evenkeel::window::{Modality, PerSensor, SampleRate, Window};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::config::FitConfig;
use super::evaluate::{Prepared, Workers};
use super::lost::lose_some;
use crate::data::fetch::{self, Store};
use crate::data::range::within;
use crate::data::{Dataset, Split};

/// Bytes that the windows may take whose voices and pictures get into others. The more they are, the less
/// a model can know them by heart.
const DONOR_BYTES: usize = 64 << 20;
/// And at most so many windows.
const MOST_DONORS: usize = 1024;

/// The `[quality]` section: how many windows are spoilt, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixedQuality {
    /// Share of windows in which a sensor is spoilt, 0..1; for each sensor by itself.
    pub share: f64,
    /// Share of windows, 0..1, in which one sensor, at random, notices nothing of what the other does: the
    /// camera looks elsewhere, the microphone is too far away. Of more than two sensors, one or several but not all. For data sets with a label for nothing.
    #[serde(default)]
    pub elsewhere: f64,
    /// Collection of recorded noise, of which the half that is for training is heard; all noise is
    /// made if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<String>,
    /// The kinds that occur, such as `camera/fog`, and how often: when a sensor is spoilt one of its kinds
    /// is drawn with a chance in proportion to this number, and a severity. All other kinds of the
    /// suite are held out.
    pub kinds: BTreeMap<Corruption, f64>,
}

impl MixedQuality {
    /// The kinds that occur.
    pub fn occurring(&self) -> impl Iterator<Item = Corruption> {
        let kinds = self.kinds.keys().copied();
        kinds.filter(|_| self.share > 0.0)
    }

    /// # Errors
    /// When a value makes no sense; the message names its key.
    pub fn check(&self) -> Result<()> {
        within("quality.share", self.share, 0.0..=1.0)?;
        within("quality.elsewhere", self.elsewhere, 0.0..=1.0)?;
        ensure!(
            !self.kinds.is_empty(),
            "quality.kinds must name at least one kind, such as \"camera/fog\" = 1"
        );
        for (kind, often) in &self.kinds {
            ensure!(
                kind.sensor().is_some(),
                "quality.kinds must be of one sensor each, not {kind}: every sensor is spoilt by itself"
            );
            ensure!(
                *often > 0.0 && often.is_finite(),
                "quality.kinds.\"{kind}\" must be a number above 0, not {often}"
            );
        }
        Ok(())
    }
}

/// Spoils windows as a configuration says.
pub struct Spoiler {
    share: f64,
    elsewhere: f64,
    sensors: PerSensor<bool>,
    kinds: PerSensor<Vec<(Corruption, f64)>>,
    length: Duration,
    seed: u64,
    sources: Sources,
}

impl Spoiler {
    /// That of a run, `None` where nothing is ever spoilt; what other clips say and show comes from the
    /// training split, whatever is spoilt.
    ///
    /// # Errors
    /// When a training example cannot be had.
    pub fn of(config: &FitConfig, data: &dyn Dataset) -> Result<Option<Self>> {
        let Some(quality) = config.quality() else {
            return Ok(None);
        };
        let sensors = config.sensors();
        let of = |modality: Modality| {
            let kinds = quality.kinds.iter();
            kinds
                .filter(|(kind, _)| kind.sensor() == Some(modality))
                .map(|(&kind, &often)| (kind, often))
                .collect()
        };
        Ok(Some(Self {
            share: quality.share,
            // The only sensor of a model has nobody to know better.
            elsewhere: if sensors.count() > 1 {
                quality.elsewhere
            } else {
                0.0
            },
            sensors,
            kinds: PerSensor::from_fn(of),
            length: data.window_length(),
            seed: config.training.seed,
            sources: Sources {
                noises: noise_bank(quality.noise.as_deref(), Part::Training)?,
                ..sources(data, Split::Train)?
            },
        }))
    }

    /// Spoils the window of example `index` of `data`, or leaves it alone: a pure function of the run's
    /// seed, split, epoch and example. Gives the sensor that alone still says what the label is, if the
    /// other one looks elsewhere.
    ///
    /// Severities are drawn as the larger of two: what spoils hardly anything teaches hardly anything.
    pub fn spoil(
        &self,
        window: &mut Window,
        data: &dyn Dataset,
        split: Split,
        epoch: u32,
        index: usize,
    ) -> Option<Modality> {
        let numbers = [self.seed, split as u64, u64::from(epoch), index as u64];
        let mut rng = random::rng("mixed quality", &numbers);
        let mut knows = None;
        if rng.random_bool(self.elsewhere)
            && let Some(background) = data.background(split, rng.random())
        {
            knows = self.look_elsewhere(window, background, &mut rng);
        }
        for modality in Modality::ALL {
            let kinds = &self.kinds[modality];
            if kinds.is_empty() || !rng.random_bool(self.share) {
                continue;
            }
            let kind = drawn(kinds, &mut rng);
            let severities = kind.severities();
            let mut draw = || rng.random_range(0..severities.len());
            let severity: Severity = severities[draw().max(draw())];
            kind.apply(window, self.length, severity, rng.random(), &self.sources);
        }
        knows
    }

    /// Lets one sensor at random give what the background holds, or of more than two at random one or several
    /// but not all. Gives one that still says what the label is.
    fn look_elsewhere(
        &self,
        window: &mut Window,
        mut background: Window,
        rng: &mut ChaCha8Rng,
    ) -> Option<Modality> {
        let mut sensors: Vec<Modality> = self.sensors.sensors().collect();
        let elsewhere = lose_some(&mut sensors, None, rng);
        for &modality in &sensors[..elsewhere] {
            window.take_over(modality, &mut background);
        }
        sensors.last().copied()
    }

    /// The validation split of mixed quality.
    ///
    /// # Errors
    /// When an example cannot be had.
    pub fn validation(&self, workers: &mut Workers, data: &dyn Dataset) -> Result<Prepared> {
        workers.prepare_with(data, Split::Validation, |window, index| {
            let _ = self.spoil(window, data, Split::Validation, 0, index);
        })
    }
}

/// One of some kinds, each with a chance in proportion to its number.
fn drawn(kinds: &[(Corruption, f64)], rng: &mut ChaCha8Rng) -> Corruption {
    let mut left = rng.random::<f64>() * kinds.iter().map(|(_, often)| often).sum::<f64>();
    for (kind, often) in kinds {
        left -= often;
        if left < 0.0 {
            return *kind;
        }
    }
    // Rounding may leave a little.
    kinds[kinds.len() - 1].0
}

/// The recordings of a collection that are for this part; made noise without a collection.
///
/// # Errors
/// When the collection is unknown or has not been got.
pub fn noise_bank(collection: Option<&str>, part: Part) -> Result<NoiseBank> {
    let Some(name) = collection else {
        return Ok(NoiseBank::default());
    };
    let folder = Store::from_environment()?.unpacked(fetch::collection(name)?)?;
    let rate = SampleRate::new(16_000).context("a rate is not zero")?;
    Ok(NoiseBank::read_folder(&folder, part, rate)?)
}

/// Made noise, and what the examples of a split say and show: as many as fit in 64 MB, evenly spread.
///
/// # Errors
/// When an example cannot be had.
pub fn sources(data: &dyn Dataset, split: Split) -> Result<Sources> {
    let all = data.len(split);
    let mut chosen: Vec<usize> = spread(all, MOST_DONORS);
    // In an order in which every beginning is spread over the split, too.
    chosen.shuffle(&mut random::rng("donors", &[split as u64]));
    let mut sources = Sources::default();
    let mut room = DONOR_BYTES;
    for some in chosen.chunks(32) {
        let windows = some
            .par_iter()
            .map(|&index| Ok(data.example(split, 0, index)?.window))
            .collect::<Result<Vec<_>>>()?;
        for window in windows {
            match room.checked_sub(window.bytes()) {
                Some(left) => room = left,
                // One is always there.
                None if !sources.others.is_empty() => return Ok(sources),
                None => room = 0,
            }
            sources.others.push(window);
        }
    }
    Ok(sources)
}
