//! Convolutional networks as lists of layers, and what they become over an input of some size.

use candle_core::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::ops::{After, Patches};

/// What a convolution takes to lie outside of its input, along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edge {
    /// Nothing: only patches wholly inside.
    Inside,
    /// Zeros, so that a stride of 1 keeps the size; where their number is odd, one more lies behind than before
    /// (TensorFlow's SAME).
    Same,
}

/// One layer. Kernels, strides and edges are of rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Every output channel reads all input channels.
    Convolution {
        /// Channels that it gives.
        channels: usize,
        /// Size of a patch.
        kernel: [usize; 2],
        /// From one patch to the next.
        stride: [usize; 2],
        /// What lies outside.
        edges: [Edge; 2],
        /// What follows the sum.
        after: After,
    },
    /// Every channel by itself.
    Depthwise {
        /// Size of a patch.
        kernel: [usize; 2],
        /// From one patch to the next.
        stride: [usize; 2],
        /// What lies outside.
        edges: [Edge; 2],
        /// What follows the sum.
        after: After,
    },
    /// The largest value of each channel, over patches side by side.
    MaxPool {
        /// Size of a patch and from one to the next.
        kernel: [usize; 2],
    },
    /// Adds what an earlier layer gave.
    Add {
        /// Its index.
        layer: usize,
    },
}

/// A network: layers one behind the other, and where it may be cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Channels of its input.
    pub channels: usize,
    /// Rows that its input must have, if not any number.
    pub rows: Option<usize>,
    /// Names and layers.
    pub layers: Vec<(String, Layer)>,
    /// How many layers each of its stages ends behind, growing.
    pub stages: Vec<usize>,
}

/// A layer with its sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name, unique in the network.
    pub name: String,
    /// What it does.
    pub layer: Layer,
    /// Channels, rows and columns that it reads.
    pub input: [usize; 3],
    /// Channels, rows and columns that it gives.
    pub output: [usize; 3],
    /// Where it looks; of no use to [`Layer::Add`].
    pub patches: Patches,
}

impl Step {
    /// Shapes of weight and bias, for layers that have them: `[out, kernel rows · kernel columns · in]` in the order row,
    /// column, channel, or `[kernel rows · kernel columns, channels]` for [`Layer::Depthwise`]; and `[out]`.
    pub fn weights(&self) -> Option<[Vec<usize>; 2]> {
        let [inputs, ..] = self.input;
        match self.layer {
            Layer::Convolution {
                channels, kernel, ..
            } => Some([
                vec![channels, kernel[0] * kernel[1] * inputs],
                vec![channels],
            ]),
            Layer::Depthwise { kernel, .. } => {
                Some([vec![kernel[0] * kernel[1], inputs], vec![inputs]])
            }
            Layer::MaxPool { .. } | Layer::Add { .. } => None,
        }
    }

    /// Multiplications for one input.
    pub fn multiplications(&self) -> usize {
        let [outputs, rows, columns] = self.output;
        let [inputs, ..] = self.input;
        rows * columns
            * match self.layer {
                Layer::Convolution { kernel, .. } => kernel[0] * kernel[1] * inputs * outputs,
                Layer::Depthwise { kernel, .. } => kernel[0] * kernel[1] * outputs,
                Layer::MaxPool { .. } | Layer::Add { .. } => 0,
            }
    }
}

