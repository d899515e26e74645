//! One tile: the sums of a fixed number of rows, each a variable of its own.
//!
//! An array of rows would read better, but compilers keep a large one partly in memory, and then each product costs a store.

use super::{GROUP, Product, Rows};
use pulp::Simd;

/// A row of a tile.
struct Row<'a, S: Simd, const Q: usize, const V: usize> {
    /// The line of it that is being added.
    values: &'a [f32],
    /// Of `Q` groups of columns, each `V` vectors wide.
    sums: [[S::f32s; V]; Q],
}

// Loops over the constants Q and V are unrolled; iterators over them are not always.
#[allow(clippy::needless_range_loop)]
impl<S: Simd, const Q: usize, const V: usize> Row<'_, S, Q, V> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        Row {
            values: &[],
            sums: [[simd.splat_f32s(0.0); V]; Q],
        }
    }

    #[inline(always)]
    fn add(&mut self, simd: S, step: usize, weights: &[[S::f32s; V]; Q]) {
        let value = simd.splat_f32s(self.values[step]);
        for q in 0..Q {
            for v in 0..V {
                self.sums[q][v] = simd.mul_add_f32s(value, weights[q][v], self.sums[q][v]);
            }
        }
    }
}

/// [`Product::tile`] for the numbers of rows that it is told, each with a name for each of its rows.
macro_rules! tiles {
    ($($count:literal: $($row:ident)+;)+) => {
        impl Product<'_> {
            /// `P` rows from `first_row` of `Q` groups of columns from `first_group`, each `V` vectors wide.
            ///
            /// # Panics
            /// When there is no tile of so many rows.
            #[inline(always)]
            pub(super) fn tile<S: Simd, const P: usize, const Q: usize, const V: usize>(
                &mut self,
                simd: S,
                first_row: usize,
                first_group: usize,
            ) {
                match P {
                    $($count => {
                        $(let mut $row = Row::<S, Q, V>::new(simd);)+
                        for line in 0..self.rows.lines {
                            let mut place = first_row;
                            $($row.values = self.rows.line(place, line);
                            place += 1;)+
                            debug_assert_eq!(place, first_row + P);
                            let groups = self.weights::<Q>(first_group, line);
                            for step in 0..self.rows.run {
                                let weights = at_step::<S, Q, V>(simd, &groups, step);
                                $($row.add(simd, step, &weights);)+
                            }
                        }
                        let mut place = first_row;
                        $(self.finish::<S, Q, V>(simd, place, first_group, $row.sums);
                        place += 1;)+
                        debug_assert_eq!(place, first_row + P);
                    })+
                    _ => unreachable!("there is no tile of {P} rows"),
                }
            }
        }
    };
}

tiles! {
    1: a;
    3: a b c;
    4: a b c d;
    5: a b c d e;
    6: a b c d e f;
    8: a b c d e f g h;
    9: a b c d e f g h i;
    12: a b c d e f g h i j k l;
}

// As above.
#[allow(clippy::needless_range_loop, clippy::manual_memcpy)]
impl Product<'_> {
    /// The weights of `Q` groups from `first_group` for a line of the rows.
    #[inline(always)]
    fn weights<const Q: usize>(&self, first_group: usize, line: usize) -> [&[[f32; GROUP]]; Q] {
        let Rows { lines, run, .. } = self.rows;
        let mut groups = [&[] as &[[f32; GROUP]]; Q];
        for q in 0..Q {
            let first = ((first_group + q) * lines + line) * run * GROUP;
            let (all, _) = self.columns.packed[first..].as_chunks();
            // Cut to the length of the loop, so that it needs no checks.
            groups[q] = &all[..run];
        }
        groups
    }

    /// Adds the bias to the sums of a row, and puts them where they belong.
    #[inline(always)]
    fn finish<S: Simd, const Q: usize, const V: usize>(
        &mut self,
        simd: S,
        row: usize,
        first_group: usize,
        sums: [[S::f32s; V]; Q],
    ) {
        let floor = simd.splat_f32s(if self.rectified {
            0.0
        } else {
            f32::NEG_INFINITY
        });
        let row = &mut self.output[row * self.output_stride..];
        for q in 0..Q {
            let first = (first_group + q) * GROUP;
            let count = GROUP.min(self.columns.count - first);
            let (bias, _) = S::as_simd_f32s(&self.bias[first..][..GROUP]);
            let mut values = [0.0; GROUP];
            let (vectors, _) = S::as_mut_simd_f32s(&mut values);
            for v in 0..V {
                // In this order: what is no number stays none.
                vectors[v] = simd.max_f32s(floor, simd.add_f32s(sums[q][v], bias[v]));
            }
            let place = &mut row[first..][..count];
            // Mostly a whole group, whose length a compiler knows.
            match <&mut [f32; GROUP]>::try_from(&mut *place) {
                Ok(place) => *place = values,
                Err(_) => place.copy_from_slice(&values[..count]),
            }
        }
    }
}

#[allow(clippy::needless_range_loop, clippy::manual_memcpy)]
#[inline(always)]
fn at_step<S: Simd, const Q: usize, const V: usize>(
    simd: S,
    groups: &[&[[f32; GROUP]]; Q],
    step: usize,
) -> [[S::f32s; V]; Q] {
    let mut weights = [[simd.splat_f32s(0.0); V]; Q];
    for q in 0..Q {
        let (group, _) = S::as_simd_f32s(&groups[q][step]);
        for v in 0..V {
            weights[q][v] = group[v];
        }
    }
    weights
}
