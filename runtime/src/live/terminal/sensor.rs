//! One sensor: what it does, how well it is, how much it counts.

use super::super::moment::{Moment, SensorMoment};
use super::colours::Tone;
use super::pen::Pen;
use crate::corruption::Corruption;
use crate::sensor::Condition;
use crate::window::Modality;

/// Lines that a sensor needs with its heading.
pub const LINES: u16 = 7;
/// Columns of the words before the bars.
const WORD: usize = 10;

/// Draws a sensor with its heading.
pub fn draw(pen: &mut Pen, moment: Option<&Moment>, modality: Modality) {
    let Some(moment) = moment else {
        pen.heading(modality.sensor_name());
        return;
    };
    let Some(sensor) = &moment.sensors[modality] else {
        pen.heading(modality.sensor_name());
        pen.line(pen.say("not used", Tone::Faint));
        return;
    };
    pen.heading(&format!("{} · {}", modality.sensor_name(), sensor.name));
    let lines_of_error = condition(pen, moment, sensor);
    let health = moment.answer.health[modality];
    let tone = match health.is_well() {
        true => Tone::Good,
        false => Tone::Bad,
    };
    let reason = health
        .reason
        .map_or("well".to_owned(), |reason| reason.to_string());
    bar(pen, "health", health.score, tone, &reason);
    let validity = moment.answer.validity[modality];
    let tone = if validity > 0.0 {
        Tone::Plain
    } else {
        Tone::Warning
    };
    let words = match validity {
        none if none <= 0.0 => "is ignored",
        all if all >= 1.0 => "in full",
        _ => "in part",
    };
    bar(pen, "counts", validity, tone, words);
    let attention = moment.attention(modality);
    bar(pen, "attention", attention, Tone::Plain, "");
    if lines_of_error <= 1 {
        pen.line(pen.say(figures(sensor, modality), Tone::Faint));
    }
    spoiled(pen, moment, modality);
}

/// Returns how many lines it took.
fn condition(pen: &mut Pen, moment: &Moment, sensor: &SensorMoment) -> usize {
    let (text, tone) = match &sensor.condition {
        Condition::Opening => ("is being opened".to_owned(), Tone::Warning),
        Condition::Running { format } => (format.clone(), Tone::Good),
        Condition::Ended => ("has ended".to_owned(), Tone::Faint),
        Condition::Lost { error, retry } => {
            let now = moment.end() + moment.age.total;
            let rest = retry.saturating_sub(now).as_secs_f32();
            let again = match rest {
                none if none <= 0.0 => "tried again now".to_owned(),
                _ => format!("tried again in {rest:.1} s"),
            };
            (format!("{again}: {}", error.message), Tone::Bad)
        }
    };
    pen.text(&text, tone, 2)
}

fn bar(pen: &mut Pen, word: &str, share: f32, tone: Tone, text: &str) {
    // Beside the word, the number, and the longest of the texts.
    let width = pen.width().saturating_sub(WORD + 6 + 16).clamp(4, 24);
    let [full, empty] = pen.bar(share, width, tone);
    let word = pen.say(format!("{word:<WORD$}"), Tone::Faint);
    let number = pen.say(format!(" {share:.2} "), Tone::Plain);
    pen.line(vec![word, full, empty, number, pen.say(text, tone)]);
}

fn figures(sensor: &SensorMoment, modality: Modality) -> String {
    let rate = match (modality, sensor.rate) {
        (_, none) if none <= 0.0 => String::new(),
        (Modality::Audio, rate) => format!("{:.2} kHz · ", rate / 1000.0),
        (_, rate) => format!("{rate:.1} fps · "),
    };
    let mut text = format!("{rate}{} ms late", sensor.delay.as_millis());
    for (count, one, several) in [
        (sensor.overruns, "overrun", "overruns"),
        (sensor.losses, "loss", "losses"),
    ] {
        match count {
            0 => {}
            1 => text += &format!(" · 1 {one}"),
            _ => text += &format!(" · {count} {several}"),
        }
    }
    text
}

fn spoiled(pen: &mut Pen, moment: &Moment, modality: Modality) {
    let names: Vec<String> = moment
        .spoiled
        .iter()
        .filter(|(corruption, _)| corruption.sensor().is_none_or(|sensor| sensor == modality))
        .map(|(corruption, severity)| match corruption {
            Corruption::Both(_) => format!("{corruption} {severity}"),
            _ => format!("{} {severity}", corruption.short_name()),
        })
        .collect();
    if !names.is_empty() {
        let text = format!("spoiled on purpose: {}", names.join(", "));
        pen.line(pen.say(text, Tone::Warning));
    }
}
