//! An evaluation as files: one line per clip, the numbers over all clips, the figure.

use std::io;
use std::path::Path;

use serde::Serialize;

use super::picture::picture;
use super::report::{ClipResult, Outcome, Report, Said};
use super::summary::Summary;
use crate::files::write_atomically;
use crate::window::Modality;

/// Writes `results.csv`, `summary.json` and `summary.svg` into `folder`, which is made if needed;
/// each is whole or, on an error, what it was before.
///
/// # Errors
/// Any error of the file system.
pub fn write_report(folder: &Path, report: &Report, title: &str) -> io::Result<()> {
    write_atomically(&folder.join("results.csv"), &results(report)?)?;
    #[derive(Serialize)]
    struct File<'a> {
        title: &'a str,
        labels: &'a [String],
        summary: &'a Summary,
        failures: Vec<Failure<'a>>,
    }
    #[derive(Serialize)]
    struct Failure<'a> {
        clip: &'a str,
        why: &'a str,
    }
    let file = File {
        title,
        labels: &report.labels,
        summary: &report.summary,
        failures: report
            .failures()
            .map(|(clip, why)| Failure { clip, why })
            .collect(),
    };
    let mut json = serde_json::to_vec_pretty(&file)?;
    json.push(b'\n');
    write_atomically(&folder.join("summary.json"), &json)?;
    write_atomically(
        &folder.join("summary.svg"),
        picture(report, title).as_bytes(),
    )
}

/// Whether a report could be written into `folder`, found out without leaving anything there: it may
/// take hours until it is to be written.
///
/// # Errors
/// What the file system says to a file in the folder, or in the nearest folder above that is there.
pub fn check_report_folder(folder: &Path) -> io::Result<()> {
    let folder = std::path::absolute(folder)?;
    let there = folder
        .ancestors()
        .find(|folder| folder.symlink_metadata().is_ok())
        .unwrap_or(&folder);
    tempfile::tempfile_in(there).map(drop)
}

/// One row of `results.csv`; empty cells where there is nothing to say.
#[derive(Serialize, Default)]
struct Row<'a> {
    clip: &'a str,
    label: Option<&'a str>,
    answer: Option<&'a str>,
    correct: Option<bool>,
    confidence: Option<f64>,
    unsure: Option<bool>,
    audio_answer: Option<&'a str>,
    audio_confidence: Option<f64>,
    camera_answer: Option<&'a str>,
    camera_confidence: Option<f64>,
    has_sound: Option<bool>,
    has_picture: Option<bool>,
    attention_audio: Option<f64>,
    attention_camera: Option<f64>,
    attention_class_token: Option<f64>,
    windows: Option<usize>,
    error: Option<&'a str>,
}

/// The columns of a [`Row`].
const COLUMNS: [&str; 17] = [
    "clip",
    "label",
    "answer",
    "correct",
    "confidence",
    "unsure",
    "audio_answer",
    "audio_confidence",
    "camera_answer",
    "camera_confidence",
    "has_sound",
    "has_picture",
    "attention_audio",
    "attention_camera",
    "attention_class_token",
    "windows",
    "error",
];

/// The cells of one further sensor, behind those of a [`Row`].
#[derive(Serialize, Default)]
struct FurtherCells<'a> {
    answer: Option<&'a str>,
    confidence: Option<f64>,
    has: Option<bool>,
    attention: Option<f64>,
}

impl<'a> FurtherCells<'a> {
    fn of(clip: &'a ClipResult, sensor: Modality) -> Self {
        let Outcome::Answered(answer) = &clip.outcome else {
            return Self::default();
        };
        let said = answer.alone[sensor].as_ref();
        Self {
            answer: said.map(|said| said.label.as_str()),
            confidence: said.map(|said| said.confidence),
            has: Some(answer.present[sensor]),
            attention: Some(answer.attention.sensors[sensor]),
        }
    }
}

fn results(report: &Report) -> io::Result<Vec<u8>> {
    let further: Vec<Modality> = Modality::FURTHER
        .into_iter()
        .filter(|&sensor| report.sensors[sensor].is_some())
        .collect();
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    let columns_of = |sensor: &Modality| {
        let columns = ["answer", "confidence"].map(|cell| format!("{sensor}_{cell}"));
        let others = ["has", "attention"].map(|cell| format!("{cell}_{sensor}"));
        columns.into_iter().chain(others)
    };
    let columns = COLUMNS.map(str::to_owned).into_iter();
    writer.write_record(columns.chain(further.iter().flat_map(columns_of)))?;
    for clip in &report.clips {
        let further: Vec<FurtherCells> = further
            .iter()
            .map(|&sensor| FurtherCells::of(clip, sensor))
            .collect();
        let row = Row {
            clip: &clip.name,
            label: clip.label.as_deref(),
            ..Row::default()
        };
        let row = match &clip.outcome {
            Outcome::Failed(why) => Row {
                error: Some(why),
                ..row
            },
            Outcome::Answered(answer) => {
                let confidence = |said: &Option<Said>| said.as_ref().map(|said| said.confidence);
                Row {
                    answer: Some(&answer.fused.label),
                    correct: answer.fused.correct,
                    confidence: Some(answer.fused.confidence),
                    unsure: Some(answer.unsure),
                    audio_answer: answer.alone.audio.as_ref().map(|said| said.label.as_str()),
                    audio_confidence: confidence(&answer.alone.audio),
                    camera_answer: answer.alone.camera.as_ref().map(|said| said.label.as_str()),
                    camera_confidence: confidence(&answer.alone.camera),
                    has_sound: Some(answer.present.audio),
                    has_picture: Some(answer.present.camera),
                    attention_audio: Some(answer.attention.sensors.audio),
                    attention_camera: Some(answer.attention.sensors.camera),
                    attention_class_token: Some(answer.attention.class_token),
                    windows: Some(answer.windows),
                    ..row
                }
            }
        };
        writer.serialize((row, further))?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}
