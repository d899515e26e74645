//! What goes wrong with a picture: the fifteen corruptions of ImageNet-C (Hendrycks & Dietterich,
//! ICLR 2019) with its parameters, and the faults of cameras on small boards.
//!
//! Lengths of ImageNet-C are pixels of pictures of 224×224; here they are scaled by the shorter side.
//! What stands still in front of a camera is the same in all frames of a window, noise is not.

mod blur;
mod board;
mod delivery;
mod digital;
mod field;
mod noise;
mod padded;
mod picture;
mod warp;
mod weather;

pub(super) use delivery::film;

use std::time::Duration;

use rand_chacha::ChaCha8Rng;

use super::{Severity, Sources};
use crate::window::Window;

/// One kind of corruption of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CameraCorruption {
    /// Noise of a sensor in the dark.
    GaussianNoise,
    /// Noise of too few photons.
    ShotNoise,
    /// Pixels that are black or white.
    ImpulseNoise,
    /// Out of focus.
    DefocusBlur,
    /// Seen through frosted glass.
    GlassBlur,
    /// Shaken while exposing.
    MotionBlur,
    /// Moved towards the subject while exposing.
    ZoomBlur,
    /// Snow in front of the lens.
    Snow,
    /// Ice on the lens.
    Frost,
    /// Fog in between.
    Fog,
    /// Too bright.
    Brightness,
    /// Hardly any contrast.
    Contrast,
    /// Stretched here and there, as seen through hot air.
    Elastic,
    /// Too few pixels.
    Pixelate,
    /// Compressed too much.
    Jpeg,
    /// The lens is covered: dark, with the noise of an amplifier turned up.
    Covered,
    /// A finger over part of the lens.
    Finger,
    /// So much light that most pixels are at their limit.
    OverExposed,
    /// The camera gives an old picture again and again.
    Stuck,
    /// Most frames never arrive.
    DroppedFrames,
    /// White balance gone wrong.
    WhiteBalance,
    /// One of the colours is missing.
    DeadChannel,
    /// The camera is rolled, upside down at the worst.
    Rolled,
    /// The upper part of the picture is new, the rest is old.
    Torn,
    /// There is no camera.
    Missing,
}

impl CameraCorruption {
    /// All of them.
    pub const ALL: [CameraCorruption; 25] = [
        CameraCorruption::GaussianNoise,
        CameraCorruption::ShotNoise,
        CameraCorruption::ImpulseNoise,
        CameraCorruption::DefocusBlur,
        CameraCorruption::GlassBlur,
        CameraCorruption::MotionBlur,
        CameraCorruption::ZoomBlur,
        CameraCorruption::Snow,
        CameraCorruption::Frost,
        CameraCorruption::Fog,
        CameraCorruption::Brightness,
        CameraCorruption::Contrast,
        CameraCorruption::Elastic,
        CameraCorruption::Pixelate,
        CameraCorruption::Jpeg,
        CameraCorruption::Covered,
        CameraCorruption::Finger,
        CameraCorruption::OverExposed,
        CameraCorruption::Stuck,
        CameraCorruption::DroppedFrames,
        CameraCorruption::WhiteBalance,
        CameraCorruption::DeadChannel,
        CameraCorruption::Rolled,
        CameraCorruption::Torn,
        CameraCorruption::Missing,
    ];

    /// As in `camera/fog`, without the sensor.
    pub fn name(self) -> &'static str {
        match self {
            CameraCorruption::GaussianNoise => "gaussian-noise",
            CameraCorruption::ShotNoise => "shot-noise",
            CameraCorruption::ImpulseNoise => "impulse-noise",
            CameraCorruption::DefocusBlur => "defocus-blur",
            CameraCorruption::GlassBlur => "glass-blur",
            CameraCorruption::MotionBlur => "motion-blur",
            CameraCorruption::ZoomBlur => "zoom-blur",
            CameraCorruption::Snow => "snow",
            CameraCorruption::Frost => "frost",
            CameraCorruption::Fog => "fog",
            CameraCorruption::Brightness => "brightness",
            CameraCorruption::Contrast => "contrast",
            CameraCorruption::Elastic => "elastic",
            CameraCorruption::Pixelate => "pixelate",
            CameraCorruption::Jpeg => "jpeg",
            CameraCorruption::Covered => "covered",
            CameraCorruption::Finger => "finger",
            CameraCorruption::OverExposed => "over-exposed",
            CameraCorruption::Stuck => "stuck",
            CameraCorruption::DroppedFrames => "dropped-frames",
            CameraCorruption::WhiteBalance => "white-balance",
            CameraCorruption::DeadChannel => "dead-channel",
            CameraCorruption::Rolled => "rolled",
            CameraCorruption::Torn => "torn",
            CameraCorruption::Missing => "missing",
        }
    }

    /// Spoils the frames of a window of the given length.
    ///
    /// A window without frames stays without. One with a frame that is broken - no pixels, or not
    /// as many bytes as they need - stays as it is, for whoever looks at it to refuse.
    pub(super) fn apply(
        self,
        window: &mut Window,
        length: Duration,
        severity: Severity,
        rng: &mut ChaCha8Rng,
        sources: &Sources,
    ) {
        if window.frames.is_empty() || !window.frames.iter().all(picture::is_whole) {
            return;
        }
        let start = window.start;
        let frames = &mut window.frames;
        match self {
            CameraCorruption::GaussianNoise => noise::gaussian(frames, severity, rng),
            CameraCorruption::ShotNoise => noise::shot(frames, severity, rng),
            CameraCorruption::ImpulseNoise => noise::impulse(frames, severity, rng),
            CameraCorruption::DefocusBlur => blur::defocus(frames, severity, rng),
            CameraCorruption::GlassBlur => blur::glass(frames, severity, rng),
            CameraCorruption::MotionBlur => blur::motion(frames, severity, rng),
            CameraCorruption::ZoomBlur => blur::zoom(frames, severity, rng),
            CameraCorruption::Snow => weather::snow(frames, start, severity, rng),
            CameraCorruption::Frost => weather::frost(frames, severity, rng),
            CameraCorruption::Fog => weather::fog(frames, severity, rng),
            CameraCorruption::Brightness => digital::brightness(frames, severity),
            CameraCorruption::Contrast => digital::contrast(frames, severity),
            CameraCorruption::Elastic => digital::elastic(frames, severity, rng),
            CameraCorruption::Pixelate => digital::pixelate(frames, severity),
            CameraCorruption::Jpeg => digital::jpeg(frames, severity),
            CameraCorruption::Covered => board::covered(frames, severity, rng),
            CameraCorruption::Finger => board::finger(frames, severity, rng),
            CameraCorruption::OverExposed => board::over_exposed(frames, severity),
            CameraCorruption::Stuck => delivery::stuck(window, length, severity, rng, sources),
            CameraCorruption::DroppedFrames => delivery::drop_frames(window, length, severity, rng),
            CameraCorruption::WhiteBalance => board::white_balance(frames, severity, rng),
            CameraCorruption::DeadChannel => board::dead_channel(frames, severity, rng),
            CameraCorruption::Rolled => board::rolled(frames, severity, rng),
            CameraCorruption::Torn => delivery::torn(window, severity, rng, sources),
            CameraCorruption::Missing => frames.clear(),
        }
    }
}

#[cfg(test)]
mod tests;
