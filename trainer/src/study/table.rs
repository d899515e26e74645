//! The study as Markdown.

use std::fmt::Write;

use evenkeel::evaluation::mean_interval;
use evenkeel::window::Modality;

use super::Results;
use crate::fit::{RunResult, Summary};

/// Mean ± 95 % interval over the seeds, in percent.
pub(super) fn percent(values: &[f64]) -> String {
    match mean_interval(values) {
        None => "–".to_owned(),
        Some(mean) => match mean.half_width {
            Some(half) => format!("{:.2} ± {:.2}", 100.0 * mean.mean, 100.0 * half),
            None => format!("{:.2}", 100.0 * mean.mean),
        },
    }
}

/// The same without a percent's hundred.
pub(super) fn plain(values: &[f64]) -> String {
    match mean_interval(values) {
        None => "–".to_owned(),
        Some(mean) => match mean.half_width {
            Some(half) => format!("{:.3} ± {half:.3}", mean.mean),
            None => format!("{:.3}", mean.mean),
        },
    }
}

/// Every table of a study.
pub fn table(results: &Results) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = accuracy(&mut text, results);
    let _ = unseen(&mut text, results);
    let _ = contributions(&mut text, results);
    let _ = rotations(&mut text, results);
    let _ = losses(&mut text, results);
    text
}

fn accuracy(text: &mut String, results: &Results) -> std::fmt::Result {
    let mut seeds: Vec<u64> = results
        .methods
        .iter()
        .flat_map(|(_, r)| r.iter().map(|r| r.seed))
        .collect();
    seeds.sort_unstable();
    seeds.dedup();
    writeln!(text, "## Accuracy on the test split, percent\n")?;
    writeln!(
        text,
        "Mean over the seeds ± 95 % interval (Student's t); then each seed. AIR and attention belong to fusions with a query only.\n"
    )?;
    write!(
        text,
        "| method | parameters | accuracy | audio probe | camera probe | AIR | audio attention | camera attention |"
    )?;
    for seed in &seeds {
        write!(text, " seed {seed} |")?;
    }
    writeln!(text, "\n|{}", "---|".repeat(8 + seeds.len()))?;
    for (name, runs) in &results.methods {
        let of = |f: fn(&Summary) -> Option<f64>| -> Vec<f64> {
            runs.iter().filter_map(|r| f(&r.test)).collect()
        };
        write!(
            text,
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            runs[0].parameters,
            percent(&of(|s| Some(s.accuracy))),
            percent(&of(|s| s.audio_probe)),
            percent(&of(|s| s.camera_probe)),
            plain(&of(|s| s.air)),
            plain(&of(|s| attention(Some(s), |s| s.audio_share))),
            plain(&of(|s| attention(Some(s), |s| s.camera_share))),
        )?;
        for seed in &seeds {
            match runs.iter().find(|r| r.seed == *seed) {
                Some(run) => write!(text, " {:.2} |", 100.0 * run.test.accuracy)?,
                None => write!(text, " – |")?,
            }
        }
        writeln!(text)?;
    }
    Ok(())
}

