//! What a model needs of a camera.

use crate::frontend::Colour;
use crate::package::Manifest;

/// How large and how often pictures are wanted, and whether in colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CameraWish {
    /// The shorter side should have this many pixels at least.
    pub min_side: u32,
    /// Pictures are made smaller while they are taken over, by whole numbers, until no side is longer than this; but
    /// never below `min_side`.
    pub max_side: u32,
    /// Pictures per second; what comes faster is thinned out before it is decoded.
    pub frame_rate: f32,
    /// Whether the model looks at colours.
    pub colour: bool,
}

/// Up to this side, pictures should be twice as large as the model looks at them, so that its own resizing
/// decides what it sees; larger ones need only be as large.
const SMALL: f32 = 240.0;
/// No camera is asked for more, frames per second.
const MOST: f32 = 240.0;

impl CameraWish {
    /// What the model needs, and little more; like [`Manifest::read_options`].
    /// `None` for a model without a camera.
    pub fn of(manifest: &Manifest) -> Option<Self> {
        let camera = manifest.camera.as_ref()?;
        let options = manifest.read_options();
        let side = camera.largest_side();
        let min_side = (2.0 * side).min(side.max(SMALL)).ceil() as u32;
        Some(Self {
            min_side,
            max_side: options.max_side.unwrap_or(u32::MAX),
            frame_rate: options.frame_rate.unwrap_or(MOST).min(MOST),
            colour: camera.colour == Colour::Rgb,
        })
    }

    /// The side of the squares of pixels that become one in a picture of this size.
    pub(super) fn factor(&self, width: u32, height: u32) -> usize {
        let wanted = width.max(height).div_ceil(self.max_side.max(1));
        let most = width.min(height) / self.min_side.max(1);
        wanted.min(most).max(1) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::example;

    #[test]
    fn a_model_is_served_with_a_little_more_than_it_looks_at() {
        let mut manifest = example::manifest();
        let mut wish = |side| {
            let camera = manifest.camera.as_mut().unwrap();
            (camera.width, camera.height) = (side, side);
            CameraWish::of(&manifest).unwrap()
        };
        let small = wish(48);
        assert_eq!((small.min_side, small.max_side), (96, 192));
        assert_eq!(small.factor(640, 480), 4);
        assert_eq!(small.factor(160, 120), 1);
        let large = wish(400);
        assert_eq!((large.min_side, large.max_side), (400, 800));
        assert_eq!(large.factor(1280, 720), 1, "360 rows would be too few");
        assert_eq!(large.factor(1920, 1080), 2);
        manifest.camera = None;
        assert_eq!(CameraWish::of(&manifest), None);
    }
}
