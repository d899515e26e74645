//! `evenkeel inspect`: what is in a model package, and whether it works here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use evenkeel::engine::{GoldenCheck, GraphSize, Recogniser, check_golden, graph_size};
use evenkeel::frontend::SensorConfig;
use evenkeel::package::{Manifest, Package};
use evenkeel::window::Modality;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{print, print_json};

/// Verifies a model package, prints what is in it, and runs its golden windows.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  evenkeel inspect models/digits
  evenkeel inspect models/digits --json

Exit codes: 0 the package is whole and answers here as it did where it was made, 1 it does not.")]
pub struct Args {
    /// Folder of the model package
    package: PathBuf,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Inspection<'a> {
    manifest: &'a Manifest,
    graphs: BTreeMap<String, GraphFigures>,
    golden: GoldenCheck,
}

#[derive(Serialize)]
struct GraphFigures {
    bytes: usize,
    #[serde(flatten)]
    size: GraphSize,
    sha256: String,
}

/// Runs the command.
///
/// # Errors
/// When the package cannot be read or its graphs cannot be loaded and run.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let package = Package::open(&args.package)?;
    let mut recogniser = Recogniser::new(&package)?;
    let golden =
        check_golden(&package, &mut recogniser).context("the golden windows could not be run")?;
    let encoders = Modality::ALL.into_iter().filter_map(|modality| {
        let bytes = package.graphs.encoders[modality].as_deref()?;
        Some((format!("{modality}.onnx"), bytes))
    });
    let fusion = ("fusion.onnx".to_owned(), package.graphs.fusion.as_slice());
    let files = encoders.chain([fusion]);
    let inspection = Inspection {
        manifest: &package.manifest,
        graphs: files
            .filter_map(|(name, bytes)| Some((name, figures(bytes)?)))
            .collect(),
        golden,
    };
    if args.json {
        print_json(&inspection)?;
    } else {
        print(&text(&inspection))?;
    }
    if inspection.golden.matches {
        return Ok(ExitCode::SUCCESS);
    }
    if inspection.golden.windows == 0 {
        anyhow::bail!(
            "{} has no golden windows, so nothing proves that it works here; export it again",
            args.package.display()
        );
    }
    anyhow::bail!(
        "{} answers differently here than where it was made (by {:.2e}, and {:.0e} is \
         allowed); get a fresh copy, and if that does not help report this processor",
        args.package.display(),
        inspection.golden.largest_difference,
        inspection.golden.allowed
    )
}

fn figures(bytes: &[u8]) -> Option<GraphFigures> {
    let size = graph_size(bytes)?;
    let hash = Sha256::digest(bytes);
    Some(GraphFigures {
        bytes: bytes.len(),
        size,
        sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

/// What a sensor's encoder takes of it.
fn takes(config: SensorConfig<'_>) -> String {
    match config {
        SensorConfig::Audio(audio) => {
            let [bands, frames] = audio.shape();
            format!(
                "{:.2} s at {}, {bands} mel bands × {frames} frames",
                audio.window_duration().as_secs_f64(),
                audio.sample_rate
            )
        }
        SensorConfig::Camera(camera) => {
            let [frames, channels, height, width] = camera.shape();
            format!(
                "{width}×{height}, {channels} channel(s), {frames} frame(s) over {:.2} s",
                camera.window_seconds
            )
        }
        SensorConfig::Signal(signal) => {
            let [channels, samples] = signal.shape();
            let name = match &signal.name {
                Some(name) => format!("{name}, "),
                None => String::new(),
            };
            format!(
                "{name}{channels} channel(s), {samples} samples at {} Hz over {:.2} s",
                signal.rate_hz, signal.window_seconds
            )
        }
    }
}

fn text(inspection: &Inspection) -> String {
    let manifest = inspection.manifest;
    let mut lines = vec![
        format!(
            "{} {} ({})",
            manifest.name, manifest.version, manifest.license
        ),
        format!("labels    {}", manifest.labels.join(", ")),
    ];
    if let Some(nothing) = &manifest.nothing {
        lines.push(format!(
            "nothing   `{nothing}` means that there is nothing to recognise"
        ));
    }
    let configs = manifest.sensor_configs();
    for sensor in Modality::ALL {
        if let Some(config) = configs[sensor] {
            lines.push(format!("{sensor:<9} {}", takes(config)));
        }
    }
    lines.push(format!("weights   in {}", manifest.precision));
    if let Some(drift) = &manifest.drift {
        lines.push(format!(
            "          probabilities within {} of the same model in f32, at most {:.1} % of answers others",
            drift.probability,
            100.0 * drift.answers
        ));
    }
    lines.push(format!(
        "answers   unsure below confidence {}, temperature {}",
        manifest.thresholds.confidence, manifest.thresholds.temperature
    ));
    let policy = &manifest.policy;
    lines.push(format!(
        "policy    {}: a sensor is shut out below health {} and let in above {}, sharpness {}",
        policy.kind, policy.off, policy.on, policy.sharpness
    ));
    let calibrated = |given: bool| {
        if given {
            "calibrated"
        } else {
            "not calibrated"
        }
    };
    let health: Vec<String> = Modality::LIVE
        .into_iter()
        .chain(manifest.further())
        .map(|sensor| {
            let calibrated = calibrated(manifest.health.judges(sensor));
            format!("{} {calibrated}", manifest.sensor_name(sensor))
        })
        .collect();
    lines.push(format!("health    {}", health.join(", ")));
    let training = &manifest.training;
    lines.push(format!(
        "training  {}, seed {}: {}",
        training.method, training.seed, training.data
    ));
    if let Some(commit) = &training.commit {
        lines.push(format!("          commit {commit}"));
    }
    if !training.corruptions.is_empty() {
        lines.push(format!(
            "          with {}",
            training.corruptions.join(", ")
        ));
    }
    for (name, value) in &training.metrics {
        lines.push(format!("          {name} {value:.4}"));
    }
    lines.push(String::new());
    for (name, figures) in &inspection.graphs {
        let GraphSize {
            operators,
            parameters,
            multiply_accumulates,
            tokens,
        } = figures.size;
        let tokens = tokens.map_or(String::new(), |count| format!("{count} tokens"));
        lines.push(format!(
            "{name:<12} {:>9} bytes  {operators:>4} operators  {parameters:>9} parameters  \
             {multiply_accumulates:>11} MACs  {tokens:<10}  sha256 {}",
            figures.bytes, figures.sha256
        ));
    }
    let sizes = || inspection.graphs.values().map(|figures| figures.size);
    let parameters: usize = sizes().map(|size| size.parameters).sum();
    lines.push(format!(
        "whole        {parameters} parameters ({} bytes in f32), {} multiply-accumulates per window",
        4 * parameters,
        sizes().map(|size| size.multiply_accumulates).sum::<u64>()
    ));
    let golden = &inspection.golden;
    let mut text = lines.join("\n");
    let verdict = if golden.matches {
        "match"
    } else {
        "DO NOT MATCH"
    };
    let _ = writeln!(
        text,
        "\n\ngolden       {} window(s) {verdict}, largest difference {:.2e}",
        golden.windows, golden.largest_difference
    );
    text
}
