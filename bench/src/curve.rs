//! How the cost of work grows with its size: measured, as a table, and drawn.

use std::fmt::Write;
use std::ops::Range;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use plotters::prelude::*;
use serde::{Deserialize, Serialize};

use crate::list::Curve;
use crate::measure::{Worker, rest};
use crate::side::on_cores;
use crate::statistics::Median;

/// Rounds of each size.
const ROUNDS: usize = 11;

/// What was found of one curve.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grown {
    /// What was done.
    pub name: String,
    /// What its size is counted in.
    pub unit: String,
    /// Cores that it ran on.
    pub cores: usize,
    /// One for each size.
    pub points: Vec<Point>,
}

/// The cost of one size.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Point {
    /// How much work.
    pub size: u32,
    /// Once the work, milliseconds.
    pub milliseconds: Median,
}

impl Grown {
    /// The power of the size that the cost grows with from the first size to the last.
    pub fn exponent(&self) -> f64 {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            return f64::NAN;
        };
        let grown = last.milliseconds.value / first.milliseconds.value;
        grown.ln() / (f64::from(last.size) / f64::from(first.size)).ln()
    }
}

/// Measures a curve; `fill` puts a size into a command.
///
/// # Errors
/// When a program cannot be started or fails.
pub fn measure(
    curve: &Curve,
    fill: impl Fn(&[String], u32) -> Result<Vec<String>>,
) -> Result<Grown> {
    let mut points = Vec::new();
    for &size in &curve.sizes {
        if !curve.prepare.is_empty() {
            run(&fill(&curve.prepare, size)?, curve.cores)?;
        }
        let command = fill(&curve.command, size)?;
        let mut milliseconds = Vec::new();
        if curve.whole_process {
            for _ in 0..ROUNDS {
                let begin = Instant::now();
                run(&command, curve.cores)?;
                milliseconds.push(begin.elapsed().as_secs_f64() * 1e3);
            }
        } else {
            let mut worker = Worker::start(&curve.name, &command, curve.cores)?;
            for _ in 0..ROUNDS {
                rest();
                milliseconds.push(worker.round()? * 1e3);
            }
            worker.end()?;
        }
        points.push(Point {
            size,
            milliseconds: Median::of(&milliseconds),
        });
    }
    Ok(Grown {
        name: curve.name.clone(),
        unit: curve.unit.clone(),
        cores: curve.cores,
        points,
    })
}

