//! The statistics that are judged, and what it means when one leaves its range.

use serde::{Deserialize, Serialize};

use super::Reason;

/// A statistic of one kind of sensor.
pub(super) trait Statistic: Copy + Ord + 'static {
    /// All of them, the most telling first: of several that are equally bad, the first names the
    /// reason.
    const ALL: &'static [Self];

    /// Its place in [`Statistic::ALL`] and among the readings of a window.
    fn index(self) -> usize;

    /// How it is judged.
    fn nature(self) -> Nature;
}

/// How a statistic is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nature {
    /// What is wrong below its range, if anything.
    pub(super) below: Option<Fault>,
    /// What is wrong above its range, if anything.
    pub(super) above: Option<Fault>,
    /// The least that a score takes to fall from 1 to 0, however alike the clean windows are: what
    /// other light, another room or another distance changes without harm.
    pub(super) softness: Softness,
}

/// What is wrong on one side of a range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) reason: Reason,
    /// Up to here it never does harm, even where clean windows do not reach this far.
    pub(super) harmless: Option<f64>,
    /// Here it cannot get worse: the score is at its lowest, however wide the range of clean windows.
    pub(super) dead: Option<f64>,
    /// The limit and softness without a calibration, for what needs none.
    pub(super) always: Option<(f64, f64)>,
    /// Whether nothing is left of the signal at a score of 0. Of a signal that is only bad, the model
    /// may still make something, and its score does not fall below [`super::Health::BAD`].
    pub(super) fatal: bool,
}

/// The least width of the fall from well to dead.
#[derive(Debug, Clone, Copy)]
pub(super) enum Softness {
    /// In the unit of the statistic.
    Units(f64),
    /// As a share of the limit.
    Share(f64),
}

impl Softness {
    pub(super) fn at(self, limit: f64) -> f64 {
        match self {
            Softness::Units(units) => units,
            Softness::Share(share) => share * limit.abs(),
        }
    }
}

/// A statistic of the camera. Those of the picture are means over frames of a window, at most eight a second, taken on
/// up to 128×128 pixels of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraStatistic {
    /// Share of pixels that are all but black (luma below 4 % of full scale), 0..1.
    BlackShare,
    /// Share of pixels that are all but white (luma above 98 %), 0..1.
    WhiteShare,
    /// How long a frame of the window has been the same as those before it, bit for bit, in seconds.
    FrozenSeconds,
    /// Mean of the weakest colour channel over the mean of all three, 0..1.
    WeakestChannel,
    /// Mean of the strongest colour channel over the mean of all three, 1..3.
    StrongestChannel,
    /// Mean luma (ITU-R BT.601), 0..1.
    Brightness,
    /// Standard deviation of luma, 0..0.5.
    Contrast,
    /// Standard deviation of the noise of luma, 0..1 (Immerkær, "Fast noise variance estimation",
    /// 1996). Very fine texture counts as noise.
    Noise,
    /// Mean size of the Laplacian over the contrast, in dB: fine detail against all there is.
    Sharpness,
    /// Share of neighbours in a row that are exactly equal, and neither black nor white, 0..1.
    EqualNeighbours,
    /// The largest step of a row from the one above, over the largest of the step before it, the
    /// step after it and the mean one; what is stepped the same way all along the row does not count.
    Tear,
    /// Frames a second. Not judged while every window holds one frame: a still picture.
    FrameRate,
}

/// How many statistics the camera has.
pub(super) const CAMERA_STATISTICS: usize = CameraStatistic::ALL.len();

