//! A Matroska file (RFC 9559) of sound as floats and pictures as PNG, written as time goes by.
//!
//! Clusters of about a second follow a front part of fixed length, which is written twice: with nothing known
//! at the beginning, and with length and index at the end.

use std::io::{self, Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use mkv_element::io::blocking_impl::WriteTo;
use mkv_element::prelude as mkv;
use mkv_element::prelude::Element;

use super::course::Format;
use crate::clip::RECORDING_TAG;
use crate::window::{Frame, SampleRate};

/// The numbers of the tracks.
const SOUND: u8 = 1;
const PICTURES: u8 = 2;
/// A cluster begins so long after the one before, milliseconds.
const CLUSTER: u64 = 1000;
/// Blocks per second of sound.
const BLOCKS: u32 = 10;
/// A block's time counts from its cluster's and has 16 bits; it is seldom negative, milliseconds.
const EARLIEST: i64 = -30_000;
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

/// A file under way.
pub struct Matroska<W> {
    out: W,
    format: Format,
    made_for: Use,
    wall: SystemTime,
    /// Bytes that were written.
    written: u64,
    cluster: Vec<u8>,
    /// When the cluster under way begins, milliseconds.
    cluster_time: Option<u64>,
    /// When and where each cluster begins.
    index: Vec<(u64, u64)>,
    samples: u64,
    /// Where the last thing in it ends or begins, milliseconds.
    end: u64,
    png: Vec<u8>,
}

/// What is known only at the end. Places count from where the segment's contents begin.
#[derive(Debug, Clone, Copy, Default)]
struct Ending {
    /// Where the index is.
    index: u64,
    /// Length of the segment's contents, bytes.
    size: Option<u64>,
    /// Milliseconds.
    duration: u64,
}

impl<W: Write + Seek> Matroska<W> {
    /// Begins a file with tracks of this format, at least one; `wall` is when its clock began.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(mut out: W, format: Format, wall: SystemTime, made_for: Use) -> io::Result<Self> {
        let (front, _) = front(format, made_for, wall, Ending::default())?;
        out.write_all(&front)?;
        Ok(Self {
            out,
            format,
            made_for,
            wall,
            written: front.len() as u64,
            cluster: Vec::new(),
            cluster_time: None,
            index: Vec::new(),
            samples: 0,
            end: 0,
            png: Vec::new(),
        })
    }

    /// Adds sound that follows the last, and frames in order of time.
    ///
    /// # Errors
    /// Those of `out`, and when a frame's bytes do not fit its size.
    pub fn add(&mut self, samples: &[f32], frames: &[Frame]) -> io::Result<()> {
        let mut frames = frames.iter().peekable();
        if let Some(rate) = self.format.sound {
            let block = (rate.hz() / BLOCKS).max(1) as usize;
            for samples in samples.chunks(block) {
                let time = self.sound_ends(rate);
                while let Some(frame) = frames.next_if(|frame| millis(frame) <= time) {
                    self.add_frame(frame)?;
                }
                self.add_sound(time, rate, samples)?;
            }
        }
        frames.try_for_each(|frame| self.add_frame(frame))
    }

    /// About as many bytes as the file has.
    pub fn bytes(&self) -> u64 {
        self.written + self.cluster.len() as u64
    }

    /// Writes what is left and the front part again.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self) -> io::Result<W> {
        self.end_cluster()?;
        let (front_before, contents) =
            front(self.format, self.made_for, self.wall, Ending::default())?;
        let index = self.written;
        let cues = self.cues(contents)?;
        self.write(&cues)?;
        let (front, _) = front(
            self.format,
            self.made_for,
            self.wall,
            Ending {
                index: index - contents,
                size: Some(self.written - contents),
                duration: self.end,
            },
        )?;
        debug_assert_eq!(front.len(), front_before.len());
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&front)?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// When the sound so far ends, milliseconds.
    fn sound_ends(&self, rate: SampleRate) -> u64 {
        let hz = u64::from(rate.hz());
        (self.samples * 1000 + hz / 2) / hz
    }

    fn add_sound(&mut self, time: u64, rate: SampleRate, samples: &[f32]) -> io::Result<()> {
        self.begin_block(SOUND, time, size_of_val(samples))?;
        let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes());
        self.cluster.extend(bytes);
        self.samples += samples.len() as u64;
        self.end = self.end.max(self.sound_ends(rate));
        Ok(())
    }

    fn add_frame(&mut self, frame: &Frame) -> io::Result<()> {
        let Frame { width, height, .. } = *frame;
        if frame.rgb.len() as u64 != 3 * u64::from(width) * u64::from(height) {
            return Err(io::Error::other("the camera gave a frame of a wrong size"));
        }
        let mut png = std::mem::take(&mut self.png);
        png.clear();
        // Fast, as boards are slow; what it costs in space is little, as pictures are noisy.
        PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Up)
            .write_image(&frame.rgb, width, height, ExtendedColorType::Rgb8)
            .map_err(io::Error::other)?;
        self.begin_block(PICTURES, millis(frame), png.len())?;
        self.cluster.extend_from_slice(&png);
        self.png = png;
        self.end = self.end.max(millis(frame));
        Ok(())
    }

    /// Writes all of a block (RFC 9559, 10.2) but its `bytes` of data.
    fn begin_block(&mut self, track: u8, time: u64, bytes: usize) -> io::Result<()> {
        const KEY_FRAME: u8 = 0x80;
        let after = |cluster| time as i64 - cluster as i64;
        let fits = |cluster| (EARLIEST..CLUSTER as i64).contains(&after(cluster));
        let cluster = match self.cluster_time {
            Some(cluster) if fits(cluster) => cluster,
            _ => {
                self.end_cluster()?;
                self.cluster_time = Some(time);
                put(&mut self.cluster, &mkv::Timestamp(time))?;
                time
            }
        };
        put(
            &mut self.cluster,
            &mkv::Header {
                id: mkv::SimpleBlock::ID,
                size: mkv::VInt64::new(4 + bytes as u64),
            },
        )?;
        let [high, low] = (after(cluster) as i16).to_be_bytes();
        // A track's number is a variable integer of one byte.
        self.cluster
            .extend_from_slice(&[0x80 | track, high, low, KEY_FRAME]);
        Ok(())
    }

    fn end_cluster(&mut self) -> io::Result<()> {
        let Some(time) = self.cluster_time.take() else {
            return Ok(());
        };
        self.index.push((time, self.written));
        let mut header = Vec::new();
        put(
            &mut header,
            &mkv::Header {
                id: mkv::Cluster::ID,
                size: mkv::VInt64::new(self.cluster.len() as u64),
            },
        )?;
        self.write(&header)?;
        let mut cluster = std::mem::take(&mut self.cluster);
        self.write(&cluster)?;
        cluster.clear();
        self.cluster = cluster;
        Ok(())
    }

    /// The index: where each cluster is.
    fn cues(&self, contents: u64) -> io::Result<Vec<u8>> {
        let track = match self.format.picture {
            Some(_) => PICTURES,
            None => SOUND,
        };
        let point = |&(time, place): &(u64, u64)| mkv::CuePoint {
            cue_time: mkv::CueTime(time),
            cue_track_positions: vec![mkv::CueTrackPositions {
                cue_track: mkv::CueTrack(u64::from(track)),
                cue_cluster_position: mkv::CueClusterPosition(place - contents),
                ..Default::default()
            }],
            ..Default::default()
        };
        let mut bytes = Vec::new();
        let cues = mkv::Cues {
            cue_point: self.index.iter().map(point).collect(),
            ..Default::default()
        };
        put(&mut bytes, &cues)?;
        Ok(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// All before the first cluster, and where the segment's contents begin in it.
fn front(
    format: Format,
    made_for: Use,
    wall: SystemTime,
    ending: Ending,
) -> io::Result<(Vec<u8>, u64)> {
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
    put(&mut bytes, &info(wall, ending.duration))?;
    put(&mut bytes, &tracks(format))?;
    if made_for == Use::Replay {
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

fn put(bytes: &mut Vec<u8>, element: &impl WriteTo) -> io::Result<()> {
    element.write_to(bytes).map_err(io::Error::other)
}

fn millis(frame: &Frame) -> u64 {
    frame.time.as_millis() as u64
}
