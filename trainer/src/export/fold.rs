//! Folds the matrices of the fusion, and computes it unfolded to prove that nothing changed.
//!
//! The query of the class token does not depend on the input. With q = R (W_q cls + b_q), the score
//! of token z is (W_k z + b_k)·q/√d = u·z + c, where u = W_kᵀ q / √d and c = b_k·q / √d. The
//! class token is scored in the same way, so c moves all scores alike and drops out of the softmax.
//! Shares sum to 1, so W_v, W_o and W_c and their biases become one matrix and one bias on the
//! shared-out token: logits = M Σ pᵢ zᵢ + m with M = W_c W_o W_v, m = W_c (W_o b_v + b_o) + b_c.

use evenkeel::evaluation::Share;
use evenkeel::window::{Modality, PerSensor};

use super::ExportError;
use super::weights::Weights;
use crate::model::Fusion;

/// Attention fusion in few numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Folded {
    /// u, what a token is scored with, `[d]`.
    pub score: Vec<f64>,
    /// u·cls.
    pub class_score: f64,
    /// The class token, `[d]`.
    pub class: Vec<f64>,
    /// The linear layer from the shared-out token to logits.
    pub head: Head,
}

/// A linear layer onto the classes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Head {
    /// `[classes, inputs]`.
    pub matrix: Vec<f64>,
    /// `[classes]`.
    pub bias: Vec<f64>,
}

impl Folded {
    /// Folds the attention fusion of `weights`.
    pub fn new(weights: &Weights, width: usize, classes: usize) -> Result<Self, ExportError> {
        let plain = Attention::read(weights, width, classes)?;
        let score: Vec<f64> = multiply(&plain.rotated_query(), &plain.key.0, width)
            .iter()
            .map(|x| x / (width as f64).sqrt())
            .collect();
        let out_value = multiply(&plain.out.0, &plain.value.0, width);
        let bias = add_bias(&plain.out.0, &plain.value.1, &plain.out.1);
        Ok(Self {
            class_score: dot(&score, &plain.class),
            score,
            class: plain.class,
            head: Head {
                matrix: multiply(&plain.head.matrix, &out_value, width),
                bias: add_bias(&plain.head.matrix, &bias, &plain.head.bias),
            },
        })
    }
}

/// Attention fusion as it is trained.
struct Attention {
    class: Vec<f64>,
    query: (Vec<f64>, Vec<f64>),
    key: (Vec<f64>, Vec<f64>),
    value: (Vec<f64>, Vec<f64>),
    out: (Vec<f64>, Vec<f64>),
    rotation: Vec<f64>,
    head: Head,
}

impl Attention {
    fn read(weights: &Weights, width: usize, classes: usize) -> Result<Self, ExportError> {
        let linear = |name: &str| -> Result<_, ExportError> {
            Ok((
                weights.get_f64(&format!("fusion.{name}.weight"), &[width, width])?,
                weights.get_f64(&format!("fusion.{name}.bias"), &[width])?,
            ))
        };
        Ok(Self {
            class: weights.get_f64("fusion.cls", &[width])?,
            query: linear("query")?,
            key: linear("key")?,
            value: linear("value")?,
            out: linear("out")?,
            rotation: weights.get_f64("fusion.rotation", &[width, width])?,
            head: Head::read(weights, width, classes)?,
        })
    }

    fn rotated_query(&self) -> Vec<f64> {
        let query = add_bias(&self.query.0, &self.class, &self.query.1);
        let nothing = vec![0.0; query.len()];
        add_bias(&self.rotation, &query, &nothing)
    }

    /// Key by key and value by value, the way the training computes it.
    fn fuse(&self, sequence: &[(Option<Modality>, f64, Vec<f64>)]) -> (Vec<f64>, Share) {
        let width = self.class.len();
        let query = self.rotated_query();
        let scores: Vec<f64> = sequence
            .iter()
            .map(|(_, _, token)| {
                dot(&query, &add_bias(&self.key.0, token, &self.key.1)) / (width as f64).sqrt()
            })
            .collect();
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut total = 0.0;
        let mut shares = Share::default();
        let mut mixed = vec![0.0; width];
        for ((sensor, validity, token), score) in sequence.iter().zip(scores) {
            let weight = validity * (score - largest).exp();
            total += weight;
            match sensor {
                Some(modality) => shares.sensors[*modality] += weight,
                None => shares.class_token += weight,
            }
            let value = add_bias(&self.value.0, token, &self.value.1);
            mixed
                .iter_mut()
                .zip(value)
                .for_each(|(sum, x)| *sum += weight * x);
        }
        mixed.iter_mut().for_each(|x| *x /= total);
        let out = add_bias(&self.out.0, &mixed, &self.out.1);
        shares.class_token /= total;
        shares.sensors = shares.sensors.map(|share| share / total);
        (self.head.apply(&out), shares)
    }
}

