//! The pre-trained network before a stem, as ONNX operators.

use super::ExportError;
use super::encoder::Build;
use super::fold::{round, transpose};
use super::onnx::Attribute;
use crate::backbone::{Layer, Plan, Step};
use crate::ops::{After, FLOOR, LEAK, Patches};

impl Build<'_> {
    /// From pictures `[pictures, channels, rows, columns]` to what the network gives.
    pub(super) fn backbone(&mut self, plan: &Plan, x: &str) -> Result<String, ExportError> {
        let mut given: Vec<String> = Vec::with_capacity(plan.steps.len());
        let mut x = x.to_owned();
        for step in &plan.steps {
            let name = format!("backbone.{}", step.name);
            x = match step.layer {
                Layer::Convolution { after, .. } | Layer::Depthwise { after, .. } => {
                    let sum = self.kernel(&name, &x, step)?;
                    self.after(&name, &sum, after)
                }
                Layer::MaxPool { .. } => {
                    let (kernel, stride) = sizes(&step.patches);
                    let attributes = [
                        Attribute::Ints("kernel_shape", &kernel),
                        Attribute::Ints("strides", &stride),
                    ];
                    self.graph.node(&name, "MaxPool", &[&x], &attributes)
                }
                Layer::Add { layer } => self.graph.node(&name, "Add", &[&x, &given[layer]], &[]),
            };
            given.push(x.clone());
        }
        Ok(x)
    }

    /// A convolution of all channels together or of each by itself.
    fn kernel(&mut self, name: &str, x: &str, step: &Step) -> Result<String, ExportError> {
        let Some([shape, bias]) = step.weights() else {
            unreachable!("only layers with weights come here");
        };
        let mut kernel = self.get(&format!("{name}.weight"), &shape)?;
        let bias = self.get(&format!("{name}.bias"), &bias)?;
        let [rows, columns] = step.patches.kernel;
        let (inputs, outputs) = (step.input[0], step.output[0]);
        let (depth, groups) = match step.layer {
            Layer::Depthwise { .. } => {
                // [row · column, channel] to [channel, row · column].
                kernel = transpose(&kernel, outputs);
                (1, outputs)
            }
            _ => {
                for filter in kernel.chunks_mut(inputs * rows * columns) {
                    let planes = transpose(filter, inputs);
                    filter.copy_from_slice(&planes);
                }
                (inputs, 1)
            }
        };
        let graph = &mut self.graph;
        let shape = [outputs, depth, rows, columns];
        let kernel = graph.constant(&format!("{name}.weight"), &shape, &round(&kernel));
        let bias = graph.constant(&format!("{name}.bias"), &[outputs], &round(&bias));
        let (size, stride) = sizes(&step.patches);
        let [above, left] = step.patches.before.map(|n| n as i64);
        let [below, right] = step.patches.behind.map(|n| n as i64);
        let attributes = [
            Attribute::Ints("kernel_shape", &size),
            Attribute::Ints("strides", &stride),
            Attribute::Ints("pads", &[above, left, below, right]),
            Attribute::Int("group", groups as i64),
        ];
        Ok(graph.node(
            &format!("{name}.sum"),
            "Conv",
            &[x, &kernel, &bias],
            &attributes,
        ))
    }

    fn after(&mut self, name: &str, x: &str, after: After) -> String {
        let graph = &mut self.graph;
        match after {
            After::Identity => x.to_owned(),
            After::Relu => graph.node(name, "Relu", &[x], &[]),
            After::Relu6 => {
                let least = graph.constant(&format!("{name}.least"), &[], &[0.0]);
                let most = graph.constant(&format!("{name}.most"), &[], &[6.0]);
                graph.node(name, "Clip", &[x, &least, &most], &[])
            }
            After::LeakyFloor => {
                let alpha = [Attribute::Float("alpha", LEAK)];
                let leaky = graph.node(&format!("{name}.leaky"), "LeakyRelu", &[x], &alpha);
                let floor = graph.constant(&format!("{name}.floor"), &[], &[FLOOR]);
                graph.node(name, "Max", &[&leaky, &floor], &[])
            }
        }
    }
}

fn sizes(patches: &Patches) -> ([i64; 2], [i64; 2]) {
    (
        patches.kernel.map(|size| size as i64),
        patches.stride.map(|size| size as i64),
    )
}
