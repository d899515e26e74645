//! What an open V4L2 device offers.

use v4l::Device;
use v4l::capability::Flags;
use v4l::fraction::Fraction;
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::video::Capture;

use super::CameraWish;
use super::choice::{Interval, Kind, Offer, Rates, Size, Sizes};

/// What kind of device it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It captures pictures.
    Camera,
    /// It captures pictures whose planes lie apart, which only programs for this very hardware can use.
    Planar,
    /// It captures nothing, or only what belongs to another device's pictures.
    Other,
}

/// What kind of device it is, by its own word.
pub fn role(capabilities: Flags) -> Role {
    let transforms = Flags::VIDEO_M2M | Flags::VIDEO_M2M_MPLANE;
    let has = |flag| capabilities.contains(flag);
    if capabilities.intersects(transforms) {
        Role::Other
    } else if has(Flags::VIDEO_CAPTURE) && has(Flags::STREAMING) {
        Role::Camera
    } else if has(Flags::VIDEO_CAPTURE_MPLANE) {
        Role::Planar
    } else {
        Role::Other
    }
}

/// One of a device's formats, with the sizes that it has.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    /// V4L2's name of it.
    pub fourcc: [u8; 4],
    /// The driver's description.
    pub description: String,
    /// How pictures are sent; absent if they cannot be read here.
    pub kind: Option<Kind>,
    /// The sizes; none where the driver does not tell.
    pub sizes: Option<Sizes>,
}

/// All formats.
pub fn formats(device: &Device) -> Vec<Format> {
    let known = device.enum_formats().unwrap_or_default();
    known
        .into_iter()
        .map(|format| Format {
            fourcc: format.fourcc.repr,
            kind: Kind::of_fourcc(format.fourcc.repr),
            sizes: sizes(device, format.fourcc),
            description: format.description,
        })
        .collect()
}

fn sizes(device: &Device, fourcc: v4l::FourCC) -> Option<Sizes> {
    let sizes = device.enum_framesizes(fourcc).ok()?;
    let mut listed = Vec::new();
    for size in sizes {
        match size.size {
            FrameSizeEnum::Discrete(size) => listed.push((size.width, size.height)),
            FrameSizeEnum::Stepwise(range) => {
                return Some(Sizes::Between {
                    least: (range.min_width, range.min_height),
                    most: (range.max_width, range.max_height),
                    step: (range.step_width, range.step_height),
                });
            }
        }
    }
    Some(Sizes::Listed(listed))
}

/// The rates at one size.
pub fn rates(device: &Device, fourcc: [u8; 4], size: Size) -> Rates {
    let fourcc = v4l::FourCC::new(&fourcc);
    let Ok(intervals) = device.enum_frameintervals(fourcc, size.0, size.1) else {
        return Rates::Unknown;
    };
    let mut listed = Vec::new();
    for interval in intervals {
        match interval.interval {
            FrameIntervalEnum::Discrete(fraction) => listed.push(interval_of(fraction)),
            FrameIntervalEnum::Stepwise(range) => {
                return Rates::Between(interval_of(range.min), interval_of(range.max));
            }
        }
    }
    Rates::Listed(listed)
}

fn interval_of(fraction: Fraction) -> Interval {
    Interval {
        numerator: fraction.numerator,
        denominator: fraction.denominator,
    }
}

/// Everything worth a look for a wish. A format whose sizes the driver does not tell is offered at the size it
/// has now.
pub fn offers(device: &Device, formats: &[Format], wish: &CameraWish) -> Vec<Offer> {
    let mut offers = Vec::new();
    for format in formats {
        let Some(kind) = format.kind else { continue };
        let sizes = match &format.sizes {
            Some(sizes) => sizes.candidates(wish),
            None => device
                .format()
                .map(|now| (now.width, now.height))
                .into_iter()
                .collect(),
        };
        offers.extend(sizes.into_iter().map(|size| Offer {
            kind,
            fourcc: format.fourcc,
            size,
            rates: rates(device, format.fourcc, size),
        }));
    }
    offers
}

/// V4L2's name of a format as it is written.
pub fn text(fourcc: [u8; 4]) -> String {
    String::from_utf8_lossy(&fourcc).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_and_metadata_are_no_cameras() {
        let streaming = Flags::STREAMING;
        assert_eq!(role(streaming | Flags::VIDEO_CAPTURE), Role::Camera);
        assert_eq!(role(streaming | Flags::VIDEO_CAPTURE_MPLANE), Role::Planar);
        assert_eq!(role(streaming | Flags::META_CAPTURE), Role::Other);
        let codec = Flags::VIDEO_M2M_MPLANE | Flags::VIDEO_CAPTURE_MPLANE;
        assert_eq!(role(streaming | codec), Role::Other);
    }
}
