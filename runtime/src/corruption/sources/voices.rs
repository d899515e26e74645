//! Voices that say nothing: a source with a pitch through the formants of vowels, in syllables.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::noise::{smoothing, white};
use crate::window::SampleRate;

/// The first three formants of ten English vowels, Hz: averages of the men of Peterson and Barney,
/// "Control methods used in a study of the vowels" (1952).
const VOWELS: [[f32; 3]; 10] = [
    [270.0, 2290.0, 3010.0],
    [390.0, 1990.0, 2550.0],
    [530.0, 1840.0, 2480.0],
    [660.0, 1720.0, 2410.0],
    [730.0, 1090.0, 2440.0],
    [570.0, 840.0, 2410.0],
    [440.0, 1020.0, 2240.0],
    [300.0, 870.0, 2240.0],
    [640.0, 1190.0, 2390.0],
    [490.0, 1350.0, 1690.0],
];
/// How wide the formants are, Hz; about those of Klatt, "Software for a cascade/parallel formant
/// synthesizer" (1980).
const WIDTHS: [f32; 3] = [60.0, 90.0, 150.0];
/// Samples for which levels and pitches change evenly.
const STRETCH: usize = 32;

/// Twelve people at different distances.
pub(super) fn crowd(rate: SampleRate, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let nearness = std::array::from_fn(|_| rng.random_range(0.2..1.0));
    Speakers::<12>::new(rate, nearness, rng).talk(samples, rng)
}

