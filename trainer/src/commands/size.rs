//! `evenkeel-train size`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args as ClapArgs;
use evenkeel::engine::{GraphSize, graph_size};
use evenkeel::package;
use evenkeel::window::Modality;
use serde::Serialize;

use crate::export::untrained;
use crate::fit::FitConfig;

/// Weigh a model before it is trained: parameters, work for a window, bytes, tokens.
///
/// With --out it is also written as a package with random weights, which `evenkeel bench` times on any board: how fast a model is
/// does not depend on what it has learned.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  evenkeel-train size --config trainer/configs/digits.toml
  evenkeel-train size --config trainer/configs/presets.toml --set model.preset=base --out base-untrained")]
pub struct Args {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Change one entry of the configuration; without a value take it out
    #[arg(long = "set", value_name = "KEY=VALUE")]
    changes: Vec<String>,
    /// Classes of the model
    #[arg(long, default_value_t = 11)]
    classes: usize,
    /// Write the untrained model as a package to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Size {
    graphs: Vec<Graph>,
    parameters: usize,
    /// Bytes of the parameters in f32.
    f32_bytes: usize,
    multiply_accumulates: u64,
}

#[derive(Serialize)]
struct Graph {
    name: &'static str,
    #[serde(flatten)]
    size: GraphSize,
}

/// # Errors
/// When the configuration is unusable or the package cannot be written.
pub fn run(args: &Args) -> Result<()> {
    ensure!(args.classes > 0, "--classes must be at least 1");
    let config = FitConfig::read(&args.config, &args.changes)?;
    let contents = untrained(&config, args.classes)?;
    let encoders = Modality::ALL.into_iter().filter_map(|modality| {
        let bytes = contents.graphs.encoders[modality].as_deref()?;
        Some((modality.id(), bytes))
    });
    let graphs: Vec<Graph> = encoders
        .chain([("fusion", contents.graphs.fusion.as_slice())])
        .filter_map(|(name, bytes)| {
            let size = graph_size(bytes)?;
            Some(Graph { name, size })
        })
        .collect();
    let parameters = graphs.iter().map(|graph| graph.size.parameters).sum();
    let size = Size {
        parameters,
        f32_bytes: 4 * parameters,
        multiply_accumulates: graphs
            .iter()
            .map(|graph| graph.size.multiply_accumulates)
            .sum(),
        graphs,
    };
    if let Some(out) = &args.out {
        package::write(out, &contents)?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&size)?);
    } else {
        print(&size);
    }
    Ok(())
}

fn print(size: &Size) {
    println!(
        "{:<8} {:>11} {:>12} {:>7}",
        "graph", "parameters", "MACs", "tokens"
    );
    let line = |name: &str, parameters: usize, work: u64, tokens: &str| {
        println!("{name:<8} {parameters:>11} {work:>12} {tokens:>7}");
    };
    for Graph { name, size } in &size.graphs {
        let tokens = size.tokens.map_or(String::new(), |count| count.to_string());
        line(name, size.parameters, size.multiply_accumulates, &tokens);
    }
    line("whole", size.parameters, size.multiply_accumulates, "");
    println!(
        "{} bytes in f32; a MAC is a product that is added up, in convolutions and matrices, for one window",
        size.f32_bytes
    );
}
