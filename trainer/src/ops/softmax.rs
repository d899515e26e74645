//! Softmax of a row, in place.

/// eˣ for x in −87..88, to within 3 units in the last place.
///
/// The library's `exp` is a call per value; this one has no branches, so that a loop over it becomes
/// vector instructions. x = n·ln 2 + r with |r| ≤ ln 2 / 2, and eʳ is its Taylor polynomial.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Adding and subtracting 1.5·2²³ rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    // SAFETY of the cast: n is a whole number between −126 and 127.
    let power = ((n as i32 + 127) << 23) as u32;
    p * f32::from_bits(power)
}

/// Replaces `row` by its softmax.
pub fn softmax_in_place(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in row.iter_mut() {
        *value = exp(*value - largest);
    }
    let scale = row.iter().sum::<f32>().recip();
    for value in row.iter_mut() {
        *value *= scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_accurate() {
        for i in -8700..=8800 {
            let x = i as f32 / 100.0;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 4e-7, "exp({x}): relative error {error}");
        }
        assert!(exp(-1000.0) < 1e-37);
    }

    #[test]
    fn softmax_of_large_scores_is_finite() {
        let mut row = [1000.0, 1000.0, -1000.0];
        softmax_in_place(&mut row);
        assert!((row[0] - 0.5).abs() < 1e-6 && row[2] < 1e-30);
    }
}
