//! Where everything goes.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::moment::{Moment, Rates};
use super::super::news::{Kind, News};
use super::super::statistics::AgeSummary;
use super::colours::{Colours, Tone};
use super::keys::Keys;
use super::pen::Pen;
use super::screen::{AGES_OF, Screen};
use super::{answer, meter, sensor, spectrogram};
use crate::window::Modality;

/// Below this there is no room for what matters.
const LEAST: (u16, u16) = (64, 20);
/// Without a new answer for this long there is something wrong.
const OVERDUE: Duration = Duration::from_secs(2);

/// Draws everything into `area`.
pub fn draw(buffer: &mut Buffer, area: Rect, screen: &mut Screen, keys: &Keys, colours: Colours) {
    screen.drawn();
    let ages = screen.ages.summary();
    let mut pen = Pen::new(buffer, area, colours);
    if pen.lacks_room(LEAST) {
        return;
    }
    let screen = &*screen;
    let moment = screen.latest().map(|(moment, _)| moment);
    let rows = Rows::of(area);
    title(&mut pen, screen);
    let (buffer, place) = pen.take(rows.answer);
    answer::draw(buffer, place, &screen.facts, moment, colours);
    let (buffer, place) = pen.take(sensor::LINES);
    sensors(buffer, place, moment, colours);
    let (buffer, place) = pen.take(rows.signals);
    signals(buffer, place, screen, colours);
    age(&mut pen, ages.as_ref(), moment);
    let (buffer, place) = pen.take(rows.news);
    news(&mut Pen::new(buffer, place, colours), screen);
    help(&mut pen, keys);
}

/// How many lines the parts have that can be larger or smaller.
struct Rows {
    answer: u16,
    signals: u16,
    news: u16,
}

/// Columns that all keys take on one line.
const ALL_KEYS: u16 = 112;

impl Rows {
    fn of(Rect { width, height, .. }: Rect) -> Self {
        let help = if width < ALL_KEYS { 2 } else { 1 };
        // Title, and age with its heading.
        let rest = height - sensor::LINES - 1 - 3 - help;
        let answer = match height {
            0..32 => 3,
            32..45 => 6,
            _ => 9,
        };
        let rest = rest - answer;
        let news = match rest {
            // A heading without a line is no use.
            0..=6 => 0,
            _ => (rest / 3).max(3),
        };
        Self {
            answer,
            signals: rest - news,
            news,
        }
    }
}

fn title(pen: &mut Pen, screen: &Screen) {
    let facts = &screen.facts;
    let name = pen.say("evenkeel live", Tone::Heading);
    let model = format!("  {} {}", facts.model, facts.version);
    let model = pen.say(model, Tone::Plain);
    let end = match screen.latest() {
        None => pen.say("no answer yet", Tone::Warning),
        Some((_, age)) if age > OVERDUE => {
            let text = format!("no answer for {} s", age.as_secs());
            pen.say(text, Tone::Bad)
        }
        Some((moment, _)) => {
            let seconds = moment.end().as_secs_f64();
            pen.say(format!("{seconds:.1} s"), Tone::Faint)
        }
    };
    pen.line_with_end(vec![name, model], end);
}

fn sensors(buffer: &mut Buffer, area: Rect, moment: Option<&Moment>, colours: Colours) {
    let half = (area.width - 2) / 2;
    for (modality, x) in [
        (Modality::Audio, area.x),
        (Modality::Camera, area.right() - half),
    ] {
        let area = Rect {
            x,
            width: half,
            ..area
        };
        sensor::draw(&mut Pen::new(buffer, area, colours), moment, modality);
    }
}

