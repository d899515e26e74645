//! Sums that a processor adds several at a time, and what else must be compiled for its vectors.

/// Partial sums: enough for four of the widest vectors, so that none waits for the sum before.
const LANES: usize = 32;

/// The sum of `of` over all values, in partial sums.
#[inline(always)]
pub(super) fn total(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for (sum, &value) in sums.iter_mut().zip(block) {
            *sum += of(value);
        }
    }
    let rest: f32 = rest.iter().map(|&value| of(value)).sum();
    sums.iter().sum::<f32>() + rest
}

/// The least and the largest of all values and zero.
#[inline(always)]
pub(super) fn extremes(values: &[f32]) -> (f32, f32) {
    let (mut low, mut high) = ([0.0_f32; LANES], [0.0_f32; LANES]);
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for ((low, high), &value) in low.iter_mut().zip(&mut high).zip(block) {
            *low = if value < *low { value } else { *low };
            *high = if value > *high { value } else { *high };
        }
    }
    let least = low.into_iter().chain(rest.iter().copied());
    let largest = high.into_iter().chain(rest.iter().copied());
    (least.fold(0.0, f32::min), largest.fold(0.0, f32::max))
}

/// Replaces what `buffer` holds. `Vec::extend` is compiled by itself, for every processor of the kind alike; this
/// becomes part of what calls it.
#[inline(always)]
pub(super) fn refill(buffer: &mut Vec<f32>, values: impl ExactSizeIterator<Item = f32>) {
    buffer.resize(values.len(), 0.0);
    for (slot, value) in buffer.iter_mut().zip(values) {
        *slot = value;
    }
}

/// Power as decibels of full scale, where a power of 1 is 0 dB; never less than −120.
pub(super) fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}
