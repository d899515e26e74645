//! Which corruptions, which contestants, and what the corruptions are made of.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::panel::Clips;
use crate::corruption::{Corruption, NoiseBank, Severity, Sources};
use crate::panics;
use crate::random;
use crate::window::{Modality, Window};

/// One corruption at one severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// What is done.
    pub corruption: Corruption,
    /// How badly.
    pub severity: Severity,
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at severity {}", self.corruption, self.severity)
    }
}

/// Every one of `corruptions` at those of `severities` at which it differs.
pub fn cells(corruptions: &[Corruption], severities: &[Severity]) -> Vec<Cell> {
    let of_kind = |&corruption: &Corruption| {
        let differing = corruption.severities().iter().copied();
        differing
            .filter(|severity| severities.contains(severity))
            .map(move |severity| Cell {
                corruption,
                severity,
            })
    };
    corruptions.iter().flat_map(of_kind).collect()
}

/// Reads `standard` (all corruptions of a microphone and a camera) or names with commas between, as in `camera/fog,audio/rain`.
///
/// # Errors
/// One sentence with the name that there is no corruption of.
pub fn parse_corruptions(text: &str) -> Result<Vec<Corruption>, String> {
    if text == "standard" {
        return Ok(Corruption::standard());
    }
    let mut corruptions = Vec::new();
    for name in text.split(',') {
        let corruption = name.trim().parse()?;
        if !corruptions.contains(&corruption) {
            corruptions.push(corruption);
        }
    }
    Ok(corruptions)
}

/// Whether a model was made robust against a corruption by training with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Seen in training.
    Training,
    /// Never seen in training.
    HeldOut,
}

impl Group {
    /// Both.
    pub const ALL: [Group; 2] = [Group::Training, Group::HeldOut];

    /// As in files: `training` or `held-out`.
    pub fn name(self) -> &'static str {
        match self {
            Group::Training => "training",
            Group::HeldOut => "held-out",
        }
    }
}

/// What a contestant is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The model that is evaluated.
    Main,
    /// It answers from this sensor alone, and is what the model must not fall below when the other
    /// sensor fails.
    Alone(Modality),
    /// The model without this sensor, which it must not fall below when that sensor fails; for models with more
    /// than a microphone and a camera.
    Without(Modality),
    /// Another model, to compare with.
    Peer,
}

/// Somebody who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contestant {
    /// What it is called in tables and files.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// What tells it from another of the same name, for example a hash of its files.
    pub identity: String,
}

/// Contestants of whom exactly one is evaluated and at most one answers from each sensor alone; no
/// two share a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contestants {
    all: Vec<Contestant>,
    main: usize,
}

impl Contestants {
    /// # Errors
    /// One sentence, when it is not as [`Contestants`] says.
    pub fn new(all: Vec<Contestant>) -> Result<Self, String> {
        let count = |role: Role| all.iter().filter(|one| one.role == role).count();
        for sensor in Modality::ALL {
            if count(Role::Alone(sensor)) > 1 || count(Role::Without(sensor)) > 1 {
                return Err(format!(
                    "two models would answer from {sensor} alone, and only one can be what the \
                     model is measured against; leave one out"
                ));
            }
        }
        let names: BTreeSet<_> = all.iter().map(|one| &one.name).collect();
        if names.len() < all.len() {
            return Err("two contestants have the same name; give each its own".to_owned());
        }
        match all.iter().position(|one| one.role == Role::Main) {
            Some(main) if count(Role::Main) == 1 => Ok(Self { all, main }),
            _ => Err("exactly one model must be the one that is evaluated".to_owned()),
        }
    }

    /// All of them, in the order in which a panel answers.
    pub fn all(&self) -> &[Contestant] {
        &self.all
    }

    /// Place of the one that is evaluated.
    pub fn main(&self) -> usize {
        self.main
    }

    /// Place of the one that does not use `sensor`, but all others: what stands in for it when it fails.
    pub fn without(&self, sensor: Modality) -> Option<usize> {
        let role = Role::Without(sensor);
        let place = self.all.iter().position(|one| one.role == role);
        place.or_else(|| match sensor {
            Modality::Audio => self.alone(Modality::Camera),
            Modality::Camera => self.alone(Modality::Audio),
            _ => None,
        })
    }

    /// The sensors that the contestants divide among them.
    pub fn sensors(&self) -> Vec<Modality> {
        let mut sensors: Vec<Modality> = self
            .all
            .iter()
            .filter_map(|one| match one.role {
                Role::Without(sensor) => Some(sensor),
                _ => None,
            })
            .collect();
        if sensors.is_empty() {
            sensors.extend(Modality::LIVE);
        }
        sensors
    }

    /// Place of the one that answers from `sensor` alone.
    pub fn alone(&self, sensor: Modality) -> Option<usize> {
        let role = Role::Alone(sensor);
        self.all.iter().position(|one| one.role == role)
    }
}

/// A window of a clip of the list, that others are spoilt with.
#[derive(Debug, Clone, PartialEq)]
pub struct Donor {
    /// Which clip it is from; that clip is never spoilt with it.
    pub clip: usize,
    /// What is shown and said in it.
    pub window: Window,
}

impl Donor {
    /// The middle windows of up to `most` clips that can be read, evenly spread over the list, as many
    /// as fit in 32 MB and at least one: every thread has a copy of them.
    pub fn among(clips: &dyn Clips, most: usize) -> Vec<Donor> {
        let window = |clip: usize| {
            let content = panics::catch(|| clips.read(clip)).ok()?.ok()?;
            let middle = content.windows.len() / 2;
            let window = content.windows.into_iter().nth(middle)?;
            Some(Donor { clip, window })
        };
        let mut places = spread(clips.len(), most);
        // So that those that fit are from everywhere in the list.
        places.shuffle(&mut random::rng("robustness donors", &[]));
        let mut donors: Vec<Donor> = Vec::new();
        let mut bytes = 0;
        for donor in places.into_iter().filter_map(window) {
            bytes += donor.window.bytes();
            if bytes > DONOR_BYTES && !donors.is_empty() {
                break;
            }
            donors.push(donor);
        }
        donors.sort_by_key(|donor| donor.clip);
        donors
    }
}

