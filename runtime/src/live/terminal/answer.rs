//! The answer, large.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::event::Smoothed;
use super::super::facts::Facts;
use super::super::moment::Moment;
use super::colours::{Colours, Tone};
use super::font;
use super::pen::Pen;
use crate::engine::Verdict;

/// Columns beside the large letters; the fewer where these need the room.
const BESIDE: [u16; 2] = [40, 34];
/// Columns of a bar.
const BAR: usize = 14;

/// Draws the answer into `area`, and its circumstances beside it.
pub fn draw(
    buffer: &mut Buffer,
    area: Rect,
    facts: &Facts,
    moment: Option<&Moment>,
    colours: Colours,
) {
    let (text, tone) = match moment {
        Some(moment) => (words(&moment.smoothed), tone(facts, moment)),
        None => ("…", Tone::Faint),
    };
    let wide = font::width(text, 1).unwrap_or(0);
    let [most, fewer] = BESIDE;
    let beside = if wide + 2 + most <= area.width {
        most
    } else {
        fewer
    };
    let beside = beside.min(area.width / 2);
    let large = Rect {
        width: area.width - beside,
        ..area
    };
    let small = Rect {
        x: large.right(),
        width: beside,
        ..area
    };
    draw_large(buffer, large, text, tone, colours);
    let mut pen = Pen::new(buffer, small, colours);
    match moment {
        Some(moment) => circumstances(&mut pen, facts, moment),
        None => {
            let text = "waiting for the sensors and the first answer";
            pen.text(text, Tone::Faint, 3);
        }
    }
}

fn draw_large(buffer: &mut Buffer, area: Rect, text: &str, tone: Tone, colours: Colours) {
    let fits = |scale: u16| {
        let lines = font::lines(scale);
        let room = area.width.saturating_sub(2);
        lines <= area.height && font::width(text, scale).is_some_and(|width| width <= room)
    };
    let style = colours.style(tone);
    match [3, 2, 1].into_iter().find(|&scale| fits(scale)) {
        Some(scale) => {
            let above = (area.height - font::lines(scale)) / 2;
            let inner = Rect::new(
                area.x + 1,
                area.y + above,
                area.width - 1,
                area.height - above,
            );
            font::draw(buffer, inner, text, scale, style);
        }
        None => {
            let mut pen = Pen::new(buffer, area, colours);
            pen.take(area.height / 2);
            pen.line(pen.say(format!(" {text}"), tone));
        }
    }
}

/// What it is, as people say it.
fn words(smoothed: &Smoothed) -> &str {
    if let Some(event) = &smoothed.event {
        return &event.label;
    }
    match &smoothed.verdict {
        Verdict::Label(label) => label,
        Verdict::Nothing => "nothing",
        Verdict::Unsure => "unsure",
        Verdict::NoSensor => "no sensor",
    }
}

/// Whether the answer is right, where that is known and there is one.
fn is_right(facts: &Facts, moment: &Moment) -> Option<bool> {
    let truth = moment.truth.as_ref()?;
    let nothing = facts.nothing.as_ref();
    let smoothed = &moment.smoothed;
    match (&smoothed.event, &smoothed.verdict) {
        (Some(event), _) => Some(event.label == *truth),
        (None, Verdict::Label(label)) => Some(label == truth),
        (None, Verdict::Nothing) => Some(Some(truth) == nothing),
        (None, Verdict::Unsure | Verdict::NoSensor) => None,
    }
}

fn tone(facts: &Facts, moment: &Moment) -> Tone {
    match (is_right(facts, moment), &moment.smoothed.verdict) {
        (_, Verdict::NoSensor) | (Some(false), _) => Tone::Bad,
        (Some(true), _) => Tone::Good,
        _ if moment.smoothed.event.is_some() => Tone::Heading,
        (None, Verdict::Label(_)) => Tone::Heading,
        (None, Verdict::Unsure) => Tone::Warning,
        (None, Verdict::Nothing) => Tone::Faint,
    }
}

fn circumstances(pen: &mut Pen, facts: &Facts, moment: &Moment) {
    let smoothed = &moment.smoothed;
    if smoothed.verdict == Verdict::NoSensor {
        pen.line(pen.say("no sensor gives anything to go by", Tone::Bad));
    } else {
        let [full, empty] = pen.bar(smoothed.confidence, BAR, Tone::Heading);
        let number = pen.say(format!("{:.2}  ", smoothed.confidence), Tone::Plain);
        pen.line(vec![number, full, empty]);
        let evidence = smoothed.evidence.words();
        let lasting = smoothed.event.as_ref().map_or(String::new(), |event| {
            let passed = moment.end().saturating_sub(event.since).as_secs_f32();
            format!(", for {passed:.1} s")
        });
        pen.line(pen.say(format!("{evidence}{lasting}"), Tone::Plain));
    }
    match (&moment.truth, is_right(facts, moment)) {
        (None, _) => {}
        (Some(truth), Some(true)) => pen.line(pen.say(format!("right: it is {truth}"), Tone::Good)),
        (Some(truth), Some(false)) => {
            pen.line(pen.say(format!("wrong: it is {truth}"), Tone::Bad));
        }
        (Some(truth), None) => pen.line(pen.say(format!("it is {truth}"), Tone::Plain)),
    }
    if moment.answer.verdict != Verdict::NoSensor {
        most_probable(pen, facts, moment);
    }
}

/// The labels that this window alone speaks for most, on the lines that are left.
fn most_probable(pen: &mut Pen, facts: &Facts, moment: &Moment) {
    let lines = pen.height().saturating_sub(1).min(3);
    if lines == 0 {
        return;
    }
    pen.line(pen.say("this window alone", Tone::Faint));
    let mut labels: Vec<(&String, f32)> = facts
        .labels
        .iter()
        .zip(moment.answer.probabilities.iter().copied())
        .collect();
    labels.sort_by(|one, other| other.1.total_cmp(&one.1));
    for (label, probability) in labels.into_iter().take(lines) {
        let [full, empty] = pen.bar(probability, BAR, Tone::Plain);
        let number = pen.say(format!("{probability:.2}  "), Tone::Plain);
        pen.line(vec![
            number,
            full,
            empty,
            pen.say(format!("  {label}"), Tone::Plain),
        ]);
    }
}
