//! What goes wrong with sound.
//!
//! The parameter sets are this suite's own where no source is named; all are for the five
//! severities from the mildest.

mod electric;
mod noise;
mod room;
mod time;

use std::time::Duration;

use rand_chacha::ChaCha8Rng;

use super::{NoiseKind, Severity, Sources};
use crate::noise::{hum, white};
use crate::window::Window;

/// One kind of corruption of the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AudioCorruption {
    /// White noise at a signal-to-noise ratio of 15, 10, 5, 0 or −5 dB.
    ///
    /// READ (Yang et al., ICLR 2024) adds noise of 0.08, 0.12, 0.18, 0.26 or 0.38 of full scale
    /// however loud the recording is; here the noise follows the recording, so that a quiet one is
    /// spoilt as much as a loud one.
    ///
    /// Here and below, the level of a sound is the root mean square of the louder half of its 20 ms
    /// pieces, so that the silence around a word does not count; in a window that is silent (below
    /// −70 dBFS), noise is as loud as if the sound had −40 dBFS. What goes beyond full scale is cut
    /// off, as by a converter.
    GaussianNoise,
    /// Wind in the microphone at 15, 10, 5, 0 or −5 dB; one of the five noises of READ.
    Wind,
    /// Rain, likewise.
    Rain,
    /// Thunder, likewise.
    Thunder,
    /// Engines near by, likewise.
    Traffic,
    /// Many people talking, likewise.
    Crowd,
    /// Somebody else talks over it, at 15, 10, 5, 0 or −5 dB: the sound of another window, or a voice
    /// that says nothing where the others are silent.
    Speaker,
    /// A large, bare room, which takes 0.3, 0.6, 1, 1.6 or 2.5 s to fade by 60 dB, heard from further
    /// away each time.
    Reverberation,
    /// Something over the microphone: nothing above 2000, 1200, 700, 400 or 250 Hz, and less of the
    /// rest.
    Muffled,
    /// Hum of the mains, 50 or 60 Hz with overtones, at 10, 3.75, −2.5, −8.75 or −15 dB.
    Hum,
    /// An amplifier at its limit: the peaks are 6, 12, 18, 27 or 36 dB above it and become flat. The
    /// limit is put at the peak of the original, so that quiet recordings are spoilt as much.
    Clipping,
    /// The level falls by 20, 30, 40, 50 or 60 dB, while the noise of the electronics stays at
    /// −75 dBFS and the converter has 16 bits.
    GainCollapse,
    /// Pieces of 20 to 150 ms, together 15, 30, 45, 60 or 75 % of the time, are exactly zero.
    DropOuts,
    /// The microphone dies inside the window; the last 20, 40, 60, 80 or 100 % are exactly zero.
    Silence,
    /// A clock that is 0.6, 1.2, 1.8, 2.4 or 3 % too fast or too slow. Sound that goes missing at the
    /// end is silence.
    WrongClock,
    /// The sound comes 0.1, 0.2, 0.4, 0.7 or 1 s late against the picture; before it is what is heard
    /// in the quietest moment of the window.
    Late,
    /// There is no microphone.
    Missing,
}

impl AudioCorruption {
    /// All of them.
    pub const ALL: [AudioCorruption; 17] = [
        AudioCorruption::GaussianNoise,
        AudioCorruption::Wind,
        AudioCorruption::Rain,
        AudioCorruption::Thunder,
        AudioCorruption::Traffic,
        AudioCorruption::Crowd,
        AudioCorruption::Speaker,
        AudioCorruption::Reverberation,
        AudioCorruption::Muffled,
        AudioCorruption::Hum,
        AudioCorruption::Clipping,
        AudioCorruption::GainCollapse,
        AudioCorruption::DropOuts,
        AudioCorruption::Silence,
        AudioCorruption::WrongClock,
        AudioCorruption::Late,
        AudioCorruption::Missing,
    ];

    /// As in `camera/fog`, without the sensor.
    pub fn name(self) -> &'static str {
        match self {
            AudioCorruption::GaussianNoise => "gaussian-noise",
            AudioCorruption::Wind => "wind",
            AudioCorruption::Rain => "rain",
            AudioCorruption::Thunder => "thunder",
            AudioCorruption::Traffic => "traffic",
            AudioCorruption::Crowd => "crowd",
            AudioCorruption::Speaker => "speaker",
            AudioCorruption::Reverberation => "reverberation",
            AudioCorruption::Muffled => "muffled",
            AudioCorruption::Hum => "hum",
            AudioCorruption::Clipping => "clipping",
            AudioCorruption::GainCollapse => "gain-collapse",
            AudioCorruption::DropOuts => "drop-outs",
            AudioCorruption::Silence => "silence",
            AudioCorruption::WrongClock => "wrong-clock",
            AudioCorruption::Late => "late",
            AudioCorruption::Missing => "missing",
        }
    }

    /// Spoils the sound of a window of the given length; without sound, there is nothing to spoil.
    pub(super) fn apply(
        self,
        window: &mut Window,
        length: Duration,
        severity: Severity,
        rng: &mut ChaCha8Rng,
        sources: &Sources,
    ) {
        let (start, end) = (window.start, window.start.saturating_add(length));
        let Some(sound) = &mut window.sound else {
            return;
        };
        if sound.samples.is_empty() && self != AudioCorruption::Missing {
            return;
        }
        let (rate, count) = (sound.rate, sound.samples.len());
        let noise_db = severity.pick([15.0, 10.0, 5.0, 0.0, -5.0]);
        let outdoors = |sound, kind, rng| {
            let noise = sources.noises.noise(kind, rate, count, rng);
            noise::add(sound, &noise, noise_db);
        };
        match self {
            AudioCorruption::GaussianNoise => noise::add(sound, &white(count, rng), noise_db),
            AudioCorruption::Wind => outdoors(sound, NoiseKind::Wind, rng),
            AudioCorruption::Rain => outdoors(sound, NoiseKind::Rain, rng),
            AudioCorruption::Thunder => outdoors(sound, NoiseKind::Thunder, rng),
            AudioCorruption::Traffic => outdoors(sound, NoiseKind::Traffic, rng),
            AudioCorruption::Crowd => outdoors(sound, NoiseKind::Crowd, rng),
            AudioCorruption::Speaker => noise::talk_over(sound, &sources.others, noise_db, rng),
            AudioCorruption::Reverberation => room::reverberate(sound, severity, rng),
            AudioCorruption::Muffled => room::muffle(sound, severity),
            AudioCorruption::Hum => {
                let db = severity.pick([10.0, 3.75, -2.5, -8.75, -15.0]);
                noise::add(sound, &hum(rate, count, rng), db);
            }
            AudioCorruption::Clipping => electric::clip(sound, severity),
            AudioCorruption::GainCollapse => electric::collapse(sound, severity, rng),
            AudioCorruption::DropOuts => time::drop_out(sound, severity, rng),
            AudioCorruption::Silence => time::die(sound, start, end, severity),
            AudioCorruption::WrongClock => time::misclock(sound, severity, rng),
            AudioCorruption::Late => time::delay(sound, end, severity, rng),
            AudioCorruption::Missing => window.sound = None,
        }
    }
}

#[cfg(test)]
mod tests;
