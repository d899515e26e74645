//! Pictures out of characters: two pixels in each, one above the other.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::colours::Colours;

/// From dark to bright, for terminals without colours.
const GREYS: [&str; 10] = [" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"];

/// Fills `area` with the pixels that `pixel` gives for each column and row; there are two rows to a line.
pub fn draw(
    buffer: &mut Buffer,
    area: Rect,
    colours: Colours,
    pixel: impl Fn(u16, u16) -> [u8; 3],
) {
    let area = area.intersection(buffer.area);
    for y in 0..area.height {
        for x in 0..area.width {
            let (upper, lower) = (pixel(x, 2 * y), pixel(x, 2 * y + 1));
            let cell = &mut buffer[(area.x + x, area.y + y)];
            match (colours.of_pixel(upper), colours.of_pixel(lower)) {
                (Some(upper), Some(lower)) => {
                    cell.set_symbol("▀").set_fg(upper).set_bg(lower);
                }
                _ => {
                    let brightness = (luma(upper) + luma(lower)) / 2.0;
                    let last = GREYS.len() - 1;
                    let grey = (brightness * last as f32).round() as usize;
                    cell.set_symbol(GREYS[grey.min(last)]);
                }
            }
        }
    }
}

/// Brightness, 0..1, by the weights of ITU-R BT.601.
fn luma([red, green, blue]: [u8; 3]) -> f32 {
    (0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)) / 255.0
}
