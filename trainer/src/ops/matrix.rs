//! A safe face for the `gemm` crate: products of strided matrices on one thread.

use gemm::Parallelism;

/// A matrix inside a slice: element (i, j) is at `i * row_stride + j * column_stride`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub data: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    pub row_stride: usize,
    pub column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A matrix whose rows lie `row_stride` values apart.
    pub fn rows(data: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        Self {
            data,
            rows,
            columns,
            row_stride,
            column_stride: 1,
        }
    }

    /// The same values with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    fn assert_inside(&self) {
        if self.rows > 0 && self.columns > 0 {
            let last = (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride;
            assert!(last < self.data.len(), "matrix reaches beyond its values");
        }
    }
}

/// Whether a product replaces what is in the destination or is added to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// dst = a·b
    Replace,
    /// dst += a·b
    Add,
}

/// Writes or adds `scale`·a·b to the matrix in `dst` whose rows lie `row_stride` values apart.
pub fn multiply(dst: &mut [f32], row_stride: usize, into: Into, scale: f32, a: Matrix, b: Matrix) {
    assert_eq!(a.columns, b.rows, "inner dimensions differ");
    a.assert_inside();
    b.assert_inside();
    let (rows, columns) = (a.rows, b.columns);
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(columns <= row_stride || rows == 1);
    assert!(
        (rows - 1) * row_stride + columns <= dst.len(),
        "destination is too small"
    );
    // SAFETY: the three matrices lie inside their slices (asserted above), and `dst` is borrowed
    // exclusively, so it overlaps neither factor.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            a.columns,
            dst.as_mut_ptr(),
            1,
            row_stride as isize,
            into == Into::Add,
            a.data.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            scale,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
