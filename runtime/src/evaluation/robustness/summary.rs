//! The numbers over all clips and cells. Every one of them can be put together with those of other
//! runs of the same plan.

use serde::{Deserialize, Serialize};

use super::KEEL_BAR;
use super::attention::Attention;
use super::cells::{CellResult, counted};
use super::plan::{Cell, Contestant, Contestants, Group, Plan, Role};
use super::record::{Broken, ClipRecord};
use crate::evaluation::metrics::{CALIBRATION_BINS, Calibration, Interval, Score, calibration};
use crate::window::Modality;

/// The numbers over all clips and cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Clips answered about.
    pub clips: usize,
    /// Clips that could not be evaluated.
    pub broken: Vec<Broken>,
    /// Labels, in the order of the probabilities.
    pub labels: Vec<String>,
    /// Everybody who answered, the order of everything that lists them.
    pub contestants: Vec<ContestantResult>,
    /// Without any corruption.
    pub clean: Clean,
    /// The margins of the cells with one sensor corrupted.
    pub keel: Keel,
    /// Cells with one sensor corrupted, in the order of the plan.
    pub cells: Vec<CellResult>,
    /// Cells with both sensors corrupted; they are no part of the keel.
    pub both: Vec<CellResult>,
    /// One for each contestant with both sensors and each corruption of one of them; those of the model
    /// come first.
    pub attention: Vec<Attention>,
    /// How far the model's confidence can be believed.
    pub calibration: Confidence,
}

/// One contestant over all clips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContestantResult {
    /// Its name.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// Its accuracy without corruption, 0..1: of one that answers from a sensor alone, over the clips
    /// that have that sensor; of any other, over all clips.
    pub clean: Option<f64>,
    /// Mean of its accuracies in the cells with one sensor corrupted.
    pub corrupted: Option<f64>,
    /// Mean of its accuracies in the cells with both sensors corrupted.
    pub both: Option<f64>,
}

/// Accuracies without corruption, 0..1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clean {
    /// Of the model; absent without clips.
    pub fused: Option<f64>,
    /// Of the one that answers from the microphone alone, over the clips with sound.
    pub audio: Option<f64>,
    /// Of the one that answers from the camera alone, over the clips with a picture.
    pub camera: Option<f64>,
    /// Where the true accuracies lie with 95 % confidence.
    pub intervals: CleanIntervals,
}

/// 95 % intervals of the accuracies without corruption.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CleanIntervals {
    /// Of the model.
    pub fused: Interval,
    /// Of the microphone alone.
    pub audio: Option<Interval>,
    /// Of the camera alone.
    pub camera: Option<Interval>,
}

/// Margins over the healthy sensor alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Keel {
    /// Over all cells.
    #[serde(flatten)]
    pub all: Margins,
    /// Over the corruptions that the model was trained with.
    pub training: Margins,
    /// Over those that it never saw.
    #[serde(rename = "held-out")]
    pub held_out: Margins,
}

/// Margins of some cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Margins {
    /// How many cells have one.
    pub cells: usize,
    /// The lowest.
    pub worst: Option<f64>,
    /// Where it is.
    pub worst_cell: Option<Cell>,
    /// Their mean.
    pub mean: Option<f64>,
    /// The cells below [`KEEL_BAR`], the lowest first.
    pub missed: Vec<Margin>,
}

/// The margin of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Margin {
    /// Where.
    #[serde(flatten)]
    pub cell: Cell,
    /// Accuracy above that of the healthy sensor alone.
    pub margin: f64,
}

/// Whether the model is right as often as it is confident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Expected calibration error over clean and corrupted clips together.
    pub ece: Option<f64>,
    /// Of clean clips.
    pub clean: Calibration,
    /// Of corrupted clips, all cells together.
    pub corrupted: Calibration,
}

impl Summary {
    /// Sums up.
    pub fn of(
        plan: &Plan,
        contestants: &Contestants,
        records: &[ClipRecord],
        broken: Vec<Broken>,
    ) -> Self {
        let results = (0..plan.cells.len())
            .filter_map(|index| CellResult::of(plan, contestants, records, index));
        let (cells, both): (Vec<_>, Vec<_>) = results.partition(|cell| cell.sensor.is_some());
        let mut kinds: Vec<_> = cells.iter().map(|cell| cell.corruption).collect();
        kinds.dedup();
        Self {
            clips: records.len(),
            broken,
            labels: plan.labels.clone(),
            contestants: contestant_results(contestants, records, &cells, &both),
            clean: Clean::of(contestants, records),
            keel: Keel::of(&cells),
            attention: with_both_sensors(contestants)
                .flat_map(|place| kinds.iter().map(move |&kind| (place, kind)))
                .filter_map(|(place, kind)| Attention::of(plan, contestants, place, records, kind))
                .collect(),
            calibration: Confidence::of(plan, contestants, records),
            cells,
            both,
        }
    }

