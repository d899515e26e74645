//! Faults on the way from the camera to the program: frames that are old, torn or missing.

use std::time::Duration;

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::picture::{Size, is_whole, resized};
use crate::corruption::{Severity, Sources};
use crate::window::{Frame, Window};

/// Makes the last 1/5, 2/5, … of the frames exact copies of one old picture.
///
/// The picture is a frame of one of the other windows, or without any the window's own first.
/// A still picture becomes a sequence first; see [`film`].
pub fn stuck(
    window: &mut Window,
    length: Duration,
    severity: Severity,
    rng: &mut ChaCha8Rng,
    sources: &Sources,
) {
    film(window, length, rng);
    let size = Size::of(&window.frames[0]);
    let old = old_picture(size, sources, rng).unwrap_or_else(|| window.frames[0].rgb.clone());
    let stuck = (window.frames.len() * usize::from(severity.level())).div_ceil(5);
    let live = window.frames.len() - stuck;
    for frame in &mut window.frames[live..] {
        *frame = Frame {
            time: frame.time,
            width: size.width as u32,
            height: size.height as u32,
            rgb: old.clone(),
        };
    }
}

/// Loses 40, 55, 70, 85, 95 % of the frames, here and there; at least one is left. A still picture
/// becomes a sequence first; see [`film`].
pub fn drop_frames(
    window: &mut Window,
    length: Duration,
    severity: Severity,
    rng: &mut ChaCha8Rng,
) {
    film(window, length, rng);
    let lost = severity.pick([0.4, 0.55, 0.7, 0.85, 0.95]);
    let mut frames = window.frames.len();
    let mut wanted = ((frames as f32 * (1.0 - lost)).round() as usize).max(1);
    // Each choice of as many frames is equally likely (Fan, Muller & Rezucha, 1962).
    window.frames.retain(|_| {
        let stays = rng.random_range(0..frames) < wanted;
        frames -= 1;
        wanted -= usize::from(stays);
        stays
    });
}

/// Turns a still picture into what a camera of 10 frames a second would have delivered over the
/// window, 300 frames at most: the picture with fresh noise of one grey level, so that no two
/// frames are exactly alike.
pub fn film(window: &mut Window, length: Duration, rng: &mut ChaCha8Rng) {
    const RATE: f64 = 10.0;
    const MOST: f64 = 300.0;
    let [still] = window.frames.as_slice() else {
        return;
    };
    let count = (length.as_secs_f64() * RATE).round().clamp(1.0, MOST) as u32;
    let interval = length / count;
    let frame = |i| Frame {
        time: window.start.saturating_add(interval * i),
        rgb: with_grain(&still.rgb, rng),
        ..*still
    };
    window.frames = (0..count).map(frame).collect();
}

/// A quarter of the values one level higher, a quarter one lower.
fn with_grain(rgb: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut grain = vec![0; rgb.len().div_ceil(4)];
    rng.fill_bytes(&mut grain);
    let mut out = rgb.to_vec();
    for (values, random) in out.chunks_mut(4).zip(grain) {
        for (k, value) in values.iter_mut().enumerate() {
            let bits = random >> (2 * k) & 3;
            *value = value
                .saturating_add(u8::from(bits == 1))
                .saturating_sub(u8::from(bits == 2));
        }
    }
    out
}

/// Replaces the lower 15, 25, 35, 45, 55 % by what the memory still held.
///
/// That is a frame of one of the other windows, or without any the frame before, or the first
/// one itself, shifted sideways.
pub fn torn(window: &mut Window, severity: Severity, rng: &mut ChaCha8Rng, sources: &Sources) {
    let share = severity.pick([0.15, 0.25, 0.35, 0.45, 0.55]);
    let size = Size::of(&window.frames[0]);
    let old = old_picture(size, sources, rng);
    let shift = rng.random_range(0.15..0.5_f32);
    // From the last, so that the frame before is still whole.
    for i in (0..window.frames.len()).rev() {
        let of_this = Size::of(&window.frames[i]);
        let before = &window.frames[i.saturating_sub(1)];
        let below = match &old {
            Some(old) if of_this == size => old.clone(),
            _ => shifted(&resized(before, of_this), of_this, shift),
        };
        let rows = ((of_this.height as f32 * share).round() as usize).max(1);
        let from = 3 * of_this.width * (of_this.height - rows);
        window.frames[i].rgb[from..].copy_from_slice(&below[from..]);
    }
}

/// Each row moved to the right by a share of its length; what leaves it comes in on the left.
fn shifted(rgb: &[u8], size: Size, share: f32) -> Vec<u8> {
    let by = 3 * (size.width as f32 * share).ceil() as usize;
    let mut out = rgb.to_vec();
    for row in out.chunks_exact_mut(3 * size.width) {
        row.rotate_right(by.min(row.len()));
    }
    out
}

/// A frame of one of the other windows at random, in the given size; `None` if none has any.
fn old_picture(size: Size, sources: &Sources, rng: &mut ChaCha8Rng) -> Option<Vec<u8>> {
    if sources.others.is_empty() {
        return None;
    }
    let (before, after) = sources
        .others
        .split_at(rng.random_range(0..sources.others.len()));
    // The next that has frames, since looking at all of them for each window would take long.
    let frames = after
        .iter()
        .chain(before)
        .map(|window| &window.frames)
        .find(|frames| frames.iter().any(is_whole))?;
    let whole: Vec<&Frame> = frames.iter().filter(|frame| is_whole(frame)).collect();
    Some(resized(whole[rng.random_range(0..whole.len())], size))
}
