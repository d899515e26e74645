//! Update rules whose state is saved with the checkpoint.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Tensor};

use super::config::{OptimiserKind, Training};
use crate::model::{Parameters, overwrite};

/// Decay rates of AdamW's averages and the term that keeps its division finite.
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;
const MOMENTUM: f32 = 0.9;

/// Gradients in the order of [`Parameters::vars`].
pub type Gradients = Vec<Vec<f32>>;

/// An update rule with its averages.
pub struct Optimiser {
    kind: OptimiserKind,
    weight_decay: f32,
    max_norm: f64,
    /// Updates done.
    pub steps: u64,
    /// First average (AdamW) or velocity (SGD) of each variable.
    pub first: Gradients,
    /// Second average of each variable; unused by SGD.
    pub second: Gradients,
}

impl Optimiser {
    /// A rule at rest.
    pub fn new(training: &Training, parameters: &Parameters) -> Self {
        let zeros = || {
            parameters
                .vars()
                .iter()
                .map(|v| vec![0.0; v.elem_count()])
                .collect()
        };
        Self {
            kind: training.optimiser,
            weight_decay: training.weight_decay as f32,
            max_norm: training.max_gradient_norm,
            steps: 0,
            first: zeros(),
            second: match training.optimiser {
                OptimiserKind::Adamw => zeros(),
                OptimiserKind::Sgd => Vec::new(),
            },
        }
    }

    /// Moves every variable one step down its gradient. Returns the gradient's norm.
    ///
    /// # Errors
    /// Any error of Candle.
    pub fn step(
        &mut self,
        parameters: &Parameters,
        gradients: &Gradients,
        rate: f64,
    ) -> Result<f64> {
        self.steps += 1;
        let norm = gradients
            .iter()
            .flatten()
            .map(|&g| f64::from(g) * f64::from(g))
            .sum::<f64>()
            .sqrt();
        let scale = match self.max_norm {
            limit if limit > 0.0 && norm > limit => (limit / norm) as f32,
            _ => 1.0,
        };
        for (i, var) in parameters.vars().iter().enumerate() {
            // Biases, norms, positions and the class token are not decayed, as usual for transformers.
            let decay = match parameters.names()[i].ends_with(".weight") && var.rank() == 2 {
                true => self.weight_decay,
                false => 0.0,
            };
            let update = Update {
                gradient: &gradients[i],
                scale,
                decay,
                rate: rate as f32,
                rule: match self.kind {
                    OptimiserKind::Adamw => Rule::Adamw {
                        first: RefCell::new(&mut self.first[i]),
                        second: RefCell::new(&mut self.second[i]),
                        // Both averages start at zero; this undoes the pull towards it.
                        correction: [
                            1.0 / (1.0 - f64::from(BETA_1).powi(self.steps as i32)) as f32,
                            1.0 / (1.0 - f64::from(BETA_2).powi(self.steps as i32)) as f32,
                        ],
                    },
                    OptimiserKind::Sgd => Rule::Sgd {
                        velocity: RefCell::new(&mut self.first[i]),
                    },
                },
            };
            update.apply(var.as_tensor())?;
        }
        Ok(norm)
    }
}

struct Update<'a> {
    gradient: &'a [f32],
    scale: f32,
    decay: f32,
    rate: f32,
    rule: Rule<'a>,
}

enum Rule<'a> {
    Adamw {
        first: RefCell<&'a mut Vec<f32>>,
        second: RefCell<&'a mut Vec<f32>>,
        correction: [f32; 2],
    },
    Sgd {
        velocity: RefCell<&'a mut Vec<f32>>,
    },
}

impl Update<'_> {
    /// Moves a variable: where it lies on the CPU, else by way of there.
    fn apply(&self, tensor: &Tensor) -> Result<()> {
        if tensor.device().is_cpu() {
            return tensor.inplace_op1(self);
        }
        let mut weights = tensor.flatten_all()?.to_vec1()?;
        self.moved(&mut weights);
        overwrite(tensor, &weights)
    }

    fn moved(&self, weights: &mut [f32]) {
        let Self {
            gradient,
            scale,
            decay,
            rate,
            ..
        } = *self;
        match &self.rule {
            Rule::Adamw {
                first,
                second,
                correction,
            } => {
                let (first, second) = (&mut **first.borrow_mut(), &mut **second.borrow_mut());
                for i in 0..weights.len() {
                    let g = gradient[i] * scale;
                    first[i] = BETA_1 * first[i] + (1.0 - BETA_1) * g;
                    second[i] = BETA_2 * second[i] + (1.0 - BETA_2) * g * g;
                    let direction =
                        first[i] * correction[0] / ((second[i] * correction[1]).sqrt() + EPSILON);
                    weights[i] -= rate * (direction + decay * weights[i]);
                }
            }
            Rule::Sgd { velocity } => {
                let velocity = &mut **velocity.borrow_mut();
                for i in 0..weights.len() {
                    velocity[i] = MOMENTUM * velocity[i] + gradient[i] * scale + decay * weights[i];
                    weights[i] -= rate * velocity[i];
                }
            }
        }
    }
}

impl InplaceOp1 for Update<'_> {
    fn name(&self) -> &'static str {
        "update"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        match (storage, layout.contiguous_offsets()) {
            (CpuStorage::F32(values), Some((start, end))) => self.moved(&mut values[start..end]),
            _ => candle_core::bail!("only contiguous f32 variables can be trained"),
        }
        Ok(())
    }
}

