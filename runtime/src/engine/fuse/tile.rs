//! Sums of products by tiles: some rows times some columns whose sums stay in registers from the first product to the last.
//!
//! A row is read where it lies: for a convolution it is the patch of a pixel, of which each line lies in one piece when the
//! channels of a pixel lie side by side, so that nothing is copied into patches.

mod kernel;

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

impl<'a> Rows<'a> {
    /// Line `line` of row `row`.
    #[inline(always)]
    fn line(&self, row: usize, line: usize) -> &'a [f32] {
        &self.values[self.starts.of(row) + line * self.stride..][..self.run]
    }
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
        if S::F32_LANES == 16 {
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
            return;
        }
        // A loop, not a closure, which would be compiled without the processor's vectors.
        for group in 0..groups {
            match S::F32_LANES {
                8 => self.fit::<S, 6, 5, 4, 1, 2>(simd, group),
                // Of 6 rows compilers move some from register to register when they unroll.
                4 => self.fit::<S, 5, 4, 3, 1, 4>(simd, group),
                _ => self.block::<S, 1, 1, GROUP>(simd, group),
            }
        }
    }
}

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
}

#[cfg(test)]
mod tests;
