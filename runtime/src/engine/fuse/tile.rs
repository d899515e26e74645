//! Sums of products by tiles: some rows times some columns whose sums stay in registers from the first product to the last.
//!
//! A row is read where it lies: for a convolution it is the patch of a pixel, of which each line lies in one piece when the
//! channels of a pixel lie side by side, so that nothing is copied into patches.

use pulp::{Simd, WithSimd};

/// Columns that are read at once.
pub const GROUP: usize = 16;

/// Weights in the order in which tiles read them best: for each group of columns, step by step, its 16 weights; zeros
/// behind the last column. `weight(column, step)` gives them.
pub fn pack(columns: usize, steps: usize, weight: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    let mut packed = vec![0.0; packed_length(columns, steps)];
    pack_into(&mut packed, columns, steps, weight);
    packed
}

/// Whether packing so many weights takes no more than about twice their memory: a few columns of very many steps would
/// take sixteen times as much.
pub fn packs_well(columns: usize, steps: usize) -> bool {
    packed_length(columns, steps) <= 2 * columns * steps + (1 << 16)
}

/// How many numbers [`pack`] gives.
pub fn packed_length(columns: usize, steps: usize) -> usize {
    columns.next_multiple_of(GROUP) * steps
}

/// What [`pack`] gives, into zeros.
pub fn pack_into(
    packed: &mut [f32],
    columns: usize,
    steps: usize,
    weight: impl Fn(usize, usize) -> f32,
) {
    for column in 0..columns {
        let (group, within) = (column / GROUP, column % GROUP);
        for step in 0..steps {
            packed[(group * steps + step) * GROUP + within] = weight(column, step);
        }
    }
}

/// The left factor: rows of steps, each in some lines.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub values: &'a [f32],
    /// Where each row begins.
    pub starts: Starts<'a>,
    /// Lines of a row.
    pub lines: usize,
    /// From one line of a row to the next.
    pub stride: usize,
    /// Values in a line.
    pub run: usize,
}

/// Where rows begin.
#[derive(Clone, Copy)]
pub enum Starts<'a> {
    /// At these places.
    At(&'a [usize]),
    /// So many rows, each so much behind the one before.
    Every {
        rows: usize,
        distance: usize,
        first: usize,
    },
}

impl Starts<'_> {
    fn rows(self) -> usize {
        match self {
            Starts::At(places) => places.len(),
            Starts::Every { rows, .. } => rows,
        }
    }

    #[inline(always)]
    fn of(self, row: usize) -> usize {
        match self {
            Starts::At(places) => places[row],
            Starts::Every {
                distance, first, ..
            } => first + row * distance,
        }
    }
}

/// The right factor, as [`pack`] gives it.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    pub packed: &'a [f32],
    pub count: usize,
}

/// rows · columns, with what is added to the sums and what becomes of them.
pub struct Product<'a> {
    pub rows: Rows<'a>,
    pub columns: Columns<'a>,
    /// What is added to the sums of each column, up to a whole group.
    pub bias: &'a [f32],
    /// Whether what is below zero becomes zero.
    pub rectified: bool,
    /// One row behind the other.
    pub output: &'a mut [f32],
    /// From one row of the output to the next.
    pub output_stride: usize,
}

impl Product<'_> {
    /// Does it, on a processor with vectors.
    ///
    /// # Panics
    /// When a factor reaches beyond its values.
    pub fn run(self) {
        pulp::Arch::new().dispatch(self);
    }
}

/// Whether this processor has the vectors that make tiles worth while.
pub fn has_vectors() -> bool {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    pulp::Arch::new().dispatch(Lanes) > 1
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let groups = self.columns.count.div_ceil(GROUP);
        // As many sums as there are registers, but for those that hold columns and a value of a row.
        match S::F32_LANES {
            16 => {
                let blocks = groups.div_ceil(4);
                let mut group = 0;
                for block in 0..blocks {
                    let count = (groups - group).div_ceil(blocks - block);
                    match count {
                        1 => self.fit::<S, 12, 9, 6, 1, 1>(simd, group),
                        2 => self.fit::<S, 12, 9, 6, 2, 1>(simd, group),
                        3 => self.fit::<S, 8, 6, 4, 3, 1>(simd, group),
                        _ => self.fit::<S, 6, 5, 4, 4, 1>(simd, group),
                    }
                    group += count;
                }
            }
            8 => (0..groups).for_each(|group| self.fit::<S, 6, 5, 4, 1, 2>(simd, group)),
            4 => (0..groups).for_each(|group| self.fit::<S, 6, 5, 4, 1, 4>(simd, group)),
            _ => (0..groups).for_each(|group| self.block::<S, 1, 1, GROUP>(simd, group)),
        }
    }
}

