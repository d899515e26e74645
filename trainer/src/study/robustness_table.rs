//! The robustness of all seeds as Markdown.

use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use evenkeel::corruption::Corruption;
use evenkeel::evaluation::mean_interval;
use evenkeel::evaluation::robustness::{Attention, CellResult, Group, KEEL_BAR, Role, policy_name};
use evenkeel::policy::PolicyKind;

use super::health_table::health;
use super::robustness::{RobustnessConfig, SeedRobustness};
use super::table::{percent, plain};

/// Every table on the seeds that there are.
pub fn robustness_table(config: &RobustnessConfig, seeds: &[SeedRobustness]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = contestants(&mut text, config, seeds);
    let _ = keel(&mut text, seeds);
    let _ = layers(&mut text, config, seeds);
    let _ = attention(&mut text, config, seeds);
    let _ = calibration(&mut text, seeds);
    let _ = background(&mut text, seeds);
    let _ = health(&mut text, seeds);
    text
}

/// One value of each seed that has it.
pub(super) fn each(
    seeds: &[SeedRobustness],
    f: impl Fn(&SeedRobustness) -> Option<f64>,
) -> Vec<f64> {
    seeds.iter().filter_map(f).collect()
}

/// Mean accuracy of one contestant over the cells that `keep` wants.
pub(super) fn mean_accuracy(
    cells: &[CellResult],
    name: &str,
    role: Role,
    keep: impl Fn(&CellResult) -> bool,
) -> Option<f64> {
    let values: Vec<f64> = cells
        .iter()
        .filter(|cell| keep(cell))
        // A model with one sensor is not asked about what the other one suffers.
        .filter(|cell| match role {
            Role::Alone(sensor) => cell.sensor == Some(sensor),
            Role::Without(sensor) => cell.sensor != Some(sensor),
            Role::Main | Role::Peer => true,
        })
        .filter_map(|cell| cell.accuracy(name, role))
        .collect();
    mean_interval(&values).map(|mean| mean.mean)
}

fn contestants(text: &mut String, config: &RobustnessConfig, seeds: &[SeedRobustness]) -> Result {
    let Some(first) = seeds.first() else {
        return Ok(());
    };
    writeln!(
        text,
        "## Accuracy with a sensor corrupted, percent\n\n\
         Mean over {} ± 95 % interval (Student's t), {} test windows each, mean over all kinds and \
         severities. `model` is {} with its own policy; of a model with one sensor the columns are about \
         corruptions of that sensor.\n",
        match seeds.len() {
            1 => "one seed".to_owned(),
            count => format!("{count} seeds"),
        },
        first.summary.clips,
        config.main,
    )?;
    writeln!(
        text,
        "| who | clean | kinds of the training | held-out kinds | all kinds | both sensors |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|")?;
    for contestant in &first.summary.contestants {
        let (name, role) = (&contestant.name, contestant.role);
        let of_group = |group: Option<Group>| {
            percent(&each(seeds, |seed| {
                mean_accuracy(&seed.summary.cells, name, role, |cell| {
                    group.is_none_or(|group| cell.group == group)
                })
            }))
        };
        let clean = each(seeds, |seed| {
            let all = &seed.summary.contestants;
            all.iter().find(|one| one.name == *name)?.clean
        });
        let both = each(seeds, |seed| {
            mean_accuracy(&seed.summary.both, name, role, |_| true)
        });
        writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} |",
            percent(&clean),
            of_group(Some(Group::Training)),
            of_group(Some(Group::HeldOut)),
            of_group(None),
            percent(&both),
        )?;
    }
    Ok(())
}

/// Margins of one cell, one for each seed.
struct CellMargins<'a> {
    cell: &'a CellResult,
    margins: Vec<f64>,
}

impl CellMargins<'_> {
    fn mean(&self) -> f64 {
        self.margins.iter().sum::<f64>() / self.margins.len().max(1) as f64
    }
}

