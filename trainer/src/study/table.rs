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
    let sensors = sensors(results);
    writeln!(text, "## Accuracy on the test split, percent\n")?;
    writeln!(
        text,
        "Mean over the seeds ± 95 % interval (Student's t); then each seed. AIR and attention belong to fusions with a query only.\n"
    )?;
    let columns = head(&[
        &["method".into(), "parameters".into(), "accuracy".into()],
        &each(&sensors, |m| format!("{m} probe")),
        &["AIR".into()],
        &each(&sensors, |m| format!("{m} attention")),
        &each(&seeds, |seed| format!("seed {seed}")),
    ]);
    text.push_str(&columns);
    for (name, runs) in &results.methods {
        let of = |f: &dyn Fn(&Summary) -> Option<f64>| -> Vec<f64> {
            runs.iter().filter_map(|r| f(&r.test)).collect()
        };
        let by_seed = |&seed: &u64| match runs.iter().find(|r| r.seed == seed) {
            Some(run) => format!("{:.2}", 100.0 * run.test.accuracy),
            None => "–".to_owned(),
        };
        text.push_str(&row(&[
            &[
                name.clone(),
                runs[0].parameters.to_string(),
                percent(&of(&|s| Some(s.accuracy))),
            ],
            &each(&sensors, |&m| percent(&of(&|s| s.probe(m)))),
            &[plain(&of(&|s| s.air))],
            &each(&sensors, |&m| plain(&of(&|s| attention(Some(s), m)))),
            &each(&seeds, by_seed),
        ]));
    }
    Ok(())
}

/// A microphone and a camera, and the further sensors that any run has.
fn sensors(results: &Results) -> Vec<Modality> {
    let has = |modality: &Modality| {
        let mut runs = results.methods.iter().flat_map(|(_, runs)| runs);
        runs.any(|run| run.test.further.contains_key(modality))
    };
    let further = Modality::FURTHER.into_iter().filter(has);
    Modality::LIVE.into_iter().chain(further).collect()
}

/// A cell for each of some things.
fn each<T>(things: &[T], cell: impl Fn(&T) -> String) -> Vec<String> {
    things.iter().map(cell).collect()
}

/// A line of a table.
fn row(cells: &[&[String]]) -> String {
    format!("| {} |\n", cells.concat().join(" | "))
}

