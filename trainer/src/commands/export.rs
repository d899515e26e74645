//! `evenkeel-train export`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use evenkeel::engine::Output;
use evenkeel::evaluation::Score;
use evenkeel::frontend::Features;
use evenkeel::package::{Manifest, Thresholds, Training};
use evenkeel::window::{Modality, PerSensor, Window};

use crate::data::{Dataset, Split};
use crate::export::{CardNotes, ExportRequest, Measured, Parity, Weights, export};
use crate::fit::{self, FitConfig, Outcome, Workers, fit_temperature};
use crate::model::Model;

/// Windows on which the exported model must answer like the trained one.
const PARITY_WINDOWS: usize = 200;
/// Windows kept in the package, so that a board can prove that it computes the same.
const GOLDEN_WINDOWS: usize = 3;

/// Write a trained model as a package of ONNX graphs.
///
/// The package is loaded again and compared with the trained model on 200 windows of the validation
/// split; it is kept only if the answers match.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  evenkeel-train export runs/digits --name digits --license CC-BY-SA-4.0 --out my-model")]
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
    /// What the model is, for its card
    #[arg(long)]
    summary: Option<String>,
    /// Print the parity figures as JSON
    #[arg(long)]
    json: bool,
}

/// # Errors
/// When the run is not finished, its weights are damaged, or the package would answer differently.
pub fn run(args: &Args) -> Result<()> {
    let path = FitConfig::path_in(&args.run);
    let config = FitConfig::read(&path, &[])?;
    let weights_path = fit::best_weights(&args.run);
    let weights = Weights::read(&weights_path)?;
    let result = fit::read_result(&args.run)?;
    let data = config.data.open()?;
    fit::check_data(&args.run, &*data)?;
    let model = fit::new_model(&config, &*data)?;
    model.parameters.load_file(&weights_path)?;

    let mut workers = Workers::new(&config)?;
    let validation = workers.prepare(&*data, Split::Validation)?;
    let answers = workers.answer(&model, &validation)?.outcomes;
    let logits: Vec<(Vec<f32>, u32)> = answers
        .iter()
        .map(|o: &Outcome| (o.logits.clone(), o.label))
        .collect();
    let temperature = fit_temperature(&logits);

    // Spread over the whole split, so that every class is among them.
    let count = validation.samples.len().min(PARITY_WINDOWS);
    let parity_windows: Vec<Features> = (0..count)
        .map(|i| i * validation.samples.len() / count)
        .map(|i| validation.samples[i].features.clone())
        .collect();
    let request = ExportRequest {
        weights: &weights,
        spec: &config.model,
        manifest: manifest(args, &config, &*data, &result, temperature),
        notes: CardNotes {
            summary: args.summary.clone().unwrap_or_else(|| {
                format!("Recognises {} classes from a camera and a microphone.", data.labels().len())
            }),
            limits: vec![
                "The figures hold for data like the test split; try it on your own clips with `evenkeel evaluate`.".to_owned(),
            ],
            command: Some(format!(
                "evenkeel-train export RUN --name {} --version {} --license '{}' --out DIR",
                args.name, args.version, args.license
            )),
            measured: measured(&result),
        },
        golden: golden_windows(&*data)?,
        parity: &parity_windows,
    };
    let parity = export(
        request,
        &mut |features, validity| reference(&model, features, validity),
        &args.out,
    )?;
    report(args, &parity, temperature)
}

fn manifest(
    args: &Args,
    config: &FitConfig,
    data: &dyn Dataset,
    result: &fit::RunResult,
    temperature: f32,
) -> Manifest {
    let (audio, camera) = config.frontends();
    let mut metrics = std::collections::BTreeMap::from([
        ("test.accuracy".to_owned(), result.test.accuracy),
        ("test.examples".to_owned(), result.test.examples as f64),
        ("validation.accuracy".to_owned(), result.validation.accuracy),
    ]);
    for (name, lost) in [
        ("camera", &result.absent.camera),
        ("microphone", &result.absent.audio),
    ] {
        if let Some(summary) = lost {
            metrics.insert(format!("test.accuracy.without-{name}"), summary.accuracy);
        }
    }
    Manifest {
        format: evenkeel::package::FORMAT,
        name: args.name.clone(),
        version: args.version.clone(),
        license: args.license.clone(),
        labels: data.labels().to_vec(),
        nothing: data.nothing().map(str::to_owned),
        precision: "f32".to_owned(),
        token_width: config.model.width,
        thresholds: Thresholds {
            temperature,
            confidence: 0.0,
        },
        audio: audio.cloned(),
        camera: camera.cloned(),
        training: Training {
            data: data.provenance(),
            method: format!("{:?}", config.model.fusion).to_lowercase(),
            seed: config.data.seed,
            commit: args.commit.clone(),
            metrics,
        },
    }
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
        ("test split, no camera", &result.absent.camera),
        ("test split, no microphone", &result.absent.audio),
        ("test split, noise for a picture", &result.noise.camera),
        ("test split, noise for sound", &result.noise.audio),
    ];
    lines.extend(
        cases
            .into_iter()
            .filter_map(|(what, summary)| Some(line(what, summary.as_ref()?))),
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
    let out = model.forward(&model.batch(&[(features, validity)])?, 0.0)?;
    let attention = out.attention.flatten_all()?.to_vec1::<f32>()?;
    let mut probes = PerSensor::default();
    for modality in Modality::ALL {
        if let Some(probe) = &out.probes[modality] {
            probes[modality] = Some(probe.flatten_all()?.to_vec1()?);
        }
    }
    Ok(Output {
        logits: out.logits.flatten_all()?.to_vec1()?,
        attention: [attention[0], attention[1], attention[2]],
        probes,
    })
}

fn report(args: &Args, parity: &Parity, temperature: f32) -> Result<()> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(parity)?);
        return Ok(());
    }
    let size =
        folder_size(&args.out).with_context(|| format!("cannot read {}", args.out.display()))?;
    println!(
        "package      {} ({:.2} MB)",
        args.out.display(),
        size as f64 / 1e6
    );
    println!("temperature  {temperature:.3}");
    println!(
        "largest differences on {} windows: logits {:.1e}, probes {:.1e}, attention {:.1e}; folded from unfolded fusion {:.1e}",
        parity.windows, parity.logits, parity.probes, parity.attention, parity.folded
    );
    Ok(())
}

fn folder_size(folder: &Path) -> std::io::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        size += if kind.is_dir() {
            folder_size(&entry.path())?
        } else {
            kind.len()
        };
    }
    Ok(size)
}
