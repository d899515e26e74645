//! What can go wrong with one clip.

use std::path::{Path, PathBuf};

/// Why a clip could not be read: one sentence with the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The file could not be opened or read.
    #[error("{path}: {cause}; check the path and its permissions")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The file is there but what it holds cannot be used.
    #[error("{path}: {what}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        what: String,
    },
    /// A program that is needed for this kind of file is not installed.
    #[error(
        "{path}: reading this kind of file needs the program `{program}`, which is not installed; \
         install it, for example with `sudo apt-get install ffmpeg`"
    )]
    ProgramMissing {
        /// The file.
        path: PathBuf,
        /// `ffmpeg` or `ffprobe`.
        program: String,
    },
    /// A part was asked for that lies behind the end.
    #[error("{path}: the clip is to start at {start} s, but the file ends at {end:.3} s")]
    StartsBehindEnd {
        /// The file.
        path: PathBuf,
        /// Start asked for, seconds.
        start: f64,
        /// End of the file, seconds.
        end: f64,
    },
    /// A file could not be written.
    #[error("{path} cannot be written: {cause}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
}

impl ClipError {
    /// An error about what `path` holds.
    pub(super) fn content(path: &Path, what: impl Into<String>) -> Self {
        ClipError::Content {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    /// An error of opening or reading `path`.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |cause| ClipError::Io { path, cause }
    }
}