/// Spectrogram and level at the left, the picture at the right.
fn signals(buffer: &mut Buffer, area: Rect, screen: &Screen, colours: Colours) {
    let lines = area.height.saturating_sub(1);
    let picture = screen.thumbnail.columns(lines).min(area.width / 3);
    let gap = if picture > 0 { 2 } else { 0 };
    let left = Rect {
        width: area.width - picture - gap,
        ..area
    };
    let right = Rect {
        x: area.right() - picture,
        width: picture,
        ..area
    };
    let mut pen = Pen::new(buffer, left, colours);
    let shown = spectrogram::COLUMN * u32::from(left.width);
    pen.heading(&format!("sound, last {:.1} s", shown.as_secs_f32()));
    let (buffer, strip) = pen.take(lines.saturating_sub(1));
    screen.spectrogram.draw(buffer, strip, colours);
    meter::draw(&mut pen, screen.level, screen.held_peak);
    if picture > 0 {
        let mut pen = pen.elsewhere(right);
        let title = if picture < 13 { "" } else { "picture" };
        pen.heading(title);
        let (buffer, place) = pen.take(lines);
        // A picture that would be too wide is less high.
        let high = (u32::from(place.width) * u32::from(lines)
            / u32::from(screen.thumbnail.columns(lines)).max(1)) as u16;
        let place = Rect {
            height: high.clamp(1, lines.max(1)).min(place.height),
            ..place
        };
        screen.thumbnail.draw(buffer, place, colours);
    }
}

fn age(pen: &mut Pen, ages: Option<&AgeSummary>, moment: Option<&Moment>) {
    pen.heading(&format!("age of an answer, last {} s", AGES_OF.as_secs()));
    let (Some(ages), Some(moment)) = (ages, moment) else {
        pen.take(2);
        return;
    };
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let percentiles = format!(
        "p50 {:.0} ms  p99 {:.0} ms",
        millis(ages.p50),
        millis(ages.p99)
    );
    let percentiles = pen.say(percentiles, Tone::Plain);
    let rates = rates(pen, &moment.rates);
    pen.line_with_end(percentiles, rates);
    let shares = &ages.shares;
    let mut spans = Vec::new();
    for (name, share) in [
        ("wait", shares.wait),
        ("window", shares.window),
        ("health", shares.health),
        ("audio", shares.encode.audio),
        ("camera", shares.encode.camera),
        ("fusion", shares.fusion),
    ] {
        spans.push(pen.say(format!("{name} "), Tone::Faint));
        spans.push(pen.say(format!("{:.0} %  ", 100.0 * share), Tone::Plain));
    }
    pen.line(spans);
}

fn rates(pen: &Pen, rates: &Rates) -> Span<'static> {
    let hop = rates.hop.as_millis();
    let measured = rates.measured;
    match rates.stride {
        0 | 1 => {
            let text = format!("{measured:.1} answers/s, one every {hop} ms");
            pen.say(text, Tone::Plain)
        }
        stride => {
            let every = hop * u128::from(stride);
            let text = format!("{measured:.1}/s, every {every} ms: too slow for {hop} ms");
            pen.say(text, Tone::Warning)
        }
    }
}

fn news(pen: &mut Pen, screen: &Screen) {
    if pen.height() == 0 {
        return;
    }
    pen.heading("what happened");
    let skipped = screen.news.len().saturating_sub(pen.height());
    for News { time, kind, text } in screen.news.iter().skip(skipped) {
        let tone = match kind {
            Kind::Event => Tone::Plain,
            Kind::Trouble => Tone::Bad,
            Kind::Recovery => Tone::Good,
            Kind::Information => Tone::Faint,
        };
        let time = pen.say(format!("{:>8.2} s  ", time.as_secs_f64()), Tone::Faint);
        pen.line(vec![time, pen.say(text.as_str(), tone)]);
    }
    let rest = pen.height() as u16;
    pen.take(rest);
}

/// As many keys to a line as there is room for.
fn help(pen: &mut Pen, keys: &Keys) {
    let switches = keys.switches().map(|(switch, on)| {
        let tone = if on { Tone::Warning } else { Tone::Faint };
        (switch.key, switch.word, tone)
    });
    let others = [('0', "clear", Tone::Faint), ('q', "quit", Tone::Faint)];
    let mut line = Line::default();
    for (key, word, tone) in switches.chain(others) {
        let word = format!(" {word}  ");
        if line.width() + 1 + word.trim_end().len() > pen.width() {
            pen.line(std::mem::take(&mut line));
        }
        line.push_span(pen.say(key.to_string(), Tone::Heading));
        line.push_span(pen.say(word, tone));
    }
    pen.line(line);
}
