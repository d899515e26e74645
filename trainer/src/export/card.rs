//! The model card: what a person must know before using the model.

use std::fmt::Write;

use evenkeel::evaluation::Score;
use evenkeel::frontend::SensorConfig;
use evenkeel::package::{Manifest, Precision};
use evenkeel::window::Modality;

use super::drift::MeasuredDrift;

/// What a card says that model.toml does not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CardNotes {
    /// What the model is, in a sentence or two.
    pub summary: String,
    /// What it was not made for or is known to do badly, one sentence each.
    pub limits: Vec<String>,
    /// The command that makes this package again.
    pub command: Option<String>,
    /// How often it is right.
    pub measured: Vec<Measured>,
    /// How it does with a sensor spoilt, one sentence each.
    pub robustness: Vec<String>,
}

/// One line of the card's table of accuracies.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// On what.
    pub what: String,
    /// How many of how many were right.
    pub score: Score,
}

/// What is taken of a sensor, as a line of the card.
fn takes(manifest: &Manifest, modality: Modality, config: SensorConfig) -> String {
    let name = manifest.sensor_name(modality);
    let name: String = name
        .chars()
        .enumerate()
        .map(|(place, c)| {
            if place == 0 {
                c.to_ascii_uppercase()
            } else {
                c
            }
        })
        .collect();
    match config {
        SensorConfig::Audio(audio) => {
            let [bands, frames] = audio.shape();
            format!(
                "- {name}: any rate, heard at {}; a window lasts {:.2} s; {bands} mel bands from \
                 {} to {} Hz, {frames} frames.",
                audio.sample_rate,
                audio.window_duration().as_secs_f64(),
                audio.min_hz,
                audio.max_hz,
            )
        }
        SensorConfig::Camera(camera) => {
            let [frames, channels, height, width] = camera.shape();
            let colour = if channels == 1 { "grey" } else { "colour" };
            format!(
                "- {name}: any size, seen at {width}×{height} in {colour}; {frames} frame(s) from \
                 {:.2} s.",
                camera.window_seconds,
            )
        }
        SensorConfig::Signal(signal) => {
            let [channels, samples] = signal.shape();
            format!(
                "- {name}: any rate, read at {} Hz; a window lasts {:.2} s; {channels} channel(s), \
                 {samples} samples.",
                signal.rate_hz, signal.window_seconds,
            )
        }
    }
}

/// CARD.md.
pub(super) fn card(manifest: &Manifest, notes: &CardNotes) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!("# {} {}\n", manifest.name, manifest.version));
    line(format!("{}\n", notes.summary));
    line(format!("Licence of the weights: {}.\n", manifest.license));

    line("## Labels\n".into());
    line(format!("{}\n", manifest.labels.join(", ")));
    if let Some(nothing) = &manifest.nothing {
        line(format!(
            "`{nothing}` means that there is nothing to recognise.\n"
        ));
    }

    line("## Sensors\n".into());
    let configs = manifest.sensor_configs();
    for modality in Modality::ALL {
        if let Some(config) = configs[modality] {
            line(takes(manifest, modality, config));
        }
    }
    match manifest.sensors().count() {
        0 | 1 => {}
        2 => line("\nEither sensor may be missing; the answer then comes from the other.".into()),
        _ => line("\nAny sensor may be missing; the answer then comes from the others.".into()),
    }

    line("\n## Training\n".into());
    line(format!("- Data: {}", manifest.training.data));
    line(format!(
        "- Method: {}, seed {}",
        manifest.training.method, manifest.training.seed
    ));
    if let Some(commit) = &manifest.training.commit {
        line(format!("- Trainer at commit {commit}"));
    }
    if let Some(command) = &notes.command {
        line(format!("- Made again by `{command}`"));
    }
    if !notes.measured.is_empty() {
        line(
            "\n## Measured\n\n| on | right | accuracy | 95 % interval |\n|---|---|---|---|".into(),
        );
        for Measured { what, score } in &notes.measured {
            line(format!(
                "| {what} | {} of {} | {:.1} % | {:.1}–{:.1} % |",
                score.correct,
                score.total,
                100.0 * score.accuracy.unwrap_or(0.0),
                100.0 * score.interval.low,
                100.0 * score.interval.high,
            ));
        }
    }
    if !notes.robustness.is_empty() {
        line("\n## With a sensor spoilt\n".into());
        for sentence in &notes.robustness {
            line(format!("- {sentence}"));
        }
    }

    line("\n## Limits\n".into());
    for limit in &notes.limits {
        line(format!("- {limit}"));
    }
    let thresholds = &manifest.thresholds;
    line(format!(
        "- Confidence is the softmax of the logits divided by {}.",
        thresholds.temperature,
    ));
    if thresholds.confidence > 0.0 {
        line(format!(
            "- An answer whose confidence is below {} is reported as unsure.",
            thresholds.confidence
        ));
    }

    line("\n## Use\n".into());
    let _ = write!(
        text,
        "```\nevenkeel inspect PATH/TO/{name}\nevenkeel evaluate CLIPS --model PATH/TO/{name}\n```\n\n\
         The graphs are ONNX, opset 17, and run in other runtimes too: {encoders} \
         give `tokens`, `probe` and `reliability`; `fusion.onnx` takes the tokens and one validity \
         per sensor (0 absent, 1 present) and gives `logits` and `attention`.\n",
        name = manifest.name,
        encoders = encoders(manifest),
    );
    text
}

/// The files of the encoders, in words.
fn encoders(manifest: &Manifest) -> String {
    let further = manifest.further().map(|sensor| format!("`{sensor}.onnx`"));
    let mut files = vec!["`audio.onnx`".to_owned(), "`camera.onnx`".to_owned()];
    files.extend(further);
    match files.split_last() {
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What CARD.md says besides of a model in fewer bits.
pub(super) fn precision(precision: Precision, drift: &MeasuredDrift) -> String {
    let MeasuredDrift {
        windows,
        answers,
        probability,
        changed,
        relabelled,
        ..
    } = drift;
    format!(
        "\n## Numbers\n\nThe weights of the encoders are stored in {precision}. On {windows} windows, each with every sensor and \
         with each one gone, no probability and no share of attention is farther than {probability:.4} from those of the same model in f32, \
         and {changed} of {answers} answers became others, or unsure, or sure (the most probable label is another in {relabelled}). The accuracies above were measured in f32.\n"
    )
}
