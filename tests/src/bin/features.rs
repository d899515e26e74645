//! Writes what the frontends make of windows, and what the engine answers, for checks in other
//! engines: `reference/onnxruntime_check.py` reads it.
//!
//! One JSON object per line: `name`, `audio` and `camera` and each further sensor of the model (features, or
//! null where that sensor is taken away), `validity` [audio, camera, further …], `engine` (the answer of this project's engine) and
//! `golden` (the answer written into the package, null where there is none, and in a package in fewer bits, which holds those of the
//! model in f32).

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use evenkeel::clip::{ClipList, ReadOptions, read_clip};
use evenkeel::engine::Engine;
use evenkeel::frontend::{Features, Frontend};
use evenkeel::package::{GoldenAnswer, Package};
use evenkeel::window::{Attention, Modality, PerSensor, Window};
use serde_json::{Map, Value, json};

/// Writes features and answers of a package's golden windows, and of clips.
#[derive(Parser)]
struct Arguments {
    /// Folder of the model package.
    package: PathBuf,
    /// Clips whose first windows are taken as well: a CSV file, a folder per class, or one clip.
    #[arg(long)]
    clips: Option<PathBuf>,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let package = Package::open(&arguments.package)?;
    let mut frontend = Frontend::new(&package.manifest.sensor_configs())?;
    let mut engine = Engine::load(&package)?;
    let mut lines = Vec::new();

    for (number, golden) in package.golden()?.iter().enumerate() {
        let name = format!("golden {number}");
        let features = frontend.features(&golden.window)?;
        let own = package.manifest.drift.is_none().then_some(&golden.answer);
        lines.push(line(&mut engine, &name, &features, own)?);
        // The same window with each sensor gone, so that the mask is checked too.
        for lost in engine.sensors().sensors() {
            let mut left = features.clone();
            left[lost] = None;
            lines.push(line(&mut engine, &name, &left, None)?);
        }
    }
    if let Some(path) = &arguments.clips {
        for entry in ClipList::read(path)?.entries {
            let clip = read_clip(
                &entry,
                &ReadOptions {
                    max_side: None,
                    frame_rate: None,
                },
            )?;
            let window: Window =
                clip.window_at(Default::default(), package.manifest.window_duration());
            lines.push(line(
                &mut engine,
                &entry.name,
                &frontend.features(&window)?,
                None,
            )?);
        }
    }

    if let Some(folder) = arguments.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = std::fs::File::create(&arguments.out)
        .with_context(|| format!("{} could not be written", arguments.out.display()))?;
    let mut file = BufWriter::new(file);
    for line in &lines {
        writeln!(file, "{line}")?;
    }
    file.flush()?;
    println!("{}: {} inputs", arguments.out.display(), lines.len());
    Ok(())
}

/// One line: the features, and the engine's answer to them.
fn line(
    engine: &mut Engine,
    name: &str,
    features: &Features,
    golden: Option<&GoldenAnswer>,
) -> anyhow::Result<Value> {
    let validity = PerSensor::from_fn(|modality| {
        if features[modality].is_some() {
            1.0
        } else {
            0.0
        }
    });
    let output = engine.run(features, validity)?;
    let has = engine.sensors();
    let further = Modality::FURTHER.into_iter().filter(|&m| has[m]);
    let places: Vec<Modality> = Modality::LIVE.into_iter().chain(further).collect();
    let row = |attention: Attention| attention.row(places[Modality::LIVE.len()..].iter().copied());
    let probes = |probe: &dyn Fn(Modality) -> Option<Vec<f32>>| -> Map<String, Value> {
        let named = |&m: &Modality| (format!("{m}_probe"), json!(probe(m)));
        places.iter().map(named).collect()
    };
    let answer = |logits: &[f32], attention, mut answer: Map<String, Value>| {
        answer.insert("logits".into(), json!(logits));
        answer.insert("attention".into(), json!(row(attention)));
        answer
    };
    let mut line = Map::new();
    line.insert("name".into(), json!(name));
    for &modality in &places {
        line.insert(modality.to_string(), json!(features[modality]));
    }
    let validity: Vec<f32> = places.iter().map(|&m| validity[m]).collect();
    line.insert("validity".into(), json!(validity));
    let ours = probes(&|m| output.probes[m].clone());
    line.insert(
        "engine".into(),
        answer(&output.logits, output.attention, ours).into(),
    );
    let golden = golden.map(|golden| {
        let theirs = probes(&|m| golden.probe(m).cloned());
        answer(&golden.logits, golden.attention, theirs)
    });
    line.insert("golden".into(), json!(golden));
    Ok(line.into())
}
