//! A run as a picture: loss, accuracy, attention and AIR over the epochs.

use anyhow::{Result, anyhow};
use evenkeel::window::Modality;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::metrics::EpochMetrics;

/// One colour for each sensor, and one for what belongs to none.
const AUDIO: RGBColor = RGBColor(214, 110, 30);
const CAMERA: RGBColor = RGBColor(31, 94, 168);
const BOTH: RGBColor = RGBColor(34, 38, 46);
/// For the training split, whose curves are noisier and mean less.
const TRAINING: RGBColor = RGBColor(160, 165, 175);
const GRID: RGBColor = RGBColor(222, 225, 230);
const ROTATION: RGBColor = RGBColor(150, 60, 150);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Of further sensors, one after the other.
const FURTHER: [RGBColor; 6] = [
    RGBColor(20, 130, 90),
    RGBColor(150, 120, 20),
    RGBColor(90, 170, 210),
    RGBColor(180, 50, 90),
    RGBColor(90, 90, 160),
    RGBColor(110, 150, 60),
];

/// One value for each epoch that has one.
struct Curve {
    name: String,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

impl Curve {
    fn new(
        name: impl Into<String>,
        colour: RGBColor,
        epochs: &[EpochMetrics],
        value: impl Fn(&EpochMetrics) -> Option<f64>,
    ) -> Self {
        Self {
            name: name.into(),
            colour,
            points: epochs
                .iter()
                .filter_map(|epoch| Some((f64::from(epoch.epoch), value(epoch)?)))
                .collect(),
        }
    }
}

/// An SVG picture of four panels; rotations are vertical lines.
///
/// # Errors
/// When the plotting library fails.
pub fn picture(epochs: &[EpochMetrics]) -> Result<String> {
    let mut svg = String::new();
    draw(epochs, &mut svg).map_err(|error| anyhow!("cannot draw the run: {error}"))?;
    Ok(svg)
}

fn draw(epochs: &[EpochMetrics], svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, (980, 640)).into_drawing_area();
    root.fill(&WHITE)?;
    let curve = |name, colour, value: fn(&EpochMetrics) -> Option<f64>| {
        Curve::new(name, colour, epochs, value)
    };
    let mut panels = [
        (
            "Loss of the fused answer, nats",
            vec![
                curve("training", TRAINING, |e| Some(e.train.loss)),
                curve("validation", BOTH, |e| Some(e.validation.loss)),
            ],
        ),
        (
            "Accuracy, %",
            vec![
                curve("training", TRAINING, |e| Some(100.0 * e.train.accuracy)),
                curve("validation", BOTH, |e| Some(100.0 * e.validation.accuracy)),
                curve("its audio probe", AUDIO, |e| {
                    Some(100.0 * e.validation.audio_probe?)
                }),
                curve("its camera probe", CAMERA, |e| {
                    Some(100.0 * e.validation.camera_probe?)
                }),
            ],
        ),
        (
            "Share of attention, validation",
            vec![
                curve("audio", AUDIO, |e| Some(e.validation.audio_share)),
                curve("camera", CAMERA, |e| Some(e.validation.camera_share)),
            ],
        ),
        (
            "Attention imbalance rate (AIR)",
            vec![
                curve("training", TRAINING, |e| e.train.air),
                curve("validation", BOTH, |e| e.validation.air),
            ],
        ),
    ];
    let further = Modality::FURTHER.into_iter().zip(FURTHER);
    let shown =
        |(m, _): &(Modality, RGBColor)| epochs.iter().any(|e| e.validation.further.contains_key(m));
    for (m, colour) in further.filter(shown) {
        let probe = |e: &EpochMetrics| Some(100.0 * e.validation.probe(m)?);
        let share = |e: &EpochMetrics| Some(e.validation.share(m));
        let [_, accuracy, attention, _] = &mut panels;
        accuracy
            .1
            .push(Curve::new(format!("its {m} probe"), colour, epochs, probe));
        attention.1.push(Curve::new(m.id(), colour, epochs, share));
    }
    let rotations: Vec<f64> = epochs
        .iter()
        .filter(|epoch| epoch.rotation.is_some())
        .map(|epoch| f64::from(epoch.epoch))
        .collect();
    for (area, (title, curves)) in root.split_evenly((2, 2)).iter().zip(&panels) {
        panel(area, title, curves, epochs.len(), &rotations)?;
    }
    root.present()?;
    Ok(())
}

