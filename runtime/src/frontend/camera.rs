//! Pictures of the size, colour and range that a camera encoder takes.

use std::time::Duration;

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};

use super::{FrontendError, SHORTEST_WINDOW};
use crate::resize::resize;
use crate::window::{Frame, Modality};

/// What the encoder sees of colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// Three channels: red, green, blue.
    Rgb,
    /// One channel: luma of ITU-R BT.601.
    Grey,
}

impl Colour {
    /// 3 or 1.
    pub fn channels(self) -> usize {
        match self {
            Colour::Rgb => 3,
            Colour::Grey => 1,
        }
    }
}

/// Part of a picture, as shares of its width and height from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    /// Left edge, 0..1.
    pub x: f32,
    /// Top edge, 0..1.
    pub y: f32,
    /// Width, 0.01..1.
    pub width: f32,
    /// Height, 0.01..1.
    pub height: f32,
}

/// Every parameter of the camera frontend; part of model.toml.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraConfig {
    /// Columns the encoder sees.
    pub width: u32,
    /// Rows the encoder sees.
    pub height: u32,
    /// Colour the encoder sees.
    pub colour: Colour,
    /// Frames per window, spread evenly over it.
    pub frames: usize,
    /// How long the window is over which the frames are spread, in seconds.
    pub window_seconds: f32,
    /// The part of the picture that is looked at; the whole if absent. The largest centred
    /// rectangle with the encoder's aspect ratio is cut from it before resizing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    /// Subtracted from each channel (channels scaled to 0..1).
    pub mean: Vec<f32>,
    /// Divides each channel.
    pub std: Vec<f32>,
    /// Shifts and scales each picture, last of all, by the mean m and standard deviation s of all its
    /// values to (x − m)/(s + 0.05), so that light and exposure change less of what the encoder
    /// sees; the 0.05 keeps the noise of a covered lens from being blown up.
    #[serde(default)]
    pub even_contrast: bool,
}

impl CameraConfig {
    /// `[frames, channels, height, width]`.
    pub fn shape(&self) -> [usize; 4] {
        [
            self.frames,
            self.colour.channels(),
            self.height as usize,
            self.width as usize,
        ]
    }

    /// The side that a whole picture needs for the part that the encoder sees to have as many pixels as the
    /// encoder; parts of less than a twentieth count as one.
    pub fn largest_side(&self) -> f32 {
        let share = self.crop.map_or(1.0, |crop| crop.width.min(crop.height));
        self.width.max(self.height) as f32 / share.max(0.05)
    }

    /// # Errors
    /// [`FrontendError::Config`] when a value is out of range or contradicts another.
    pub fn check(&self) -> Result<(), FrontendError> {
        let channels = self.colour.channels();
        let sides = 1..=MOST_SIDE;
        let crop_fits = self.crop.is_none_or(|crop| {
            // Shares as decimal fractions may add up to a little more than 1.
            let inside =
                |at: f32, len: f32| at >= 0.0 && len >= LEAST_CROP && at + len <= 1.0 + 1e-6;
            inside(crop.x, crop.width) && inside(crop.y, crop.height)
        });
        let values = self.shape().into_iter().fold(1, usize::saturating_mul);
        let faults = [
            (
                !sides.contains(&self.width) || !sides.contains(&self.height),
                format!(
                    "width and height must be 1 to {MOST_SIDE}, not {} and {}",
                    self.width, self.height
                ),
            ),
            (self.frames == 0, "frames must be at least 1, not 0".into()),
            (
                values > MOST_VALUES,
                format!(
                    "frames × channels × height × width must be at most {MOST_VALUES}, not {values}"
                ),
            ),
            (
                !(SHORTEST_WINDOW.as_secs_f32()..=MOST_SECONDS).contains(&self.window_seconds),
                format!(
                    "window_seconds must be {} to {MOST_SECONDS}, not {}",
                    SHORTEST_WINDOW.as_secs_f32(),
                    self.window_seconds
                ),
            ),
            (
                !crop_fits,
                format!(
                    "crop must lie inside the picture, as shares from 0 to 1, and be at least \
                     {LEAST_CROP} wide and high"
                ),
            ),
            (
                self.mean.len() != channels || self.std.len() != channels,
                format!(
                    "mean and std must have one value per channel ({channels}), not {} and {}",
                    self.mean.len(),
                    self.std.len()
                ),
            ),
            (
                !self.mean.iter().all(|x| x.is_finite()),
                "every mean must be a finite number".into(),
            ),
            (
                !self
                    .std
                    .iter()
                    .all(|&x| x >= f32::MIN_POSITIVE && x.is_finite()),
                "every std must be above 0".into(),
            ),
        ];
        match faults.into_iter().find(|(wrong, _)| *wrong) {
            Some((_, what)) => Err(FrontendError::Config {
                modality: Modality::Camera,
                what,
            }),
            None => Ok(()),
        }
    }
}

/// Larger than any camera encoder; keeps a hostile model.toml from asking for all the memory.
const MOST_SIDE: u32 = 4096;
/// 64 MB of pictures.
const MOST_VALUES: usize = 1 << 24;
/// An hour.
const MOST_SECONDS: f32 = 3600.0;
/// A part of no size has no pixels to show.
const LEAST_CROP: f32 = 0.01;
/// Luma of ITU-R BT.601, section 2.5.1: the shares of red, green and blue.
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// Turns frames into encoder input, keeping its buffers from one window to the next.
pub struct CameraFrontend {
    config: CameraConfig,
    resizer: Resizer,
    /// RGB of the size that the encoder sees.
    resized: Vec<u8>,
}

