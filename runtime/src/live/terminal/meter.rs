//! How loud it is.

use super::super::statistics::{Level, dbfs};
use super::colours::Tone;
use super::pen::Pen;

/// The left end of the meter, dB of full scale.
const QUIETEST: f32 = -60.0;
/// From here on a peak is nearly too loud, and at full scale it is.
const LOUD: f32 = -6.0;
/// Full scale, but for the last steps of a converter.
const FULL: f32 = -0.1;

/// A line with the level as a bar, the highest peak of late as a mark in it, and both in numbers.
pub fn draw(pen: &mut Pen, level: Option<Level>, held_peak: f32) {
    let Some(level) = level else {
        pen.line(pen.say("level  no sound", Tone::Warning));
        return;
    };
    let (rms, peak) = (dbfs(level.rms), dbfs(held_peak));
    let tone = match peak {
        full if full >= FULL => Tone::Bad,
        loud if loud >= LOUD => Tone::Warning,
        _ => Tone::Good,
    };
    let text = format!(" {rms:>4.0} dB, peak {peak:>4.0} dB");
    let width = pen.width().saturating_sub(7 + text.len());
    let place = |level: f32| {
        let share = ((level - QUIETEST) / -QUIETEST).clamp(0.0, 1.0);
        (share * width as f32).round() as usize
    };
    let full = place(rms);
    let mark = place(peak).max(full);
    let before = mark.saturating_sub(full + 1);
    let after = width.saturating_sub(full + before + 1);
    pen.line(vec![
        pen.say("level  ", Tone::Faint),
        pen.say("█".repeat(full.min(width.saturating_sub(1))), Tone::Good),
        pen.say("░".repeat(before), Tone::Faint),
        pen.say("│", tone),
        pen.say("░".repeat(after), Tone::Faint),
        pen.say(text, tone),
    ]);
}