/// A network, or its first stages, over inputs of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its layers, at least one.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The first `stages` stages, all if that is not said, over an input `[channels, rows, columns]`.
    ///
    /// # Errors
    /// When there are not so many stages, or the input does not suit the network.
    pub fn new(network: &Network, stages: Option<usize>, input: [usize; 3]) -> Result<Self> {
        let most = network.stages.len();
        let stages = stages.unwrap_or(most);
        if !(1..=most).contains(&stages) {
            bail!("the network has 1 to {most} stages, not {stages}");
        }
        let [channels, rows, _] = input;
        if channels != network.channels || network.rows.is_some_and(|wanted| wanted != rows) {
            bail!(
                "the network reads {} channels{}, and is given {channels} channels of {rows} rows",
                network.channels,
                network
                    .rows
                    .map_or_else(String::new, |rows| format!(" of {rows} rows"))
            );
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut size = input;
        for (name, layer) in &network.layers[..network.stages[stages - 1]] {
            let step = step(name, *layer, size)?;
            size = step.output;
            steps.push(step);
        }
        Ok(Self { steps })
    }

    /// Channels, rows and columns of its input.
    pub fn input(&self) -> [usize; 3] {
        self.steps[0].input
    }

    /// Channels, rows and columns of what it gives.
    pub fn output(&self) -> [usize; 3] {
        self.steps[self.steps.len() - 1].output
    }

    /// Multiplications for one input.
    pub fn multiplications(&self) -> usize {
        self.steps.iter().map(Step::multiplications).sum()
    }
}

fn step(name: &str, layer: Layer, input: [usize; 3]) -> Result<Step> {
    let [channels, rows, columns] = input;
    let size = [rows, columns];
    let (patches, outputs) = match layer {
        Layer::Convolution {
            channels,
            kernel,
            stride,
            edges,
            ..
        } => (patches(size, kernel, stride, edges), channels),
        Layer::Depthwise {
            kernel,
            stride,
            edges,
            ..
        } => (patches(size, kernel, stride, edges), channels),
        Layer::MaxPool { kernel } => (Patches::inside(size, kernel, kernel), channels),
        Layer::Add { .. } => (Patches::inside(size, [1, 1], [1, 1]), channels),
    };
    if (0..2).any(|i| size[i] + patches.before[i] + patches.behind[i] < patches.kernel[i]) {
        bail!("an input of that size is too small: layer {name} has {rows}×{columns} left to read");
    }
    let [down, across] = patches.grid();
    Ok(Step {
        name: name.to_owned(),
        layer,
        input,
        output: [outputs, down, across],
        patches,
    })
}

fn patches(
    picture: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    edges: [Edge; 2],
) -> Patches {
    let around = [0, 1].map(|i| match edges[i] {
        Edge::Inside => 0,
        Edge::Same => {
            let covered = (picture[i].div_ceil(stride[i]) - 1) * stride[i] + kernel[i];
            covered.saturating_sub(picture[i])
        }
    });
    Patches {
        before: around.map(|total| total / 2),
        behind: around.map(|total| total - total / 2),
        ..Patches::inside(picture, kernel, stride)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(edges: [Edge; 2], stride: usize) -> Network {
        let layer = Layer::Convolution {
            channels: 4,
            kernel: [3, 3],
            stride: [stride; 2],
            edges,
            after: After::Relu,
        };
        Network {
            channels: 2,
            rows: None,
            layers: vec![("one".into(), layer), ("two".into(), layer)],
            stages: vec![1, 2],
        }
    }

    #[test]
    fn zeros_keep_the_size_and_more_of_them_lie_behind() {
        let plan = Plan::new(&network([Edge::Same; 2], 2), None, [2, 8, 7]).unwrap();
        let first = &plan.steps[0];
        assert_eq!(first.output, [4, 4, 4]);
        assert_eq!(
            (first.patches.before, first.patches.behind),
            ([0, 1], [1, 1])
        );
        assert_eq!(plan.output(), [4, 2, 2]);
        let plan = Plan::new(&network([Edge::Inside, Edge::Same], 1), Some(1), [2, 8, 7]).unwrap();
        assert_eq!(plan.output(), [4, 6, 7]);
        assert_eq!(plan.multiplications(), 6 * 7 * 9 * 2 * 4);
    }

    #[test]
    fn what_does_not_suit_is_refused() {
        let network = network([Edge::Inside; 2], 1);
        for (stages, input, word) in [
            (Some(3), [2, 8, 8], "1 to 2 stages"),
            (Some(0), [2, 8, 8], "1 to 2 stages"),
            (None, [3, 8, 8], "2 channels"),
            (None, [2, 4, 8], "layer two"),
        ] {
            let error = Plan::new(&network, stages, input).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