impl CameraFrontend {
    /// # Errors
    /// [`FrontendError::Config`] when the parameters contradict each other.
    pub fn new(config: &CameraConfig) -> Result<Self, FrontendError> {
        config.check()?;
        Ok(Self {
            resizer: Resizer::new(),
            resized: vec![0; 3 * config.width as usize * config.height as usize],
            config: config.clone(),
        })
    }

    /// The picture stack of the window that begins at `start`, `[frames, channels, height, width]`
    /// row-major: for each of the evenly spread instants, the frame nearest in time.
    ///
    /// Instant `i` of T is `start` + (i + ½)/T of the window; of two frames equally near the first
    /// is taken.
    ///
    /// # Errors
    /// [`FrontendError::NoFrames`] without frames; [`FrontendError::FrameSize`] or
    /// [`FrontendError::EmptyFrame`] when a frame that is needed is broken.
    pub fn picture(
        &mut self,
        start: Duration,
        frames: &[Frame],
    ) -> Result<Vec<f32>, FrontendError> {
        let count = self.config.frames;
        let window = f64::from(self.config.window_seconds);
        let [_, channels, height, width] = self.config.shape();
        let picture_len = channels * height * width;
        let mut stack = Vec::with_capacity(count * picture_len);
        let mut last = None;
        for i in 0..count {
            let after = Duration::from_secs_f64(window * (i as f64 + 0.5) / count as f64);
            let instant = start.saturating_add(after);
            let nearest = (0..frames.len())
                .min_by_key(|&k| frames[k].time.abs_diff(instant))
                .ok_or(FrontendError::NoFrames)?;
            if last == Some(nearest) {
                // A slow camera: the same frame is nearest again.
                stack.extend_from_within(stack.len() - picture_len..);
            } else {
                self.resize(&frames[nearest])?;
                self.push_normalised(&mut stack);
                last = Some(nearest);
            }
        }
        Ok(stack)
    }

    /// Cuts the part that the encoder sees out of `frame` and resizes it into `self.resized`.
    fn resize(&mut self, frame: &Frame) -> Result<(), FrontendError> {
        check_whole(frame)?;
        let Frame { width, height, .. } = *frame;
        let (left, top, cut_width, cut_height) = self.part_of(f64::from(width), f64::from(height));
        // A triangle as wide as the pixels of the result, so that fine patterns average out.
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(left, top, cut_width, cut_height);
        let seen = (self.config.width, self.config.height);
        resize(
            &mut self.resizer,
            (&frame.rgb, (width, height)),
            (&mut self.resized, seen),
            &options,
        )
        .expect("the frame is whole and the part lies inside");
        Ok(())
    }

    /// Left, top, width and height of the largest centred rectangle with the encoder's aspect
    /// ratio inside the crop, in pixels.
    fn part_of(&self, width: f64, height: f64) -> (f64, f64, f64, f64) {
        let (x, y, w, h) = match self.config.crop {
            Some(crop) => (
                f64::from(crop.x) * width,
                f64::from(crop.y) * height,
                f64::from(crop.width) * width,
                f64::from(crop.height) * height,
            ),
            None => (0.0, 0.0, width, height),
        };
        let ratio = f64::from(self.config.width) / f64::from(self.config.height);
        let (cut_width, cut_height) = (w.min(h * ratio), h.min(w / ratio));
        let left = (x + (w - cut_width) / 2.0).clamp(0.0, width);
        let top = (y + (h - cut_height) / 2.0).clamp(0.0, height);
        // Rounding must not push the far edges out of the picture.
        (
            left,
            top,
            cut_width.min(width - left),
            cut_height.min(height - top),
        )
    }

    /// Appends `self.resized` as `[channels, height, width]`, normalised.
    fn push_normalised(&self, stack: &mut Vec<f32>) {
        let first = stack.len();
        let pixels = self.resized.as_chunks::<3>().0;
        let CameraConfig {
            mean, std, colour, ..
        } = &self.config;
        match colour {
            Colour::Rgb => {
                for c in 0..3 {
                    let normalised =
                        |pixel: &[u8; 3]| (f32::from(pixel[c]) / 255.0 - mean[c]) / std[c];
                    stack.extend(pixels.iter().map(normalised));
                }
            }
            Colour::Grey => stack.extend(pixels.iter().map(|pixel| {
                let luma: f32 = (0..3).map(|c| LUMA[c] * f32::from(pixel[c])).sum();
                (luma / 255.0 - mean[0]) / std[0]
            })),
        }
        if self.config.even_contrast {
            even_contrast(&mut stack[first..]);
        }
    }
}

/// See [`CameraConfig::even_contrast`].
fn even_contrast(picture: &mut [f32]) {
    const LEAST_DEVIATION: f32 = 0.05;
    let count = picture.len() as f32;
    let mean = picture.iter().sum::<f32>() / count;
    let variance = picture.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
    let scale = (variance.sqrt() + LEAST_DEVIATION).recip();
    picture.iter_mut().for_each(|x| *x = (*x - mean) * scale);
}

/// Whether the frame has pixels, and the bytes for them.
fn check_whole(frame: &Frame) -> Result<(), FrontendError> {
    let Frame {
        width,
        height,
        ref rgb,
        ..
    } = *frame;
    if width == 0 || height == 0 {
        return Err(FrontendError::EmptyFrame { width, height });
    }
    let expected = (width as usize)
        .saturating_mul(height as usize)
        .saturating_mul(3);
    match rgb.len() {
        found if found == expected => Ok(()),
        found => Err(FrontendError::FrameSize {
            width,
            height,
            expected,
            found,
        }),
    }
}

#[cfg(test)]
mod tests;
