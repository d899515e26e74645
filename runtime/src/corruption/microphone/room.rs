//! What is between the mouth and the microphone: a room, or a hand.

use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;
use realfft::RealFftPlanner;

use crate::corruption::Severity;
use crate::noise::{gain, rms, white};
use crate::window::{SampleRate, Sound};

/// Seconds between the direct sound and the first of its reflections.
const FIRST_REFLECTION: f32 = 0.004;

/// Adds the tail of a room: noise that fades exponentially (Polack, "La transmission de l'énergie
/// sonore dans les salles", 1988), here by 60 dB in 0.3 to 2.5 s. The direct sound stays, from 3 dB
/// above to 9 dB below the tail as from further and further away; the level of all is what it was.
///
/// What was said before the window is not heard in it.
pub(super) fn reverberate(sound: &mut Sound, severity: Severity, rng: &mut ChaCha8Rng) {
    let seconds = severity.pick([0.3, 0.6, 1.0, 1.6, 2.5]);
    let direct_db = severity.pick([3.0, 0.0, -3.0, -6.0, -9.0]);
    let response = response(sound, seconds, direct_db, rng);
    let level = rms(&sound.samples);
    convolve(&mut sound.samples, &response);
    let scale = level / rms(&sound.samples).max(1e-9);
    for sample in &mut sound.samples {
        *sample = (*sample * scale).clamp(-1.0, 1.0);
    }
}

/// What the room makes of a click, no longer than the sound.
fn response(sound: &Sound, seconds: f32, direct_db: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let hz = sound.rate.hz() as f32;
    let length = ((seconds * hz) as usize).clamp(1, sound.samples.len());
    let silent = ((FIRST_REFLECTION * hz) as usize).clamp(1, length);
    let mut response = white(length, rng);
    response[..silent].fill(0.0);
    let fade = gain(-60.0 / (seconds * hz));
    let mut height = 1.0;
    let mut energy = 0.0;
    for sample in &mut response[silent..] {
        *sample *= height;
        energy += *sample * *sample;
        height *= fade;
    }
    let scale = gain(-direct_db) / energy.max(1e-9_f32).sqrt();
    response.iter_mut().for_each(|sample| *sample *= scale);
    response[0] = 1.0;
    response
}

thread_local! {
    /// Plans of transforms are costly to make, and windows equally long.
    static PLANNER: RefCell<RealFftPlanner<f32>> = RefCell::new(RealFftPlanner::new());
}

/// Convolves `samples` with a response that is no longer; what comes after their end is lost.
fn convolve(samples: &mut [f32], response: &[f32]) {
    let size = (samples.len() + response.len()).next_power_of_two();
    let (forward, inverse) = PLANNER.with_borrow_mut(|planner| {
        (
            planner.plan_fft_forward(size),
            planner.plan_fft_inverse(size),
        )
    });
    let mut padded = vec![0.0; size];
    let mut spectrum_of = |values: &[f32]| {
        padded[..values.len()].copy_from_slice(values);
        padded[values.len()..].fill(0.0);
        let mut spectrum = forward.make_output_vec();
        forward
            .process(&mut padded, &mut spectrum)
            .expect("buffers have the lengths of the plan");
        spectrum
    };
    let mut spectrum = spectrum_of(samples);
    let response = spectrum_of(response);
    for (point, response) in spectrum.iter_mut().zip(&response) {
        *point *= response;
    }
    // Exactly real in theory; the inverse transform insists on it.
    if let [first, .., last] = &mut spectrum[..] {
        (first.im, last.im) = (0.0, 0.0);
    }
    inverse
        .process(&mut spectrum, &mut padded)
        .expect("buffers have the lengths of the plan");
    for (sample, heard) in samples.iter_mut().zip(&padded) {
        *sample = heard / size as f32;
    }
}

/// Takes away what is above 2 kHz to 250 Hz by 24 dB an octave, and 3 to 15 dB of the rest.
pub(super) fn muffle(sound: &mut Sound, severity: Severity) {
    let edge_hz = severity.pick([2_000.0, 1_200.0, 700.0, 400.0, 250.0]);
    let loss = gain(-severity.pick([3.0, 6.0, 9.0, 12.0, 15.0]));
    let [mut first, mut second] = butterworth(edge_hz, sound.rate);
    for sample in &mut sound.samples {
        *sample = loss * second.pass(first.pass(*sample));
    }
}

/// A Butterworth low-pass of the fourth order, as two of the second.
fn butterworth(edge_hz: f32, rate: SampleRate) -> [LowPass; 2] {
    let hz = rate.hz() as f32;
    let edge_hz = edge_hz.min(0.45 * hz);
    // Twice the cosine of π/8 and 3π/8, where the poles lie.
    [1.847_759, 0.765_366_9].map(|damping| LowPass::new(edge_hz / hz, damping))
}

/// A low-pass of the second order, by the bilinear transform with the edge where it shall be.
struct LowPass {
    take: f32,
    back: [f32; 2],
    waiting: [f32; 2],
}

impl LowPass {
    /// `edge` is in cycles a sample, below 0.5.
    fn new(edge: f32, damping: f32) -> Self {
        let k = (std::f32::consts::PI * edge).tan();
        let scale = 1.0 / (1.0 + damping * k + k * k);
        Self {
            take: k * k * scale,
            back: [
                2.0 * (k * k - 1.0) * scale,
                (1.0 - damping * k + k * k) * scale,
            ],
            waiting: [0.0; 2],
        }
    }

    fn pass(&mut self, sample: f32) -> f32 {
        let taken = self.take * sample;
        let out = taken + self.waiting[0];
        self.waiting[0] = 2.0 * taken - self.back[0] * out + self.waiting[1];
        self.waiting[1] = taken - self.back[1] * out;
        out
    }
}
