//! A Matroska file (RFC 9559) of sound as floats and pictures as PNG, written as time goes by.
//!
//! Clusters of about a second follow a front part of fixed length, which is written twice: with nothing known
//! at the beginning, and with length and index at the end.

use std::io::{self, Seek, SeekFrom, Write};
use std::time::SystemTime;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use mkv_element::prelude as mkv;
use mkv_element::prelude::Element;

use super::course::Format;
use super::front::{Beginning, Ending, PICTURES, SOUND, Use, front, put};
use crate::window::{Frame, SampleRate};

/// A cluster begins so long after the one before, milliseconds.
const CLUSTER: u64 = 1000;
/// Blocks per second of sound.
const BLOCKS: u32 = 10;
/// A block's time counts from its cluster's and has 16 bits; it is seldom negative, milliseconds.
const EARLIEST: i64 = -30_000;

/// A file under way.
pub struct Matroska<W> {
    out: W,
    beginning: Beginning,
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

impl<W: Write + Seek> Matroska<W> {
    /// Begins a file with tracks of this format, at least one; `wall` is when its clock began.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(mut out: W, format: Format, wall: SystemTime, made_for: Use) -> io::Result<Self> {
        let beginning = Beginning {
            format,
            made_for,
            wall,
        };
        let (front, _) = front(beginning, Ending::default())?;
        out.write_all(&front)?;
        Ok(Self {
            out,
            beginning,
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
        if let Some(rate) = self.beginning.format.sound {
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
        let (front_before, contents) = front(self.beginning, Ending::default())?;
        let index = self.written;
        let cues = self.cues(contents)?;
        self.write(&cues)?;
        let ending = Ending {
            index: index - contents,
            size: Some(self.written - contents),
            duration: self.end,
        };
        let (front, _) = front(self.beginning, ending)?;
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
        let track = match self.beginning.format.picture {
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

fn millis(frame: &Frame) -> u64 {
    frame.time.as_millis() as u64
}
