//! Wind, rain, thunder and traffic, made of filtered noise: stand-ins where there is no recording.
//!
//! Each has the colour and the course over time that one knows it by; the numbers were chosen by
//! eye on spectrograms beside those of recordings. Levels are arbitrary, the caller sets them.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::noise::{normalise, smoothing, white};
use crate::window::SampleRate;

/// Rumble that swells and brightens with every gust.
///
/// Turbulence at a microphone is strongest at the lowest frequencies, and reaches higher the faster
/// the air is (Nelke and Vary, "Measurement, analysis and simulation of wind noise signals", 2014).
pub(super) fn wind(rate: SampleRate, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut noise = white(samples, rng);
    let gusts = course(rate, samples, [0.1, 0.6], rng);
    let (calm, gusty) = (smoothing(50.0, rate), smoothing(600.0, rate));
    // What a microphone does not pass on.
    let below = smoothing(20.0, rate);
    let (mut once, mut twice, mut slow) = (0.0, 0.0, 0.0);
    for (sample, gust) in noise.iter_mut().zip(&gusts) {
        let force = 0.1 + 0.9 * gust * gust;
        let smooth = calm + (gusty - calm) * force;
        once += (*sample - once) * smooth;
        twice += (once - twice) * smooth;
        let roar = (0.3 + force) * (twice + 0.05 * once);
        slow += (roar - slow) * below;
        *sample = roar - slow;
    }
    noise
}

/// Bright hiss with many drops in it, few of them near.
///
/// A drop is a short ring of 0.8 to 7 kHz; how loud the loudest are follows a power law, as
/// distances do.
pub(super) fn rain(rate: SampleRate, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    const DROPS_PER_SECOND: f32 = 300.0;
    let mut noise = white(samples, rng);
    let smooth = smoothing(1_000.0, rate);
    let mut low = 0.0;
    for sample in &mut noise {
        low += (*sample - low) * smooth;
        *sample = 0.5 * (*sample - 0.8 * low);
    }
    let hz = rate.hz() as f32;
    let drops = DROPS_PER_SECOND * samples as f32 / hz;
    for _ in 0..drops as usize {
        let at = rng.random_range(0..samples);
        let near: f32 = rng.random_range(0.01..1.0);
        let pitch = 800.0 * rng.random_range(0.0..2.2_f32).exp();
        let decay = (-1.0 / (rng.random_range(0.0005..0.003) * hz)).exp();
        // What is too high to be recorded at this rate is not heard.
        if pitch < 0.5 * hz {
            ring(&mut noise[at..], 0.5 / near.sqrt(), TAU * pitch / hz, decay);
        }
    }
    noise
}

/// Adds a ring that begins at `height` and shrinks by `decay` with every `turn`.
fn ring(noise: &mut [f32], height: f32, turn: f32, decay: f32) {
    let (sin, cos) = turn.sin_cos();
    let (sin, cos) = (decay * sin, decay * cos);
    let (mut x, mut y) = (0.0, height);
    for sample in noise {
        *sample += y;
        (x, y) = (x * cos - y * sin, x * sin + y * cos);
        if x.abs() + y.abs() < 0.02 {
            break;
        }
    }
}

/// Strokes that begin with a crack and roll away as a rumble.
pub(super) fn thunder(rate: SampleRate, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut noise = white(samples, rng);
    let mut rumble = vec![0.05; samples];
    let mut crack = vec![0.0; samples];
    let hz = rate.hz() as f32;
    let seconds = samples as f32 / hz;
    for stroke in 0..rng.random_range(2..=4) {
        // The first is inside; the others may have begun before.
        let at = if stroke == 0 {
            seconds * rng.random_range(0.0..0.6)
        } else {
            rng.random_range(-1.0..seconds)
        };
        let level = rng.random_range(0.3..1.0);
        let rise = rng.random_range(0.005..0.04) * hz;
        burst(
            &mut rumble,
            at * hz,
            level,
            rise,
            rng.random_range(0.3..1.0) * hz,
        );
        burst(
            &mut crack,
            at * hz,
            level,
            0.2 * rise,
            rng.random_range(0.03..0.12) * hz,
        );
    }
    let rolling = course(rate, samples, [0.03, 0.12], rng);
    let (deep, bright) = (smoothing(80.0, rate), smoothing(1_500.0, rate));
    let below = smoothing(20.0, rate);
    let (mut once, mut twice, mut slow) = (0.0, 0.0, 0.0);
    for i in 0..samples {
        let open = crack[i].min(1.0);
        let smooth = deep + (bright - deep) * open * open;
        once += (noise[i] - once) * smooth;
        twice += (once - twice) * smooth;
        // The wider the filter is open, the louder: cracks would drown the rumble.
        let heard = twice * rumble[i] * (0.4 + rolling[i]) * (1.0 - 0.6 * open);
        slow += (heard - slow) * below;
        noise[i] = heard - slow;
    }
    noise
}