fn panel(
    area: &Area,
    title: &str,
    curves: &[Curve],
    epochs: usize,
    rotations: &[f64],
) -> Result<(), Box<dyn std::error::Error>> {
    let values = || curves.iter().flat_map(|c| c.points.iter().map(|p| p.1));
    let (low, high) = match values().count() {
        0 => (-1.0, 1.0),
        _ => (
            values().fold(f64::INFINITY, f64::min),
            values().fold(f64::NEG_INFINITY, f64::max),
        ),
    };
    let margin = (0.06 * (high - low)).max(0.01);
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(34)
        .y_label_area_size(44)
        .build_cartesian_2d(
            0.5..epochs as f64 + 0.5,
            (low - margin).min(0.0)..high + margin,
        )?;
    chart
        .configure_mesh()
        .x_desc("epoch")
        .x_labels(epochs.min(12))
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .label_style(("sans-serif", 12))
        .draw()?;
    for &epoch in rotations {
        let ends = [(epoch, (low - margin).min(0.0)), (epoch, high + margin)];
        chart.draw_series(DashedLineSeries::new(ends, 3, 3, ROTATION.into()))?;
    }
    for curve in curves {
        let style = curve.colour.stroke_width(2);
        let points = curve.points.iter().copied();
        // Dots too, so that a single epoch can be seen.
        chart.draw_series(points.clone().map(|at| Circle::new(at, 2, style.filled())))?;
        chart
            .draw_series(LineSeries::new(points, style))?
            .label(curve.name.as_str())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 14, y)], style));
    }
    if !rotations.is_empty() {
        chart
            .draw_series(LineSeries::new([], ROTATION))?
            .label("rotation")
            .legend(|(x, y)| PathElement::new([(x + 7, y - 6), (x + 7, y + 6)], ROTATION));
    }
    // The loss falls, everything else rises.
    let falls = |c: &Curve| c.points.last().map(|p| p.1) < c.points.first().map(|p| p.1);
    let free = if curves.iter().all(falls) {
        SeriesLabelPosition::UpperRight
    } else {
        SeriesLabelPosition::LowerRight
    };
    chart
        .configure_series_labels()
        .position(free)
        .background_style(WHITE.mix(0.85))
        .border_style(GRID)
        .label_font(("sans-serif", 12))
        .draw()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::metrics::{RotationRecord, Summary};
    use super::*;

    fn epoch(number: u32, air: Option<f64>) -> EpochMetrics {
        let summary = Summary {
            examples: 10,
            correct: 5,
            accuracy: 0.5,
            loss: 1.0 / f64::from(number),
            probe_loss: 1.0,
            audio_probe: Some(0.4),
            camera_probe: None,
            audio_share: 0.3,
            camera_share: 0.6,
            further: Default::default(),
            air,
            cosines: None,
        };
        EpochMetrics {
            epoch: number,
            learning_rate: 1e-3,
            train: summary.clone(),
            validation: summary.clone(),
            shapley: None,
            mixed: None,
            best: true,
            rotation: (number == 2).then(|| RotationRecord {
                epoch: number,
                alpha: 0.4,
                weights: None,
                degrees: 90.0,
                before: summary.clone(),
                after: summary,
            }),
            acted: None,
        }
    }

    #[test]
    fn every_curve_and_the_rotation_are_named() {
        let epochs: Vec<_> = (1..=4).map(|number| epoch(number, Some(0.2))).collect();
        let svg = picture(&epochs).unwrap();
        for name in [
            "validation",
            "its audio probe",
            "Share of attention",
            "rotation",
        ] {
            assert!(svg.contains(name), "{name} is missing");
        }
    }

    #[test]
    fn a_single_epoch_of_a_fusion_without_a_query_is_drawn() {
        let svg = picture(&[epoch(1, None)]).unwrap();
        assert!(svg.contains("<circle") && !svg.contains("NaN"));
    }
}