fn cell_margins(seeds: &[SeedRobustness]) -> Vec<CellMargins<'_>> {
    let Some(first) = seeds.first() else {
        return Vec::new();
    };
    let of_cell = |cell: &CellResult| {
        each(seeds, |seed| {
            let cells = &seed.summary.cells;
            cells.iter().find(|one| one.cell() == cell.cell())?.margin
        })
    };
    let cells = first.summary.cells.iter();
    cells
        .map(|cell| CellMargins {
            cell,
            margins: of_cell(cell),
        })
        .filter(|one| !one.margins.is_empty())
        .collect()
}

fn keel(text: &mut String, seeds: &[SeedRobustness]) -> Result {
    let all = cell_margins(seeds);
    writeln!(
        text,
        "\n## The keel: accuracy above that of the healthy sensor's own model, points\n\n\
         On the same windows, mean over the seeds. The bar is {:.0} point in every cell and 0 on average.\n",
        100.0 * KEEL_BAR,
    )?;
    writeln!(
        text,
        "| kinds | cells | mean | worst | cells below the bar |"
    )?;
    writeln!(text, "|---|---|---|---|---|")?;
    for (name, group) in [
        ("of the training", Some(Group::Training)),
        ("held out", Some(Group::HeldOut)),
        ("all", None),
    ] {
        let some: Vec<_> = all
            .iter()
            .filter(|one| group.is_none_or(|group| one.cell.group == group))
            .collect();
        let Some(worst) = some.iter().min_by(|a, b| a.mean().total_cmp(&b.mean())) else {
            continue;
        };
        let mean = some.iter().map(|one| one.mean()).sum::<f64>() / some.len() as f64;
        let missed = some.iter().filter(|one| one.mean() < KEEL_BAR).count();
        writeln!(
            text,
            "| {name} | {} | {:+.2} | {:+.2} ({}) | {missed} |",
            some.len(),
            100.0 * mean,
            100.0 * worst.mean(),
            worst.cell.cell(),
        )?;
    }
    let missed: Vec<_> = all.iter().filter(|one| one.mean() < KEEL_BAR).collect();
    if !missed.is_empty() {
        writeln!(text, "\nCells below the bar:\n")?;
        writeln!(text, "| cell | margin | seeds |")?;
        writeln!(text, "|---|---|---|")?;
        for one in missed {
            let each: Vec<_> = one
                .margins
                .iter()
                .map(|margin| format!("{:+.1}", 100.0 * margin))
                .collect();
            writeln!(
                text,
                "| {} | {} | {} |",
                one.cell.cell(),
                percent(&one.margins),
                each.join(", ")
            )?;
        }
    }
    for (title, group) in [
        ("Kinds of the training", Group::Training),
        ("Held-out kinds", Group::HeldOut),
    ] {
        writeln!(text, "\n{title}, margin at each severity:\n")?;
        writeln!(
            text,
            "| kind | 1 | 2 | 3 | 4 | 5 |\n|---|---|---|---|---|---|"
        )?;
        let some = all.iter().filter(|one| one.cell.group == group);
        let mut rows: BTreeMap<Corruption, [String; 5]> = BTreeMap::new();
        for one in some {
            let row = rows.entry(one.cell.corruption).or_default();
            row[usize::from(one.cell.severity.level()) - 1] = format!("{:+.1}", 100.0 * one.mean());
        }
        for (kind, row) in rows {
            writeln!(text, "| {kind} | {} |", row.join(" | "))?;
        }
    }
    Ok(())
}

fn layers(text: &mut String, config: &RobustnessConfig, seeds: &[SeedRobustness]) -> Result {
    writeln!(
        text,
        "\n## What each layer buys, points of accuracy with one sensor corrupted\n\n\
         With it less without it on the same windows and seeds, everything else alike.\n"
    )?;
    writeln!(
        text,
        "| layer | kinds of the training | held-out kinds | all kinds | clean |"
    )?;
    writeln!(text, "|---|---|---|---|---|")?;
    let none = policy_name(PolicyKind::None);
    let mask = policy_name(PolicyKind::Mask);
    let soft = policy_name(PolicyKind::Soft);
    let trained = config
        .layers
        .iter()
        .map(|(layer, without)| (layer.clone(), none.clone(), without.clone()));
    let policies = [
        ("health mask".to_owned(), mask.clone(), none.clone()),
        ("learned reliability".to_owned(), soft, mask),
    ];
    for (layer, with, without) in trained.chain(policies) {
        let gain = |group: Option<Group>| {
            percent(&each(seeds, |seed| {
                let of = |name: &str| {
                    mean_accuracy(&seed.summary.cells, name, Role::Peer, |cell| {
                        group.is_none_or(|group| cell.group == group)
                    })
                };
                Some(of(&with)? - of(&without)?)
            }))
        };
        let clean = each(seeds, |seed| {
            let of = |name: &str| {
                let all = &seed.summary.contestants;
                all.iter().find(|one| one.name == name)?.clean
            };
            Some(of(&with)? - of(&without)?)
        });
        writeln!(
            text,
            "| {layer} | {} | {} | {} | {} |",
            gain(Some(Group::Training)),
            gain(Some(Group::HeldOut)),
            gain(None),
            percent(&clean)
        )?;
    }
    Ok(())
}

