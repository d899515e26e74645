//! Clips that hold the same: found by a print of their sound, and by one of their pictures.
//!
//! The sound's print follows Haitsma and Kalker, "A highly robust audio fingerprinting system" (ISMIR
//! 2002): 33 mel bands from 200 to 3,400 Hz of pieces of 128 ms, one every 8 ms; a bit for each pair of
//! neighbouring bands says whether their difference grew or fell since the piece before. Levels cancel
//! out, so gain does not matter, and prints are laid over each other at every offset. Clips that share
//! three pieces, all 32 bits of each, at one offset are compared there, bit by bit; chance differs in
//! half of the bits.
//!
//! Pictures are the same if more than half of the frames are, by the fingerprint of the camera's health.
//! A still picture is also known again when it was saved anew: by 256 bits of which each says
//! whether the picture gets brighter from one place to the next on a grid of 16 rows ("difference hash",
//! N. Krawetz 2013). For films that would not do: two takes before the same wall are no copies.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use evenkeel::frontend::{AudioConfig, AudioFrontend, MelScale};
use evenkeel::health::picture_fingerprint;
use evenkeel::window::{Frame, SampleRate, Window};

/// Hertz; enough for the bands.
const RATE: u32 = 8000;
/// Samples of a piece, and from one to the next.
const PIECE: usize = 1024;
const HOP: usize = 64;
const BANDS: usize = 33;
/// Pieces that a comparison needs at least.
const FEWEST: usize = 20;
/// A piece with fewer or more bits set is silence or a steady tone, which tell nothing.
const TELLING: RangeInclusive<u32> = 4..=28;
/// A piece that is in so many places is not looked up.
const MOST_PLACES: usize = 64;
/// Pieces that must agree at one offset before two clips are compared there.
const VOTES: u32 = 3;
/// Share of different bits up to which two sounds are the same.
const DIFFERENT: f32 = 0.2;

/// Rows of the grid laid over a still picture, and steps across.
const GRID: usize = 16;
/// Bits that may differ in a still picture that was saved anew.
const RESAVED: u32 = 4;
/// A still picture with fewer or more bits set has nothing on it.
const DRAWN: RangeInclusive<u32> = 24..=232;

/// A sound, 32 bits for each piece.
#[derive(Debug)]
pub struct SoundPrint(Vec<u32>);

/// Makes prints of sounds of one length.
pub struct Ear(Option<AudioFrontend>);

impl Ear {
    /// For windows of this length; those too short for a print have none.
    pub fn new(length: Duration) -> Self {
        let frontend = SampleRate::new(RATE).and_then(|sample_rate| {
            let window_samples = sample_rate.samples_in(length);
            let config = AudioConfig {
                sample_rate,
                window_samples,
                frame_samples: PIECE,
                hop_samples: HOP,
                fft_size: PIECE,
                mel_bands: BANDS,
                min_hz: 200.0,
                max_hz: 3_400.0,
                mel_scale: MelScale::Htk,
                log_floor: 1e-10,
                mean: 0.0,
                std: 1.0,
                centre_bands: false,
            };
            let enough = window_samples >= PIECE + FEWEST * HOP;
            enough.then(|| AudioFrontend::new(&config).ok())?
        });
        Self(frontend)
    }

    /// The print of a window's sound; `None` without sound, or if it is too short.
    pub fn print(&mut self, window: &Window) -> Option<SoundPrint> {
        let sound = window.sound.as_ref()?;
        let bands = self.0.as_mut()?.log_mel(window.start, sound).ok()?;
        let pieces = bands.len() / BANDS;
        let level = |band: usize, piece: usize| bands[band * pieces + piece];
        let slope = |band, piece| level(band, piece) - level(band + 1, piece);
        let bits = (1..pieces).map(|piece| {
            (0..BANDS - 1).fold(0, |bits, band| {
                bits << 1 | u32::from(slope(band, piece) > slope(band, piece - 1))
            })
        });
        Some(SoundPrint(bits.collect()))
    }
}

impl SoundPrint {
    /// Whether the other is the same if it begins `lag` pieces later.
    fn is_same(&self, other: &Self, lag: i32) -> bool {
        let tells = |bits: u32| TELLING.contains(&bits.count_ones());
        let (mut pieces, mut different) = (0, 0);
        for (at, &bits) in self.0.iter().enumerate() {
            let there = usize::try_from(at as i32 + lag).ok();
            if let Some(&others) = there.and_then(|at| other.0.get(at))
                && (tells(bits) || tells(others))
            {
                pieces += 1;
                different += (bits ^ others).count_ones();
            }
        }
        let telling = |print: &Self| print.0.iter().filter(|&&bits| tells(bits)).count();
        let enough = (telling(self).min(telling(other)) / 2).max(FEWEST);
        pieces >= enough && different as f32 <= DIFFERENT * 32.0 * pieces as f32
    }
}

/// The pictures of a clip.
#[derive(Debug)]
pub struct PicturePrint {
    /// All different ones.
    frames: HashSet<u64>,
    /// What a clip with a single picture looks like; `None` for others, and where nothing is on it.
    still: Option<[u64; 4]>,
}

