//! Values of a configuration that must lie in a range.

use std::fmt::Display;
use std::ops::RangeInclusive;

use anyhow::{Result, ensure};

/// Refuses a value outside `range`; what is not a number is outside.
pub(crate) fn within<T: PartialOrd + Display>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<()> {
    ensure!(
        range.contains(&value),
        "{key} must be a number from {} to {}, not {value}",
        range.start(),
        range.end()
    );
    Ok(())
}

/// Refuses a pair of lowest and highest that is not in order or leaves `range`.
pub(crate) fn pair_within(
    key: &str,
    [low, high]: [f32; 2],
    range: RangeInclusive<f32>,
) -> Result<()> {
    ensure!(
        low <= high && range.contains(&low) && range.contains(&high),
        "{key} must be two numbers from {} to {}, the lower first, not [{low}, {high}]",
        range.start(),
        range.end()
    );
    Ok(())
}
