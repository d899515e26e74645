//! The encoder computed plainly from the trained weights, and small random weights, for tests.

use std::collections::BTreeMap;
use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::encoder::Layout;
use super::fold::add_bias;
use super::weights::Weights;
use crate::model::{Activation, Fusion, ModelSpec, Stage};
use crate::ops::LAYER_NORM_EPSILON;

type Rows = Vec<Vec<f64>>;

/// Evenly spread over −scale..scale.
pub(super) fn random(rng: &mut ChaCha8Rng, length: usize, scale: f32) -> Vec<f32> {
    (0..length)
        .map(|_| (rng.next_u32() as f32 / u32::MAX as f32 * 2.0 - 1.0) * scale)
        .collect()
}

/// Tensors under construction.
#[derive(Default)]
pub(super) struct Tensors(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl Tensors {
    fn add(&mut self, rng: &mut ChaCha8Rng, name: String, shape: &[usize], centre: f32) {
        let inputs = *shape.last().unwrap_or(&1) as f32;
        let scale = if shape.len() == 2 {
            (3.0 / inputs).sqrt()
        } else {
            0.5
        };
        let mut values = random(rng, shape.iter().product(), scale);
        values.iter_mut().for_each(|x| *x += centre);
        self.0.insert(name, (shape.to_vec(), values));
    }

    fn linear(&mut self, rng: &mut ChaCha8Rng, name: &str, outputs: usize, inputs: usize) {
        self.add(rng, format!("{name}.weight"), &[outputs, inputs], 0.0);
        self.add(rng, format!("{name}.bias"), &[outputs], 0.0);
    }

    fn norm(&mut self, rng: &mut ChaCha8Rng, name: &str, width: usize) {
        self.add(rng, format!("{name}.weight"), &[width], 1.0);
        self.add(rng, format!("{name}.bias"), &[width], 0.0);
    }

    /// Random weights of one encoder.
    pub fn encoder(mut self, rng: &mut ChaCha8Rng, layout: &Layout) -> Self {
        let name = layout.modality.to_string();
        let width = layout.width;
        let (last, before) = layout.stem.stages.split_last().unwrap();
        for (i, stage) in before.iter().enumerate() {
            let name = format!("{name}.stem.{i}");
            self.linear(rng, &name, stage.channels, stage.patch());
        }
        self.linear(rng, &format!("{name}.stem"), width, last.patch());
        self.add(
            rng,
            format!("{name}.position"),
            &[layout.tokens(), width],
            0.0,
        );
        for index in 0..layout.depth {
            let block = format!("{name}.blocks.{index}");
            self.norm(rng, &format!("{block}.norm1"), width);
            self.linear(rng, &format!("{block}.attention.qkv"), 3 * width, width);
            self.linear(rng, &format!("{block}.attention.out"), width, width);
            self.norm(rng, &format!("{block}.norm2"), width);
            self.linear(rng, &format!("{block}.mlp.up"), layout.hidden, width);
            self.linear(rng, &format!("{block}.mlp.down"), width, layout.hidden);
        }
        self.norm(rng, &format!("{name}.norm"), width);
        self.linear(rng, &format!("{name}.probe"), layout.classes, width);
        self
    }

    /// Random weights of a fusion; the "rotation" is any matrix, which folds all the same.
    /// The fusion of so many sensors.
    pub fn fusion(
        mut self,
        rng: &mut ChaCha8Rng,
        spec: &ModelSpec,
        sensors: usize,
        classes: usize,
    ) -> Self {
        let width = spec.width;
        let inputs = spec.fusion.head_inputs(sensors, width);
        if matches!(spec.fusion, Fusion::Rollingq | Fusion::Attention) {
            self.add(rng, "fusion.cls".into(), &[width], 0.0);
            self.add(rng, "fusion.rotation".into(), &[width, width], 0.0);
            for name in ["query", "key", "value", "out"] {
                self.linear(rng, &format!("fusion.{name}"), width, width);
            }
        }
        self.linear(rng, "fusion.head", classes, inputs);
        self
    }

    pub fn weights(self) -> Weights {
        Weights::new(Path::new("random.safetensors"), self.0).unwrap()
    }
}

pub(super) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Tokens, row-major, and probe logits of one encoder.
pub(super) fn encode(layout: &Layout, weights: &Weights, input: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let get = |name: &str, shape: &[usize]| {
        weights
            .get_f64(&format!("{}.{name}", layout.modality), shape)
            .unwrap()
    };
    let width = layout.width;
    let linear = |name: &str, rows: &Rows, outputs: usize| -> Rows {
        let matrix = get(&format!("{name}.weight"), &[outputs, rows[0].len()]);
        let bias = get(&format!("{name}.bias"), &[outputs]);
        rows.iter()
            .map(|row| add_bias(&matrix, row, &bias))
            .collect()
    };
    let norm = |name: &str, rows: &Rows| -> Rows {
        let scale = get(&format!("{name}.weight"), &[width]);
        let shift = get(&format!("{name}.bias"), &[width]);
        rows.iter()
            .map(|row| {
                let mean = row.iter().sum::<f64>() / width as f64;
                let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
                let deviation = (variance + f64::from(LAYER_NORM_EPSILON)).sqrt();
                row.iter()
                    .zip(scale.iter().zip(&shift))
                    .map(|(x, (scale, shift))| (x - mean) / deviation * scale + shift)
                    .collect()
            })
            .collect()
    };

    let position = get("position", &[layout.tokens(), width]);
    let (last, before) = layout.stem.stages.split_last().unwrap();
    let mut pictures = pictures(layout, input);
    for (i, stage) in before.iter().enumerate() {
        let patches = patches(stage, &pictures, i == 0);
        pictures = linear(&format!("stem.{i}"), &patches, stage.channels);
        pictures
            .iter_mut()
            .flatten()
            .for_each(|x| *x = activate(Activation::Relu, *x));
    }
    let patches = patches(last, &pictures, before.is_empty());
    let mut x = linear("stem", &patches, width);
    for (row, position) in x.iter_mut().zip(position.chunks(width)) {
        add(row, position);
    }
    for index in 0..layout.depth {
        let block = format!("blocks.{index}");
        let qkv = linear(
            &format!("{block}.attention.qkv"),
            &norm(&format!("{block}.norm1"), &x),
            3 * width,
        );
        let mixed = attention(&qkv, width, layout.heads);
        let out = linear(&format!("{block}.attention.out"), &mixed, width);
        x.iter_mut().zip(&out).for_each(|(row, out)| add(row, out));
        let mut up = linear(
            &format!("{block}.mlp.up"),
            &norm(&format!("{block}.norm2"), &x),
            layout.hidden,
        );
        up.iter_mut()
            .flatten()
            .for_each(|x| *x = activate(layout.activation, *x));
        let down = linear(&format!("{block}.mlp.down"), &up, width);
        x.iter_mut()
            .zip(&down)
            .for_each(|(row, down)| add(row, down));
    }
    let tokens = norm("norm", &x);
    let mut mean = vec![0.0; width];
    tokens.iter().for_each(|row| add(&mut mean, row));
    mean.iter_mut().for_each(|x| *x /= tokens.len() as f64);
    let probe = linear("probe", &vec![mean], layout.classes).concat();
    let single = |values: Vec<f64>| values.into_iter().map(|x| x as f32).collect();
    (single(tokens.concat()), single(probe))
}

fn add(row: &mut [f64], other: &[f64]) {
    row.iter_mut().zip(other).for_each(|(x, y)| *x += y);
}

/// The channels of every pixel of every picture, one row each.
fn pictures(layout: &Layout, input: &[f32]) -> Rows {
    let [_, channels, height, width] = layout.input;
    let pixels = height * width;
    input
        .chunks(channels * pixels)
        .flat_map(|picture| {
            (0..pixels).map(move |pixel| {
                (0..channels)
                    .map(|channel| f64::from(picture[channel * pixels + pixel]))
                    .collect()
            })
        })
        .collect()
}

/// The patches that a stage sees, one row each: by channel, row, column (`planar`), or by row,
/// column, channel.
fn patches(stage: &Stage, pictures: &Rows, planar: bool) -> Rows {
    let [channels, height, width] = stage.input;
    let mut rows = Vec::new();
    for picture in pictures.chunks(height * width) {
        for top in (0..stage.grid[0]).map(|row| row * stage.stride[0]) {
            for left in (0..stage.grid[1]).map(|column| column * stage.stride[1]) {
                let pixels: Vec<&Vec<f64>> = (top..top + stage.kernel[0])
                    .flat_map(|y| (left..left + stage.kernel[1]).map(move |x| y * width + x))
                    .map(|pixel| &picture[pixel])
                    .collect();
                rows.push(if planar {
                    (0..channels)
                        .flat_map(|channel| pixels.iter().map(move |pixel| pixel[channel]))
                        .collect()
                } else {
                    pixels.into_iter().flatten().copied().collect()
                });
            }
        }
    }
    rows
}

fn attention(qkv: &Rows, width: usize, heads: usize) -> Rows {
    let size = width / heads;
    qkv.iter()
        .map(|query| {
            let mut out = Vec::new();
            for head in 0..heads {
                let part = |row: &Vec<f64>, which: usize| {
                    row[which * width + head * size..][..size].to_vec()
                };
                let query = part(query, 0);
                let weights: Vec<f64> = qkv
                    .iter()
                    .map(|row| {
                        let score: f64 = query.iter().zip(part(row, 1)).map(|(q, k)| q * k).sum();
                        (score / (size as f64).sqrt()).exp()
                    })
                    .collect();
                let total: f64 = weights.iter().sum();
                let mut mixed = vec![0.0; size];
                for (row, weight) in qkv.iter().zip(&weights) {
                    for (sum, value) in mixed.iter_mut().zip(part(row, 2)) {
                        *sum += weight / total * value;
                    }
                }
                out.extend(mixed);
            }
            out
        })
        .collect()
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Gelu => x * 0.5 * (1.0 + erf(x / 2f64.sqrt())),
    }
}

/// The error function by its Taylor series, exact enough for |x| < 5.
fn erf(x: f64) -> f64 {
    if x.abs() > 5.0 {
        return x.signum();
    }
    let mut term = x;
    let mut sum = x;
    for n in 1..120 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}