// Loops over the constants P, Q and V are unrolled; iterators over them are not always.
#[allow(clippy::needless_range_loop, clippy::manual_memcpy)]
impl Product<'_> {
    /// Like [`Self::block`], with `A`, `B` or `C` rows at a time, as the rows are done with the fewest done twice.
    #[inline(always)]
    fn fit<
        S: Simd,
        const A: usize,
        const B: usize,
        const C: usize,
        const Q: usize,
        const V: usize,
    >(
        &mut self,
        simd: S,
        group: usize,
    ) {
        let done = |rows: usize| self.rows.starts.rows().next_multiple_of(rows);
        if done(A) <= done(B) && done(A) <= done(C) {
            self.block::<S, A, Q, V>(simd, group);
        } else if done(B) <= done(C) {
            self.block::<S, B, Q, V>(simd, group);
        } else {
            self.block::<S, C, Q, V>(simd, group);
        }
    }

    /// `Q` groups of columns, each `V` vectors wide, of all rows, `P` at a time.
    #[inline(always)]
    fn block<S: Simd, const P: usize, const Q: usize, const V: usize>(
        &mut self,
        simd: S,
        group: usize,
    ) {
        let rows = self.rows.starts.rows();
        if rows < P {
            for row in 0..rows {
                self.tile::<S, 1, Q, V>(simd, row, group);
            }
            return;
        }
        let mut row = 0;
        while row < rows {
            // The last tile ends with the last row; what it shares with the one before is done twice.
            self.tile::<S, P, Q, V>(simd, row.min(rows - P), group);
            row += P;
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const P: usize, const Q: usize, const V: usize>(
        &mut self,
        simd: S,
        first_row: usize,
        first_group: usize,
    ) {
        let sums = self.sums::<S, P, Q, V>(simd, first_row, first_group);
        let floor = simd.splat_f32s(if self.rectified {
            0.0
        } else {
            f32::NEG_INFINITY
        });
        for p in 0..P {
            let row = &mut self.output[(first_row + p) * self.output_stride..];
            for q in 0..Q {
                let first = (first_group + q) * GROUP;
                let count = GROUP.min(self.columns.count - first);
                let bias = &self.bias[first..][..GROUP];
                let (bias, _) = S::as_simd_f32s(bias);
                let mut values = [0.0; GROUP];
                let (vectors, _) = S::as_mut_simd_f32s(&mut values);
                for v in 0..V {
                    // In this order: what is no number stays none.
                    vectors[v] = simd.max_f32s(floor, simd.add_f32s(sums[p][q][v], bias[v]));
                }
                row[first..][..count].copy_from_slice(&values[..count]);
            }
        }
    }

    /// The sums of one tile. A function of its own, because only then do they stay in registers.
    #[inline(always)]
    fn sums<S: Simd, const P: usize, const Q: usize, const V: usize>(
        &self,
        simd: S,
        first_row: usize,
        first_group: usize,
    ) -> [[[S::f32s; V]; Q]; P] {
        let (rows, columns) = (self.rows, self.columns);
        let steps = rows.lines * rows.run;
        let mut sums = [[[simd.splat_f32s(0.0); V]; Q]; P];
        for line in 0..rows.lines {
            let mut values = [&rows.values[..0]; P];
            for p in 0..P {
                let start = rows.starts.of(first_row + p) + line * rows.stride;
                values[p] = &rows.values[start..][..rows.run];
            }
            let mut groups = [&[] as &[[f32; GROUP]]; Q];
            for q in 0..Q {
                let first = ((first_group + q) * steps + line * rows.run) * GROUP;
                let (all, _) = columns.packed[first..].as_chunks();
                // Cut to the length of the loop, so that it needs no checks.
                groups[q] = &all[..rows.run];
            }
            for step in 0..rows.run {
                let mut weights = [[simd.splat_f32s(0.0); V]; Q];
                for q in 0..Q {
                    let (group, _) = S::as_simd_f32s(&groups[q][step]);
                    for v in 0..V {
                        weights[q][v] = group[v];
                    }
                }
                for p in 0..P {
                    let value = simd.splat_f32s(values[p][step]);
                    for q in 0..Q {
                        for v in 0..V {
                            sums[p][q][v] = simd.mul_add_f32s(value, weights[q][v], sums[p][q][v]);
                        }
                    }
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For sizes that fill no tile and such that do, with rows of two lines.
    #[test]
    fn what_is_no_number_stays_none() {
        let packed = pack(1, 1, |_, _| 1.0);
        let mut output = [0.0; 3];
        Product {
            rows: Rows {
                values: &[f32::NAN, -1.0, 2.0],
                starts: Starts::Every {
                    rows: 3,
                    distance: 1,
                    first: 0,
                },
                lines: 1,
                stride: 0,
                run: 1,
            },
            columns: Columns {
                packed: &packed,
                count: 1,
            },
            bias: &[0.0; GROUP],
            rectified: true,
            output: &mut output,
            output_stride: 1,
        }
        .run();
        assert!(
            output[0].is_nan() && output[1..] == [0.0, 2.0],
            "{output:?}"
        );
    }

    #[test]
    fn tiles_agree_with_sums_one_by_one() {
        for (rows, run, count) in [(1, 3, 1), (5, 4, 16), (13, 7, 24), (40, 5, 100)] {
            let (lines, stride) = (2, 60);
            let number = |i: usize| ((i * 7919) % 101) as f32 / 50.0 - 1.0;
            let values: Vec<f32> = (0..200).map(number).collect();
            let starts: Vec<usize> = (0..rows).collect();
            let weight = |column: usize, step: usize| number(31 * column + 17 * step);
            let packed = pack(count, lines * run, weight);
            let mut bias: Vec<f32> = (0..count).map(number).collect();
            bias.resize(count.next_multiple_of(GROUP), 0.0);
            let output_stride = count + 3;
            let mut output = vec![9.0; rows * output_stride];
            Product {
                rows: Rows {
                    values: &values,
                    starts: Starts::At(&starts),
                    lines,
                    stride,
                    run,
                },
                columns: Columns {
                    packed: &packed,
                    count,
                },
                bias: &bias,
                rectified: true,
                output: &mut output,
                output_stride,
            }
            .run();
            for (row, written) in output.chunks_exact(output_stride).enumerate() {
                for (column, &found) in written[..count].iter().enumerate() {
                    let mut sum = bias[column];
                    for (line, place) in (0..lines).flat_map(|l| (0..run).map(move |r| (l, r))) {
                        let value = values[row + line * stride + place];
                        sum += value * weight(column, line * run + place);
                    }
                    let difference = (found - sum.max(0.0)).abs();
                    assert!(difference < 1e-4, "{row} {column}: {found} {sum}");
                }
                assert_eq!(written[count..], [9.0; 3]);
            }
        }
    }
}
