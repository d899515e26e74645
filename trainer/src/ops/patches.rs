//! Where the patches of a picture lie, for convolutions and pooling. Pictures are rows of pixels whose channels lie side by
//! side.

use candle_core::{Result, bail};

/// The sizes of patches that slide over pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patches {
    /// Rows and columns of a picture.
    pub picture: [usize; 2],
    /// Rows and columns of a patch.
    pub kernel: [usize; 2],
    /// Rows and columns from one patch to the next.
    pub stride: [usize; 2],
    /// Rows above and columns to the left that are taken to be zero.
    pub before: [usize; 2],
    /// Rows below and columns to the right that are taken to be zero.
    pub behind: [usize; 2],
}

/// One row of a patch: the pixels of the picture that it covers, and how many lie outside before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// The first pixel that it covers, counted over all pictures.
    pub start: usize,
    /// How many it covers.
    pub count: usize,
    /// How many columns of the patch come before these.
    pub skipped: usize,
}

impl Patches {
    /// Patches without anything outside the picture.
    pub fn inside(picture: [usize; 2], kernel: [usize; 2], stride: [usize; 2]) -> Self {
        Self {
            picture,
            kernel,
            stride,
            before: [0; 2],
            behind: [0; 2],
        }
    }

    /// Patches down and across.
    pub fn grid(&self) -> [usize; 2] {
        [0, 1].map(|i| {
            let size = self.picture[i] + self.before[i] + self.behind[i];
            (size - self.kernel[i]) / self.stride[i] + 1
        })
    }

    /// How many pictures `pixels` pixels are.
    pub(super) fn pictures(&self, pixels: usize) -> usize {
        pixels / (self.picture[0] * self.picture[1])
    }

    /// # Errors
    /// When the kernel does not fit, or so many pixels are no whole pictures.
    pub(super) fn check(&self, pixels: usize, op: &str) -> Result<()> {
        let fits = |i: usize| {
            let size = self.picture[i] + self.before[i] + self.behind[i];
            self.stride[i] > 0 && self.picture[i] > 0 && (1..=size).contains(&self.kernel[i])
        };
        let [rows, columns] = self.picture;
        if !fits(0) || !fits(1) || !pixels.is_multiple_of(rows * columns) {
            bail!("{op}: {self:?} does not fit {pixels} pixels");
        }
        Ok(())
    }

    /// The lines of each patch, patch by patch.
    pub(super) fn lines(&self, pictures: usize) -> impl Iterator<Item = Line> {
        let Self {
            picture: [rows, columns],
            kernel: [lines, width],
            stride: [down, across],
            before: [above, left],
            ..
        } = *self;
        let [grid_rows, grid_columns] = self.grid();
        (0..pictures * grid_rows * grid_columns).flat_map(move |patch| {
            let (row, column) = (patch / grid_columns, patch % grid_columns);
            let (picture, row) = (row / grid_rows, row % grid_rows);
            let (top, first) = (row * down, column * across);
            (0..lines).map(move |line| {
                let skipped = left.saturating_sub(first).min(width);
                let from = (first + skipped).saturating_sub(left);
                let to = (first + width).saturating_sub(left).min(columns);
                let inside = (above..above + rows).contains(&(top + line)) && from < to;
                match inside {
                    true => Line {
                        start: (picture * rows + top + line - above) * columns + from,
                        count: to - from,
                        skipped,
                    },
                    false => Line {
                        start: 0,
                        count: 0,
                        skipped: width,
                    },
                }
            })
        })
    }
}