/// Data from other sources, where the results have any.
fn unseen(text: &mut String, results: &Results) -> std::fmt::Result {
    let mut names: Vec<&str> = Vec::new();
    for (_, runs) in &results.methods {
        for unseen in runs.iter().flat_map(|run| &run.unseen) {
            if !names.contains(&unseen.name.as_str()) {
                names.push(&unseen.name);
            }
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\n## Other sources than those of the training, percent\n"
    )?;
    writeln!(
        text,
        "The same models on data that have nothing in common with what they were trained and chosen on: everything by both \
         sensors, by the probe of the microphone's encoder, by that of the camera's. Mean over the seeds ± 95 % interval.\n"
    )?;
    writeln!(
        text,
        "| data | windows | method | accuracy | audio probe | camera probe |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|")?;
    for name in names {
        for (method, runs) in &results.methods {
            let tests: Vec<&Summary> = runs
                .iter()
                .flat_map(|run| &run.unseen)
                .filter(|unseen| unseen.name == name)
                .map(|unseen| &unseen.test)
                .collect();
            let Some(first) = tests.first() else {
                continue;
            };
            let of = |f: fn(&Summary) -> Option<f64>| -> Vec<f64> {
                tests.iter().filter_map(|&test| f(test)).collect()
            };
            writeln!(
                text,
                "| {name} | {} | {method} | {} | {} | {} |",
                first.examples,
                percent(&of(|s| Some(s.accuracy))),
                percent(&of(|s| s.audio_probe)),
                percent(&of(|s| s.camera_probe)),
            )?;
        }
    }
    Ok(())
}

/// What each sensor contributes to the accuracy, where the results say so.
fn contributions(text: &mut String, results: &Results) -> std::fmt::Result {
    if results
        .methods
        .iter()
        .all(|(_, runs)| runs.iter().all(|run| run.shapley.is_none()))
    {
        return Ok(());
    }
    writeln!(text, "\n## What each sensor contributes, test split\n")?;
    writeln!(
        text,
        "Shapley value of each sensor in points of accuracy: what it adds to the others, on average over the orders in which \
         they come. Together they are what the model has above always answering the most frequent class; the share is of \
         that. Acted on: percent of its steps in which a method of balance held the sensor's encoder back \
         (OGM-GE), or found its two losses in conflict (MMPareto).\n"
    )?;
    writeln!(
        text,
        "| method | AIR | audio, points | camera, points | audio's share, percent | audio acted on | camera acted on |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|---|")?;
    for (name, runs) in &results.methods {
        let value = |modality: Modality| -> Vec<f64> {
            let all = runs.iter().filter_map(|run| run.shapley);
            all.map(|shapley| shapley.value[modality]).collect()
        };
        let share: Vec<f64> = runs
            .iter()
            .filter_map(|run| run.shapley?.share(Modality::Audio))
            .collect();
        let air: Vec<f64> = runs.iter().filter_map(|run| run.test.air).collect();
        let acted = |modality: Modality| -> Vec<f64> {
            let acting = runs.iter().filter(|run| !run.acted.is_empty());
            let mean = |run: &RunResult| -> f64 {
                run.acted.iter().map(|acted| acted[modality]).sum::<f64>() / run.acted.len() as f64
            };
            acting.map(mean).collect()
        };
        writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} | {} |",
            plain(&air),
            percent(&value(Modality::Audio)),
            percent(&value(Modality::Camera)),
            percent(&share),
            percent(&acted(Modality::Audio)),
            percent(&acted(Modality::Camera)),
        )?;
    }
    Ok(())
}

fn rotations(text: &mut String, results: &Results) -> std::fmt::Result {
    let runs: Vec<(&str, &RunResult)> = results
        .methods
        .iter()
        .flat_map(|(name, runs)| runs.iter().map(move |run| (name.as_str(), run)))
        .filter(|(_, run)| !run.rotations.is_empty())
        .collect();
    if runs.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n## Rotations\n")?;
    writeln!(text, "On the validation split, just before → just after.\n")?;
    writeln!(
        text,
        "| method | seed | epoch | degrees | α | AIR | audio attention | camera attention | accuracy, percent |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|---|---|---|")?;
    for (name, run) in runs {
        for r in &run.rotations {
            writeln!(
                text,
                "| {name} | {} | {} | {:.0} | {:.2} | {:+.3} → {:+.3} | {:.2} → {:.2} | {:.2} → {:.2} | {:.1} → {:.1} |",
                run.seed,
                r.epoch,
                r.degrees,
                r.alpha,
                r.before.air.unwrap_or(0.0),
                r.after.air.unwrap_or(0.0),
                r.before.audio_share,
                r.after.audio_share,
                r.before.camera_share,
                r.after.camera_share,
                100.0 * r.before.accuracy,
                100.0 * r.after.accuracy,
            )?;
        }
    }
    Ok(())
}

/// A share of attention, where there is attention: fusions without a query have no AIR either.
fn attention(summary: Option<&Summary>, share: fn(&Summary) -> f64) -> Option<f64> {
    summary.filter(|s| s.air.is_some()).map(share)
}

fn losses(text: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(text, "\n## One sensor lost, test split\n")?;
    writeln!(
        text,
        "Its signal replaced by Gaussian noise (accuracy in percent, and the attention that still goes to it), or known to be absent.\n"
    )?;
    writeln!(
        text,
        "| method | audio noise | attention on it | camera noise | attention on it | no audio | no camera |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|---|")?;
    for (name, runs) in &results.methods {
        let all =
            |f: fn(&RunResult) -> Option<f64>| -> Vec<f64> { runs.iter().filter_map(f).collect() };
        if all(|r| r.noise.audio.as_ref().map(|s| s.accuracy)).is_empty() {
            continue;
        }
        writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} | {} |",
            percent(&all(|r| r.noise.audio.as_ref().map(|s| s.accuracy))),
            plain(&all(
                |r| attention(r.noise.audio.as_ref(), |s| s.audio_share)
            )),
            percent(&all(|r| r.noise.camera.as_ref().map(|s| s.accuracy))),
            plain(&all(
                |r| attention(r.noise.camera.as_ref(), |s| s.camera_share)
            )),
            percent(&all(|r| r.absent.audio.as_ref().map(|s| s.accuracy))),
            percent(&all(|r| r.absent.camera.as_ref().map(|s| s.accuracy))),
        )?;
    }
    Ok(())
}
