//! How a clip was recorded, from its headers.

use std::path::Path;

use super::probe::probe;
use super::read::{has_extension, is_picture};
use super::{ClipEntry, ClipError, ClipSource, picture, wav};

/// What the files of a clip say about their sound and their pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Description {
    /// Samples per second; `None` without sound.
    pub sample_rate: Option<u32>,
    /// The longer side of the pictures in pixels; `None` without pictures.
    pub longer_side: Option<u32>,
}

/// Reads the headers of a clip's files, and decodes nothing.
///
/// # Errors
/// When a file cannot be opened or understood; the message names it.
pub fn describe(entry: &ClipEntry) -> Result<Description, ClipError> {
    match &entry.source {
        ClipSource::Container(path) => of_file(path),
        ClipSource::Separate { sound, picture } => {
            let of = |path: &Option<_>| path.as_deref().map_or(Ok(Description::default()), of_file);
            Ok(Description {
                sample_rate: of(sound)?.sample_rate,
                longer_side: of(picture)?.longer_side,
            })
        }
    }
}

fn of_file(path: &Path) -> Result<Description, ClipError> {
    if is_picture(path) {
        let (width, height) = picture::size(path)?;
        return Ok(Description {
            sample_rate: None,
            longer_side: Some(width.max(height)),
        });
    }
    if has_extension(path, &["wav"])
        && let Some(rate) = wav::rate(path)
    {
        return Ok(Description {
            sample_rate: Some(rate),
            longer_side: None,
        });
    }
    let contents = probe("ffprobe", path)?;
    Ok(Description {
        sample_rate: contents.sound.map(|sound| sound.rate.hz()),
        longer_side: contents.pictures.map(|pictures| pictures.longer_side),
    })
}