/// Adds `level`, reached within `rise` samples of `at` and lost by a factor of e every `decay`.
fn burst(course: &mut [f32], at: f32, level: f32, rise: f32, decay: f32) {
    let first = at.max(0.0) as usize;
    let age = (-at).max(0.0);
    let mut left = level * (-age / decay).exp();
    let mut missing = (-age / rise).exp();
    let (keep, close) = ((-1.0 / decay).exp(), (-1.0 / rise).exp());
    for value in course.iter_mut().skip(first) {
        *value += left * (1.0 - missing);
        left *= keep;
        missing *= close;
    }
}

/// Two or three engines at changing speeds over the noise of tyres on a road.
///
/// An engine fires 25 to 90 times a second and is heard with its overtones; tyres are loudest about
/// 1 kHz (Sandberg, "The multi-coincidence peak around 1000 Hz in tyre/road noise spectra", 2003).
pub(super) fn traffic(rate: SampleRate, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut noise = white(samples, rng);
    let (low_edge, high_edge) = (smoothing(300.0, rate), smoothing(1_200.0, rate));
    let (mut once, mut twice, mut slow) = (0.0, 0.0, 0.0);
    for sample in &mut noise {
        once += (*sample - once) * high_edge;
        twice += (once - twice) * high_edge;
        slow += (twice - slow) * low_edge;
        *sample = twice - 0.7 * slow;
    }
    normalise(&mut noise);
    let passing = course(rate, samples, [0.4, 1.2], rng);
    for (sample, near) in noise.iter_mut().zip(&passing) {
        *sample *= 0.3 + near;
    }
    for _ in 0..rng.random_range(2..=3) {
        engine(&mut noise, rate, rng);
    }
    noise
}

/// Points of one firing of an engine; a power of two.
const POINTS: usize = 256;

static SINE: LazyLock<[f32; POINTS]> =
    LazyLock::new(|| std::array::from_fn(|i| (TAU * i as f32 / POINTS as f32).sin()));

fn engine(noise: &mut [f32], rate: SampleRate, rng: &mut ChaCha8Rng) {
    let cycle = firing(rng);
    let hz = rate.hz() as f32;
    let firings = rng.random_range(25.0..90.0_f32) / hz;
    let speed = course(rate, noise.len(), [0.3, 0.9], rng);
    let near = course(rate, noise.len(), [0.4, 1.2], rng);
    // No two firings are equally strong.
    let mut strength = 1.0;
    let mut phase: f32 = rng.random_range(0.0..1.0);
    for ((sample, speed), near) in noise.iter_mut().zip(&speed).zip(&near) {
        phase += firings * (0.85 + 0.3 * speed);
        if phase >= 1.0 {
            phase -= phase.floor();
            strength = rng.random_range(0.7..1.3);
        }
        let place = phase * POINTS as f32;
        let (before, between) = (place as usize, place.fract());
        let (here, next) = (cycle[before % POINTS], cycle[(before + 1) % POINTS]);
        *sample += (0.3 + near) * strength * (here + (next - here) * between);
    }
}

/// One firing, made of 16 partials that fall by 6 dB an octave; root mean square 1.
fn firing(rng: &mut ChaCha8Rng) -> [f32; POINTS] {
    let mut cycle = [0.0; POINTS];
    for partial in 1..=16 {
        let strength = rng.random_range(0.3..1.0_f32) / partial as f32;
        let shift: u8 = rng.random();
        for (i, point) in cycle.iter_mut().enumerate() {
            *point += strength * SINE[(partial * i + usize::from(shift)) % POINTS];
        }
    }
    normalise(&mut cycle);
    cycle
}

/// A smooth random course between 0 and 1 with a turning point every so many seconds.
fn course(rate: SampleRate, samples: usize, every: [f32; 2], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut course = Vec::with_capacity(samples);
    let mut from: f32 = rng.random_range(0.0..1.0);
    while course.len() < samples {
        let to = rng.random_range(0.0..1.0_f32);
        let stretch = (rng.random_range(every[0]..every[1]) * rate.hz() as f32).max(1.0);
        let stretch_samples = (stretch as usize).min(samples - course.len());
        course.extend((0..stretch_samples).map(|i| {
            let t = i as f32 / stretch;
            from + (to - from) * t * t * (3.0 - 2.0 * t)
        }));
        from = to;
    }
    course
}
