//! Triangular filters on the mel scale.

/// A bank of overlapping triangles, each stored as the stretch of Fourier points under it.
///
/// The mel scale is that of the HTK Book (Young et al., section 5.4):
/// mel(f) = 2595·log₁₀(1 + f/700). Edges are spread evenly on that scale; a triangle rises
/// linearly in Hz from 0 at the centre of the band below to 1 at its own and falls to 0 at the
/// centre of the band above. Triangles are not scaled by their area.
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
        bands: usize,
        fft_size: usize,
        sample_rate: f64,
        min_hz: f64,
        max_hz: f64,
    ) -> Result<Self, usize> {
        let (low, high) = (mel(min_hz), mel(max_hz));
        let edge = |i: usize| hz(low + (high - low) * i as f64 / (bands + 1) as f64);
        let point_hz = |k: usize| k as f64 * sample_rate / fft_size as f64;
        let mut bank = Self {
            bands: Vec::with_capacity(bands),
            weights: Vec::new(),
        };
        for band in 0..bands {
            let (left, centre, right) = (edge(band), edge(band + 1), edge(band + 2));
            let height = |k: usize| {
                let f = point_hz(k);
                ((f - left) / (centre - left)).min((right - f) / (right - centre))
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

fn mel(hz: f64) -> f64 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

fn hz(mel: f64) -> f64 {
    700.0 * (10_f64.powf(mel / 2595.0) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_triangles_share_every_point_between_their_centres() {
        let bank = MelBank::new(20, 512, 16_000.0, 100.0, 7_000.0).unwrap();
        // Between the centres of the first and the last band the triangles add up to 1.
        for k in 10..180 {
            let mut power = vec![0.0; 257];
            power[k] = 1.0;
            let total: f32 = bank.apply(&power).sum();
            assert!((total - 1.0).abs() < 1e-5, "{total} at point {k}");
        }
    }

    #[test]
    fn a_thousand_hertz_is_a_thousand_mel() {
        assert!((mel(1_000.0) - 1_000.0).abs() < 0.1);
        assert!((hz(mel(3_210.0)) - 3_210.0).abs() < 1e-9);
    }
}