/// Samples and pixels of all donors together.
const DONOR_BYTES: usize = 32_000_000;

/// What is done to every clip.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Beside the clean clip.
    pub cells: Vec<Cell>,
    /// The corruptions that the model was trained with.
    pub training_kinds: BTreeSet<Corruption>,
    /// How long a window is.
    pub length: Duration,
    /// Of all that is random.
    pub seed: u64,
    /// Noise.
    pub noises: NoiseBank,
    /// Somebody else's voices and pictures.
    pub donors: Vec<Donor>,
    /// The labels, in the order of the probabilities.
    pub labels: Vec<String>,
    /// Which of them means that there is nothing to recognise.
    pub nothing: Option<usize>,
}

impl Plan {
    /// Whether the model was trained with this corruption.
    pub fn group(&self, corruption: Corruption) -> Group {
        if self.training_kinds.contains(&corruption) {
            Group::Training
        } else {
            Group::HeldOut
        }
    }

    /// What clip `clip` is spoilt with: nothing of its own.
    pub(super) fn sources(&self, clip: usize) -> Sources {
        let others = self.donors.iter().filter(|donor| donor.clip != clip);
        Sources {
            noises: self.noises.clone(),
            others: others.map(|donor| donor.window.clone()).collect(),
        }
    }

    /// Window number `index` of clip `clip`, spoilt.
    pub(super) fn spoil(
        &self,
        window: &Window,
        (clip, index): (usize, usize),
        cell: Cell,
        sources: &Sources,
    ) -> Window {
        let mut spoilt = window.clone();
        let numbers = [self.seed, clip as u64, index as u64];
        let seed = random::rng("robustness window", &numbers).random();
        let Cell {
            corruption,
            severity,
        } = cell;
        corruption.apply(&mut spoilt, self.length, severity, seed, sources);
        spoilt
    }
}

/// `count` of the numbers 0..`all`, evenly spread; all if there are no more.
pub fn spread(all: usize, count: usize) -> Vec<usize> {
    let count = count.min(all);
    (0..count)
        .map(|i| (2 * i + 1) * all / (2 * count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::robustness::panel::LabelledClip;
    use crate::window::Frame;

    fn contestant(name: &str, role: Role) -> Contestant {
        Contestant {
            name: name.to_owned(),
            role,
            identity: String::new(),
        }
    }

    #[test]
    fn a_missing_sensor_has_one_severity_and_a_name_is_read_once() {
        let corruptions = parse_corruptions("camera/fog, audio/missing,camera/fog").unwrap();
        let names: Vec<_> = cells(&corruptions, &Severity::ALL)
            .iter()
            .map(Cell::to_string)
            .collect();
        assert_eq!(names.len(), 6);
        assert_eq!(names[0], "camera/fog at severity 1");
        assert_eq!(names[5], "audio/missing at severity 5");
        assert!(
            parse_corruptions("camera/frog")
                .unwrap_err()
                .contains("frog")
        );
        assert_eq!(parse_corruptions("standard").unwrap().len(), 47);
    }

    #[test]
    fn nobody_is_measured_against_two_and_nobody_against_none() {
        let main = contestant("model", Role::Main);
        let alone = contestant("a", Role::Alone(Modality::Audio));
        let good = Contestants::new(vec![alone.clone(), main.clone()]).unwrap();
        assert_eq!((good.main(), good.alone(Modality::Audio)), (1, Some(0)));
        assert_eq!(good.alone(Modality::Camera), None);
        let second = contestant("b", Role::Alone(Modality::Audio));
        let two = Contestants::new(vec![alone.clone(), main.clone(), second]);
        assert!(two.unwrap_err().contains("audio alone"));
        assert!(Contestants::new(vec![alone]).is_err());
        let twin = contestant("model", Role::Peer);
        assert!(
            Contestants::new(vec![main, twin])
                .unwrap_err()
                .contains("name")
        );
    }

    /// Clips with one picture of this many bytes each.
    struct Pictures(usize);

    impl Clips for Pictures {
        fn len(&self) -> usize {
            9
        }

        fn name(&self, index: usize) -> String {
            index.to_string()
        }

        fn read(&self, _: usize) -> Result<LabelledClip, String> {
            let frame = Frame {
                time: Duration::ZERO,
                width: 1,
                height: 1,
                rgb: vec![0; self.0],
            };
            let window = Window {
                start: Duration::ZERO,
                sound: None,
                frames: vec![frame],
                ..Window::default()
            };
            Ok(LabelledClip {
                windows: vec![window],
                label: 0,
            })
        }
    }

    #[test]
    fn donors_fit_in_memory() {
        let donors = |bytes: usize| Donor::among(&Pictures(bytes), 8);
        assert_eq!(donors(3).len(), 8);
        assert!(donors(3).is_sorted_by_key(|donor| donor.clip));
        assert_eq!(donors(DONOR_BYTES / 3).len(), 3);
        assert_eq!(donors(DONOR_BYTES + 1).len(), 1);
    }

    #[test]
    fn a_choice_is_spread_evenly() {
        assert_eq!(spread(10, 5), [1, 3, 5, 7, 9]);
        assert_eq!(spread(3, 8), [0, 1, 2]);
        assert_eq!(spread(0, 8), [0; 0]);
    }
}
