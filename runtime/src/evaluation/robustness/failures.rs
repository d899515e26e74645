//! The failures that say most: the model was wrong and sure of it, and the healthy sensor alone was
//! right.

use std::collections::BTreeSet;

use super::panel::Clips;
use super::plan::{Cell, Contestants, Plan};
use super::record::{Answer, ClipRecord};
use crate::panics;
use crate::thumbnail::{picture, spectrogram};
use crate::window::{Attention, Modality, PerSensor, Window};

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Name of the clip.
    pub clip: String,
    /// What was done to it.
    pub cell: Cell,
    /// Its true label, which the healthy sensor alone gave.
    pub truth: String,
    /// What the model said.
    pub said: String,
    /// How sure it was, 0..1.
    pub confidence: f32,
    /// How sure the healthy sensor alone was, 0..1.
    pub healthy_confidence: f32,
    /// The model's shares of attention.
    pub attention: Attention,
    /// How healthy the model took the sensors to be, 0..1.
    pub health: PerSensor<f32>,
    /// What it found wrong with them.
    pub reasons: PerSensor<Option<String>>,
    /// The corrupted picture.
    pub picture: Shown,
    /// The corrupted sound's spectrogram.
    pub spectrogram: Shown,
}

/// What can be shown of a sensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A PNG.
    Png(Vec<u8>),
    /// Nothing, because the sensor gave nothing.
    Absent,
    /// Nothing, because the clip could not be read again, or no picture be made of it.
    Lost,
}

impl Shown {
    /// What `draw` makes of what the sensor gave in a window.
    fn of(window: &Window, sensor: Modality, draw: impl FnOnce() -> Option<Vec<u8>>) -> Self {
        if !window.present()[sensor] {
            return Shown::Absent;
        }
        let png = panics::catch(draw).ok().flatten();
        png.map_or(Shown::Lost, Shown::Png)
    }
}

/// Up to `most` failures, the most confident first, each kind of corruption once before any comes a
/// second time, and no clip twice.
///
/// Their clips are read and spoilt again for the pictures; what cannot be read is [`Shown::Lost`].
pub fn worst_failures(
    plan: &Plan,
    contestants: &Contestants,
    clips: &dyn Clips,
    records: &[ClipRecord],
    most: usize,
) -> Vec<Failure> {
    let mut candidates = Vec::new();
    let sensors = contestants.sensors();
    for record in records {
        for (index, cell) in plan.cells.iter().enumerate() {
            let spoilt = cell.corruption.sensor();
            let others_are_there = |spoilt: &Modality| {
                let mut others = sensors.iter().filter(|sensor| *sensor != spoilt);
                others.all(|&sensor| record.present[sensor])
            };
            let healthy = spoilt.filter(others_are_there);
            let Some(alone) = healthy.and_then(|spoilt| contestants.without(spoilt)) else {
                continue;
            };
            if !record.right(index + 1, contestants.main()) && record.right(index + 1, alone) {
                candidates.push(Candidate {
                    record,
                    condition: index + 1,
                    cell: *cell,
                    answer: record.conditions[index + 1].answers[contestants.main()],
                    healthy: record.conditions[index + 1].answers[alone],
                });
            }
        }
    }
    candidates.sort_by(|one, other| other.answer.confidence.total_cmp(&one.answer.confidence));
    let chosen = spread_over_kinds(candidates, most);
    chosen
        .into_iter()
        .map(|candidate| candidate.failure(plan, clips))
        .collect()
}

struct Candidate<'a> {
    record: &'a ClipRecord,
    condition: usize,
    cell: Cell,
    answer: Answer,
    healthy: Answer,
}

/// Goes through the candidates again and again, and takes from each round one of every kind.
fn spread_over_kinds(mut left: Vec<Candidate<'_>>, most: usize) -> Vec<Candidate<'_>> {
    let mut chosen: Vec<Candidate<'_>> = Vec::new();
    let mut clips = BTreeSet::new();
    while chosen.len() < most && !left.is_empty() {
        let mut kinds = BTreeSet::new();
        let mut later = Vec::new();
        for candidate in left {
            if clips.contains(&candidate.record.clip) {
                continue;
            }
            if chosen.len() < most && kinds.insert(candidate.cell.corruption) {
                clips.insert(candidate.record.clip);
                chosen.push(candidate);
            } else {
                later.push(candidate);
            }
        }
        left = later;
    }
    chosen
}

impl Candidate<'_> {
    fn failure(&self, plan: &Plan, clips: &dyn Clips) -> Failure {
        let condition = &self.record.conditions[self.condition];
        let window = panics::catch(|| self.window(plan, clips)).ok().flatten();
        let (picture, spectrogram) = match &window {
            None => (Shown::Lost, Shown::Lost),
            Some(window) => (
                Shown::of(window, Modality::Camera, || picture(window)),
                Shown::of(window, Modality::Audio, || spectrogram(window, plan.length)),
            ),
        };
        Failure {
            clip: self.record.name.clone(),
            cell: self.cell,
            truth: plan.labels[self.record.label].clone(),
            said: plan.labels[self.answer.label].clone(),
            confidence: self.answer.confidence,
            healthy_confidence: self.healthy.confidence,
            attention: condition.attention,
            health: condition.health,
            reasons: condition.reasons.clone(),
            picture,
            spectrogram,
        }
    }

    /// The corrupted window that the answer is about.
    fn window(&self, plan: &Plan, clips: &dyn Clips) -> Option<Window> {
        let clip = self.record.clip;
        let index = self.record.conditions[self.condition].window;
        let content = clips.read(clip).ok()?;
        let window = content.windows.get(index)?;
        Some(plan.spoil(window, (clip, index), self.cell, &plan.sources(clip)))
    }
}
