//! The graph of one encoder.
//!
//! Stem (convolutions) → tokens + position → pre-norm transformer blocks → layer norm → `tokens`;
//! the probe head on their mean → `probe`, and the probability of its best label at the probe's own
//! temperature → `reliability`. Everything that is linear in a row is folded into one
//! matrix beforehand, in double precision:
//!
//! - scale and shift of a block's layer norms go into the matrices behind them;
//! - 1/√(width of a head) goes into the query;
//! - the key's bias goes away: it moves all scores of one query alike, which the softmax ignores;
//! - the value's bias goes through the output matrix into its bias, because shares sum to 1.

use evenkeel::window::Modality;

use super::ExportError;
use super::fold::{add_bias, round, transpose};
use super::onnx::{Attribute, GraphBuilder};
use super::weights::Weights;
use crate::model::{Activation, ModelSpec, Stage, StemLayout};
use crate::ops::LAYER_NORM_EPSILON;

/// Sizes of one encoder.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub modality: Modality,
    /// `[groups, channels, rows, columns]` of the graph's input.
    pub input: [usize; 4],
    pub stem: StemLayout,
    pub width: usize,
    pub heads: usize,
    pub hidden: usize,
    pub depth: usize,
    pub activation: Activation,
    pub classes: usize,
    /// What the probe's logits are divided by before they become a reliability.
    pub probe_temperature: f32,
}

impl Layout {
    /// # Errors
    /// When the specification contradicts itself or the input.
    pub fn new(
        modality: Modality,
        input: [usize; 4],
        spec: &ModelSpec,
        classes: usize,
        probe_temperature: f32,
    ) -> Result<Self, ExportError> {
        let refuse = |what: &str| Err(ExportError::Model(format!("the {modality} encoder {what}")));
        if spec.heads == 0 || spec.width == 0 || !spec.width.is_multiple_of(spec.heads) {
            return refuse("needs a width that its heads divide");
        }
        let Some(stem) = spec.stem(modality) else {
            return refuse("has no stem in the specification");
        };
        let stem = StemLayout::new(input, stem, spec.width)
            .map_err(|error| ExportError::Model(format!("the {modality} encoder: {error}")))?;
        Ok(Self {
            modality,
            input,
            stem,
            width: spec.width,
            heads: spec.heads,
            hidden: spec.mlp_ratio * spec.width,
            depth: spec.depth,
            activation: spec.activation,
            classes,
            probe_temperature,
        })
    }

    /// Tokens that the encoder gives.
    pub fn tokens(&self) -> usize {
        self.stem.tokens()
    }
}

/// The ONNX file of one encoder.
pub(super) fn encoder(layout: &Layout, weights: &Weights) -> Result<Vec<u8>, ExportError> {
    let mut build = Build {
        graph: GraphBuilder::new(&layout.modality.to_string()),
        layout,
        weights,
    };
    let mut x = build.stem()?;
    for index in 0..layout.depth {
        x = build.attention(index, &x)?;
        x = build.perceptron(index, &x)?;
    }
    build.head(&x)?;
    Ok(build.graph.finish())
}

pub(super) struct Build<'a> {
    pub(super) graph: GraphBuilder,
    layout: &'a Layout,
    weights: &'a Weights,
}

/// A linear layer in double precision, `[out, in]` and `[out]`.
struct Linear {
    matrix: Vec<f64>,
    bias: Vec<f64>,
}

