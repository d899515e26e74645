//! Times ONNX graphs in tract, whatever operators they are made of: what packages may not hold can be measured too.
//!
//!     target/release/evenkeel-test-graph-time models/digits/audio.onnx quantised/audio.onnx
//!
//! All graphs take turns, run by run, so that what else the machine does meets them alike. Prints the median of each, in milliseconds.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use tract_onnx::prelude::*;

/// Times ONNX graphs in tract, in turns.
#[derive(Parser)]
struct Arguments {
    /// ONNX files with one f32 input each.
    #[arg(required = true)]
    graphs: Vec<PathBuf>,
    /// Runs of each graph.
    #[arg(long, default_value_t = 1000)]
    runs: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut states = Vec::new();
    for path in &arguments.graphs {
        let load = || -> TractResult<_> {
            let plan = tract_onnx::onnx()
                .model_for_path(path)?
                .into_optimized()?
                .into_runnable()?;
            let shape = plan
                .model()
                .input_fact(0)?
                .shape
                .as_concrete()
                .map(<[usize]>::to_vec);
            let shape = shape.context("the shape of its input is not fixed")?;
            // A sawtooth: zeros would be quantised to nothing.
            let values: Vec<f32> = (0..shape.iter().product())
                .map(|place: usize| (place % 17) as f32 / 8.0 - 1.0)
                .collect();
            let input = Tensor::from_shape(&shape, &values)?.into_tvalue();
            Ok((plan.spawn()?, input))
        };
        let loaded = load().with_context(|| format!("{} cannot be run", path.display()))?;
        states.push((loaded, Vec::with_capacity(arguments.runs)));
    }
    for _ in 0..arguments.runs {
        for ((state, input), times) in &mut states {
            let begin = Instant::now();
            state.run(tvec![input.clone()])?;
            times.push(begin.elapsed());
        }
    }
    for (path, (_, mut times)) in arguments.graphs.iter().zip(states) {
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        println!("{:9.3}  {}", median.as_secs_f64() * 1e3, path.display());
    }
    Ok(())
}
