//! Whether a JPEG file is whole. Decoders make up what is missing of one that is cut short, and a
//! picture that is grey from the middle on would be taken for what the camera saw.

use std::io::{self, BufRead, Read};

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const RESTARTS: std::ops::RangeInclusive<u8> = 0xd0..=0xd7;
/// For private use in arithmetic coding; like the ones above it has no length.
const TEMPORARY: u8 = 0x01;

/// Reads markers up to the one that ends the picture (ITU-T T.81, annex B); `false` if the file
/// ends before it. What follows the marker is of no interest.
///
/// # Errors
/// Any error of reading but the end of the file.
pub fn is_whole(mut file: impl BufRead) -> io::Result<bool> {
    loop {
        match next_marker(&mut file)? {
            None => return Ok(false),
            Some(END) => return Ok(true),
            Some(code) if code == START || code == TEMPORARY || RESTARTS.contains(&code) => {}
            // A preview in one of the segments has an end marker of its own.
            Some(_) if !skip_segment(&mut file)? => return Ok(false),
            Some(_) => {}
        }
    }
}

/// The code of the next marker, `None` at the end of the file.
///
/// Coded pixels lie between markers; a byte 0xFF among them is followed by a zero.
fn next_marker(file: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        file.skip_until(0xff)?;
        let mut code = [0xff];
        while code == [0xff] {
            if file.read(&mut code)? == 0 {
                return Ok(None);
            }
        }
        if code != [0] {
            return Ok(Some(code[0]));
        }
    }
}

/// Skips a segment, whose length counts its own two bytes; `false` if the file ends in it.
fn skip_segment(file: &mut impl BufRead) -> io::Result<bool> {
    let mut length = [0; 2];
    match file.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        result => result?,
    }
    let rest = u64::from(u16::from_be_bytes(length).saturating_sub(2));
    Ok(io::copy(&mut file.take(rest), &mut io::sink())? == rest)
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;

    use super::*;

    #[test]
    fn a_picture_is_whole_with_its_end_marker_and_not_without() {
        let mut bytes = Vec::new();
        let noise = image::RgbImage::from_fn(64, 64, |x, y| {
            let value = (x * 7919 + y * 104_729) % 251;
            image::Rgb([value as u8, (value * 3) as u8, 255])
        });
        JpegEncoder::new_with_quality(&mut bytes, 95)
            .encode_image(&noise)
            .unwrap();
        assert!(is_whole(&bytes[..]).unwrap());
        for length in 0..bytes.len() {
            assert!(!is_whole(&bytes[..length]).unwrap(), "cut at {length}");
        }
        bytes.extend(b"what a camera appends");
        assert!(is_whole(&bytes[..]).unwrap());
    }

    #[test]
    fn the_end_of_a_preview_is_not_the_end() {
        // Start, a segment of eight bytes that holds a whole tiny JPEG, and nothing more.
        let bytes = [0xff, 0xd8, 0xff, 0xe1, 0, 8, 0xff, 0xd8, 0xff, 0xd9, 0, 0];
        assert!(!is_whole(&bytes[..]).unwrap());
    }
}
