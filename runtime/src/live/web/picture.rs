//! Pictures for browsers, made on the server's thread.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use tokio::sync::Notify;

use crate::resize::resize;
use crate::window::Frame;

/// First byte of a message that holds a picture; the rest is a JPEG file.
const KIND: u8 = 1;
const QUALITY: u8 = 75;
/// Ten pictures a second, with a little room for jitter.
const INTERVAL: Duration = Duration::from_millis(95);
/// Larger pictures are shrunk to fit into this, pixels.
const MOST: (u32, u32) = (640, 480);

/// Holds the newest picture until somebody takes it.
#[derive(Debug, Default)]
pub struct Easel {
    newest: Mutex<Pixels>,
    changed: Notify,
}

/// A picture without its time.
#[derive(Debug, Default)]
struct Pixels {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Easel {
    /// Waits for the next picture and turns it into a message; `None` if it cannot be one.
    pub async fn next(&self, painter: &mut Painter) -> Option<Bytes> {
        self.changed.notified().await;
        {
            let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut *newest, &mut painter.pixels);
        }
        painter.paint()
    }

    fn put(&self, frame: &Frame) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        (newest.width, newest.height) = (frame.width, frame.height);
        newest.rgb.clone_from(&frame.rgb);
        drop(newest);
        self.changed.notify_one();
    }
}

/// Puts pictures on an easel, not too often and none twice.
#[derive(Debug, Default)]
pub struct Hand {
    last: Option<(Instant, Duration)>,
}

impl Hand {
    /// Puts this picture there if it is time for one.
    pub fn offer(&mut self, frame: &Frame, easel: &Easel) {
        let now = Instant::now();
        let wait = self
            .last
            .is_some_and(|(when, time)| time == frame.time || now < when + INTERVAL);
        if !wait {
            self.last = Some((now, frame.time));
            easel.put(frame);
        }
    }
}

/// Makes JPEG files; keeps its memory.
#[derive(Default)]
pub struct Painter {
    pixels: Pixels,
    resizer: Resizer,
    small: Vec<u8>,
}

impl Painter {
    fn paint(&mut self) -> Option<Bytes> {
        let Pixels { width, height, rgb } = &self.pixels;
        let (width, height) = (*width, *height);
        let scale = (f64::from(MOST.0) / f64::from(width))
            .min(f64::from(MOST.1) / f64::from(height))
            .min(1.0);
        if scale == 1.0 {
            return encode(width, height, rgb);
        }
        let side = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
        let sides = (side(width), side(height));
        self.small
            .resize(3 * sides.0 as usize * sides.1 as usize, 0);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        let (whole, small) = ((&rgb[..], (width, height)), (&mut self.small[..], sides));
        resize(&mut self.resizer, whole, small, &options)?;
        encode(sides.0, sides.1, &self.small)
    }
}

fn encode(width: u32, height: u32, rgb: &[u8]) -> Option<Bytes> {
    // The encoder takes it for granted.
    if rgb.len() as u64 != 3 * u64::from(width) * u64::from(height) {
        return None;
    }
    let mut message = vec![KIND];
    JpegEncoder::new_with_quality(&mut message, QUALITY)
        .encode(rgb, width, height, ExtendedColorType::Rgb8)
        .ok()?;
    Some(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_picture_is_shrunk_and_a_broken_one_left_out() {
        let mut painter = Painter::default();
        let mut paint = |width, height, bytes| {
            painter.pixels = Pixels {
                width,
                height,
                rgb: vec![99; bytes],
            };
            painter.paint()
        };
        let message = paint(1280, 720, 3 * 1280 * 720).unwrap();
        let picture = image::load_from_memory(&message[1..]).unwrap();
        assert_eq!(
            (message[0], picture.width(), picture.height()),
            (1, 640, 360)
        );
        assert!(paint(64, 48, 3 * 64 * 48).is_some());
        assert!(paint(64, 48, 100).is_none());
        assert!(paint(1280, 720, 100).is_none());
        assert!(paint(0, 0, 0).is_none());
    }

    #[test]
    fn pictures_are_offered_ten_times_a_second() {
        let (easel, mut hand) = (Easel::default(), Hand::default());
        let frame = |time, shade| Frame {
            time: Duration::from_millis(time),
            width: 1,
            height: 1,
            rgb: vec![shade; 3],
        };
        hand.offer(&frame(0, 1), &easel);
        hand.offer(&frame(40, 2), &easel);
        assert_eq!(easel.newest.lock().unwrap().rgb, [1, 1, 1]);
    }
}