impl Head {
    /// The linear layer `fusion.head`.
    pub fn read(weights: &Weights, inputs: usize, classes: usize) -> Result<Self, ExportError> {
        Ok(Self {
            matrix: weights.get_f64("fusion.head.weight", &[classes, inputs])?,
            bias: weights.get_f64("fusion.head.bias", &[classes])?,
        })
    }

    fn apply(&self, x: &[f64]) -> Vec<f64> {
        add_bias(&self.matrix, x, &self.bias)
    }
}

/// The fusion exactly as it is trained, in double precision.
pub(super) struct PlainFusion {
    fusion: Fusion,
    /// The sensors of the model.
    sensors: PerSensor<bool>,
    width: usize,
    attention: Option<Attention>,
    head: Head,
}

impl PlainFusion {
    /// Reads the weights that this kind of fusion has.
    pub fn read(
        weights: &Weights,
        fusion: Fusion,
        sensors: PerSensor<bool>,
        width: usize,
        classes: usize,
    ) -> Result<Self, ExportError> {
        let attention = matches!(fusion, Fusion::Rollingq | Fusion::Attention)
            .then(|| Attention::read(weights, width, classes))
            .transpose()?;
        let inputs = fusion.head_inputs(sensors.count(), width);
        Ok(Self {
            fusion,
            sensors,
            width,
            attention,
            head: Head::read(weights, inputs, classes)?,
        })
    }

    /// Logits and attention of row-major `[tokens, width]` from each sensor; `None` is an absent
    /// sensor.
    pub fn fuse(
        &self,
        tokens: PerSensor<Option<&[f32]>>,
        validity: PerSensor<f32>,
    ) -> (Vec<f64>, Share) {
        if let Some(attention) = &self.attention {
            let mut sequence = vec![(None, 1.0, attention.class.clone())];
            for modality in Modality::ALL {
                // A sensor without weight is left out altogether, whatever its tokens hold.
                if validity[modality] > 0.0 {
                    for token in tokens[modality].unwrap_or_default().chunks(self.width) {
                        let token = token.iter().map(|&x| f64::from(x)).collect();
                        sequence.push((Some(modality), f64::from(validity[modality]), token));
                    }
                }
            }
            return attention.fuse(&sequence);
        }
        let weight = PerSensor::from_fn(|modality| match tokens[modality] {
            Some(_) => f64::from(validity[modality]),
            None => 0.0,
        });
        let mean = |modality: Modality| {
            let mut mean = vec![0.0; self.width];
            let tokens = tokens[modality]
                .filter(|_| weight[modality] > 0.0)
                .unwrap_or_default();
            let share = weight[modality] * self.width as f64 / tokens.len().max(1) as f64;
            for token in tokens.chunks(self.width) {
                mean.iter_mut()
                    .zip(token)
                    .for_each(|(sum, &x)| *sum += share * f64::from(x));
            }
            mean
        };
        let means: Vec<Vec<f64>> = self.sensors.sensors().map(mean).collect();
        let joined = match self.fusion {
            Fusion::Concat => means.concat(),
            _ => (0..self.width)
                .map(|place| means.iter().map(|mean| mean[place]).sum())
                .collect(),
        };
        let total = weight.into_values().sum::<f64>().max(f64::MIN_POSITIVE);
        let shares = Share {
            class_token: 0.0,
            sensors: weight.map(|weight| weight / total),
        };
        (self.head.apply(&joined), shares)
    }
}

/// A·B, where A has `inner` columns and B `inner` rows.
pub(super) fn multiply(a: &[f64], b: &[f64], inner: usize) -> Vec<f64> {
    let columns = b.len() / inner;
    let mut product = Vec::with_capacity(a.len() / inner * columns);
    for row in a.chunks(inner) {
        let mut sums = vec![0.0; columns];
        for (x, values) in row.iter().zip(b.chunks(columns)) {
            sums.iter_mut()
                .zip(values)
                .for_each(|(sum, y)| *sum += x * y);
        }
        product.extend(sums);
    }
    product
}

/// W x + b.
pub(super) fn add_bias(matrix: &[f64], x: &[f64], bias: &[f64]) -> Vec<f64> {
    matrix
        .chunks(x.len())
        .zip(bias)
        .map(|(row, bias)| dot(row, x) + bias)
        .collect()
}

/// The transpose of a matrix of `columns` columns.
pub(super) fn transpose(matrix: &[f64], columns: usize) -> Vec<f64> {
    (0..columns)
        .flat_map(|column| matrix.iter().skip(column).step_by(columns).copied())
        .collect()
}

/// To single precision.
pub(super) fn round(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&x| x as f32).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