fn attention(text: &mut String, config: &RobustnessConfig, seeds: &[SeedRobustness]) -> Result {
    let Some(first) = seeds.first() else {
        return Ok(());
    };
    writeln!(
        text,
        "\n## Attention on a sensor as it gets worse\n\n\
         Spearman's ρ of severity (0 to 5) and the mean share of attention on the corrupted sensor; and the \
         share when clean → at the worst. `model` beside {}.\n",
        config.vanilla
    )?;
    writeln!(
        text,
        "| corruption | model ρ | model share | {0} ρ | {0} share |",
        config.vanilla
    )?;
    writeln!(text, "|---|---|---|---|---|")?;
    let main = |seed: &SeedRobustness| seed.summary.main().map(|main| main.name.clone());
    let name = main(first).unwrap_or_default();
    let kinds: Vec<Corruption> = first
        .summary
        .attention
        .iter()
        .filter(|one| one.contestant == name)
        .filter(|one| one.corruption.severities().len() > 1)
        .map(|one| one.corruption)
        .collect();
    for kind in kinds {
        write!(text, "| {kind} |")?;
        for who in [&name, &config.vanilla] {
            let found: Vec<&Attention> = seeds
                .iter()
                .flat_map(|seed| &seed.summary.attention)
                .filter(|one| one.contestant == *who && one.corruption == kind)
                .collect();
            let rho: Vec<f64> = found.iter().filter_map(|one| one.rho_of_means).collect();
            let clean = mean(&found.iter().map(|one| one.clean).collect::<Vec<_>>());
            let worst = mean(&found.iter().map(|one| one.worst).collect::<Vec<_>>());
            write!(text, " {} | {clean} → {worst} |", plain(&rho))?;
        }
        writeln!(text)?;
    }
    Ok(())
}

/// A mean without its interval.
pub(super) fn mean(values: &[f64]) -> String {
    mean_interval(values).map_or_else(|| "–".to_owned(), |mean| format!("{:.2}", mean.mean))
}

fn calibration(text: &mut String, seeds: &[SeedRobustness]) -> Result {
    let clean = each(seeds, |seed| seed.summary.calibration.clean.ece);
    let corrupted = each(seeds, |seed| seed.summary.calibration.corrupted.ece);
    writeln!(
        text,
        "\n## Calibration\n\nExpected calibration error, percent: clean {}, with a sensor or both corrupted {}.",
        percent(&clean),
        percent(&corrupted)
    )
}

fn background(text: &mut String, seeds: &[SeedRobustness]) -> Result {
    let all: Vec<_> = seeds
        .iter()
        .filter_map(|seed| seed.background.as_ref())
        .collect();
    let Some(first) = all.first() else {
        return Ok(());
    };
    let share = |part: fn(&super::background::Background) -> f64| {
        percent(&all.iter().map(|one| part(one)).collect::<Vec<_>>())
    };
    writeln!(
        text,
        "\n## Nothing there\n\nOf {} windows of background noise and scenery on each seed, percent: answered with a \
         label {}, with \"unsure\" {}. Of the test windows with something in them, answered with \"nothing\" {}.",
        first.windows,
        share(|one| one.labels as f64 / one.windows as f64),
        share(|one| one.unsure as f64 / one.windows as f64),
        share(|one| one.false_nothing as f64 / one.something as f64),
    )
}
