//! What the corruptions of pictures share: sizes, rounding, tables, and things that stand still.

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use rand_chacha::ChaCha8Rng;

use crate::resize::resize;
use crate::window::Frame;

/// Columns and rows of a picture, at least one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

impl Size {
    pub fn of(frame: &Frame) -> Self {
        Self {
            width: frame.width as usize,
            height: frame.height as usize,
        }
    }

    pub fn pixels(self) -> usize {
        self.width * self.height
    }

    /// The shorter side, in pixels.
    pub fn shorter(self) -> f32 {
        self.width.min(self.height) as f32
    }

    /// The longer side, in pixels.
    pub fn longer(self) -> f32 {
        self.width.max(self.height) as f32
    }

    /// Pixels of this picture for each pixel of one of 224×224, for which the parameters of
    /// ImageNet-C are made. Below about 64 pixels a side it stays the same, since lengths of less
    /// than a pixel would change nothing.
    pub fn scale(self) -> f32 {
        const PUBLISHED: f32 = 224.0;
        const LEAST: f32 = 0.3;
        (self.shorter() / PUBLISHED).max(LEAST)
    }
}

/// Whether a frame has pixels, and as many bytes as they need.
pub fn is_whole(frame: &Frame) -> bool {
    let pixels = (frame.width as usize).checked_mul(frame.height as usize);
    let bytes = pixels.and_then(|pixels| pixels.checked_mul(3));
    bytes == Some(frame.rgb.len()) && !frame.rgb.is_empty()
}

/// The nearest byte.
///
/// At 2²³ the steps of a float are 1, so its lowest bits are the rounded number. Unlike a cast,
/// this takes many values at once on every processor.
pub fn byte(value: f32) -> u8 {
    const STEPS_OF_ONE: f32 = 8_388_608.0;
    (value.clamp(0.0, 255.0) + STEPS_OF_ONE).to_bits() as u8
}

/// What becomes of each of the 256 values, from a function of the value 0..255.
pub fn table(f: impl Fn(f32) -> f32) -> [u8; 256] {
    std::array::from_fn(|value| byte(f(value as f32)))
}

/// Puts each channel through its table.
pub fn map_channels(frame: &mut Frame, tables: &[[u8; 256]; 3]) {
    for pixel in frame.rgb.as_chunks_mut::<3>().0 {
        for (value, table) in pixel.iter_mut().zip(tables) {
            *value = table[usize::from(*value)];
        }
    }
}

/// Applies what stands still in front of the camera: it is made once for the window, and once
/// more from the same random numbers where a frame has another size than the one before.
pub fn standing<T>(
    frames: &mut [Frame],
    rng: &mut ChaCha8Rng,
    make: impl Fn(Size, &mut ChaCha8Rng) -> T,
    apply: impl Fn(&T, &mut Frame),
) {
    let first = rng.clone();
    let mut made: Option<(Size, T)> = None;
    for frame in frames {
        let size = Size::of(frame);
        let thing = match made.take() {
            Some((made_for, thing)) if made_for == size => thing,
            _ => {
                *rng = first.clone();
                make(size, rng)
            }
        };
        apply(&thing, frame);
        made = Some((size, thing));
    }
}

/// Light in front of a picture that is dimmed.
pub struct Veil {
    dimmed: [u8; 256],
    light: Vec<u8>,
}

impl Veil {
    /// Keeps the share `keep` of the picture and adds `light`, `3 · width · height` values.
    pub fn new(keep: f32, light: Vec<u8>) -> Self {
        Self {
            dimmed: table(|value| keep * value),
            light,
        }
    }

    pub fn apply(&self, frame: &mut Frame) {
        for (value, light) in frame.rgb.iter_mut().zip(&self.light) {
            *value = self.dimmed[usize::from(*value)].saturating_add(*light);
        }
    }
}

/// The pixels of a picture in another size, fine patterns averaged out.
pub fn resized(frame: &Frame, size: Size) -> Vec<u8> {
    if Size::of(frame) == size {
        return frame.rgb.clone();
    }
    let mut out = vec![0; 3 * size.width * size.height];
    resize(
        &mut Resizer::new(),
        (&frame.rgb, (frame.width, frame.height)),
        (&mut out, (size.width as u32, size.height as u32)),
        &ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)),
    )
    .expect("the frame has been found whole");
    out
}
