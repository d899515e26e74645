//! The few shapes that a figure is made of, drawn into an SVG text.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Almost black, for text and axes.
pub const INK: RGBColor = RGBColor(34, 38, 46);
/// For what explains.
pub const MUTED: RGBColor = RGBColor(110, 116, 128);
/// For lines that only guide the eye.
pub const GRID: RGBColor = RGBColor(222, 225, 230);
/// For what is right, and for both sensors together.
pub const BLUE: RGBColor = RGBColor(31, 94, 168);
/// For what is wrong.
pub const RED: RGBColor = RGBColor(200, 62, 46);

/// Where a text stands relative to its point.
#[derive(Clone, Copy)]
pub enum Anchor {
    /// The text begins at the point.
    Start,
    /// The text is centred on the point.
    Middle,
    /// The text ends at the point.
    End,
}

/// A drawing in pixels from the top left.
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

impl<'a> Canvas<'a> {
    /// A white drawing of this size, written into `svg`.
    pub fn new(svg: &'a mut String, width: u32, height: u32) -> Self {
        let area = SVGBackend::with_string(svg, (width, height)).into_drawing_area();
        area.fill(&WHITE).expect(INTO_TEXT);
        Self { area }
    }

    /// A filled rectangle between two corners.
    pub fn fill(&self, from: (f64, f64), to: (f64, f64), colour: RGBAColor) {
        let rectangle = Rectangle::new([pixel(from), pixel(to)], colour.filled());
        self.area.draw(&rectangle).expect(INTO_TEXT);
    }

    /// The outline of a rectangle.
    pub fn frame(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor) {
        let rectangle = Rectangle::new([pixel(from), pixel(to)], colour.stroke_width(1));
        self.area.draw(&rectangle).expect(INTO_TEXT);
    }

    /// A straight line.
    pub fn line(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, width: u32) {
        let path = PathElement::new([pixel(from), pixel(to)], colour.stroke_width(width));
        self.area.draw(&path).expect(INTO_TEXT);
    }

    /// A dot.
    pub fn dot(&self, at: (f64, f64), radius: f64, colour: RGBColor) {
        let circle = Circle::new(pixel(at), radius.round() as i32, colour.filled());
        self.area.draw(&circle).expect(INTO_TEXT);
    }

    /// A text whose middle height is at the point.
    pub fn text(&self, text: &str, at: (f64, f64), size: f64, colour: RGBColor, anchor: Anchor) {
        self.draw_text(text, at, size, colour, anchor, FontTransform::None);
    }

    /// A text that runs upwards, beginning at, centred on, or ending at the point.
    pub fn upright(&self, text: &str, at: (f64, f64), size: f64, colour: RGBColor, anchor: Anchor) {
        self.draw_text(text, at, size, colour, anchor, FontTransform::Rotate270);
    }

    fn draw_text(
        &self,
        text: &str,
        at: (f64, f64),
        size: f64,
        colour: RGBColor,
        anchor: Anchor,
        transform: FontTransform,
    ) {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = ("sans-serif", size)
            .into_font()
            .transform(transform)
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Center));
        self.area
            .draw(&Text::new(text, pixel(at), style))
            .expect(INTO_TEXT);
    }

    /// Ends the drawing.
    pub fn finish(self) {
        self.area.present().expect(INTO_TEXT);
    }
}

/// Why drawing has no error to report.
const INTO_TEXT: &str = "drawing goes into a text in memory, which does not fail";

fn pixel((x, y): (f64, f64)) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}
