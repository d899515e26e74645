//! `evenkeel-train export`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args as ClapArgs;
use evenkeel::engine::Output;
use evenkeel::evaluation::Score;
use evenkeel::frontend::Features;
use evenkeel::package::Precision;
use evenkeel::window::{Modality, PerSensor, Window};

use super::convert::{self, Allowed};
use crate::data::{Dataset, Split};
use crate::export::{
    CardNotes, DriftWindow, ExportRequest, Exported, FinishedRun, Measured, Naming, Narrowing,
    export,
};
use crate::fit::{self, Calibrated, Workers};
use crate::model::{Frozen, Model};
use crate::study::SeedRobustness;

/// Windows on which the exported model must answer like the trained one.
const PARITY_WINDOWS: usize = 200;
/// Windows kept in the package, so that a board can prove that it computes the same.
const GOLDEN_WINDOWS: usize = 3;

/// Write a trained model as a package of ONNX graphs.
///
/// The package is loaded again and compared with the trained model on 200 windows of the validation
/// split; it is kept only if the answers match. In f16 or int8 its answers are compared with those in f32 on the whole split.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  evenkeel-train export runs/digits --name digits --license CC-BY-SA-4.0 --out my-model
  evenkeel-train export runs/digits --name digits --license CC-BY-SA-4.0 --precision int8 --out my-small-model")]
pub struct Args {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Folder of the package; an older package there is replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Name of the model: lower-case letters, digits and dashes
    #[arg(long, default_value = "model")]
    name: String,
    /// Version of the model
    #[arg(long, default_value = "0.1.0")]
    version: String,
    /// Licence of the weights, an SPDX expression: what the training data ask for
    #[arg(long, value_name = "SPDX")]
    license: String,
    /// Commit of evenkeel that trained it, for its card
    #[arg(long)]
    commit: Option<String>,
    /// What a study found of this run with a sensor spoilt (its robustness-SEED.json), for its card
    #[arg(long, value_name = "FILE")]
    robustness: Option<PathBuf>,
    /// What the model is, for its card
    #[arg(long)]
    summary: Option<String>,
    /// In which numbers the weights are stored: f32, f16 or int8; what the configuration says, or f32, if left out
    #[arg(long, value_name = "FORMAT")]
    precision: Option<Precision>,
    #[command(flatten)]
    allowed: Allowed,
    /// Print the parity figures as JSON
    #[arg(long)]
    json: bool,
}

/// # Errors
/// When the run is not finished, its weights are damaged, or the package would answer differently.
pub fn run(args: &Args) -> Result<()> {
    let run = FinishedRun::open(&args.run)?;
    let naming = Naming {
        name: args.name.clone(),
        version: args.version.clone(),
        license: args.license.clone(),
        commit: args.commit.clone(),
    };
    // What the exported encoders take, with nothing of the model before it.
    let mut workers = Workers::new(&run.config, &Frozen::default())?;
    let validation = workers.prepare(&*run.data, Split::Validation)?;
    // Spread over the whole split, so that every class is among them.
    let count = validation.samples.len().min(PARITY_WINDOWS);
    let parity_windows: Vec<Features> = (0..count)
        .map(|i| i * validation.samples.len() / count)
        .map(|i| validation.samples[i].features.clone())
        .collect();
    let settings = run.config.export;
    let precision = args.precision.unwrap_or(settings.precision);
    // What the configuration allows is meant for the precision that it names.
    let own = (precision == settings.precision).then_some(settings);
    let Allowed {
        drift,
        drift_answers,
    } = args.allowed;
    let narrowing = Narrowing::new(
        precision,
        drift.or(own.and_then(|own| own.drift)),
        drift_answers.or(own.and_then(|own| own.drift_answers)),
    )?;
    let drift_windows: Vec<DriftWindow> = match narrowing {
        None => Vec::new(),
        Some(_) => validation
            .samples
            .into_iter()
            .enumerate()
            .map(|(index, sample)| DriftWindow {
                name: format!(
                    "validation window {index} ({})",
                    run.data.labels()[sample.label as usize]
                ),
                features: sample.features,
            })
            .collect(),
    };
    let request = ExportRequest {
        weights: &run.weights,
        spec: &run.config.model,
        manifest: run.manifest(&naming),
        probe_temperature: run.calibrated.probe_temperature,
        notes: CardNotes {
            summary: args.summary.clone().unwrap_or_else(|| {
                format!(
                    "Recognises {} classes from a camera and a microphone.",
                    run.data.labels().len()
                )
            }),
            limits: limits(&*run.data),
            command: Some(format!(
                "evenkeel-train export RUN --name {} --version {} --license '{}'{} --out DIR",
                args.name,
                args.version,
                args.license,
                match precision {
                    Precision::F32 => String::new(),
                    other => format!(" --precision {other}"),
                }
            )),
            measured: measured(&run.result),
            robustness: match &args.robustness {
                Some(file) => SeedRobustness::of_run(file, &run.config)?.sentences(),
                None => Vec::new(),
            },
        },
        golden: golden_windows(&*run.data)?,
        parity: &parity_windows,
        narrowing,
        drift: &drift_windows,
    };
    let exported = export(
        request,
        &mut |features, validity| reference(&run.model, features, validity),
        &args.out,
    )?;
    report(args, &exported, &run.calibrated)
}

