//! The numbers of one corruption at one severity.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::{Cell, Contestants, Group, Plan, Role};
use super::record::ClipRecord;
use crate::corruption::{Corruption, Severity};
use crate::evaluation::metrics::matched_interval;
use crate::window::Modality;

/// One corruption at one severity. Every figure is over the same clips: those that have both sensors;
/// where one sensor is corrupted and no contestant answers from the other alone, those that have the
/// corrupted one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// What was done.
    pub corruption: Corruption,
    /// How badly.
    pub severity: Severity,
    /// The sensor that was spoilt; absent for both.
    pub sensor: Option<Modality>,
    /// Whether the model was trained with it.
    pub group: Group,
    /// Clips.
    pub n: u64,
    /// Accuracy of the model, 0..1.
    pub fused: f64,
    /// Accuracy of the other, healthy sensor alone; where both are spoilt, of the better of the two.
    /// Absent without a contestant for it.
    pub healthy_alone: Option<f64>,
    /// `fused - healthy_alone`.
    pub margin: Option<f64>,
    /// Where the true margin lies with 95 % confidence ([`matched_interval`]); absent where the margin
    /// is.
    pub ci95: Option<[f64; 2]>,
    /// Accuracy of every other contestant.
    pub others: BTreeMap<String, f64>,
    /// Accuracy of every contestant, the model too, on the same clips without corruption.
    pub clean: BTreeMap<String, f64>,
    /// The model's mean share of attention on the corrupted sensor, 0..1; absent where both are.
    pub share: Option<f64>,
}

impl CellResult {
    /// Sums up condition `index + 1` of the records, which is cell `index` of the plan; `None` if no
    /// clip counts.
    pub fn of(
        plan: &Plan,
        contestants: &Contestants,
        records: &[ClipRecord],
        index: usize,
    ) -> Option<Self> {
        let Cell {
            corruption,
            severity,
        } = plan.cells[index];
        let condition = index + 1;
        let counted: Vec<&ClipRecord> = counted(contestants, records, corruption).collect();
        if counted.is_empty() {
            return None;
        }
        let n = counted.len() as f64;
        let accuracy_in = |condition: usize, contestant: usize| {
            let right = counted
                .iter()
                .filter(|clip| clip.right(condition, contestant));
            right.count() as f64 / n
        };
        let accuracy = |contestant: usize| accuracy_in(condition, contestant);
        let healthy = match corruption.sensor() {
            Some(sensor) => contestants.without(sensor),
            None => Modality::ALL
                .into_iter()
                .filter_map(|sensor| contestants.alone(sensor))
                .max_by(|&one, &other| accuracy(one).total_cmp(&accuracy(other))),
        };
        let main = contestants.main();
        // Clips that the one is right about and the other is not.
        let only = |one: usize, other: usize| {
            let clips = counted.iter();
            let clips = clips.filter(|c| c.right(condition, one) && !c.right(condition, other));
            clips.count() as u64
        };
        let n_clips = counted.len() as u64;
        let named = |accuracy: &dyn Fn(usize) -> f64| -> BTreeMap<String, f64> {
            let all = contestants.all().iter().enumerate();
            all.map(|(place, one)| (one.name.clone(), accuracy(place)))
                .collect()
        };
        let mut others = named(&accuracy);
        others.remove(&contestants.all()[main].name);
        Some(Self {
            corruption,
            severity,
            sensor: corruption.sensor(),
            group: plan.group(corruption),
            n: n_clips,
            fused: accuracy(main),
            healthy_alone: healthy.map(accuracy),
            margin: healthy
                .map(|healthy| (only(main, healthy) as f64 - only(healthy, main) as f64) / n),
            ci95: healthy.map(|healthy| {
                let interval = matched_interval(only(main, healthy), only(healthy, main), n_clips);
                [interval.low, interval.high]
            }),
            others,
            clean: named(&|contestant| accuracy_in(0, contestant)),
            share: corruption.sensor().map(|sensor| {
                let share = |clip: &&ClipRecord| share(clip, condition, main, sensor);
                counted.iter().map(share).sum::<f64>() / n
            }),
        })
    }

    /// Accuracy of a contestant, 0..1; `None` for one that did not answer.
    pub fn accuracy(&self, name: &str, role: Role) -> Option<f64> {
        match role {
            Role::Main => Some(self.fused),
            Role::Alone(_) | Role::Without(_) | Role::Peer => self.others.get(name).copied(),
        }
    }

    /// Which cell it is.
    pub fn cell(&self) -> Cell {
        Cell {
            corruption: self.corruption,
            severity: self.severity,
        }
    }
}

/// The clips that say something about a corruption: they have what it spoils and, where a contestant
/// is there for it, what is to stand in for it.
pub fn counted<'a>(
    contestants: &Contestants,
    records: &'a [ClipRecord],
    corruption: Corruption,
) -> impl Iterator<Item = &'a ClipRecord> {
    let needed: Vec<Modality> = match corruption.sensor() {
        Some(sensor) if contestants.without(sensor).is_none() => vec![sensor],
        Some(_) | None => contestants.sensors(),
    };
    records
        .iter()
        .filter(move |clip| needed.iter().all(|&sensor| clip.present[sensor]))
}

/// A contestant's share of attention on a sensor.
pub fn share(clip: &ClipRecord, condition: usize, contestant: usize, sensor: Modality) -> f64 {
    let attention = clip.conditions[condition].answers[contestant].attention;
    f64::from(attention.sensors[sensor])
}
