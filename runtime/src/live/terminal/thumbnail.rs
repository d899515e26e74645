//! A small copy of the newest frame.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::colours::Colours;
use super::pixels;
use crate::window::Frame;

/// Pixels of the copy, at most, in either direction.
const LARGEST: u32 = 96;

/// The newest frame, smaller; nothing if there is none.
#[derive(Default)]
pub struct Thumbnail {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Thumbnail {
    /// Copies the frame, or forgets the last one. Pixels are picked, not averaged: it is to be quick.
    pub fn take(&mut self, frame: Option<&Frame>) {
        self.rgb.clear();
        (self.width, self.height) = (0, 0);
        let Some(frame) = frame else {
            return;
        };
        let (wide, high) = (u64::from(frame.width), u64::from(frame.height));
        if wide == 0 || high == 0 || frame.rgb.len() as u64 != 3 * wide * high {
            return;
        }
        let longest = frame.width.max(frame.height);
        let scaled = |side: u32| match longest <= LARGEST {
            true => side,
            false => (u64::from(side) * u64::from(LARGEST) / u64::from(longest)).max(1) as u32,
        };
        (self.width, self.height) = (scaled(frame.width), scaled(frame.height));
        for y in 0..self.height {
            let row = middle(y, self.height, frame.height);
            for x in 0..self.width {
                let column = middle(x, self.width, frame.width);
                let place = 3 * (row * frame.width as usize + column);
                self.rgb.extend_from_slice(&frame.rgb[place..place + 3]);
            }
        }
    }

    /// Columns that it takes in this many lines, to look as wide as it is; a character is two pixels high.
    pub fn columns(&self, lines: u16) -> u16 {
        match self.height {
            0 => 0,
            height => (2 * u32::from(lines) * self.width / height).min(1000) as u16,
        }
    }

    /// Draws it, filling `area`.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, colours: Colours) {
        if self.rgb.is_empty() || area.is_empty() {
            return;
        }
        let (wide, high) = (u32::from(area.width), 2 * u32::from(area.height));
        pixels::draw(buffer, area, colours, |x, y| {
            let column = middle(u32::from(x), wide, self.width);
            let row = middle(u32::from(y), high, self.height);
            let place = 3 * (row * self.width as usize + column);
            [self.rgb[place], self.rgb[place + 1], self.rgb[place + 2]]
        });
    }
}

/// Where the middle of pixel `i` of `to` lies among `from` pixels.
fn middle(i: u32, to: u32, from: u32) -> usize {
    let place = (2 * u64::from(i) + 1) * u64::from(from) / (2 * u64::from(to.max(1)));
    place.min(u64::from(from.saturating_sub(1))) as usize
}