impl Build<'_> {
    pub(super) fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f64>, ExportError> {
        self.weights
            .get_f64(&format!("{}.{name}", self.layout.modality), shape)
    }

    fn stem(&mut self) -> Result<String, ExportError> {
        let &Layout {
            ref stem, width, ..
        } = self.layout;
        let mut x = self
            .graph
            .input(&self.layout.modality.to_string(), &self.layout.input);
        if let Some(plan) = &stem.backbone {
            x = self.backbone(plan, &x)?;
        }
        let planes = stem.backbone.is_none();
        let (last, before) = stem.stages.split_last().expect("a stem has a stage");
        for (i, stage) in before.iter().enumerate() {
            x = self.convolution(&format!("stem.{i}"), &x, stage, planes && i == 0)?;
            x = self
                .graph
                .node(&format!("stem.{i}.active"), "Relu", &[&x], &[]);
        }
        let x = self.convolution("stem", &x, last, planes && before.is_empty())?;
        let position = self.get("position", &[self.layout.tokens(), width])?;
        let (groups, cells) = (stem.pictures, last.cells());
        let graph = &mut self.graph;
        let x = graph.reshape("stem.cells", &x, &[groups, width, cells]);
        let mut x = graph.node(
            "stem.rows",
            "Transpose",
            &[&x],
            &[Attribute::Ints("perm", &[0, 2, 1])],
        );
        if groups > 1 {
            x = graph.reshape("stem.tokens", &x, &[1, groups * cells, width]);
        }
        let position = graph.constant("position", &[1, groups * cells, width], &round(&position));
        Ok(graph.node("stem.out", "Add", &[&x, &position], &[]))
    }

    /// One stage of the stem. Only the weights of one that reads `planes` are in the order of ONNX already.
    fn convolution(
        &mut self,
        name: &str,
        x: &str,
        stage: &Stage,
        planes: bool,
    ) -> Result<String, ExportError> {
        let Stage {
            input: [channels, ..],
            kernel: [rows, columns],
            stride,
            channels: outputs,
            ..
        } = *stage;
        let mut kernel = self.get(&format!("{name}.weight"), &[outputs, stage.patch()])?;
        if !planes {
            for filter in kernel.chunks_mut(stage.patch()) {
                // [row · column, channel] to [channel, row · column].
                let planes = transpose(filter, channels);
                filter.copy_from_slice(&planes);
            }
        }
        let bias = self.get(&format!("{name}.bias"), &[outputs])?;
        let graph = &mut self.graph;
        let kernel = graph.constant(
            &format!("{name}.weight"),
            &[outputs, channels, rows, columns],
            &round(&kernel),
        );
        let bias = graph.constant(&format!("{name}.bias"), &[outputs], &round(&bias));
        Ok(graph.node(
            name,
            "Conv",
            &[x, &kernel, &bias],
            &[
                Attribute::Ints("kernel_shape", &[rows as i64, columns as i64]),
                Attribute::Ints("strides", &[stride[0] as i64, stride[1] as i64]),
            ],
        ))
    }

    /// x + attention(norm(x)).
    fn attention(&mut self, index: usize, x: &str) -> Result<String, ExportError> {
        let &Layout { width, heads, .. } = self.layout;
        let name = format!("blocks.{index}.attention");
        let all = self.behind_norm(
            &format!("blocks.{index}.norm1"),
            &format!("{name}.qkv"),
            3 * width,
        )?;
        let out = self.linear(&format!("{name}.out"), width, width)?;
        let part = |index: usize| {
            let matrix = &all.matrix[index * width * width..(index + 1) * width * width];
            (matrix, &all.bias[index * width..(index + 1) * width])
        };
        let scale = 1.0 / ((width / heads) as f64).sqrt();
        let (matrix, bias) = part(0);
        let query = Linear {
            matrix: matrix.iter().map(|x| x * scale).collect(),
            bias: bias.iter().map(|x| x * scale).collect(),
        };
        let out = Linear {
            bias: add_bias(&out.matrix, part(2).1, &out.bias),
            matrix: out.matrix,
        };

        let normed = self.norm(&format!("blocks.{index}.norm1"), x, None);
        let query = self.affine(&format!("{name}.query"), &normed, &query, width);
        let key = self.product(&format!("{name}.key"), &normed, part(1).0, width);
        let value = self.product(&format!("{name}.value"), &normed, part(2).0, width);
        let query = self.heads(&query, &[0, 2, 1, 3]);
        let key = self.heads(&key, &[0, 2, 3, 1]);
        let value = self.heads(&value, &[0, 2, 1, 3]);
        let tokens = self.layout.tokens();
        let graph = &mut self.graph;
        let scores = graph.node(&format!("{name}.scores"), "MatMul", &[&query, &key], &[]);
        let shares = graph.node(
            &format!("{name}.shares"),
            "Softmax",
            &[&scores],
            &[Attribute::Int("axis", -1)],
        );
        let mixed = graph.node(&format!("{name}.mixed"), "MatMul", &[&shares, &value], &[]);
        let perm = [Attribute::Ints("perm", &[0, 2, 1, 3])];
        let mixed = graph.node(&format!("{name}.mixed.t"), "Transpose", &[&mixed], &perm);
        let mixed = graph.reshape(&format!("{name}.joined"), &mixed, &[1, tokens, width]);
        let out = self.affine(&format!("{name}.out"), &mixed, &out, width);
        Ok(self
            .graph
            .node(&format!("{name}.sum"), "Add", &[x, &out], &[]))
    }

    /// x + perceptron(norm(x)).
    fn perceptron(&mut self, index: usize, x: &str) -> Result<String, ExportError> {
        let &Layout { width, hidden, .. } = self.layout;
        let name = format!("blocks.{index}.mlp");
        let norm = format!("blocks.{index}.norm2");
        let up = self.behind_norm(&norm, &format!("{name}.up"), hidden)?;
        let down = self.linear(&format!("{name}.down"), hidden, width)?;
        let normed = self.norm(&norm, x, None);
        let y = self.affine(&format!("{name}.up"), &normed, &up, width);
        let y = self.activation(&format!("{name}.active"), &y);
        let y = self.affine(&format!("{name}.down"), &y, &down, hidden);
        Ok(self
            .graph
            .node(&format!("{name}.sum"), "Add", &[x, &y], &[]))
    }

    fn head(&mut self, x: &str) -> Result<(), ExportError> {
        let &Layout { width, classes, .. } = self.layout;
        let scale = self.get("norm.weight", &[width])?;
        let shift = self.get("norm.bias", &[width])?;
        let probe = self.linear("probe", width, classes)?;
        let tokens = self.norm("tokens", x, Some((&scale, &shift)));
        let attributes = [Attribute::Ints("axes", &[1]), Attribute::Int("keepdims", 0)];
        let mean = self
            .graph
            .node("mean", "ReduceMean", &[&tokens], &attributes);
        let probe = self.affine("probe", &mean, &probe, width);
        self.reliability(&probe);
        self.graph
            .output("tokens", &[1, self.layout.tokens(), width]);
        self.graph.output("probe", &[1, classes]);
        self.graph.output("reliability", &[1, 1]);
        Ok(())
    }

    /// max softmax(probe / T).
    fn reliability(&mut self, probe: &str) {
        let graph = &mut self.graph;
        let inverse = 1.0 / self.layout.probe_temperature;
        let inverse = graph.constant("probe.inverse-temperature", &[], &[inverse]);
        let cooled = graph.node("probe.cooled", "Mul", &[probe, &inverse], &[]);
        let axis = [Attribute::Int("axis", -1)];
        let shares = graph.node("probe.shares", "Softmax", &[&cooled], &axis);
        let largest = [Attribute::Ints("axes", &[1]), Attribute::Int("keepdims", 1)];
        graph.node("reliability", "ReduceMax", &[&shares], &largest);
    }

    fn linear(&self, name: &str, inputs: usize, outputs: usize) -> Result<Linear, ExportError> {
        Ok(Linear {
            matrix: self.get(&format!("{name}.weight"), &[outputs, inputs])?,
            bias: self.get(&format!("{name}.bias"), &[outputs])?,
        })
    }

    /// The linear layer `name` with scale and shift of the norm before it folded in.
    fn behind_norm(&self, norm: &str, name: &str, outputs: usize) -> Result<Linear, ExportError> {
        let width = self.layout.width;
        let scale = self.get(&format!("{norm}.weight"), &[width])?;
        let shift = self.get(&format!("{norm}.bias"), &[width])?;
        let Linear { mut matrix, bias } = self.linear(name, width, outputs)?;
        let bias = add_bias(&matrix, &shift, &bias);
        for row in matrix.chunks_mut(width) {
            row.iter_mut().zip(&scale).for_each(|(x, s)| *x *= s);
        }
        Ok(Linear { matrix, bias })
    }

    /// Layer norm, without scale and shift where these are folded into what follows.
    fn norm(&mut self, name: &str, x: &str, affine: Option<(&[f64], &[f64])>) -> String {
        let width = self.layout.width;
        let scale = affine.map_or_else(|| vec![1.0; width], |(scale, _)| round(scale));
        let scale = self
            .graph
            .constant(&format!("{name}.scale"), &[width], &scale);
        let mut inputs = vec![x, &scale];
        let shift = affine.map(|(_, shift)| {
            self.graph
                .constant(&format!("{name}.shift"), &[width], &round(shift))
        });
        inputs.extend(shift.as_deref());
        let attributes = [
            Attribute::Int("axis", -1),
            Attribute::Float("epsilon", LAYER_NORM_EPSILON),
        ];
        self.graph
            .node(name, "LayerNormalization", &inputs, &attributes)
    }

    /// x·Wᵀ.
    fn product(&mut self, name: &str, x: &str, matrix: &[f64], inputs: usize) -> String {
        let outputs = matrix.len() / inputs;
        let transposed = round(&transpose(matrix, inputs));
        let matrix =
            self.graph
                .constant(&format!("{name}.weight"), &[inputs, outputs], &transposed);
        self.graph
            .node(&format!("{name}.product"), "MatMul", &[x, &matrix], &[])
    }

    /// x·Wᵀ + b.
    fn affine(&mut self, name: &str, x: &str, linear: &Linear, inputs: usize) -> String {
        let product = self.product(name, x, &linear.matrix, inputs);
        let bias = self.graph.constant(
            &format!("{name}.bias"),
            &[linear.bias.len()],
            &round(&linear.bias),
        );
        self.graph.node(name, "Add", &[&product, &bias], &[])
    }

    /// `[1, tokens, width]` to `[1, tokens, heads, width / heads]`, axes in the order of `perm`.
    fn heads(&mut self, x: &str, perm: &[i64]) -> String {
        let &Layout { width, heads, .. } = self.layout;
        let shape = [1, self.layout.tokens(), heads, width / heads];
        let split = self.graph.reshape(&format!("{x}.split"), x, &shape);
        let perm = [Attribute::Ints("perm", perm)];
        self.graph
            .node(&format!("{x}.heads"), "Transpose", &[&split], &perm)
    }

    fn activation(&mut self, name: &str, x: &str) -> String {
        let graph = &mut self.graph;
        match self.layout.activation {
            Activation::Relu => graph.node(name, "Relu", &[x], &[]),
            // Opset 17 has no Gelu; both libraries know this pattern and run it as one.
            Activation::Gelu => {
                let root = graph.constant(
                    &format!("{name}.root"),
                    &[],
                    &[std::f32::consts::FRAC_1_SQRT_2],
                );
                let one = graph.constant(&format!("{name}.one"), &[], &[1.0]);
                let half = graph.constant(&format!("{name}.half"), &[], &[0.5]);
                let scaled = graph.node(&format!("{name}.scaled"), "Mul", &[x, &root], &[]);
                let erf = graph.node(&format!("{name}.erf"), "Erf", &[&scaled], &[]);
                let grown = graph.node(&format!("{name}.grown"), "Add", &[&erf, &one], &[]);
                let halved = graph.node(&format!("{name}.halved"), "Mul", &[x, &half], &[]);
                graph.node(name, "Mul", &[&halved, &grown], &[])
            }
        }
    }
}