/// One person; the level is arbitrary.
pub(in crate::corruption) fn voice(
    rate: SampleRate,
    samples: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<f32> {
    Speakers::<1>::new(rate, [1.0], rng).talk(samples, rng)
}

/// What somebody says at the moment: a vowel that swells and fades, or a pause.
#[derive(Debug, Clone, Copy)]
struct Syllable {
    /// Samples.
    length: f32,
    /// Samples that are over.
    over: f32,
    /// How loud the vowel becomes, 0 in a pause.
    vowel: f32,
    /// How loud the hiss is with which it begins.
    hiss: f32,
    /// The pitch at its beginning and how much it changes until its end, cycles a sample.
    pitch: [f32; 2],
}

/// `N` people who talk at once; arrays side by side, so that the processor takes several in one go.
struct Speakers<const N: usize> {
    hz: f32,
    /// How fast what comes from the glottis dies away.
    fade: f32,
    nearness: [f32; N],
    /// Cycles a second.
    pitch: [f32; N],
    /// How much smaller than a man's the mouth is.
    mouth: [f32; N],
    syllables: [Syllable; N],
    phase: [f32; N],
    glottis: [f32; N],
    /// By formant.
    resonators: [Resonators<N>; 3],
}

/// One second-order resonator for each speaker, with gain 1 at 0 Hz (Klatt, 1980).
#[derive(Debug, Clone, Copy)]
struct Resonators<const N: usize> {
    take: [f32; N],
    back: [[f32; N]; 2],
    last: [[f32; N]; 2],
}

impl<const N: usize> Resonators<N> {
    fn tune(&mut self, speaker: usize, formant: f32, width: f32, hz: f32) {
        let (turn, keep) = (
            std::f32::consts::TAU * formant.min(0.45 * hz) / hz,
            (-std::f32::consts::PI * width / hz).exp(),
        );
        let back = [2.0 * keep * turn.cos(), -keep * keep];
        self.back[0][speaker] = back[0];
        self.back[1][speaker] = back[1];
        self.take[speaker] = 1.0 - back[0] - back[1];
    }

    #[inline]
    fn pass(&mut self, input: &[f32; N]) -> [f32; N] {
        let mut output = [0.0; N];
        for n in 0..N {
            output[n] = self.take[n] * input[n]
                + self.back[0][n] * self.last[0][n]
                + self.back[1][n] * self.last[1][n];
        }
        self.last = [output, self.last[0]];
        output
    }
}

impl<const N: usize> Speakers<N> {
    fn new(rate: SampleRate, nearness: [f32; N], rng: &mut ChaCha8Rng) -> Self {
        let hz = rate.hz() as f32;
        let silent = Resonators {
            take: [0.0; N],
            back: [[0.0; N]; 2],
            last: [[0.0; N]; 2],
        };
        // From a deep voice in a large head to a high one in a small head.
        let heights: [f32; N] = std::array::from_fn(|_| rng.random_range(0.0..1.0));
        let mut speakers = Self {
            hz,
            fade: smoothing(100.0, rate),
            nearness,
            pitch: heights.map(|height| 90.0 + 140.0 * height),
            mouth: heights.map(|height| 0.95 + 0.25 * height),
            syllables: [Syllable::pause(0.0); N],
            phase: [0.0; N],
            glottis: [0.0; N],
            resonators: [silent; 3],
        };
        for n in 0..N {
            speakers.begin_syllable(n, rng);
            // They did not all begin at once.
            let syllable = &mut speakers.syllables[n];
            syllable.over = syllable.length * rng.random_range(0.0..1.0_f32);
        }
        speakers
    }

    fn begin_syllable(&mut self, n: usize, rng: &mut ChaCha8Rng) {
        // Three to six a second, as in the modulation spectrum of speech (Houtgast and Steeneken,
        // 1985); one in seven is a pause.
        let length = self.hz / rng.random_range(3.0..6.0);
        self.syllables[n] = Syllable::pause(length);
        if rng.random_range(0..7) == 0 {
            return;
        }
        let start = self.pitch[n] * rng.random_range(0.85..1.2) / self.hz;
        self.syllables[n] = Syllable {
            vowel: self.nearness[n] * rng.random_range(0.4..1.0),
            hiss: self.nearness[n] * rng.random_range(-0.1..0.1_f32).max(0.0),
            pitch: [start, start * rng.random_range(-0.2..0.1)],
            ..self.syllables[n]
        };
        let vowel = VOWELS[rng.random_range(0..VOWELS.len())];
        for ((resonators, formant), width) in self.resonators.iter_mut().zip(vowel).zip(WIDTHS) {
            resonators.tune(n, formant * self.mouth[n], width, self.hz);
        }
    }

    fn talk(mut self, samples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let mut sound = white(samples, rng);
        let mut before = 0.0;
        for stretch in sound.chunks_mut(STRETCH) {
            for n in 0..N {
                if self.syllables[n].over >= self.syllables[n].length {
                    self.begin_syllable(n, rng);
                }
            }
            let hiss: f32 = self.syllables.iter().map(Syllable::hiss_now).sum();
            let mut loud = self.syllables.map(|s| s.vowel_now());
            let pitch = self.syllables.map(|s| s.pitch_now());
            for syllable in &mut self.syllables {
                syllable.over += stretch.len() as f32;
            }
            let step: [f32; N] = std::array::from_fn(|n| {
                (self.syllables[n].vowel_now() - loud[n]) / stretch.len() as f32
            });
            for sample in stretch {
                let noise = *sample;
                let vowels = self.vowels(&pitch, noise);
                let voiced: f32 = (0..N).map(|n| vowels[n] * loud[n]).sum();
                for n in 0..N {
                    loud[n] += step[n];
                }
                *sample = voiced + hiss * (noise - before);
                before = noise;
            }
        }
        sound
    }

    /// One sample of each voice as if it were all vowels.
    #[inline]
    fn vowels(&mut self, pitch: &[f32; N], noise: f32) -> [f32; N] {
        // As loud at every rate, if the noise is white.
        let breath = 0.03 * self.fade.sqrt() * noise;
        let mut source = [0.0; N];
        for n in 0..N {
            let phase = self.phase[n] + pitch[n];
            let closes = if phase >= 1.0 { 1.0 } else { 0.0 };
            self.phase[n] = phase - closes;
            // A pulse whenever the glottis closes, falling by 6 dB an octave as the glottis and
            // the lips do together; without its mean.
            self.glottis[n] += closes - pitch[n] + breath - self.fade * self.glottis[n];
            source[n] = self.glottis[n];
        }
        self.resonators
            .iter_mut()
            .fold(source, |sound, resonators| resonators.pass(&sound))
    }
}

impl Syllable {
    fn pause(length: f32) -> Self {
        Self {
            length,
            over: 0.0,
            vowel: 0.0,
            hiss: 0.0,
            pitch: [0.0; 2],
        }
    }

    /// 0 at its beginning, 1 at its end.
    fn progress(&self) -> f32 {
        (self.over / self.length.max(1.0)).min(1.0)
    }

    fn vowel_now(&self) -> f32 {
        let t = self.progress();
        // Like a squared sine, without one.
        let swell = 4.0 * t * (1.0 - t);
        self.vowel * swell * swell
    }

    fn hiss_now(&self) -> f32 {
        let t = self.progress() / 0.3;
        if t < 1.0 {
            self.hiss * 4.0 * t * (1.0 - t)
        } else {
            0.0
        }
    }

    fn pitch_now(&self) -> f32 {
        self.pitch[0] + self.pitch[1] * self.progress()
    }
}
