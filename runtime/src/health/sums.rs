//! Sums that a processor adds several at a time.

/// The sum of `of` over all values, in eight partial sums.
#[inline(always)]
pub(super) fn total(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0_f32; 8];
    let mut blocks = values.chunks_exact(8);
    for block in &mut blocks {
        for (sum, &value) in sums.iter_mut().zip(block) {
            *sum += of(value);
        }
    }
    let rest: f32 = blocks.remainder().iter().map(|&value| of(value)).sum();
    sums.iter().sum::<f32>() + rest
}

/// Power as decibels of full scale, where a power of 1 is 0 dB; never less than −120.
pub(super) fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}
