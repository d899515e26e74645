//! What a window shows and sounds like, as small pictures.

use std::time::Duration;

use image::{RgbImage, imageops};

use crate::clip::encode_png;
use crate::frontend::{AudioConfig, AudioFrontend, MelScale};
use crate::window::{Frame, SampleRate, Window};

/// Pixels; a picture on a page need not be larger.
const WIDTH: u32 = 160;
const HEIGHT: u32 = 120;
const MEL_BANDS: usize = 60;

/// The middle frame as PNG, at most 160×120; `None` without frames or for a broken one.
pub fn picture(window: &Window) -> Option<Vec<u8>> {
    let frame = window.frames.get(window.frames.len() / 2)?;
    let scale = (f64::from(WIDTH) / f64::from(frame.width))
        .min(f64::from(HEIGHT) / f64::from(frame.height))
        .min(1.0);
    let side = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
    let image = RgbImage::from_raw(frame.width, frame.height, frame.rgb.clone())?;
    let small = imageops::thumbnail(&image, side(frame.width), side(frame.height));
    png(small.width(), small.height(), small.into_raw())
}

/// The log-mel spectrogram up to 7.8 kHz as PNG, about 160×60, low frequencies at the bottom; `None`
/// without sound.
pub fn spectrogram(window: &Window, length: Duration) -> Option<Vec<u8>> {
    let sound = window.sound.as_ref()?;
    let rate = SampleRate::new(16_000)?;
    let window_samples = rate.samples_in(length).max(800);
    let mut frontend = AudioFrontend::new(&AudioConfig {
        sample_rate: rate,
        window_samples,
        frame_samples: 400,
        hop_samples: (window_samples / WIDTH as usize).max(1),
        fft_size: 1024,
        mel_bands: MEL_BANDS,
        min_hz: 60.0,
        max_hz: 7_800.0,
        mel_scale: MelScale::Htk,
        log_floor: 1e-8,
        mean: 0.0,
        std: 1.0,
        centre_bands: false,
    })
    .ok()?;
    let bands = frontend.log_mel(window.start, sound).ok()?;
    let columns = bands.len() / MEL_BANDS;
    // 60 dB below the loudest is black; what is all but silent stays black.
    let loudest = bands.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let top = loudest.max(-6.0);
    let mut rgb = Vec::with_capacity(3 * bands.len());
    for band in bands.chunks(columns).rev() {
        for power in band {
            rgb.extend(heat(1.0 + (power - top) / 13.8));
        }
    }
    png(columns as u32, MEL_BANDS as u32, rgb)
}

/// From black over violet and orange to a light yellow, evenly brighter.
fn heat(value: f32) -> [u8; 3] {
    const STOPS: [[f32; 3]; 5] = [
        [8.0, 6.0, 20.0],
        [85.0, 20.0, 110.0],
        [185.0, 55.0, 85.0],
        [248.0, 140.0, 40.0],
        [252.0, 252.0, 180.0],
    ];
    let at = value.clamp(0.0, 1.0) * (STOPS.len() - 1) as f32;
    let low = (at as usize).min(STOPS.len() - 2);
    let part = at - low as f32;
    std::array::from_fn(|channel| {
        let (from, to) = (STOPS[low][channel], STOPS[low + 1][channel]);
        (from + part * (to - from)).round() as u8
    })
}

fn png(width: u32, height: u32, rgb: Vec<u8>) -> Option<Vec<u8>> {
    encode_png(&Frame {
        time: Duration::ZERO,
        width,
        height,
        rgb,
    })
    .ok()
}