/// Learning rate at `step` of `total`: linear warm-up, then half a cosine to zero
/// (Loshchilov and Hutter 2017).
pub fn learning_rate(highest: f64, step: u64, warmup: u64, total: u64) -> f64 {
    if step < warmup {
        return highest * (step + 1) as f64 / warmup as f64;
    }
    let progress = (step - warmup) as f64 / total.saturating_sub(warmup).max(1) as f64;
    highest * (1.0 + (std::f64::consts::PI * progress.min(1.0)).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use candle_core::Device;

    use super::super::config::FitConfig;
    use super::*;
    use crate::model::Model;

    /// A model whose weights are all ½, a rule for it, and a gradient that is `value` everywhere.
    fn at_half(changes: &[&str]) -> (Model, Optimiser, impl Fn(f32) -> Gradients + use<>) {
        let mut all = vec![
            "training.max_gradient_norm=0.0",
            "training.weight_decay=0.1",
        ];
        all.extend(changes);
        let all: Vec<String> = all.into_iter().map(str::to_owned).collect();
        let text = include_str!("../../configs/digits.toml");
        let config = FitConfig::parse(text, &all, Path::new("digits.toml")).unwrap();
        let configs = config.sensor_configs();
        let model = Model::new(&config.model, &configs, 11, 0, &Device::Cpu).unwrap();
        for var in model.parameters.vars() {
            var.set(&Tensor::full(0.5f32, var.shape(), &Device::Cpu).unwrap())
                .unwrap();
        }
        let counts: Vec<usize> = model
            .parameters
            .vars()
            .iter()
            .map(|v| v.elem_count())
            .collect();
        let gradient = move |value| counts.iter().map(|&n| vec![value; n]).collect();
        let optimiser = Optimiser::new(&config.training, &model.parameters);
        (model, optimiser, gradient)
    }

    /// Every weight matrix is `decayed`, everything else is `plain`.
    fn assert_values(model: &Model, decayed: f32, plain: f32) {
        let parameters = &model.parameters;
        for (name, var) in parameters.names().iter().zip(parameters.vars()) {
            let is_matrix = name.ends_with(".weight") && var.rank() == 2;
            let expected = if is_matrix { decayed } else { plain };
            for value in var.flatten_all().unwrap().to_vec1::<f32>().unwrap() {
                assert!(
                    (value - expected).abs() < 1e-6,
                    "{name}: {value}, not {expected}"
                );
            }
        }
    }

    /// By hand, for gradients 0.2 and −0.1 at the rate 0.01 with decay 0.1. The first step has the
    /// length of the rate, whatever the gradient: ½ − 0.01·(1 + 0.1·½). The second has the averages
    /// 0.008 and 0.00004996, undone to 0.008/0.19 and 0.00004996/0.001999.
    #[test]
    fn two_steps_of_adamw() {
        let (model, mut optimiser, gradient) = at_half(&["training.optimiser=adamw"]);
        optimiser
            .step(&model.parameters, &gradient(0.2), 0.01)
            .unwrap();
        assert_values(&model, 0.4895, 0.49);
        optimiser
            .step(&model.parameters, &gradient(-0.1), 0.01)
            .unwrap();
        assert_values(&model, 0.486_347_13, 0.487_336_63);
    }

    /// By hand, for the same gradients at the rate 0.1: velocities 0.25 and 0.9·0.25 − 0.1 + 0.1·0.475
    /// with decay, 0.2 and 0.9·0.2 − 0.1 without.
    #[test]
    fn two_steps_of_sgd() {
        let (model, mut optimiser, gradient) = at_half(&["training.optimiser=sgd"]);
        optimiser
            .step(&model.parameters, &gradient(0.2), 0.1)
            .unwrap();
        assert_values(&model, 0.475, 0.48);
        optimiser
            .step(&model.parameters, &gradient(-0.1), 0.1)
            .unwrap();
        assert_values(&model, 0.45775, 0.472);
    }

    #[test]
    fn a_long_gradient_is_scaled_to_the_norm_allowed() {
        let changes = ["training.optimiser=sgd", "training.max_gradient_norm=2.0"];
        let (model, mut optimiser, gradient) = at_half(&changes);
        let norm = optimiser
            .step(&model.parameters, &gradient(0.2), 0.1)
            .unwrap();
        let root = (model.parameters.count() as f64).sqrt();
        assert!((norm - 0.2 * root).abs() < 1e-3 * norm, "{norm}");
        let step = 0.1 * (2.0 / root) as f32;
        assert_values(&model, 0.5 - 0.1 * 0.05 - step, 0.5 - step);
    }

    #[test]
    fn the_rate_rises_then_falls_to_zero() {
        assert_eq!(learning_rate(1.0, 9, 10, 100), 1.0);
        assert!((learning_rate(1.0, 0, 10, 100) - 0.1).abs() < 1e-12);
        assert!((learning_rate(1.0, 55, 10, 100) - 0.5).abs() < 1e-12);
        assert!(learning_rate(1.0, 100, 10, 100) < 1e-12);
        assert_eq!(learning_rate(1.0, 0, 0, 1), 1.0);
    }
}
