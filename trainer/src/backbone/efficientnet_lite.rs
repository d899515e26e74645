//! EfficientNet-Lite0 (Tan and Le 2019, "EfficientNet"; the Lite form of 2020 has max(0, min(6, x)) for its non-linearity
//! and no squeeze-and-excitation, for the sake of small processors).

use super::network::{Edge, Layer, Network};
use crate::ops::After;

/// Added to the variance in its batch norms.
pub const BATCH_NORM_EPSILON: f64 = 1e-3;

/// Repeats, kernel, stride of the first, expansion, channels given.
const BLOCKS: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];
const STEM: usize = 32;
const HEAD: usize = 1280;

/// Its layers without the classifier. A stage ends behind each of its 16 blocks, and behind the head's convolution.
pub fn network() -> Network {
    let mut network = Network {
        channels: 3,
        rows: None,
        layers: vec![("stem".into(), convolution(STEM, 3, 2, After::Relu6))],
        stages: Vec::new(),
    };
    let mut channels = STEM;
    for (repeats, kernel, stride, expansion, outputs) in BLOCKS {
        for repeat in 0..repeats {
            let stride = if repeat == 0 { stride } else { 1 };
            block(&mut network, channels, kernel, stride, expansion, outputs);
            channels = outputs;
        }
    }
    let head = convolution(HEAD, 1, 1, After::Relu6);
    network.layers.push(("head".into(), head));
    network.stages.push(network.layers.len());
    network
}

/// An inverted residual: widened, each channel by itself, narrowed, and its input added where the sizes allow.
fn block(
    network: &mut Network,
    inputs: usize,
    kernel: usize,
    stride: usize,
    expansion: usize,
    outputs: usize,
) {
    let before = network.layers.len() - 1;
    let name = format!("blocks.{}", network.stages.len());
    let layers = &mut network.layers;
    if expansion > 1 {
        let expand = convolution(inputs * expansion, 1, 1, After::Relu6);
        layers.push((format!("{name}.expand"), expand));
    }
    let depthwise = Layer::Depthwise {
        kernel: [kernel; 2],
        stride: [stride; 2],
        edges: [Edge::Same; 2],
        after: After::Relu6,
    };
    layers.push((format!("{name}.depthwise"), depthwise));
    let project = convolution(outputs, 1, 1, After::Identity);
    layers.push((format!("{name}.project"), project));
    if stride == 1 && inputs == outputs {
        layers.push((format!("{name}.sum"), Layer::Add { layer: before }));
    }
    network.stages.push(layers.len());
}

fn convolution(channels: usize, kernel: usize, stride: usize, after: After) -> Layer {
    Layer::Convolution {
        channels,
        kernel: [kernel; 2],
        stride: [stride; 2],
        edges: [Edge::Same; 2],
        after,
    }
}

/// Names of convolution and batch norm of each layer in the PyTorch file.
pub fn original_names() -> Vec<(String, [String; 2])> {
    network()
        .layers
        .into_iter()
        .filter(|(_, layer)| !matches!(layer, Layer::Add { .. }))
        .map(|(ours, _)| {
            let names = match ours.rsplit_once('.') {
                None if ours == "stem" => ["_conv_stem".to_owned(), "_bn0".to_owned()],
                None => ["_conv_head".to_owned(), "_bn1".to_owned()],
                Some((block, part)) => {
                    // A block that does not widen has one norm less, and numbers them all the same.
                    let norm = match part {
                        "expand" => 0,
                        "depthwise" => 1,
                        _ => 2,
                    };
                    [
                        format!("_{block}._{part}_conv"),
                        format!("_{block}._bn{norm}"),
                    ]
                }
            };
            (ours, names)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::network::Plan;
    use super::*;

    #[test]
    fn it_has_the_published_size() {
        // 4.7 million parameters with the classifier's 1,281,000, and 407 million multiplications with its 1.28 (the
        // figures of its authors).
        let plan = Plan::new(&network(), None, [3, 224, 224]).unwrap();
        assert_eq!(plan.output(), [1280, 7, 7]);
        let weights: usize = plan
            .steps
            .iter()
            .filter_map(|step| step.weights())
            .flatten()
            .map(|shape| shape.iter().product::<usize>())
            .sum();
        let total = (weights + 1_281_000) as f64 / 1e6;
        assert!((4.6..4.7).contains(&total), "{total}");
        let multiplications = (plan.multiplications() + 1_280_000) as f64 / 1e6;
        assert!(
            (380.0..410.0).contains(&multiplications),
            "{multiplications}"
        );
    }
}
