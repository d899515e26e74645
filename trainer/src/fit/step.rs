//! The gradient of a step: added up from the parts of the batch, then balanced.

use std::ops::Range;

use evenkeel::random;
use evenkeel::window::{Modality, PerSensor};

use super::metrics::Sums;
use super::optimiser::Gradients;
use crate::balance::{Balance, MmPareto, OgmGe};
use crate::model::Model;

/// What was found of some samples of a batch. Everything in it is a sum over samples, so that the parts of a
/// batch add up to the batch, however it was divided among threads.
#[derive(Debug, Default)]
pub struct Part {
    /// Of the loss; of the fused loss alone where the probes' is kept apart.
    pub gradients: Gradients,
    /// Of the probes' losses, for a method that weighs them against the fused one; else empty.
    pub probes: Gradients,
    /// Σ of the probability that each sensor alone gives to the right class, over the samples in which
    /// all sensors count, for a method that compares them; else 0.
    pub scores: PerSensor<f64>,
    /// For the metrics.
    pub sums: Sums,
}

impl Part {
    /// The whole of some parts, in order.
    fn sum(parts: Vec<Self>) -> Self {
        let mut parts = parts.into_iter();
        let mut whole = parts.next().unwrap_or_default();
        for part in parts {
            add(&mut whole.gradients, &part.gradients);
            add(&mut whole.probes, &part.probes);
            for modality in Modality::ALL {
                whole.scores[modality] += part.scores[modality];
            }
            whole.sums.merge(&part.sums);
        }
        whole
    }
}

fn add(total: &mut Gradients, part: &Gradients) {
    for (total, part) in std::iter::zip(total, part) {
        for (total, part) in std::iter::zip(total, part) {
            *total += part;
        }
    }
}

/// Puts the gradient of a batch together, with a method of balance if there is one.
pub struct Balancer {
    method: Option<Balance>,
    has: PerSensor<bool>,
    encoders: PerSensor<Range<usize>>,
    seed: u64,
}

impl Balancer {
    /// `seed` is that of the training, for noise.
    pub fn new(method: Option<Balance>, model: &Model, seed: u64) -> Self {
        Self {
            method,
            has: model.sensors(),
            encoders: model.encoder_variables(),
            seed,
        }
    }

    /// The gradient of a whole batch, and its sums, in the epoch counted from 1 and the update counted from 0.
    /// A pure function of these: a run that is resumed draws the same noise.
    pub fn gradient(&self, parts: Vec<Part>, epoch: u32, update: u64) -> (Gradients, Sums) {
        let mut whole = Part::sum(parts);
        match &self.method {
            Some(Balance::OgmGe(method)) if method.acts_in(epoch) => {
                self.modulate(method, &mut whole, update);
            }
            Some(Balance::Mmpareto(method)) => self.combine(method, &mut whole),
            Some(Balance::OgmGe(_)) | None => {}
        }
        (whole.gradients, whole.sums)
    }

    fn modulate(&self, method: &OgmGe, whole: &mut Part, update: u64) {
        whole.sums.steps += 1;
        let coefficients = method.coefficients(self.has, whole.scores);
        let mut rng = random::rng("gradient noise of OGM-GE", &[self.seed, update]);
        for modality in Modality::ALL {
            let coefficient = coefficients[modality];
            whole.sums.acted[modality] += u64::from(coefficient < 1.0);
            for gradient in &mut whole.gradients[self.encoders[modality].clone()] {
                OgmGe::modulate(gradient, coefficient, &mut rng);
            }
        }
    }

    fn combine(&self, method: &MmPareto, whole: &mut Part) {
        whole.sums.steps += 1;
        for modality in Modality::ALL {
            let encoder = self.encoders[modality].clone();
            let probe = &mut whole.probes[encoder.clone()];
            let conflict = method.combine(&mut whole.gradients[encoder], probe);
            whole.sums.acted[modality] += u64::from(conflict);
            // It is in the combination; what is left to add is that of the probe heads.
            probe.iter_mut().for_each(Vec::clear);
        }
        add(&mut whole.gradients, &whole.probes);
    }
}
