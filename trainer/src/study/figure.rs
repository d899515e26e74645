//! The study as a picture: accuracy of every method, each seed a dot.

use anyhow::{Result, anyhow};
use evenkeel::evaluation::mean_interval;
use plotters::prelude::*;

use super::Results;

/// An SVG picture: for each method the seeds as dots, the mean and its 95 % interval as a bar.
///
/// # Errors
/// When the plotting library fails.
pub fn figure(results: &Results) -> Result<String> {
    let mut svg = String::new();
    draw(results, &mut svg).map_err(|error| anyhow!("cannot draw the figure: {error}"))?;
    Ok(svg)
}

fn draw(results: &Results, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let accuracies: Vec<(&str, Vec<f64>)> = results
        .methods
        .iter()
        .map(|(name, runs)| {
            (
                name.as_str(),
                runs.iter().map(|r| 100.0 * r.test.accuracy).collect(),
            )
        })
        .collect();
    let lowest = accuracies
        .iter()
        .flat_map(|(_, a)| a)
        .copied()
        .fold(100.0, f64::min);
    let low = ((lowest - 2.0) / 5.0).floor() * 5.0;
    let count = accuracies.len();
    let root = SVGBackend::with_string(svg, (760, 90 + 46 * count as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("Accuracy on the test split, %", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(110)
        .build_cartesian_2d(low.max(0.0)..100.5, 0.0..count as f64)?;
    let names: Vec<&str> = accuracies.iter().map(|(name, _)| *name).collect();
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 13))
        .draw()?;
    for (row, (name, values)) in names
        .iter()
        .zip(accuracies.iter().map(|(_, a)| a))
        .enumerate()
    {
        let y = count as f64 - row as f64 - 0.5;
        let at = chart.backend_coord(&(low.max(0.0), y));
        root.draw(&Text::new(
            (*name).to_owned(),
            (14, at.1 - 8),
            ("sans-serif", 14).into_font(),
        ))?;
        if let Some(mean) = mean_interval(values) {
            let half = mean.half_width.unwrap_or(0.0);
            let bar = [(mean.mean - half, y), ((mean.mean + half).min(100.5), y)];
            chart.draw_series(LineSeries::new(bar, RGBColor(35, 95, 170).stroke_width(3)))?;
            let tick = [(mean.mean, y - 0.28), (mean.mean, y + 0.28)];
            chart.draw_series(LineSeries::new(tick, RGBColor(35, 95, 170).stroke_width(3)))?;
        }
        chart.draw_series(
            values
                .iter()
                .map(|&v| Circle::new((v, y), 4, RGBColor(220, 110, 30).mix(0.7).filled())),
        )?;
    }
    root.present()?;
    Ok(())
}
