//! Writes lines, headings and bars into cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::colours::{Colours, Tone};

/// Writes into an area, line by line from the top; what does not fit is left out.
pub struct Pen<'a> {
    buffer: &'a mut Buffer,
    rest: Rect,
    /// The colours to use.
    pub colours: Colours,
}

impl<'a> Pen<'a> {
    /// At the top of this area.
    pub fn new(buffer: &'a mut Buffer, area: Rect, colours: Colours) -> Self {
        let rest = area.intersection(buffer.area);
        Self {
            buffer,
            rest,
            colours,
        }
    }

    /// Another one, for another area.
    pub fn elsewhere(&mut self, area: Rect) -> Pen<'_> {
        Pen::new(self.buffer, area, self.colours)
    }

    /// Columns of a line.
    pub fn width(&self) -> usize {
        usize::from(self.rest.width)
    }

    /// Lines that are left.
    pub fn height(&self) -> usize {
        usize::from(self.rest.height)
    }

    /// Whether what is left has fewer than these columns or lines; then it is said how many are needed.
    pub fn lacks_room(&mut self, (width, height): (u16, u16)) -> bool {
        let room = self.rest;
        let lacks = room.width < width || room.height < height;
        if lacks {
            let text = format!(
                "make the terminal larger: it is {}×{}, and {width}×{height} is needed; q quits",
                room.width, room.height
            );
            self.text(&text, Tone::Plain, room.height.into());
        }
        lacks
    }

    /// Takes the next lines away, for somebody else to draw on.
    pub fn take(&mut self, lines: u16) -> (&mut Buffer, Rect) {
        let taken = Rect {
            height: lines.min(self.rest.height),
            ..self.rest
        };
        self.rest.y += taken.height;
        self.rest.height -= taken.height;
        (self.buffer, taken)
    }

    /// Writes one line.
    pub fn line<'t>(&mut self, spans: impl Into<Line<'t>>) {
        let (buffer, area) = self.take(1);
        if !area.is_empty() {
            buffer.set_line(area.x, area.y, &spans.into(), area.width);
        }
    }

    /// Writes one line, with something else at its right end if there is room for both.
    pub fn line_with_end<'t>(&mut self, spans: impl Into<Line<'t>>, end: impl Into<Line<'t>>) {
        let (line, end) = (spans.into(), end.into());
        let (buffer, area) = self.take(1);
        if area.is_empty() {
            return;
        }
        buffer.set_line(area.x, area.y, &line, area.width);
        let (left, right) = (line.width(), end.width());
        if left + right + 2 <= usize::from(area.width) {
            let x = area.x + area.width - right as u16;
            buffer.set_line(x, area.y, &end, right as u16);
        }
    }

    /// A rule across with a title in it, if there is one.
    pub fn heading(&mut self, title: &str) {
        let rule = "─".repeat(self.width());
        let faint = self.style(Tone::Faint);
        let heading = self.style(Tone::Heading).remove_modifier(Modifier::DIM);
        let (buffer, area) = self.take(1);
        if area.is_empty() {
            return;
        }
        buffer.set_stringn(area.x, area.y, rule, area.width.into(), faint);
        if let Some(room) = area.width.checked_sub(4)
            && !title.is_empty()
        {
            let title = Line::from(vec![Span::styled(format!(" {title} "), heading)]);
            buffer.set_line(area.x + 2, area.y, &title, room);
        }
    }

    /// Writes a text over at most this many lines, broken between words; returns how many it took.
    pub fn text(&mut self, text: &str, tone: Tone, most: usize) -> usize {
        let lines = broken(text, self.width());
        let lines = &lines[..lines.len().min(most)];
        for line in lines {
            self.line(self.say(*line, tone));
        }
        lines.len()
    }

    /// How a tone is written.
    pub fn style(&self, tone: Tone) -> Style {
        self.colours.style(tone)
    }

    /// A piece of text in a tone.
    pub fn say<'t>(&self, text: impl Into<std::borrow::Cow<'t, str>>, tone: Tone) -> Span<'t> {
        Span::styled(text, self.style(tone))
    }

    /// A bar for a share, 0..1, this many columns wide.
    pub fn bar(&self, share: f32, width: usize, tone: Tone) -> [Span<'static>; 2] {
        let share = if share.is_finite() { share } else { 0.0 };
        let full = (share.clamp(0.0, 1.0) * width as f32).round() as usize;
        [
            self.say("█".repeat(full), tone),
            self.say("░".repeat(width - full), Tone::Faint),
        ]
    }
}

/// Breaks a text into lines of at most `width` columns; a word that is longer stands alone, and is cut when it
/// is written.
fn broken(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut end) = (0, 0);
    for word in text.split_whitespace() {
        let from = word.as_ptr() as usize - text.as_ptr() as usize;
        let to = from + word.len();
        let wide = Span::raw(&text[start..to]).width();
        if end > start && wide > width {
            lines.push(&text[start..end]);
            start = from;
        } else if end == start {
            start = from;
        }
        end = to;
    }
    if end > start {
        lines.push(&text[start..end]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_between_words() {
        assert_eq!(broken("one  two three", 8), ["one  two", "three"]);
        assert_eq!(broken(" endlesslylong a", 5), ["endlesslylong", "a"]);
        assert_eq!(broken("", 5), [""; 0]);
        assert_eq!(broken("a b", 0), ["a", "b"]);
    }
}
