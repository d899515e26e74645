//! Which colours a terminal has, and what to use them for.

use std::env;

use ratatui::style::{Color, Modifier, Style};

/// How many colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// All of them.
    True,
    /// The 256 of xterm.
    Palette,
    /// Eight or sixteen: enough for words, not for pictures.
    Few,
    /// None, or none are wanted.
    None,
}

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Gone wrong.
    Bad,
    /// Names, headings.
    Heading,
    /// What is beside the point.
    Faint,
    /// Everything else.
    Plain,
}

impl Colours {
    /// By the environment; see <https://no-color.org> for `NO_COLOR`.
    pub fn of_this_terminal() -> Self {
        Self::of(|name| env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty())
            || term == "dumb"
            || term.starts_with("vt1")
            || term.starts_with("vt2")
        {
            return Colours::None;
        }
        match variable("COLORTERM").as_deref() {
            Some("truecolor" | "24bit") => Colours::True,
            _ if term.contains("direct") => Colours::True,
            _ if term.contains("256color") => Colours::Palette,
            _ => Colours::Few,
        }
    }

    /// The nearest colour that the terminal has; `None` where it has too few for pictures.
    pub fn of_pixel(self, [red, green, blue]: [u8; 3]) -> Option<Color> {
        match self {
            Colours::True => Some(Color::Rgb(red, green, blue)),
            Colours::Palette => Some(Color::Indexed(nearest([red, green, blue]))),
            Colours::Few | Colours::None => None,
        }
    }

    /// How a text is written. The terminal's own colours, so that it can be read on dark and on light ones.
    pub fn style(self, tone: Tone) -> Style {
        let colour = match tone {
            Tone::Good => Color::Green,
            Tone::Warning => Color::Yellow,
            Tone::Bad => Color::Red,
            Tone::Heading => Color::Cyan,
            Tone::Faint | Tone::Plain => Color::Reset,
        };
        let modifier = match tone {
            Tone::Bad => Modifier::BOLD,
            Tone::Faint => Modifier::DIM,
            _ => Modifier::empty(),
        };
        let style = Style::new().add_modifier(modifier);
        match self {
            Colours::None => style,
            _ => style.fg(colour),
        }
    }
}

/// The steps of the 6×6×6 cube of xterm's palette, which begins at 16.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// Its 24 greys are 8, 18, … 238, and begin at 232.
const GREYS: u8 = 24;

fn nearest(colour: [u8; 3]) -> u8 {
    let step = |value: u8| (0..6).min_by_key(|&i| CUBE[i].abs_diff(value)).unwrap_or(0);
    let [red, green, blue] = colour.map(step);
    let in_cube = [CUBE[red], CUBE[green], CUBE[blue]];
    let mean = colour.iter().map(|&value| u16::from(value)).sum::<u16>() / 3;
    let grey = ((mean.saturating_sub(3)) / 10).min(u16::from(GREYS) - 1) as u8;
    if distance(colour, [8 + 10 * grey; 3]) < distance(colour, in_cube) {
        232 + grey
    } else {
        (16 + 36 * red + 6 * green + blue) as u8
    }
}

fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    let square = |(a, b): (u8, u8)| u32::from(a.abs_diff(b)).pow(2);
    one.into_iter().zip(other).map(square).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_terminal_and_none_if_none_are_wanted() {
        let of = |term: &str, colorterm: &str, no_color: &str| {
            Colours::of(|name| {
                let value = match name {
                    "TERM" => term,
                    "COLORTERM" => colorterm,
                    _ => no_color,
                };
                Some(value.to_owned())
            })
        };
        assert_eq!(of("xterm-256color", "truecolor", ""), Colours::True);
        assert_eq!(of("xterm-256color", "", ""), Colours::Palette);
        assert_eq!(of("linux", "", ""), Colours::Few);
        assert_eq!(of("xterm-256color", "truecolor", "1"), Colours::None);
        assert_eq!(of("dumb", "truecolor", ""), Colours::None);
        assert_eq!(Colours::of(|_| None), Colours::Few);
    }

    #[test]
    fn the_palette_is_used_where_it_is_nearest() {
        assert_eq!(nearest([0, 0, 0]), 16);
        assert_eq!(nearest([255, 255, 255]), 231);
        assert_eq!(nearest([255, 0, 0]), 196);
        assert_eq!(nearest([118, 118, 118]), 243);
        assert_eq!(nearest([90, 140, 210]), 16 + 36 + 12 + 4);
    }
}
