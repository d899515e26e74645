//! Pictures of the size, colour and range that a camera encoder takes.

use std::time::Duration;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};

use super::FrontendError;
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
    /// Width, 0..1.
    pub width: f32,
    /// Height, 0..1.
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

    /// # Errors
    /// [`FrontendError::Config`] when a value is out of range or contradicts another.
    pub fn check(&self) -> Result<(), FrontendError> {
        let channels = self.colour.channels();
        let sides = 1..=MOST_SIDE;
        let crop_fits = self.crop.is_none_or(|crop| {
            let inside = |at: f32, len: f32| at >= 0.0 && len > 0.0 && at + len <= 1.0 + 1e-6;
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
                !(self.window_seconds > 0.0 && self.window_seconds <= MOST_SECONDS),
                format!(
                    "window_seconds must be above 0 and at most {MOST_SECONDS}, not {}",
                    self.window_seconds
                ),
            ),
            (
                !crop_fits,
                "crop must lie inside the picture, as shares from 0 to 1".into(),
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
/// Luma of ITU-R BT.601, section 2.5.1: the shares of red, green and blue.
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// Turns frames into encoder input, keeping its buffers from one window to the next.
pub struct CameraFrontend {
    config: CameraConfig,
    resizer: Resizer,
    resized: Image<'static>,
}

impl CameraFrontend {
    /// # Errors
    /// [`FrontendError::Config`] when the parameters contradict each other.
    pub fn new(config: &CameraConfig) -> Result<Self, FrontendError> {
        config.check()?;
        Ok(Self {
            resizer: Resizer::new(),
            resized: Image::new(config.width, config.height, PixelType::U8x3),
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
        let Frame { width, height, .. } = *frame;
        let source = checked_view(frame)?;
        let (left, top, cut_width, cut_height) = self.part_of(f64::from(width), f64::from(height));
        // A triangle as wide as the pixels of the result, so that fine patterns average out.
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(left, top, cut_width, cut_height);
        self.resizer
            .resize(&source, &mut self.resized, &options)
            .expect("both pictures are RGB and the part lies inside");
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
        let pixels = self.resized.buffer().as_chunks::<3>().0;
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
    }
}

/// The frame as the resizer takes it, once it is known to have pixels and the bytes for them.
fn checked_view(frame: &Frame) -> Result<ImageRef<'_>, FrontendError> {
    let Frame {
        width,
        height,
        ref rgb,
        ..
    } = *frame;
    if width == 0 || height == 0 {
        return Err(FrontendError::EmptyFrame { width, height });
    }
    let wrong = FrontendError::FrameSize {
        width,
        height,
        expected: (width as usize)
            .saturating_mul(height as usize)
            .saturating_mul(3),
        found: rgb.len(),
    };
    if matches!(wrong, FrontendError::FrameSize { expected, found, .. } if expected != found) {
        return Err(wrong);
    }
    ImageRef::new(width, height, rgb, PixelType::U8x3).map_err(|_| wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(width: u32, height: u32, colour: Colour) -> CameraConfig {
        CameraConfig {
            width,
            height,
            colour,
            frames: 1,
            window_seconds: 1.0,
            crop: None,
            mean: vec![0.0; colour.channels()],
            std: vec![1.0; colour.channels()],
        }
    }

    fn frame(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Frame {
        Frame {
            time: Duration::ZERO,
            width,
            height,
            rgb: (0..height)
                .flat_map(|y| (0..width).map(move |x| (x, y)))
                .flat_map(|(x, y)| colour(x, y))
                .collect(),
        }
    }

    fn picture(config: &CameraConfig, frames: &[Frame]) -> Vec<f32> {
        CameraFrontend::new(config)
            .unwrap()
            .picture(Duration::ZERO, frames)
            .unwrap()
    }

    #[test]
    fn a_fine_checkerboard_becomes_grey() {
        let board = frame(480, 480, |x, y| [if (x + y) % 2 == 0 { 255 } else { 0 }; 3]);
        let seen = picture(&config(48, 48, Colour::Rgb), &[board]);
        assert_eq!(seen.len(), 3 * 48 * 48);
        assert!(seen.iter().all(|x| (x - 0.5).abs() < 0.02));
    }

    #[test]
    fn channels_are_planes_and_each_is_normalised_by_its_own_numbers() {
        let mut config = config(2, 2, Colour::Rgb);
        config.mean = vec![0.5, 0.25, 0.0];
        config.std = vec![0.5, 0.25, 0.1];
        let seen = picture(&config, &[frame(8, 8, |_, _| [255, 0, 51])]);
        let expected = [
            1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0, 2.0, 2.0, 2.0, 2.0,
        ];
        for (a, b) in seen.iter().zip(expected) {
            assert!((a - b).abs() < 1e-5, "{a} is not {b}");
        }
    }

    #[test]
    fn grey_is_the_luma_of_bt_601() {
        let luma = |rgb| picture(&config(1, 1, Colour::Grey), &[frame(3, 3, |_, _| rgb)])[0];
        assert!((luma([255, 0, 0]) - 0.299).abs() < 1e-5);
        assert!((luma([0, 255, 0]) - 0.587).abs() < 1e-5);
        assert!((luma([0, 0, 255]) - 0.114).abs() < 1e-5);
    }

    #[test]
    fn the_centre_of_a_wide_picture_is_seen_undistorted() {
        // 300×100: the centred square is columns 100..200.
        let wide = frame(300, 100, |x, _| {
            if (100..200).contains(&x) {
                [0, 255, 0]
            } else {
                [255, 0, 0]
            }
        });
        let seen = picture(&config(10, 10, Colour::Rgb), &[wide]);
        let (red, green) = (seen[55], seen[155]);
        assert!(red < 0.01 && green > 0.99, "red {red}, green {green}");
    }

    #[test]
    fn a_crop_shows_that_part_and_nothing_else() {
        let quarters = frame(200, 100, |x, y| {
            [
                if x >= 100 { 255 } else { 0 },
                if y >= 50 { 255 } else { 0 },
                0,
            ]
        });
        let mut config = config(4, 4, Colour::Rgb);
        config.crop = Some(Crop {
            x: 0.55,
            y: 0.05,
            width: 0.45,
            height: 0.4,
        });
        let seen = picture(&config, &[quarters]);
        assert!(seen[..16].iter().all(|&red| red > 0.99), "right half");
        assert!(seen[16..32].iter().all(|&green| green < 0.01), "upper half");
    }

    #[test]
    fn any_size_of_frame_down_to_one_pixel_will_do() {
        for (width, height) in [(1, 1), (1, 7), (641, 3), (5, 479), (47, 49)] {
            for crop in [
                None,
                Some(Crop {
                    x: 0.9,
                    y: 0.3,
                    width: 0.1,
                    height: 0.001,
                }),
            ] {
                let mut config = config(48, 32, Colour::Rgb);
                config.crop = crop;
                let seen = picture(&config, &[frame(width, height, |_, _| [51, 102, 204])]);
                for (plane, expected) in seen.chunks(48 * 32).zip([0.2, 0.4, 0.8]) {
                    assert!(
                        plane.iter().all(|x| (x - expected).abs() < 0.01),
                        "{width}×{height}"
                    );
                }
            }
        }
    }

    #[test]
    fn each_instant_takes_the_frame_nearest_in_time() {
        let frames: Vec<Frame> = [
            (900, 10),
            (1_150, 20),
            (1_500, 30),
            (1_600, 40),
            (2_500, 50),
        ]
        .map(|(time, value)| Frame {
            time: Duration::from_millis(time),
            ..frame(4, 4, |_, _| [value; 3])
        })
        .into();
        let mut config = config(1, 1, Colour::Grey);
        config.frames = 4;
        // Instants 1.125, 1.375, 1.625 and 1.875 s.
        let seen = CameraFrontend::new(&config)
            .unwrap()
            .picture(Duration::from_secs(1), &frames)
            .unwrap();
        let values: Vec<u32> = seen.iter().map(|x| (x * 255.0).round() as u32).collect();
        assert_eq!(values, [20, 30, 40, 40]);
    }

    #[test]
    fn broken_frames_are_errors() {
        let mut frontend = CameraFrontend::new(&config(4, 4, Colour::Rgb)).unwrap();
        let mut short = frame(5, 3, |_, _| [0; 3]);
        short.rgb.pop();
        let error = frontend.picture(Duration::ZERO, &[short]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a frame of 5×3 must have 45 bytes, not 44"
        );
        let empty = frame(0, 3, |_, _| [0; 3]);
        assert_eq!(
            frontend.picture(Duration::ZERO, &[empty]),
            Err(FrontendError::EmptyFrame {
                width: 0,
                height: 3
            })
        );
        assert_eq!(
            frontend.picture(Duration::ZERO, &[]),
            Err(FrontendError::NoFrames)
        );
    }

    #[test]
    fn contradicting_parameters_are_named() {
        let cases: [(fn(&mut CameraConfig), &str); 6] = [
            (|c| c.width = 0, "width"),
            (|c| c.frames = usize::MAX, "frames"),
            (|c| c.window_seconds = f32::NAN, "window_seconds"),
            (|c| c.mean = vec![0.0], "mean"),
            (|c| c.std[1] = 0.0, "std"),
            (
                |c| {
                    c.crop = Some(Crop {
                        x: 0.5,
                        y: 0.0,
                        width: 0.6,
                        height: 1.0,
                    })
                },
                "crop",
            ),
        ];
        for (spoil, named) in cases {
            let mut config = config(4, 4, Colour::Rgb);
            spoil(&mut config);
            let error = CameraFrontend::new(&config).err().unwrap().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