    /// The margins of one group.
    pub fn keel_of(&self, group: Group) -> &Margins {
        match group {
            Group::Training => &self.keel.training,
            Group::HeldOut => &self.keel.held_out,
        }
    }

    /// The one that is evaluated; a summary read from a file may lack it.
    pub fn main(&self) -> Option<&ContestantResult> {
        self.contestants.iter().find(|one| one.role == Role::Main)
    }
}

/// Places of the contestants that divide their attention, the main one first.
fn with_both_sensors(contestants: &Contestants) -> impl Iterator<Item = usize> {
    let peers = contestants.all().iter().enumerate();
    let peers = peers.filter(|(_, one)| one.role == Role::Peer);
    std::iter::once(contestants.main()).chain(peers.map(|(place, _)| place))
}

fn contestant_results(
    contestants: &Contestants,
    records: &[ClipRecord],
    cells: &[CellResult],
    both: &[CellResult],
) -> Vec<ContestantResult> {
    let all = contestants.all().iter().enumerate();
    all.map(|(place, contestant)| {
        let over = |cells: &[CellResult]| {
            let Contestant { name, role, .. } = contestant;
            mean(cells.iter().filter_map(|cell| cell.accuracy(name, *role)))
        };
        ContestantResult {
            name: contestant.name.clone(),
            role: contestant.role,
            clean: clean_score(place, contestant.role, records).accuracy,
            corrupted: over(cells),
            both: over(both),
        }
    })
    .collect()
}

/// How often a contestant is right about the clips that it can answer about, without corruption.
fn clean_score(place: usize, role: Role, records: &[ClipRecord]) -> Score {
    let clips = records.iter().filter(|clip| match role {
        Role::Alone(sensor) => clip.present[sensor],
        Role::Without(sensor) => Modality::ALL
            .into_iter()
            .any(|other| other != sensor && clip.present[other]),
        Role::Main | Role::Peer => true,
    });
    Score::of(clips.map(|clip| clip.right(0, place)))
}

impl Clean {
    fn of(contestants: &Contestants, records: &[ClipRecord]) -> Self {
        let fused = clean_score(contestants.main(), Role::Main, records);
        let alone = |sensor: Modality| {
            let place = contestants.alone(sensor)?;
            Some(clean_score(place, Role::Alone(sensor), records))
        };
        let (audio, camera) = (alone(Modality::Audio), alone(Modality::Camera));
        Self {
            fused: fused.accuracy,
            audio: audio.and_then(|score| score.accuracy),
            camera: camera.and_then(|score| score.accuracy),
            intervals: CleanIntervals {
                fused: fused.interval,
                audio: audio.map(|score| score.interval),
                camera: camera.map(|score| score.interval),
            },
        }
    }
}

impl Keel {
    fn of(cells: &[CellResult]) -> Self {
        let of_group = |group: Group| Margins::of(cells.iter().filter(|cell| cell.group == group));
        Self {
            all: Margins::of(cells),
            training: of_group(Group::Training),
            held_out: of_group(Group::HeldOut),
        }
    }
}

impl Margins {
    fn of<'a>(cells: impl IntoIterator<Item = &'a CellResult>) -> Self {
        let with_margin = |cell: &CellResult| {
            Some(Margin {
                cell: cell.cell(),
                margin: cell.margin?,
            })
        };
        let mut margins: Vec<_> = cells.into_iter().filter_map(with_margin).collect();
        margins.sort_by(|one, other| one.margin.total_cmp(&other.margin));
        Self {
            cells: margins.len(),
            worst: margins.first().map(|worst| worst.margin),
            worst_cell: margins.first().map(|worst| worst.cell),
            mean: mean(margins.iter().map(|one| one.margin)),
            missed: margins
                .into_iter()
                .take_while(|one| one.margin < KEEL_BAR)
                .collect(),
        }
    }
}

impl Confidence {
    fn of(plan: &Plan, contestants: &Contestants, records: &[ClipRecord]) -> Self {
        let main = contestants.main();
        let judged = |condition: usize, clip: &ClipRecord| {
            let confidence = clip.conditions[condition].answers[main].confidence;
            (f64::from(confidence), clip.right(condition, main))
        };
        let clean: Vec<_> = records.iter().map(|clip| judged(0, clip)).collect();
        let mut corrupted = Vec::new();
        for (index, cell) in plan.cells.iter().enumerate() {
            let clips = counted(contestants, records, cell.corruption);
            corrupted.extend(clips.map(|clip| judged(index + 1, clip)));
        }
        let all = [clean.as_slice(), &corrupted].concat();
        Self {
            ece: calibration(&all, CALIBRATION_BINS).ece,
            clean: calibration(&clean, CALIBRATION_BINS),
            corrupted: calibration(&corrupted, CALIBRATION_BINS),
        }
    }
}

/// `None` of none.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
