//! PNG and JPEG files in process.

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;
use std::time::Duration;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, imageops::FilterType};

use super::{ClipError, jpeg};
use crate::window::Frame;

/// Most columns and rows of a picture.
pub const MAX_SIDE: u32 = 16_384;

/// Most bytes that decoding one picture may take.
const MAX_BYTES: u64 = 512 << 20;

/// Reads a picture, upright as its EXIF data says, made smaller if a side is longer than `max_side`.
///
/// The kind is told by the content, not by the name. An alpha channel is dropped.
///
/// # Errors
/// When the file cannot be opened, is broken or cut short, or is larger than 16,384 pixels a side.
pub fn read(path: &Path, max_side: Option<u32>) -> Result<Frame, ClipError> {
    let file = File::open(path).map_err(ClipError::io(path))?;
    let picture = decode(BufReader::new(file)).map_err(|error| {
        let what = match error {
            image::ImageError::Unsupported(_) => {
                "it is neither a PNG nor a JPEG picture; convert it to one of them".to_owned()
            }
            image::ImageError::Limits(_) => format!(
                "the picture is larger than {MAX_SIDE} pixels a side or {} MiB decoded; make it \
                 smaller",
                MAX_BYTES >> 20
            ),
            _ => format!(
                "the picture is broken or cut short ({}); take it again",
                first_line(&error)
            ),
        };
        ClipError::content(path, what)
    })?;
    let picture = match max_side {
        Some(side) if picture.width().max(picture.height()) > side => {
            picture.resize(side.max(1), side.max(1), FilterType::Triangle)
        }
        _ => picture,
    };
    let rgb = picture.into_rgb8();
    Ok(Frame {
        time: Duration::ZERO,
        width: rgb.width(),
        height: rgb.height(),
        rgb: rgb.into_raw(),
    })
}

/// Columns and rows of a picture as it is stored, from its header.
///
/// # Errors
/// When the file cannot be opened or is no picture.
pub fn size(path: &Path) -> Result<(u32, u32), ClipError> {
    let file = File::open(path).map_err(ClipError::io(path))?;
    ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(ClipError::io(path))?
        .into_dimensions()
        .map_err(|error| {
            let what = format!("its header cannot be read ({})", first_line(&error));
            ClipError::content(path, what)
        })
}

fn decode(file: BufReader<File>) -> image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::new(file).with_guessed_format()?;
    if reader.format() == Some(ImageFormat::Jpeg) {
        let mut file = reader.into_inner();
        if !jpeg::is_whole(&mut file)? {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "it has no end marker");
            return Err(error.into());
        }
        file.rewind()?;
        reader = ImageReader::with_format(file, ImageFormat::Jpeg);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn first_line(error: &image::ImageError) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::clip::write_png;

    fn error_of(path: &Path) -> String {
        read(path, None).unwrap_err().to_string()
    }

    #[test]
    fn reads_back_what_was_written_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.jpg");
        let rgb = (0..60).collect();
        let frame = Frame {
            time: Duration::ZERO,
            width: 5,
            height: 4,
            rgb,
        };
        write_png(&path, &frame).unwrap();
        assert_eq!(read(&path, None).unwrap(), frame);
        assert_eq!(read(&path, Some(5)).unwrap(), frame);
    }

    #[test]
    fn a_large_picture_is_made_smaller_in_proportion() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.png");
        let rgb = vec![200; 3 * 100 * 50];
        write_png(
            &path,
            &Frame {
                time: Duration::ZERO,
                width: 100,
                height: 50,
                rgb,
            },
        )
        .unwrap();
        let small = read(&path, Some(20)).unwrap();
        assert_eq!((small.width, small.height), (20, 10));
        assert!(small.rgb.iter().all(|&value| value == 200));
    }

    #[test]
    fn a_jpeg_that_is_cut_short_is_refused_and_not_filled_up_with_grey() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.jpg");
        image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([(x * y) as u8, x as u8, y as u8]))
            .save(&path)
            .unwrap();
        assert_eq!(read(&path, None).unwrap().width, 64);
        let whole = fs::read(&path).unwrap();
        for length in [whole.len() - 2, whole.len() * 2 / 3] {
            fs::write(&path, &whole[..length]).unwrap();
            let message = error_of(&path);
            assert!(
                message.contains("photo.jpg") && message.contains("cut short (it has no end"),
                "{message}"
            );
        }
    }

    #[test]
    fn broken_pictures_get_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broken.png");
        let rgb = (0..3 * 64 * 64).map(|i| (i * 7919 % 251) as u8).collect();
        write_png(
            &path,
            &Frame {
                time: Duration::ZERO,
                width: 64,
                height: 64,
                rgb,
            },
        )
        .unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(
            error_of(&path).contains("broken or cut short"),
            "{}",
            error_of(&path)
        );
        fs::write(&path, b"GIF89a").unwrap();
        assert!(
            error_of(&path).contains("neither a PNG nor a JPEG"),
            "{}",
            error_of(&path)
        );
        // Width 100,000 in the header of an otherwise sound picture.
        let mut huge = whole;
        huge[16..20].copy_from_slice(&100_000u32.to_be_bytes());
        fs::write(&path, huge).unwrap();
        let message = error_of(&path);
        assert!(
            message.contains("broken.png") && !message.contains('\n'),
            "{message}"
        );
    }
}
