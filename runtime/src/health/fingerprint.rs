//! Telling a new picture from one that was there before.

/// A hash of a picture's rows: equal for equal rows, and different for others but once in 2⁶⁴.
/// Fast rather than safe from forgery: multiplication by an odd number and rotation, in four lanes.
pub(super) fn fingerprint<'a>(rows: impl Iterator<Item = &'a [u8]>) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64, word: u64| (state ^ word).wrapping_mul(ODD).rotate_left(29);
    let mut lanes = [1_u64, 2, 3, 4];
    for row in rows {
        let mut blocks = row.chunks_exact(32);
        for block in &mut blocks {
            for (lane, word) in lanes.iter_mut().zip(block.chunks_exact(8)) {
                let word = word.try_into().map_or(0, u64::from_le_bytes);
                *lane = mix(*lane, word);
            }
        }
        for &byte in blocks.remainder() {
            lanes[0] = mix(lanes[0], u64::from(byte));
        }
    }
    lanes.into_iter().fold(0, mix)
}