/// The first two lines of a table.
fn head(names: &[&[String]]) -> String {
    let count = names.iter().map(|some| some.len()).sum();
    format!("{}|{}\n", row(names), "---|".repeat(count))
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
    let sensors = sensors(results);
    text.push_str(&head(&[
        &["data", "windows", "method", "accuracy"].map(str::to_owned),
        &each(&sensors, |m| format!("{m} probe")),
    ]));
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
            let of = |f: &dyn Fn(&Summary) -> Option<f64>| -> Vec<f64> {
                tests.iter().filter_map(|&test| f(test)).collect()
            };
            text.push_str(&row(&[
                &[
                    name.to_owned(),
                    first.examples.to_string(),
                    method.clone(),
                    percent(&of(&|s| Some(s.accuracy))),
                ],
                &each(&sensors, |&m| percent(&of(&|s| s.probe(m)))),
            ]));
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
    let sensors = sensors(results);
    // Of two sensors the other has the rest.
    let shared = match sensors.len() {
        2 => &sensors[..1],
        _ => &sensors,
    };
    text.push_str(&head(&[
        &["method".into(), "AIR".into()],
        &each(&sensors, |m| format!("{m}, points")),
        &each(shared, |m| format!("{m}'s share, percent")),
        &each(&sensors, |m| format!("{m} acted on")),
    ]));
    for (name, runs) in &results.methods {
        let value = |modality: Modality| -> Vec<f64> {
            let all = runs.iter().filter_map(|run| run.shapley);
            all.map(|shapley| shapley.value[modality]).collect()
        };
        let share = |modality: Modality| -> Vec<f64> {
            let all = runs.iter().filter_map(|run| run.shapley);
            all.filter_map(|shapley| shapley.share(modality)).collect()
        };
        let air: Vec<f64> = runs.iter().filter_map(|run| run.test.air).collect();
        let acted = |modality: Modality| -> Vec<f64> {
            let acting = runs.iter().filter(|run| !run.acted.is_empty());
            let mean = |run: &RunResult| -> f64 {
                run.acted.iter().map(|acted| acted[modality]).sum::<f64>() / run.acted.len() as f64
            };
            acting.map(mean).collect()
        };
        text.push_str(&row(&[
            &[name.clone(), plain(&air)],
            &each(&sensors, |&m| percent(&value(m))),
            &each(shared, |&m| percent(&share(m))),
            &each(&sensors, |&m| percent(&acted(m))),
        ]));
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
    let sensors = sensors(results);
    text.push_str(&head(&[
        &["method", "seed", "epoch", "degrees", "α", "AIR"].map(str::to_owned),
        &each(&sensors, |m| format!("{m} attention")),
        &["accuracy, percent".into()],
    ]));
    for (name, run) in runs {
        for r in &run.rotations {
            let alpha = match &r.weights {
                Some(weights) => each(&sensors, |&m| format!("{:.2}", weights[m])).join(" / "),
                None => format!("{:.2}", r.alpha),
            };
            let change = |share: &dyn Fn(&Summary) -> f64, digits: usize| {
                format!(
                    "{:.digits$} → {:.digits$}",
                    share(&r.before),
                    share(&r.after)
                )
            };
            text.push_str(&row(&[
                &[
                    name.to_owned(),
                    run.seed.to_string(),
                    r.epoch.to_string(),
                    format!("{:.0}", r.degrees),
                    alpha,
                    format!(
                        "{:+.3} → {:+.3}",
                        r.before.air.unwrap_or(0.0),
                        r.after.air.unwrap_or(0.0)
                    ),
                ],
                &each(&sensors, |&m| change(&|s| s.share(m), 2)),
                &[change(&|s| 100.0 * s.accuracy, 1)],
            ]));
        }
    }
    Ok(())
}

/// A share of attention, where there is attention: fusions without a query have no AIR either.
fn attention(summary: Option<&Summary>, modality: Modality) -> Option<f64> {
    summary
        .filter(|s| s.air.is_some())
        .map(|s| s.share(modality))
}

fn losses(text: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(text, "\n## One sensor lost, test split\n")?;
    writeln!(
        text,
        "Its signal replaced by Gaussian noise (accuracy in percent, and the attention that still goes to it), or known to be absent.\n"
    )?;
    let sensors = sensors(results);
    let noise = sensors
        .iter()
        .flat_map(|m| [format!("{m} noise"), "attention on it".to_owned()])
        .collect::<Vec<_>>();
    text.push_str(&head(&[
        &["method".into()],
        &noise,
        &each(&sensors, |m| format!("no {m}")),
    ]));
    for (name, runs) in &results.methods {
        if runs.iter().all(|r| r.noise.is_empty()) {
            continue;
        }
        let accuracy = |lost: &dyn Fn(&RunResult) -> Option<&Summary>| -> String {
            let summaries = runs.iter().filter_map(lost);
            percent(&summaries.map(|s| s.accuracy).collect::<Vec<_>>())
        };
        let noise = sensors
            .iter()
            .flat_map(|&m| {
                let shares = runs.iter().filter_map(|r| attention(r.noise.get(&m), m));
                [
                    accuracy(&|r| r.noise.get(&m)),
                    plain(&shares.collect::<Vec<_>>()),
                ]
            })
            .collect::<Vec<_>>();
        text.push_str(&row(&[
            std::slice::from_ref(name),
            &noise,
            &each(&sensors, |&m| accuracy(&|r| r.absent.get(&m))),
        ]));
    }
    Ok(())
}
