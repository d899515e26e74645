//! What comes before the first cluster of a Matroska file: the same length at the beginning, when nothing is known, and
//! at the end, when length and index are.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mkv_element::io::blocking_impl::WriteTo;
use mkv_element::prelude as mkv;
use mkv_element::prelude::Element;

use super::course::Format;
use crate::clip::RECORDING_TAG;

/// The numbers of the tracks.
pub(super) const SOUND: u8 = 1;
pub(super) const PICTURES: u8 = 2;
/// Where the entry of the index fits, bytes.
const SEEK_HEAD: usize = 64;
/// The segment's size while it is not known: eight bytes, all ones behind the length's bit (RFC 8794, 6.2).
const UNKNOWN_SIZE: u64 = 0x01ff_ffff_ffff_ffff;
/// The bit that says that a size has eight bytes.
const EIGHT_BYTES: u64 = 1 << 56;
/// From 1970 to 2001, where Matroska's dates begin.
const EPOCH: Duration = Duration::from_secs(978_307_200);

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To give a model again what it was given: it is read as it is, and a tag says so.
    Replay,
    /// To be trained on: it is read as large and as often as somebody wants it.
    Training,
}

/// What is known of a file when it is begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beginning {
    pub format: Format,
    pub made_for: Use,
    pub wall: SystemTime,
}

/// What is known only at the end. Places count from where the segment's contents begin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ending {
    /// Where the index is.
    pub index: u64,
    /// Length of the segment's contents, bytes.
    pub size: Option<u64>,
    /// Milliseconds.
    pub duration: u64,
}

/// All before the first cluster, and where the segment's contents begin in it.
pub(super) fn front(beginning: Beginning, ending: Ending) -> io::Result<(Vec<u8>, u64)> {
    let mut bytes = Vec::new();
    put(
        &mut bytes,
        &mkv::Ebml {
            ebml_version: Some(mkv::EbmlVersion(1)),
            ebml_read_version: Some(mkv::EbmlReadVersion(1)),
            doc_type: Some(mkv::DocType("matroska".into())),
            doc_type_version: Some(mkv::DocTypeVersion(4)),
            doc_type_read_version: Some(mkv::DocTypeReadVersion(2)),
            ..Default::default()
        },
    )?;
    put(&mut bytes, &mkv::Segment::ID)?;
    let size = ending.size.map_or(UNKNOWN_SIZE, |size| EIGHT_BYTES | size);
    bytes.extend_from_slice(&size.to_be_bytes());
    let contents = bytes.len();
    put(&mut bytes, &seek_head(ending.index))?;
    // The header of what fills the place up has two bytes.
    let filled = bytes.len() - contents + 2;
    put(
        &mut bytes,
        &mkv::Void {
            size: (SEEK_HEAD - filled) as u64,
        },
    )?;
    put(&mut bytes, &info(beginning.wall, ending.duration))?;
    put(&mut bytes, &tracks(beginning.format))?;
    if beginning.made_for == Use::Replay {
        put(&mut bytes, &tags())?;
    }
    Ok((bytes, contents as u64))
}

fn seek_head(index: u64) -> mkv::SeekHead {
    const CUES: [u8; 4] = [0x1c, 0x53, 0xbb, 0x6b];
    mkv::SeekHead {
        seek: vec![mkv::Seek {
            seek_id: mkv::SeekId(CUES.to_vec().into()),
            seek_position: mkv::SeekPosition(index),
            crc32: None,
            void: None,
        }],
        ..Default::default()
    }
}

fn info(wall: SystemTime, duration: u64) -> mkv::Info {
    let program = concat!("evenkeel ", env!("CARGO_PKG_VERSION"));
    let since = wall.duration_since(UNIX_EPOCH + EPOCH).unwrap_or_default();
    mkv::Info {
        // Times are in milliseconds.
        timestamp_scale: mkv::TimestampScale(1_000_000),
        duration: Some(mkv::Duration(duration as f64)),
        date_utc: Some(mkv::DateUtc(since.as_nanos() as i64)),
        muxing_app: mkv::MuxingApp(program.into()),
        writing_app: mkv::WritingApp(program.into()),
        ..Default::default()
    }
}

fn tracks(format: Format) -> mkv::Tracks {
    let track = |number, kind, codec: &str| mkv::TrackEntry {
        track_number: mkv::TrackNumber(u64::from(number)),
        track_uid: mkv::TrackUid(u64::from(number)),
        track_type: mkv::TrackType(kind),
        flag_lacing: mkv::FlagLacing(0),
        language: mkv::Language("und".into()),
        codec_id: mkv::CodecId(codec.into()),
        ..Default::default()
    };
    let sound = format.sound.map(|rate| mkv::TrackEntry {
        audio: Some(mkv::Audio {
            sampling_frequency: mkv::SamplingFrequency(f64::from(rate.hz())),
            channels: mkv::Channels(1),
            bit_depth: Some(mkv::BitDepth(32)),
            ..Default::default()
        }),
        ..track(SOUND, 2, "A_PCM/FLOAT/IEEE")
    });
    let pictures = format.picture.map(|(width, height)| mkv::TrackEntry {
        codec_private: Some(mkv::CodecPrivate(bitmap_info(width, height).into())),
        video: Some(mkv::Video {
            // Progressive.
            flag_interlaced: mkv::FlagInterlaced(2),
            pixel_width: mkv::PixelWidth(u64::from(width)),
            pixel_height: mkv::PixelHeight(u64::from(height)),
            ..Default::default()
        }),
        ..track(PICTURES, 1, "V_MS/VFW/FOURCC")
    });
    mkv::Tracks {
        track_entry: sound.into_iter().chain(pictures).collect(),
        ..Default::default()
    }
}

/// Says that this is one of ours, so that it is read as it is.
fn tags() -> mkv::Tags {
    mkv::Tags {
        tag: vec![mkv::Tag {
            simple_tag: vec![mkv::SimpleTag {
                tag_name: mkv::TagName(RECORDING_TAG.into()),
                tag_string: Some(mkv::TagString("1".into())),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// The BITMAPINFOHEADER of Windows, in which this kind of track names its codec: PNG as in AVI files.
fn bitmap_info(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40);
    let mut dword = |value: u32| bytes.extend_from_slice(&value.to_le_bytes());
    dword(40);
    dword(width);
    dword(height);
    // One plane, 24 bits per pixel.
    dword(1 | 24 << 16);
    dword(u32::from_le_bytes(*b"MPNG"));
    dword(width.saturating_mul(height).saturating_mul(3));
    for _resolution_and_palette in 0..4 {
        dword(0);
    }
    bytes
}

pub(super) fn put(bytes: &mut Vec<u8>, element: &impl WriteTo) -> io::Result<()> {
    element.write_to(bytes).map_err(io::Error::other)
}
