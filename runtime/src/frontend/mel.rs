//! Triangular filters on the mel scale.

use serde::{Deserialize, Serialize};

/// Which mel scale the bands are spread evenly on, and how high their triangles are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MelScale {
    /// That of the HTK Book (Young et al., section 5.4): mel(f) = 2595·log₁₀(1 + f/700). Every triangle is 1 high.
    #[default]
    Htk,
    /// That of Slaney's Auditory Toolbox (1998), which librosa has made usual: linear up to 1 kHz, mel(f) = 3f/200, then
    /// logarithmic, 15 + 27·ln(f/1000)/ln 6.4. Every triangle has the area 1 over Hz.
    Slaney,
}

impl MelScale {
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    fn mel(self, hz: f64) -> f64 {
        match self {
            Self::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
            Self::Slaney if hz < 1000.0 => hz * 3.0 / 200.0,
            Self::Slaney => 15.0 + 27.0 * (hz / 1000.0).ln() / 6.4_f64.ln(),
        }
    }

    fn hz(self, mel: f64) -> f64 {
        match self {
            Self::Htk => 700.0 * (10_f64.powf(mel / 2595.0) - 1.0),
            Self::Slaney if mel < 15.0 => mel * 200.0 / 3.0,
            Self::Slaney => 1000.0 * ((mel - 15.0) / 27.0 * 6.4_f64.ln()).exp(),
        }
    }

    /// How high the triangle from `left` to `right` Hz is.
    fn height(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Htk => 1.0,
            Self::Slaney => 2.0 / (right - left),
        }
    }
}

/// A bank of overlapping triangles, each stored as the stretch of Fourier points under it.
///
/// Edges are spread evenly on the mel scale; a triangle rises linearly in Hz from 0 at the centre of the
/// band below to its height at its own and falls to 0 at the centre of the band above.
pub(super) struct MelBank {
    bands: Vec<Band>,
    weights: Vec<f32>,
}

struct Band {
    first_point: usize,
    weights: std::ops::Range<usize>,
}

impl MelBank {
    /// Filters for the power spectrum of `fft_size` samples at `sample_rate` Hz.
    ///
    /// # Errors
    /// The number of the first band that is so narrow that it lies between two Fourier points.
    pub(super) fn new(
        scale: MelScale,
        bands: usize,
        fft_size: usize,
        sample_rate: f64,
        min_hz: f64,
        max_hz: f64,
    ) -> Result<Self, usize> {
        let (low, high) = (scale.mel(min_hz), scale.mel(max_hz));
        let edge = |i: usize| scale.hz(low + (high - low) * i as f64 / (bands + 1) as f64);
        let point_hz = |k: usize| k as f64 * sample_rate / fft_size as f64;
        let mut bank = Self {
            bands: Vec::with_capacity(bands),
            weights: Vec::new(),
        };
        for band in 0..bands {
            let (left, centre, right) = (edge(band), edge(band + 1), edge(band + 2));
            let height = |k: usize| {
                let f = point_hz(k);
                let slope = ((f - left) / (centre - left)).min((right - f) / (right - centre));
                scale.height(left, right) * slope
            };
            let before = bank.weights.len();
            let mut first_point = 0;
            for k in (0..=fft_size / 2).filter(|&k| height(k) > 0.0) {
                if bank.weights.len() == before {
                    first_point = k;
                }
                bank.weights.push(height(k) as f32);
            }
            if bank.weights.len() == before {
                return Err(band);
            }
            bank.bands.push(Band {
                first_point,
                weights: before..bank.weights.len(),
            });
        }
        Ok(bank)
    }

    /// The power in each band, from the lowest, given the power at each Fourier point.
    pub(super) fn apply<'a>(&'a self, power: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        self.bands.iter().map(move |band| {
            self.weights[band.weights.clone()]
                .iter()
                .zip(&power[band.first_point..])
                .map(|(weight, power)| weight * power)
                .sum()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_triangles_share_every_point_between_their_centres() {
        let bank = MelBank::new(MelScale::Htk, 20, 512, 16_000.0, 100.0, 7_000.0).unwrap();
        // Between the centres of the first and the last band the triangles add up to 1.
        for k in 10..180 {
            let mut power = vec![0.0; 257];
            power[k] = 1.0;
            let total: f32 = bank.apply(&power).sum();
            assert!((total - 1.0).abs() < 1e-5, "{total} at point {k}");
        }
    }

    #[test]
    fn both_scales_have_their_fixed_points() {
        assert!((MelScale::Htk.mel(1_000.0) - 1_000.0).abs() < 0.1);
        assert!((MelScale::Slaney.mel(1_000.0) - 15.0).abs() < 1e-9);
        assert!((MelScale::Slaney.mel(6_400.0) - 42.0).abs() < 1e-9);
        for scale in [MelScale::Htk, MelScale::Slaney] {
            for hz in [210.0, 3_210.0] {
                assert!((scale.hz(scale.mel(hz)) - hz).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn triangles_of_slaney_have_one_area() {
        let bank = MelBank::new(MelScale::Slaney, 8, 4096, 16_000.0, 60.0, 3_800.0).unwrap();
        let flat = vec![16_000.0 / 4096.0; 2049];
        for area in bank.apply(&flat) {
            assert!((area - 1.0).abs() < 1e-2, "{area}");
        }
    }
}
