//! From the bytes of one picture to a frame of the size that is wanted.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::{ColorType, ImageDecoder};

use super::CameraWish;
use super::pixels::{Converter, Layout, PixelFormat};
use crate::clip::is_whole_jpeg;
use crate::panics;

/// How a camera sends its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As they are.
    Raw(Layout),
    /// Each as a JPEG, of any size.
    Jpeg,
}

/// Most pixels of a JPEG that is decoded: 8192 by 8192.
const MOST_PIXELS: u64 = 1 << 26;

/// Decodes pictures, keeping its memory from one to the next.
pub struct Decoder {
    coding: Coding,
    wish: CameraWish,
    converter: Converter,
    /// A decoded JPEG before it is made smaller.
    full: Vec<u8>,
}

impl Decoder {
    /// For pictures that come like this.
    pub fn new(coding: Coding, wish: CameraWish) -> Self {
        Self {
            coding,
            wish,
            converter: Converter::default(),
            full: Vec::new(),
        }
    }

    /// Puts the picture into `rgb`; returns columns and rows, or `None` if it is damaged.
    pub fn decode(&mut self, bytes: &[u8], rgb: &mut Vec<u8>) -> Option<(u32, u32)> {
        let (layout, pixels) = match self.coding {
            Coding::Raw(layout) => (layout, bytes),
            Coding::Jpeg => {
                let full = &mut self.full;
                // Whatever a broken picture does inside the decoder costs that picture.
                let layout = panics::catch(|| decode_jpeg(bytes, full)).ok()??;
                (layout, &self.full[..])
            }
        };
        let factor = self.wish.factor(layout.width(), layout.height());
        self.converter.convert(&layout, pixels, factor, rgb)
    }
}

/// `None` for one that is broken, cut short or absurdly large.
fn decode_jpeg(bytes: &[u8], full: &mut Vec<u8>) -> Option<Layout> {
    // The decoder would make up what is missing.
    if !is_whole_jpeg(bytes).unwrap_or(false) {
        return None;
    }
    let decoder = JpegDecoder::new(Cursor::new(bytes)).ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return None;
    }
    let format = match decoder.color_type() {
        ColorType::L8 => PixelFormat::Grey,
        ColorType::Rgb8 => PixelFormat::Rgb,
        _ => return None,
    };
    full.clear();
    full.resize(usize::try_from(decoder.total_bytes()).ok()?, 0);
    decoder.read_image(full).ok()?;
    Layout::packed(format, width, height).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;

    const WISH: CameraWish = CameraWish {
        min_side: 20,
        max_side: 40,
        frame_rate: 10.0,
        colour: true,
    };

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = image::RgbImage::from_pixel(width, height, image::Rgb([200, 100, 50]));
        JpegEncoder::new_with_quality(&mut bytes, 95)
            .encode_image(&picture)
            .unwrap();
        bytes
    }

    #[test]
    fn a_jpeg_becomes_a_small_picture_of_the_same_colour() {
        let mut decoder = Decoder::new(Coding::Jpeg, WISH);
        let mut rgb = Vec::new();
        assert_eq!(decoder.decode(&jpeg(80, 60), &mut rgb), Some((40, 30)));
        assert_eq!(rgb.len(), 3 * 40 * 30);
        let near = |pixel: &[u8]| (0..3).all(|c| pixel[c].abs_diff([200, 100, 50][c]) <= 3);
        assert!(rgb.chunks(3).all(near));
    }

    #[test]
    fn a_damaged_jpeg_is_refused_and_the_next_one_is_decoded_again() {
        let mut decoder = Decoder::new(Coding::Jpeg, WISH);
        let (mut rgb, good) = (Vec::new(), jpeg(80, 60));
        assert_eq!(decoder.decode(&good[..good.len() / 2], &mut rgb), None);
        assert_eq!(decoder.decode(b"no picture", &mut rgb), None);
        assert_eq!(decoder.decode(&[], &mut rgb), None);
        assert_eq!(decoder.decode(&good, &mut rgb), Some((40, 30)));
    }
}
