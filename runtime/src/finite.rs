//! Whether numbers are numbers.

/// Whether all of `values` are finite. It looks at all of them, several at a time: stopping at the first that is none takes a
/// processor longer, since mostly there is none.
pub(crate) fn all_finite(values: &[f32]) -> bool {
    values
        .iter()
        .fold(true, |all, value| all & value.is_finite())
}
