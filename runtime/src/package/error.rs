//! Why a package cannot be read or written.

use std::io;
use std::path::PathBuf;

use super::FORMAT;

/// Why a package cannot be read or written; each is one sentence that names the file and says what
/// to do.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The path is not a folder with a model.toml.
    #[error("{} is not a model package: give a folder that holds a model.toml", .dir.display())]
    NotAPackage {
        /// The path given.
        dir: PathBuf,
    },
    /// The file system refused.
    #[error("{} could not be {doing} ({source}): check the path, its permissions and the space left", .path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// `read`, `written` or `replaced`.
        doing: &'static str,
        /// What the file system said.
        source: io::Error,
    },
    /// A text file that cannot be understood at a certain line.
    #[error("{}, line {line}: {what}; correct the line or get the package again", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A package for a later version of evenkeel.
    #[error("{} is in package format {found}, this evenkeel reads up to {FORMAT}; update evenkeel", .path.display())]
    NewerFormat {
        /// The model.toml.
        path: PathBuf,
        /// The format it names.
        found: u64,
    },
    /// A file whose contents make no sense.
    #[error("{}: {what}; correct it or get the package again", .path.display())]
    Contents {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file that changed since the package was made.
    #[error("{} is not the file that SHA256SUMS describes: get the package again", .path.display())]
    Hash {
        /// The file.
        path: PathBuf,
    },
    /// A file that is larger than any honest one.
    #[error("{} has {size} bytes and may have {most}: do not use this package unless you trust its source, and tell its author", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes there.
        size: u64,
        /// Bytes allowed.
        most: u64,
    },
    /// A file that should be there.
    #[error("{} is missing: get the package again", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file or folder that no package has, or that SHA256SUMS does not list.
    #[error(
        "{path:?} does not belong to the package or is not listed in its SHA256SUMS: remove it or get the package again"
    )]
    Unexpected {
        /// The file or folder.
        path: PathBuf,
    },
    /// A link, device or pipe where a file should be.
    #[error(
        "{path:?} is a link or no ordinary file: put the file itself in its place or get the package again"
    )]
    NotAFile {
        /// The entry.
        path: PathBuf,
    },
    /// A name in SHA256SUMS that leads out of the package.
    #[error("{}, line {line}: {name:?} leads out of the package; do not use this package unless you trust its source", .path.display())]
    Climbs {
        /// The SHA256SUMS.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// A package shall be written where something else is, or a package with other files in it.
    #[error("{} exists and is not a model package and nothing else: move it away or choose another folder", .dir.display())]
    Occupied {
        /// The path given.
        dir: PathBuf,
    },
}

impl PackageError {
    /// For `map_err`: the file system refused to do something to `path`.
    pub(super) fn io(
        path: impl Into<PathBuf>,
        doing: &'static str,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            path,
            doing,
            source,
        }
    }

    /// For `map_err`: the contents of `path` make no sense.
    pub(super) fn contents<E: ToString>(path: impl Into<PathBuf>) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |what| Self::Contents {
            path,
            what: what.to_string(),
        }
    }
}
