//! Large letters, five pixels high.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Rows of a letter.
const ROWS: u16 = 5;

/// Each row of a letter; letters are as wide as they need to be.
type Glyph = [&'static str; ROWS as usize];

/// The lines that letters of this size take.
pub fn lines(scale: u16) -> u16 {
    (ROWS * scale).div_ceil(2)
}

/// The columns that a text takes; `None` if there is a letter that is not in the font.
pub fn width(text: &str, scale: u16) -> Option<u16> {
    let mut columns = 0_u16;
    for letter in text.chars() {
        columns = columns.saturating_add(glyph(letter)?[0].len() as u16 + 1);
    }
    Some(columns.saturating_sub(1).saturating_mul(scale))
}

/// Draws what of a text fits into `area`, from its upper left corner.
pub fn draw(buffer: &mut Buffer, area: Rect, text: &str, scale: u16, style: Style) {
    let mut left = 0;
    for glyph in text.chars().filter_map(glyph) {
        let columns = glyph[0].len() as u16;
        let is_set = |x: u16, y: u16| {
            let row = glyph.get(usize::from(y / scale)).copied().unwrap_or("");
            row.as_bytes().get(usize::from(x / scale)) == Some(&b'#')
        };
        for x in 0..columns * scale {
            for line in 0..lines(scale) {
                let symbol = match (is_set(x, 2 * line), is_set(x, 2 * line + 1)) {
                    (true, true) => "█",
                    (true, false) => "▀",
                    (false, true) => "▄",
                    (false, false) => continue,
                };
                let (column, row) = (left + x, line);
                if column < area.width && row < area.height {
                    let place = (area.x + column, area.y + row);
                    buffer[place].set_symbol(symbol).set_style(style);
                }
            }
        }
        left += (columns + 1) * scale;
    }
}

#[rustfmt::skip]
fn glyph(letter: char) -> Option<Glyph> {
    Some(match letter.to_ascii_lowercase() {
        'a' => [" ## ", "#  #", "####", "#  #", "#  #"],
        'b' => ["### ", "#  #", "### ", "#  #", "### "],
        'c' => [" ###", "#   ", "#   ", "#   ", " ###"],
        'd' => ["### ", "#  #", "#  #", "#  #", "### "],
        'e' => ["####", "#   ", "### ", "#   ", "####"],
        'f' => ["####", "#   ", "### ", "#   ", "#   "],
        'g' => [" ###", "#   ", "# ##", "#  #", " ###"],
        'h' => ["#  #", "#  #", "####", "#  #", "#  #"],
        'i' => ["###", " # ", " # ", " # ", "###"],
        'j' => ["  ##", "   #", "   #", "#  #", " ## "],
        'k' => ["#  #", "# # ", "##  ", "# # ", "#  #"],
        'l' => ["#   ", "#   ", "#   ", "#   ", "####"],
        'm' => ["#   #", "## ##", "# # #", "#   #", "#   #"],
        'n' => ["#   #", "##  #", "# # #", "#  ##", "#   #"],
        'o' => [" ## ", "#  #", "#  #", "#  #", " ## "],
        'p' => ["### ", "#  #", "### ", "#   ", "#   "],
        'q' => [" ## ", "#  #", "#  #", "# # ", " # #"],
        'r' => ["### ", "#  #", "### ", "# # ", "#  #"],
        's' => [" ###", "#   ", " ## ", "   #", "### "],
        't' => ["#####", "  #  ", "  #  ", "  #  ", "  #  "],
        'u' => ["#  #", "#  #", "#  #", "#  #", " ## "],
        'v' => ["#   #", "#   #", " # # ", " # # ", "  #  "],
        'w' => ["#   #", "#   #", "# # #", "## ##", "#   #"],
        'x' => ["#   #", " # # ", "  #  ", " # # ", "#   #"],
        'y' => ["#   #", " # # ", "  #  ", "  #  ", "  #  "],
        'z' => ["####", "  # ", " #  ", "#   ", "####"],
        '0' => [" ## ", "#  #", "#  #", "#  #", " ## "],
        '1' => [" # ", "## ", " # ", " # ", "###"],
        '2' => ["### ", "   #", " ## ", "#   ", "####"],
        '3' => ["### ", "   #", " ## ", "   #", "### "],
        '4' => ["#  #", "#  #", "####", "   #", "   #"],
        '5' => ["####", "#   ", "### ", "   #", "### "],
        '6' => [" ## ", "#   ", "### ", "#  #", " ## "],
        '7' => ["####", "   #", "  # ", " #  ", " #  "],
        '8' => [" ## ", "#  #", " ## ", "#  #", " ## "],
        '9' => [" ## ", "#  #", " ###", "   #", " ## "],
        '-' => ["   ", "   ", "###", "   ", "   "],
        '_' => ["   ", "   ", "   ", "   ", "###"],
        '.' => [" ", " ", " ", " ", "#"],
        ' ' => ["  ", "  ", "  ", "  ", "  "],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_of_a_letter_are_alike_wide_and_no_two_letters_look_the_same() {
        let letters = "abcdefghijklmnopqrstuvwxyz123456789-_. ";
        let mut seen = std::collections::HashSet::new();
        for letter in letters.chars() {
            let glyph = glyph(letter).unwrap();
            assert!(
                glyph.iter().all(|row| row.len() == glyph[0].len()),
                "{letter}"
            );
            assert!(seen.insert(glyph), "{letter}");
        }
        assert_eq!(width("seven", 1), Some(4 + 1 + 4 + 1 + 5 + 1 + 4 + 1 + 5));
        assert_eq!(width("größe", 1), None);
    }
}
