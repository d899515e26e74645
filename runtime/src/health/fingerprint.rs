//! Telling a new picture from one that was there before.

use pulp::{Simd, WithSimd};

/// Lanes that are mixed side by side: four of the widest vectors, so that none waits for the step before.
const LANES: usize = 64;
const ODD: u32 = 0x9e37_79b9;

/// A hash of a picture's rows: equal for equal rows, and different for rows in which a single word differs; of others,
/// at random, two in four thousand million are taken for equal. Fast rather than safe from forgery, or from differences that are made to
/// cancel: multiplication by an odd number and rotation, in many lanes.
pub(super) fn fingerprint<'a>(rows: impl Iterator<Item = &'a [u8]>) -> u64 {
    pulp::Arch::new().dispatch(Mixing { rows })
}

/// The mixing, compiled for the widest vectors of the processor: what it calls is inlined.
struct Mixing<I> {
    rows: I,
}

impl<'a, I: Iterator<Item = &'a [u8]>> WithSimd for Mixing<I> {
    type Output = u64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> u64 {
        let mut lanes: [u32; LANES] = std::array::from_fn(|lane| lane as u32);
        for row in self.rows {
            let (words, rest) = row.as_chunks::<4>();
            let (blocks, words) = words.as_chunks::<LANES>();
            for block in blocks {
                mix_in(&mut lanes, block);
            }
            mix_in(&mut lanes, words);
            for &byte in rest {
                lanes[0] = mix(lanes[0], u32::from(byte));
            }
        }
        let pairs = lanes.as_chunks::<2>().0.iter();
        pairs.fold(0, |state, &[low, high]| {
            let word = u64::from(high) << 32 | u64::from(low);
            (state ^ word)
                .wrapping_mul(u64::from(ODD) << 32 | u64::from(ODD))
                .rotate_left(29)
        })
    }
}

#[inline(always)]
fn mix_in(lanes: &mut [u32; LANES], words: &[[u8; 4]]) {
    for (lane, word) in lanes.iter_mut().zip(words) {
        *lane = mix(*lane, u32::from_le_bytes(*word));
    }
}

#[inline(always)]
fn mix(state: u32, word: u32) -> u32 {
    (state ^ word).wrapping_mul(ODD).rotate_left(13)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_one_bit_anywhere_is_another_picture() {
        let picture: Vec<u8> = (0..700_u32).map(|i| (i * i % 251) as u8).collect();
        let print = |bytes: &[u8]| fingerprint(bytes.chunks(350));
        let mut seen = std::collections::BTreeSet::from([print(&picture)]);
        for at in 0..picture.len() {
            let mut other = picture.clone();
            other[at] ^= 1 << (at % 8);
            assert!(seen.insert(print(&other)), "{at}");
        }
        let mut turned = picture.clone();
        turned.rotate_left(350);
        assert!(!seen.contains(&print(&turned)), "the order of rows counts");
    }
}
