//! A robustness evaluation as files: every answer, every number, and a page to look at.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::failures::Failure;
use super::page::page;
use super::plan::{Contestants, Plan};
use super::record::{ClipRecord, Condition};
use super::run::Robustness;
use super::summary::Summary;
use crate::corruption::Corruption;
use crate::files::write_atomically;
use crate::window::Modality;

/// Name of the file, inside the folder of the report, in which the clips that are done are kept
/// until the results are written.
pub const PARTIAL: &str = "partial.jsonl";
const SUMMARY: &str = "summary.json";

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heading {
    /// The model.
    pub title: String,
    /// Whether this was a quick look at a part of the clips and severities.
    pub quick: bool,
    /// Of all that is random.
    pub seed: u64,
}

/// What `summary.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryFile {
    /// What it is about.
    #[serde(flatten)]
    pub heading: Heading,
    /// The numbers.
    #[serde(flatten)]
    pub summary: Summary,
}

/// Writes `results.csv` (one row per clip and condition), `summary.json` ([`SummaryFile`]) and
/// `report.html` into `folder`, which is made if needed; each is whole or, on an error, what it was
/// before. The partial results there, which are no longer needed, are deleted last.
///
/// # Errors
/// Any error of the file system.
pub fn write(
    folder: &Path,
    heading: &Heading,
    plan: &Plan,
    contestants: &Contestants,
    found: &Robustness,
    failures: &[Failure],
) -> io::Result<()> {
    let rows = results(plan, contestants, &found.records)?;
    write_atomically(&folder.join("results.csv"), &rows)?;
    let page = page(heading, &found.summary, failures);
    write_atomically(&folder.join("report.html"), page.as_bytes())?;
    let mut json = serde_json::to_vec_pretty(&SummaryFile {
        heading: heading.clone(),
        summary: found.summary.clone(),
    })?;
    json.push(b'\n');
    write_atomically(&folder.join(SUMMARY), &json)?;
    match fs::remove_file(folder.join(PARTIAL)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Why there is no summary to read.
#[derive(Debug, thiserror::Error)]
pub enum ReadSummaryError {
    /// It could not be read.
    #[error(
        "{}: {cause}; give a folder that `evenkeel evaluate --corruptions … --report` wrote, or its \
         summary.json",
        path.display()
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It holds something else.
    #[error("{} is no summary of a robustness evaluation ({cause}); evaluate again", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is missing in it.
        cause: serde_json::Error,
    },
}

/// Reads the summary in a folder that [`write()`] wrote into, or the summary itself.
///
/// # Errors
/// One sentence with the file.
pub fn read_summary(path: &Path) -> Result<SummaryFile, ReadSummaryError> {
    let path = if path.is_dir() {
        path.join(SUMMARY)
    } else {
        path.to_owned()
    };
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|cause| ReadSummaryError::Content { path, cause }),
        Err(cause) => Err(ReadSummaryError::Io { path, cause }),
    }
}

fn results(plan: &Plan, contestants: &Contestants, records: &[ClipRecord]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header: Vec<String> = ["clip", "label", "sensor", "corruption", "severity", "group"]
        .map(str::to_owned)
        .to_vec();
    for contestant in contestants.all() {
        header.push(format!("answer.{}", contestant.name));
        header.push(format!("confidence.{}", contestant.name));
    }
    let sensors = contestants.sensors();
    for of_main in ["attention", "validity", "health", "reason"] {
        header.extend(sensors.iter().map(|sensor| format!("{of_main}_{sensor}")));
    }
    writer.write_record(&header)?;
    for record in records {
        for (index, condition) in record.conditions.iter().enumerate() {
            let about = match index.checked_sub(1).map(|cell| plan.cells[cell]) {
                None => ["", "none", "0", ""].map(str::to_owned),
                Some(cell) => [
                    sensor(cell.corruption).to_owned(),
                    cell.corruption.to_string(),
                    cell.severity.to_string(),
                    plan.group(cell.corruption).name().to_owned(),
                ],
            };
            let clip = [record.name.clone(), plan.labels[record.label].clone()];
            let said = said(plan, &sensors, condition);
            writer.write_record(clip.iter().chain(&about).chain(&said))?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error())
}

/// The sensors that a corruption spoils.
fn sensor(corruption: Corruption) -> &'static str {
    match corruption.sensor() {
        Some(sensor) => sensor.id(),
        None => "both",
    }
}

fn said(plan: &Plan, sensors: &[Modality], condition: &Condition) -> Vec<String> {
    let mut cells = Vec::new();
    for answer in &condition.answers {
        cells.push(plan.labels[answer.label].clone());
        cells.push(answer.confidence.to_string());
    }
    let Condition {
        validity, health, ..
    } = condition;
    for numbers in [&condition.attention.sensors, validity, health] {
        cells.extend(sensors.iter().map(|&sensor| numbers[sensor].to_string()));
    }
    let reasons = sensors.iter().map(|&sensor| &condition.reasons[sensor]);
    cells.extend(reasons.map(|reason| reason.clone().unwrap_or_default()));
    cells
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