fn run(command: &[String], cores: usize) -> Result<()> {
    let mut process: Command = on_cores(command, cores);
    let output = process.stdin(Stdio::null()).output();
    let output = output.context("cannot start `taskset`; install the package util-linux")?;
    ensure!(
        output.status.success(),
        "{} ended with {}: {}",
        command.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// As tables in Markdown.
pub fn tables(curves: &[Grown]) -> String {
    let mut text = String::new();
    for curve in curves {
        let _ = write!(
            text,
            "\n{}, {} core(s): grows with the power {:.2} of the size\n\n| {} | ms (95 % interval) |\n|---|---|\n",
            curve.name,
            curve.cores,
            curve.exponent(),
            curve.unit
        );
        for point in &curve.points {
            let Median { value, low, high } = point.milliseconds;
            let _ = writeln!(
                text,
                "| {} | {value:.3} ({low:.3} to {high:.3}) |",
                point.size
            );
        }
    }
    text
}

/// A picture (SVG) of all curves, two beside each other, both axes logarithmic.
///
/// # Errors
/// When the plotting library fails.
pub fn picture(curves: &[Grown]) -> Result<String> {
    const WIDTH: u32 = 420;
    const HEIGHT: u32 = 300;
    let rows = curves.len().div_ceil(2).max(1);
    let mut svg = String::new();
    {
        let size = (2 * WIDTH, HEIGHT * rows as u32);
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let failed = |error| anyhow!("the curves cannot be drawn: {error:?}");
        root.fill(&WHITE).map_err(failed)?;
        for (curve, area) in curves.iter().zip(root.split_evenly((rows, 2))) {
            draw(curve, &area).map_err(|error| anyhow!("\"{}\": {error}", curve.name))?;
        }
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

fn draw(
    curve: &Grown,
    area: &DrawingArea<SVGBackend, plotters::coord::Shift>,
) -> Result<(), Box<dyn std::error::Error>> {
    const LINE: RGBColor = RGBColor(31, 94, 168);
    const STRAIGHT: RGBColor = RGBColor(160, 165, 175);
    let Some((first, last)) = curve.points.first().zip(curve.points.last()) else {
        return Ok(());
    };
    let at = |point: &Point| (f64::from(point.size), point.milliseconds.value);
    // What it would cost if it grew as its size does.
    let proportional = (
        f64::from(last.size),
        first.milliseconds.value * f64::from(last.size) / f64::from(first.size),
    );
    let values = curve.points.iter().map(|point| point.milliseconds.value);
    let (low, high) = values
        .chain([proportional.1])
        .fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    let sizes = f64::from(first.size)..f64::from(last.size);
    let costs = low * 0.8..high * 1.25;
    let marks = curve.points.iter().map(|point| f64::from(point.size));
    let sizes = sizes.log_scale().with_key_points(marks.collect());
    let marks = one_two_five(&costs);
    let costs = costs.log_scale().with_key_points(marks);
    let mut chart = ChartBuilder::on(area)
        .caption(&curve.name, ("sans-serif", 15))
        .margin(12)
        .x_label_area_size(34)
        .y_label_area_size(52)
        .build_cartesian_2d(sizes, costs)?;
    chart
        .configure_mesh()
        .x_desc(&curve.unit)
        .x_label_formatter(&f64::to_string)
        .y_desc("milliseconds")
        .y_label_formatter(&f64::to_string)
        .disable_mesh()
        .draw()?;
    chart.draw_series(LineSeries::new([at(first), proportional], &STRAIGHT))?;
    chart.draw_series(LineSeries::new(
        curve.points.iter().map(at),
        LINE.stroke_width(2),
    ))?;
    chart.draw_series(
        curve
            .points
            .iter()
            .map(|point| Circle::new(at(point), 3, LINE.filled())),
    )?;
    Ok(())
}

/// The 1, 2 and 5 of each power of ten in `range`, which is of positive numbers.
fn one_two_five(range: &Range<f64>) -> Vec<f64> {
    let powers = range.start.log10().floor() as i32..=range.end.log10().ceil() as i32;
    powers
        // Divided by a whole number rather than multiplied by a fraction, which is not exact.
        .flat_map(|power| {
            [1.0, 2.0, 5.0].map(|digit| match power {
                0.. => digit * 10.0_f64.powi(power),
                _ => digit / 10.0_f64.powi(-power),
            })
        })
        .filter(|value| range.contains(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(costs: &[(u32, f64)]) -> Grown {
        Grown {
            name: "clips".into(),
            unit: "clips".into(),
            cores: 1,
            points: costs
                .iter()
                .map(|&(size, cost)| Point {
                    size,
                    milliseconds: Median::of(&[cost]),
                })
                .collect(),
        }
    }

    #[test]
    fn a_square_grows_with_the_power_of_two() {
        let square = grown(&[(1, 3.0), (2, 12.0), (4, 48.0)]);
        assert!((square.exponent() - 2.0).abs() < 1e-9);
        let text = tables(&[square]);
        assert!(
            text.contains("power 2.00") && text.contains("| 4 | 48.000"),
            "{text}"
        );
    }

    #[test]
    fn every_curve_is_drawn() {
        let svg = picture(&[grown(&[(1, 1.0), (8, 9.0)]), grown(&[(2, 2.0), (4, 2.5)])]).unwrap();
        assert_eq!(svg.matches("milliseconds").count(), 2);
        assert!(svg.contains("<circle"));
        // The sizes, and costs between the least and the most.
        for label in ["1", "8", "2", "4", "5"] {
            assert!(svg.contains(&format!("\n{label}\n</text>")), "{label}");
        }
    }
}
