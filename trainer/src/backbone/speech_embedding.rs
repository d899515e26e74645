//! Google's speech embedding (Lin et al. 2020, "Training Keyword Spotters with Limited and Synthesized Speech Data").
//!
//! 3×3 convolutions in two halves, 1×3 over the bands and 3×1 over time. Bands are padded, time is not, and all strides in
//! time make 8 frames together: so over a longer spectrogram it gives, every 8 frames, just what it would give for the 76
//! frames there.

use super::network::{Edge, Layer, Network};
use crate::ops::After;

/// Mel bands.
pub const BANDS: usize = 32;

/// Channels of the convolutions and size of the pooling (bands, frames) behind them; the first has a whole 3×3 more.
const BLOCKS: [(usize, usize, [usize; 2]); 5] = [
    (24, 1, [2, 2]),
    (48, 2, [2, 1]),
    (72, 2, [2, 2]),
    (96, 2, [2, 1]),
    (96, 2, [2, 2]),
];

/// Its layers; rows are bands, columns are frames. A stage ends behind each pooling, and behind the last convolution.
pub fn network() -> Network {
    let mut network = Network {
        channels: 1,
        rows: Some(BANDS),
        layers: Vec::new(),
        stages: Vec::new(),
    };
    let mut convolutions = 0;
    let mut convolve = |network: &mut Network, channels, kernel, after| {
        let layer = Layer::Convolution {
            channels,
            kernel,
            stride: [1, 1],
            edges: [Edge::Same, Edge::Inside],
            after,
        };
        network.layers.push((convolution(convolutions), layer));
        convolutions += 1;
    };
    convolve(&mut network, BLOCKS[0].0, [3, 3], After::LeakyFloor);
    for (block, (channels, pairs, kernel)) in BLOCKS.into_iter().enumerate() {
        for _ in 0..pairs {
            for kernel in [[3, 1], [1, 3]] {
                convolve(&mut network, channels, kernel, After::LeakyFloor);
            }
        }
        let pool = (format!("pools.{block}"), Layer::MaxPool { kernel });
        network.layers.push(pool);
        network.stages.push(network.layers.len());
    }
    convolve(&mut network, 96, [1, 3], After::Identity);
    network.stages.push(network.layers.len());
    network
}

fn convolution(index: usize) -> String {
    format!("convolutions.{index}")
}

/// Names of weight and bias of each convolution in the ONNX file; the last one has no bias.
pub fn original_names() -> Vec<(String, [String; 2])> {
    let name = |index: usize| match index {
        0 => "model/conv2d/Conv2D".to_owned(),
        index => format!("model/conv2d_{index}/Conv2D"),
    };
    let layers = network().layers.into_iter();
    let convolutions = layers.filter(|(_, layer)| matches!(layer, Layer::Convolution { .. }));
    convolutions
        .enumerate()
        .map(|(index, (ours, _))| {
            let name = name(index);
            let (weight, bias) = match index {
                19 => (format!("{name}/ReadVariableOp:0"), String::new()),
                _ => (
                    format!("{name}_weights_fused_bn"),
                    format!("{name}_bias_fused_bn"),
                ),
            };
            (ours, [weight, bias])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::network::Plan;
    use super::*;

    #[test]
    fn seventy_six_frames_are_one_embedding_and_eight_more_another() {
        for (frames, embeddings) in [(76, 1), (83, 1), (84, 2), (126, 7)] {
            let plan = Plan::new(&network(), None, [1, BANDS, frames]).unwrap();
            assert_eq!(plan.output(), [96, 1, embeddings]);
        }
        assert!(Plan::new(&network(), None, [1, BANDS, 75]).is_err());
    }
}