/// What the figures hold for, and what else must be known of the data.
fn limits(data: &dyn Dataset) -> Vec<String> {
    let mut limits = vec![
        "The figures hold for data like the test split; try it on your own clips with `evenkeel evaluate`.".to_owned(),
    ];
    limits.extend(
        data.cautions()
            .iter()
            .map(|caution| format!("In the data, {caution}.")),
    );
    limits
}

/// Accuracies for the card, each with its interval.
fn measured(result: &fit::RunResult) -> Vec<Measured> {
    let line = |what: &str, summary: &fit::Summary| Measured {
        what: what.to_owned(),
        score: Score::new(summary.correct, summary.examples),
    };
    let mut lines = vec![
        line(
            "validation split, which chose the epoch",
            &result.validation,
        ),
        line("test split", &result.test),
    ];
    let cases = [
        ("test split, no camera", &result.absent, Modality::Camera),
        ("test split, no microphone", &result.absent, Modality::Audio),
        (
            "test split, noise for a picture",
            &result.noise,
            Modality::Camera,
        ),
        (
            "test split, noise for sound",
            &result.noise,
            Modality::Audio,
        ),
    ];
    lines.extend(
        cases
            .into_iter()
            .filter_map(|(what, lost, sensor)| Some(line(what, lost.get(&sensor)?))),
    );
    lines
}

/// The first validation windows with different labels.
fn golden_windows(data: &dyn Dataset) -> Result<Vec<(Window, String)>> {
    let mut chosen: Vec<(Window, usize)> = Vec::new();
    for index in 0..data.len(Split::Validation) {
        let example = data.example(Split::Validation, 0, index)?;
        if chosen.iter().all(|(_, label)| *label != example.label) {
            chosen.push((example.window, example.label));
        }
        if chosen.len() == GOLDEN_WINDOWS {
            break;
        }
    }
    Ok(chosen
        .into_iter()
        .map(|(window, label)| (window, data.labels()[label].clone()))
        .collect())
}

/// The trained model's own answer.
fn reference(
    model: &Model,
    features: &Features,
    validity: PerSensor<f32>,
) -> Result<Output, Box<dyn std::error::Error>> {
    let features = model.frozen().embed(features.clone())?;
    let out = model.forward(&model.batch(&[(&features, validity)])?, 0.0)?;
    let attention = out.attention.flatten_all()?.to_vec1::<f32>()?;
    let mut probes = PerSensor::default();
    for modality in Modality::ALL {
        if let Some(probe) = &out.probes[modality] {
            probes[modality] = Some(probe.flatten_all()?.to_vec1()?);
        }
    }
    Ok(Output {
        logits: out.logits.flatten_all()?.to_vec1()?,
        attention: model.attention(&attention),
        probes,
    })
}

fn report(args: &Args, exported: &Exported, calibrated: &Calibrated) -> Result<()> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(exported)?);
        return Ok(());
    }
    println!("package      {}", super::written(&args.out)?);
    println!(
        "temperature  {:.3}; answers count above a confidence of {:.2}",
        calibrated.thresholds.temperature, calibrated.thresholds.confidence
    );
    println!(
        "policy       {}, sharpness {}",
        calibrated.policy.kind, calibrated.policy.sharpness
    );
    let parity = &exported.parity;
    println!(
        "largest differences on {} windows: logits {:.1e}, probes {:.1e}, attention {:.1e}; folded from unfolded fusion {:.1e}",
        parity.windows, parity.logits, parity.probes, parity.attention, parity.folded
    );
    if let Some(drift) = &exported.drift {
        println!("drift        {}", convert::sentence(drift));
    }
    Ok(())
}