impl Statistic for CameraStatistic {
    const ALL: &'static [Self] = &[
        CameraStatistic::BlackShare,
        CameraStatistic::WhiteShare,
        CameraStatistic::FrozenSeconds,
        CameraStatistic::WeakestChannel,
        CameraStatistic::StrongestChannel,
        CameraStatistic::Brightness,
        CameraStatistic::Contrast,
        CameraStatistic::Noise,
        CameraStatistic::Sharpness,
        CameraStatistic::EqualNeighbours,
        CameraStatistic::Tear,
        CameraStatistic::FrameRate,
    ];

    fn index(self) -> usize {
        self as usize
    }

    fn nature(self) -> Nature {
        use Softness::{Share, Units};
        match self {
            CameraStatistic::BlackShare => above(
                fault(Reason::Dark)
                    .harmless_to(0.4)
                    .dead_at(1.0)
                    .always(0.98, 0.02)
                    .fatal(),
                Units(0.1),
            ),
            CameraStatistic::WhiteShare => above(
                fault(Reason::OverExposed)
                    .harmless_to(0.4)
                    .dead_at(1.0)
                    .fatal(),
                Units(0.1),
            ),
            CameraStatistic::FrozenSeconds => above(
                fault(Reason::Frozen { seconds: 0.0 })
                    .harmless_to(0.15)
                    .always(0.2, 0.15)
                    .fatal(),
                Units(0.15),
            ),
            CameraStatistic::WeakestChannel => below(
                fault(Reason::OffColour).harmless_to(0.75).dead_at(0.0),
                Units(0.15),
            ),
            CameraStatistic::StrongestChannel => {
                above(fault(Reason::OffColour).harmless_to(1.25), Units(0.15))
            }
            CameraStatistic::Brightness => Nature {
                below: Some(fault(Reason::Dark).harmless_to(0.3).dead_at(0.0)),
                above: Some(fault(Reason::OverExposed).harmless_to(0.65).dead_at(1.0)),
                softness: Units(0.08),
            },
            CameraStatistic::Contrast => below(
                fault(Reason::Flat).harmless_to(0.08).dead_at(0.0),
                Units(0.03),
            ),
            CameraStatistic::Noise => above(fault(Reason::Noisy).harmless_to(0.015), Units(0.02)),
            CameraStatistic::Sharpness => below(fault(Reason::Blurred), Units(2.0)),
            CameraStatistic::Tear => above(fault(Reason::Torn).harmless_to(4.0), Units(3.0)),
            CameraStatistic::EqualNeighbours => {
                above(fault(Reason::Blocky).harmless_to(0.3), Units(0.15))
            }
            CameraStatistic::FrameRate => below(fault(Reason::FewFrames), Share(0.5)),
        }
    }
}

/// A statistic of the microphone, over the sound of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudioStatistic {
    /// The longest time without any change, in seconds; it may have begun in an earlier window.
    SilentSeconds,
    /// Share of samples at full scale, 0..1.
    FullScale,
    /// Share of samples on a flat top: as good as equal to the one before, and within 10 % of the
    /// highest or lowest sample, 0..1.
    FlatTops,
    /// Share of samples in runs of 2 ms or more without any change, 0..1.
    DropOuts,
    /// Level of the steadier of 50 and 60 Hz and their first harmonics, dB of full scale: what is
    /// there in every quarter of the window.
    Hum,
    /// Distance of the mean from zero, share of full scale.
    Offset,
    /// Level below about 90 Hz, dB of full scale.
    Rumble,
    /// Level of everything, dB of full scale.
    Level,
    /// Level that nine in ten pieces of 20 ms are above, dB of full scale: the noise between words.
    NoiseFloor,
    /// High tones against all of it, dB: the power of the second difference over the power. Judged
    /// only where something stands out of the noise.
    Treble,
}

/// How many statistics the microphone has.
pub(super) const AUDIO_STATISTICS: usize = AudioStatistic::ALL.len();

impl Statistic for AudioStatistic {
    const ALL: &'static [Self] = &[
        AudioStatistic::SilentSeconds,
        AudioStatistic::FullScale,
        AudioStatistic::FlatTops,
        AudioStatistic::DropOuts,
        AudioStatistic::Hum,
        AudioStatistic::Offset,
        AudioStatistic::Rumble,
        AudioStatistic::Level,
        AudioStatistic::NoiseFloor,
        AudioStatistic::Treble,
    ];

    fn index(self) -> usize {
        self as usize
    }

    fn nature(self) -> Nature {
        use Softness::Units;
        match self {
            AudioStatistic::SilentSeconds => above(
                fault(Reason::Silent)
                    .harmless_to(0.6)
                    .always(0.6, 0.4)
                    .fatal(),
                Units(0.4),
            ),
            AudioStatistic::FullScale => above(
                fault(Reason::Clipping)
                    .harmless_to(0.005)
                    .always(0.01, 0.03),
                Units(0.02),
            ),
            AudioStatistic::FlatTops => {
                above(fault(Reason::Clipping).harmless_to(0.005), Units(0.02))
            }
            AudioStatistic::DropOuts => {
                above(fault(Reason::DropOuts).harmless_to(0.01), Units(0.04))
            }
            AudioStatistic::Hum => above(fault(Reason::Hum).harmless_to(-60.0), Units(6.0)),
            AudioStatistic::Offset => {
                above(fault(Reason::OffCentre).harmless_to(0.02), Units(0.03))
            }
            AudioStatistic::Rumble => above(fault(Reason::Rumble).harmless_to(-50.0), Units(6.0)),
            AudioStatistic::Level => above(fault(Reason::Loud).harmless_to(-20.0), Units(6.0)),
            AudioStatistic::NoiseFloor => Nature {
                below: Some(fault(Reason::Quiet)),
                above: Some(fault(Reason::Noisy).harmless_to(-60.0)),
                softness: Units(6.0),
            },
            AudioStatistic::Treble => below(fault(Reason::Muffled), Units(3.0)),
        }
    }
}

