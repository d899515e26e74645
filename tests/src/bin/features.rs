//! Writes what the frontends make of windows, and what the engine answers, for checks in other
//! engines: `reference/onnxruntime_check.py` reads it.
//!
//! One JSON object per line: `name`, `audio` and `camera` (features, or null where that sensor is
//! taken away), `validity` [audio, camera], `engine` (the answer of this project's engine) and
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
use evenkeel::window::{PerSensor, Window};
use serde_json::{Value, json};

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
    let mut frontend = Frontend::new(
        package.manifest.audio.as_ref(),
        package.manifest.camera.as_ref(),
    )?;
    let mut engine = Engine::load(&package)?;
    let mut lines = Vec::new();

    for (number, golden) in package.golden()?.iter().enumerate() {
        let name = format!("golden {number}");
        let features = frontend.features(&golden.window)?;
        let own = package.manifest.drift.is_none().then_some(&golden.answer);
        lines.push(line(&mut engine, &name, &features, own)?);
        // The same window with either sensor gone, so that the mask is checked too.
        for alone in [
            Features {
                camera: None,
                ..features.clone()
            },
            Features {
                audio: None,
                ..features.clone()
            },
        ] {
            lines.push(line(&mut engine, &name, &alone, None)?);
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
    let validity = PerSensor {
        audio: if features.audio.is_some() { 1.0 } else { 0.0 },
        camera: if features.camera.is_some() { 1.0 } else { 0.0 },
    };
    let output = engine.run(features, validity)?;
    Ok(json!({
        "name": name,
        "audio": features.audio,
        "camera": features.camera,
        "validity": [validity.audio, validity.camera],
        "engine": {
            "logits": output.logits,
            "attention": output.attention,
            "audio_probe": output.probes.audio,
            "camera_probe": output.probes.camera,
        },
        "golden": golden.map(|golden| json!({
            "logits": golden.logits,
            "attention": golden.attention,
            "audio_probe": golden.audio_probe,
            "camera_probe": golden.camera_probe,
        })),
    }))
}
