//! How soon health shows a fault, as Markdown.

use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use evenkeel::corruption::Corruption;
use evenkeel::window::Modality;

use super::faults::Fault;
use super::robustness::SeedRobustness;
use super::robustness_table::{each, mean};
use super::table::{percent, plain};

/// False alarms on clean streams, and each fault's share of alarms and delay.
pub fn health(text: &mut String, seeds: &[SeedRobustness]) -> Result {
    let Some(first) = seeds.first() else {
        return Ok(());
    };
    let hours: f64 = seeds.iter().map(|seed| seed.faults.hours).sum();
    let per_hour =
        |modality: Modality| plain(&each(seeds, |seed| Some(seed.faults.per_hour(modality))));
    let sick = |modality: Modality| {
        percent(&each(seeds, |seed| {
            Some(seed.faults.sick[modality] as f64 / seed.faults.windows as f64)
        }))
    };
    writeln!(
        text,
        "\n## Health\n\nOn {hours:.1} hours of clean test windows, judged ten times a second: false alarms per hour of the \
         microphone {}, of the camera {}; windows called sick, percent, {} and {}.\n",
        per_hour(Modality::Audio),
        per_hour(Modality::Camera),
        sick(Modality::Audio),
        sick(Modality::Camera),
    )?;
    writeln!(
        text,
        "How many of the streams in which a fault sets in are called sick, percent, and how soon at the worst severity:\n"
    )?;
    writeln!(
        text,
        "| fault | 1 | 2 | 3 | 4 | 5 | seconds at 5 |\n|---|---|---|---|---|---|---|"
    )?;
    let mut rows: BTreeMap<Corruption, ([String; 5], String)> = BTreeMap::new();
    for fault in &first.faults.faults {
        let same = |seed: &SeedRobustness| {
            let mut all = seed.faults.faults.iter();
            all.find(|one| (one.corruption, one.severity) == (fault.corruption, fault.severity))
                .cloned()
        };
        let found: Vec<Fault> = seeds.iter().filter_map(same).collect();
        let (noticed, trials) = found.iter().fold((0, 0), |(noticed, trials), one| {
            (noticed + one.noticed, trials + one.trials)
        });
        let (shares, delay) = rows.entry(fault.corruption).or_default();
        let level = usize::from(fault.severity.level());
        shares[level - 1] = match trials {
            0 => "–".to_owned(),
            _ => format!("{:.0}", 100.0 * noticed as f64 / trials as f64),
        };
        if level == 5 {
            // A mean over the seeds that do notice it would flatter.
            let delays: Option<Vec<f64>> = found.iter().map(|one| one.delay).collect();
            *delay = mean(&delays.unwrap_or_default());
        }
    }
    for (kind, (shares, delay)) in rows {
        writeln!(text, "| {kind} | {} | {delay} |", shares.join(" | "))?;
    }
    Ok(())
}
