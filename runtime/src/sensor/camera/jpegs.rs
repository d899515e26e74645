//! JPEG pictures one after the other in a stream of bytes, as programs write them to a pipe.

use std::ops::RangeInclusive;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
/// Among coded pixels; like 0x01 they have no length.
const RESTARTS: RangeInclusive<u8> = 0xd0..=0xd7;
const TEMPORARY: u8 = 0x01;

/// No camera's picture is larger, bytes.
const MOST_BYTES: usize = 16 << 20;

/// Where the reading of a picture has got to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before its start.
    Outside,
    /// At a marker.
    Marker,
    /// Among coded pixels.
    Coded,
}

/// Cuts pictures out of a stream by their markers (ITU-T T.81, annex B).
///
/// Segments are passed over by their length, because a preview inside one has markers of its own. What is no
/// picture is passed over until the next start of one.
#[derive(Debug)]
pub struct Jpegs {
    bytes: Vec<u8>,
    at: usize,
    place: Place,
    /// Length of the picture that was handed out and is still in `bytes`.
    handed: usize,
}

impl Default for Jpegs {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            at: 0,
            place: Place::Outside,
            handed: 0,
        }
    }
}

impl Jpegs {
    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.forget_handed();
        self.bytes.extend_from_slice(bytes);
    }

    /// The next picture that is whole.
    pub fn next_picture(&mut self) -> Option<&[u8]> {
        self.forget_handed();
        let length = self.find()?;
        self.handed = length;
        Some(&self.bytes[..length])
    }

    fn forget_handed(&mut self) {
        if self.handed > 0 {
            self.bytes.drain(..self.handed);
            (self.at, self.handed) = (0, 0);
            self.place = Place::Outside;
        }
    }

    /// The length of the picture at the front, once its end is there.
    fn find(&mut self) -> Option<usize> {
        loop {
            if self.at > MOST_BYTES {
                self.begin_again(self.at);
            }
            match self.place {
                Place::Outside => self.find_start()?,
                Place::Coded => self.pass_coded()?,
                Place::Marker => {
                    if let Some(length) = self.pass_marker()? {
                        return Some(length);
                    }
                }
            }
        }
    }

    /// Drops what comes before the next picture. `None` until more bytes are there.
    fn find_start(&mut self) -> Option<()> {
        let start = self
            .bytes
            .windows(3)
            .position(|three| three == [0xff, START, 0xff]);
        // The first two bytes of a start may be there already.
        let dropped = start.unwrap_or_else(|| self.bytes.len().saturating_sub(2));
        self.bytes.drain(..dropped);
        start?;
        self.at = 2;
        self.place = Place::Marker;
        Some(())
    }

    fn pass_coded(&mut self) -> Option<()> {
        loop {
            let next = self.bytes[self.at..].iter().position(|&byte| byte == 0xff);
            self.at = next.map_or(self.bytes.len(), |next| self.at + next);
            match *self.bytes.get(self.at + 1)? {
                // A byte 0xFF among the pixels is followed by a zero.
                0 => self.at += 2,
                code if RESTARTS.contains(&code) => self.at += 2,
                _ => {
                    self.place = Place::Marker;
                    return Some(());
                }
            }
        }
    }

    /// Passes a marker and its segment; the length of the picture if it was the last.
    fn pass_marker(&mut self) -> Option<Option<usize>> {
        let at = self.at;
        let (mark, code) = (*self.bytes.get(at)?, *self.bytes.get(at + 1)?);
        match code {
            _ if mark != 0xff => self.begin_again(1),
            // No picture has these.
            0 | 0x02..=0xbf => self.begin_again(1),
            0xff => self.at += 1,
            END => return Some(Some(at + 2)),
            // The picture before was cut short.
            START => self.begin_again(at),
            TEMPORARY => self.at += 2,
            code if RESTARTS.contains(&code) => self.at += 2,
            code => {
                let length = [*self.bytes.get(at + 2)?, *self.bytes.get(at + 3)?];
                let after = at + 2 + usize::from(u16::from_be_bytes(length)).max(2);
                if self.bytes.len() < after {
                    return None;
                }
                self.at = after;
                if code == SCAN {
                    self.place = Place::Coded;
                }
            }
        }
        Some(None)
    }

    /// Looks for a picture from this byte on.
    fn begin_again(&mut self, from: usize) {
        self.bytes.drain(..from.min(self.bytes.len()));
        self.at = 0;
        self.place = Place::Outside;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;

    /// A noisy picture, whose coded pixels are sure to have bytes 0xFF among them.
    fn picture(seed: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let noise = image::RgbImage::from_fn(64, 48, |x, y| {
            let value = (x * 7919 + y * 104_729 + seed * 31) % 251;
            image::Rgb([value as u8, (value * 3) as u8, 255])
        });
        JpegEncoder::new_with_quality(&mut bytes, 95)
            .encode_image(&noise)
            .unwrap();
        bytes
    }

    fn find_all(stream: &[u8], piece: usize) -> Vec<Vec<u8>> {
        let mut jpegs = Jpegs::default();
        let mut found = Vec::new();
        for piece in stream.chunks(piece) {
            jpegs.push(piece);
            while let Some(picture) = jpegs.next_picture() {
                found.push(picture.to_vec());
            }
        }
        found
    }

    #[test]
    fn pictures_are_found_whole_however_the_stream_is_cut() {
        let pictures: Vec<_> = (0..3).map(picture).collect();
        let stream = pictures.join(&b"\r\n--boundary\r\n"[..]);
        for piece in [1, 2, 1000, stream.len()] {
            assert!(find_all(&stream, piece) == pictures, "{piece}");
        }
    }

    #[test]
    fn markers_inside_a_preview_are_not_taken_for_the_pictures_own() {
        let (mut outer, inner) = (picture(1), picture(2));
        let length = u16::try_from(inner.len() + 2).unwrap().to_be_bytes();
        let segment = [&[0xff, 0xe1], &length[..], &inner].concat();
        outer.splice(2..2, segment);
        assert!(find_all(&outer, 777) == [outer]);
    }

    #[test]
    fn after_garbage_and_cut_pictures_the_next_whole_one_is_found() {
        let (cut, whole) = (picture(1), picture(2));
        let garbage = [0xff, 0xd8, 0xff, 0x00, 0xff, 0xd8, 0xff];
        let stream = [&garbage[..], &cut[..cut.len() / 2], &whole, &whole].concat();
        let found = find_all(&stream, 100);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|picture| *picture == whole));
    }

    #[test]
    fn a_stream_without_end_markers_does_not_fill_the_memory() {
        let mut jpegs = Jpegs::default();
        let start = picture(1);
        jpegs.push(&start[..start.len() - 2]);
        let zeros = vec![0; 1 << 20];
        for _ in 0..40 {
            jpegs.push(&zeros);
            assert!(jpegs.next_picture().is_none());
            assert!(jpegs.bytes.len() <= MOST_BYTES + zeros.len() + start.len());
        }
        jpegs.push(&start);
        assert!(jpegs.next_picture() == Some(&start[..]));
    }
}