impl PicturePrint {
    /// `None` without pictures.
    pub fn of(frames: &[Frame]) -> Option<Self> {
        let print = Self {
            frames: frames.iter().filter_map(picture_fingerprint).collect(),
            still: match frames {
                [one] => steps(one).filter(|steps| DRAWN.contains(&ones(steps))),
                _ => None,
            },
        };
        (!print.frames.is_empty()).then_some(print)
    }

    fn is_like(&self, other: &Self) -> bool {
        let (Some(one), Some(other)) = (self.still, other.still) else {
            return false;
        };
        ones(&std::array::from_fn(|i| one[i] ^ other[i])) <= RESAVED
    }
}

fn ones(bits: &[u64; 4]) -> u32 {
    bits.iter().map(|word| word.count_ones()).sum()
}

/// Whether the picture gets brighter from each place of the grid to the next on its right.
fn steps(frame: &Frame) -> Option<[u64; 4]> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    if width <= GRID || height < GRID {
        return None;
    }
    let mean = |row: usize, column: usize| -> u64 {
        let (top, bottom) = (row * height / GRID, (row + 1) * height / GRID);
        let (left, right) = (
            column * width / (GRID + 1),
            (column + 1) * width / (GRID + 1),
        );
        let sum: u64 = (top..bottom)
            .flat_map(|y| &frame.rgb[3 * (y * width + left)..3 * (y * width + right)])
            .map(|&value| u64::from(value))
            .sum();
        // As many for every place, whatever the rounding of its sides.
        1024 * sum / ((bottom - top) * (right - left)) as u64
    };
    let mut bits = [0; 4];
    for row in 0..GRID {
        for column in 0..GRID {
            let place = row * GRID + column;
            let brighter = mean(row, column + 1) > mean(row, column);
            bits[place / 64] |= u64::from(brighter) << (place % 64);
        }
    }
    Some(bits)
}

/// Pairs of clips, by their places in the list, the earlier one first.
pub type Pairs = BTreeMap<(usize, usize), &'static str>;

/// All pairs with the same sound or the same pictures, and which of them it is.
pub fn pairs<'a>(
    prints: impl Iterator<Item = (usize, Option<&'a SoundPrint>, Option<&'a PicturePrint>)>,
) -> Pairs {
    let (mut sounds, mut pictures) = (Vec::new(), Vec::new());
    for (at, sound, picture) in prints {
        sounds.extend(sound.map(|print| (at, print)));
        pictures.extend(picture.map(|print| (at, print)));
    }
    let mut pairs = Pairs::new();
    for pair in same_pictures(&pictures) {
        pairs.insert(pair, "the same pictures");
    }
    for pair in same_sounds(&sounds) {
        let what = match pairs.contains_key(&pair) {
            true => "the same sound and pictures",
            false => "the same sound",
        };
        pairs.insert(pair, what);
    }
    pairs
}

/// Every pair once, though it may agree at several offsets.
fn same_sounds(prints: &[(usize, &SoundPrint)]) -> BTreeSet<(usize, usize)> {
    let mut places: HashMap<u32, Vec<(usize, i32)>> = HashMap::new();
    for (number, (_, print)) in prints.iter().enumerate() {
        for (piece, &bits) in print.0.iter().enumerate() {
            if TELLING.contains(&bits.count_ones()) {
                places.entry(bits).or_default().push((number, piece as i32));
            }
        }
    }
    let mut votes: HashMap<(usize, usize, i32), u32> = HashMap::new();
    for places in places.values().filter(|places| places.len() <= MOST_PLACES) {
        for (n, &(one, here)) in places.iter().enumerate() {
            for &(other, there) in &places[n + 1..] {
                if one != other {
                    *votes.entry((one, other, there - here)).or_default() += 1;
                }
            }
        }
    }
    let same = votes.into_iter().filter(|&((one, other, lag), votes)| {
        votes >= VOTES && prints[one].1.is_same(prints[other].1, lag)
    });
    same.map(|((one, other, _), _)| (prints[one].0, prints[other].0))
        .collect()
}

fn same_pictures(prints: &[(usize, &PicturePrint)]) -> Vec<(usize, usize)> {
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for (number, (_, print)) in prints.iter().enumerate() {
        for &frame in &print.frames {
            places.entry(frame).or_default().push(number);
        }
    }
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    for numbers in places.values() {
        for (n, &one) in numbers.iter().enumerate() {
            for &other in &numbers[n + 1..] {
                *shared.entry((one, other)).or_default() += 1;
            }
        }
    }
    let most = |&(&(one, other), &frames): &(&(usize, usize), &usize)| {
        let fewer = prints[one].1.frames.len().min(prints[other].1.frames.len());
        2 * frames > fewer
    };
    let mut same: Vec<(usize, usize)> = shared.iter().filter(most).map(|(&pair, _)| pair).collect();
    for one in 0..prints.len() {
        let like = |&other: &usize| prints[one].1.is_like(prints[other].1);
        same.extend(
            (one + 1..prints.len())
                .filter(like)
                .map(|other| (one, other)),
        );
    }
    same.into_iter()
        .map(|(one, other)| (prints[one].0, prints[other].0))
        .collect()
}
