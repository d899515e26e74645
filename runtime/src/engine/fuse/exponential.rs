//! The exponential function over many numbers at once.

/// Replaces each number, none above zero, by its exponential, to a few parts in 10⁷; what is below −87 gives (almost) zero.
///
/// x = n·ln 2 + r with r within ±ln 2 / 2; 2ⁿ goes into the exponent, and a polynomial of degree 6 gives eʳ (the Taylor series,
/// whose rest is below 2·10⁻⁸ there). Without branches, so that it is compiled to vectors.
#[inline(always)]
pub fn exponentials(values: &mut [f32]) {
    /// Added and taken away again it rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    for value in values {
        let x = value.max(-87.0);
        let n = x * std::f32::consts::LOG2_E + ROUND - ROUND;
        let r = x - n * LN_2_HIGH - n * LN_2_LOW;
        let series = 1.0 / 120.0 + r * (1.0 / 720.0);
        let series = 1.0 / 6.0 + r * (1.0 / 24.0 + r * series);
        let series = 1.0 + r * (1.0 + r * (0.5 + r * series));
        let power = f32::from_bits((((n as i32) + 127) << 23) as u32);
        *value = series * power;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_exponential() {
        let mut numbers: Vec<f32> = (0..8700).map(|i| -f32::from(i as u16) / 100.0).collect();
        let expected: Vec<f64> = numbers.iter().map(|&x| f64::from(x).exp()).collect();
        exponentials(&mut numbers);
        for (found, expected) in numbers.iter().zip(expected) {
            let error = (f64::from(*found) - expected).abs() / expected;
            assert!(error < 5e-7, "{found} {expected}");
        }
        let mut low = [-1e30, f32::NEG_INFINITY];
        exponentials(&mut low);
        assert!(low.iter().all(|&x| (0.0..1e-37).contains(&x)), "{low:?}");
    }
}
