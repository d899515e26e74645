//! Resizing of pictures, by the library for it.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{ResizeOptions, Resizer};

/// Columns and rows of a picture.
pub(crate) type Sides = (u32, u32);

/// Resizes `rgb`, 8 bits a channel, into `out`, `3 * width * height` bytes. `None` where a picture has too few bytes
/// for its sides, or the part in `options` does not lie inside.
///
/// It names the type of pixel because the library, left to find out, has the program carry its code for all of them: 3 MB.
pub(crate) fn resize(
    resizer: &mut Resizer,
    (rgb, from): (&[u8], Sides),
    (out, to): (&mut [u8], Sides),
    options: &ResizeOptions,
) -> Option<()> {
    let source = TypedImageRef::<U8x3>::from_buffer(from.0, from.1, rgb).ok()?;
    let mut target = TypedImage::<U8x3>::from_buffer(to.0, to.1, out).ok()?;
    resizer.resize_typed(&source, &mut target, options).ok()
}