/// A statistic of a sensor of numbers. Values are in units of each channel's spread (`mean` and `std` of the
/// sensor's section in model.toml); of several channels the worst counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalStatistic {
    /// How long no channel has changed at all, in seconds.
    FrozenSeconds,
    /// The longest time from one reading to the next, in seconds.
    LongestGap,
    /// Readings in a window.
    Readings,
    /// Share of a channel's readings, 0..1, that repeat its largest or smallest value of the window.
    AtExtremes,
    /// The largest distance of a reading from the channel's mean.
    Largest,
    /// The distance of the window's mean from the channel's mean.
    Offset,
    /// Standard deviation of the noise, from the bends of the curve.
    Noise,
}

/// How many statistics a sensor of numbers has.
pub(super) const SIGNAL_STATISTICS: usize = SignalStatistic::ALL.len();

impl Statistic for SignalStatistic {
    const ALL: &'static [Self] = &[
        SignalStatistic::FrozenSeconds,
        SignalStatistic::LongestGap,
        SignalStatistic::Readings,
        SignalStatistic::AtExtremes,
        SignalStatistic::Largest,
        SignalStatistic::Offset,
        SignalStatistic::Noise,
    ];

    fn index(self) -> usize {
        self as usize
    }

    fn nature(self) -> Nature {
        use Softness::{Share, Units};
        match self {
            SignalStatistic::FrozenSeconds => above(
                fault(Reason::Frozen { seconds: 0.0 })
                    .harmless_to(0.3)
                    .always(1.0, 1.0)
                    .fatal(),
                Units(0.3),
            ),
            SignalStatistic::LongestGap => {
                above(fault(Reason::Stalled { seconds: 0.0 }), Share(6.0))
            }
            SignalStatistic::Readings => below(fault(Reason::DropOuts).dead_at(0.0), Share(0.5)),
            SignalStatistic::AtExtremes => {
                above(fault(Reason::Saturated).harmless_to(0.02), Units(0.1))
            }
            SignalStatistic::Largest => above(fault(Reason::OutOfRange), Share(0.5)),
            SignalStatistic::Offset => above(fault(Reason::OffCentre).harmless_to(0.5), Units(1.0)),
            SignalStatistic::Noise => above(fault(Reason::Noisy).harmless_to(0.02), Share(1.0)),
        }
    }
}

const fn fault(reason: Reason) -> Fault {
    Fault {
        reason,
        harmless: None,
        dead: None,
        always: None,
        fatal: false,
    }
}

impl Fault {
    const fn harmless_to(self, value: f64) -> Self {
        Self {
            harmless: Some(value),
            ..self
        }
    }

    const fn dead_at(self, value: f64) -> Self {
        Self {
            dead: Some(value),
            ..self
        }
    }

    const fn fatal(self) -> Self {
        Self {
            fatal: true,
            ..self
        }
    }

    const fn always(self, limit: f64, soft: f64) -> Self {
        Self {
            always: Some((limit, soft)),
            ..self
        }
    }
}

const fn below(fault: Fault, softness: Softness) -> Nature {
    Nature {
        below: Some(fault),
        above: None,
        softness,
    }
}

const fn above(fault: Fault, softness: Softness) -> Nature {
    Nature {
        below: None,
        above: Some(fault),
        softness,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statistic_has_a_place_of_its_own() {
        let in_order = |places: Vec<usize>| places.iter().enumerate().all(|(i, place)| i == *place);
        assert!(in_order(
            CameraStatistic::ALL.iter().map(|s| s.index()).collect()
        ));
        assert!(in_order(
            AudioStatistic::ALL.iter().map(|s| s.index()).collect()
        ));
        assert!(in_order(
            SignalStatistic::ALL.iter().map(|s| s.index()).collect()
        ));
    }
}
