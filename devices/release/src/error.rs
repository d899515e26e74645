//! What can be wrong with a release, or with the folder that it is to go to.

use std::io;
use std::path::{Path, PathBuf};

use crate::{Digest, Glibc, ReleaseId, ReleasePath, Version};

/// Why a release was refused, or could not be dealt with. Each reads as one sentence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The list of files is no such list, or asks for what no release may have.
    #[error("release.toml is not the list of a release ({0}): make the release again")]
    Manifest(String),

    /// A path that could lead out of the release, or one that is not plain.
    #[error(
        "a release cannot have a file '{0}': paths are relative, of letters, digits, dots, dashes and underscores"
    )]
    Path(String),

    /// Not a signature, or not of this list.
    #[error("the signature of the release does not hold ({0}): it was altered, or not sent whole")]
    Signature(String),

    /// Nobody whom this board trusts has signed.
    #[error(
        "the release is signed with the key {0}, which this board does not trust (it trusts {1})"
    )]
    Untrusted(String, String),

    /// A key that cannot be read.
    #[error("{0} is no minisign public key ({1})")]
    Key(String, String),

    /// A file whose bytes are not those that the list promises.
    #[error("the file {path} of the release is not what was signed: its SHA-256 is {is}")]
    Altered {
        /// Of the file in the release.
        path: ReleasePath,
        /// Of the bytes that are there.
        is: Digest,
    },

    /// Sent, but in no list.
    #[error("a file was sent that is not in the release ({0})")]
    Unexpected(String),

    /// Not all of it is there yet.
    #[error("{0} of the {1} files of the release are missing: send it again")]
    Incomplete(usize, usize),

    /// The board has had a newer one.
    #[error(
        "release {offered} is older than {highest}, which this board has had: allow a downgrade to go back"
    )]
    Downgrade {
        /// What was offered.
        offered: Version,
        /// The newest that was ever live.
        highest: Version,
    },

    /// Made for another kind of board than this one was set up as.
    #[error("the release is for the board {wanted}, and this one was set up as {is}")]
    WrongBoard {
        /// What the release is for.
        wanted: String,
        /// What the board is.
        is: String,
    },

    /// Its programs do not run on this processor.
    #[error(
        "the programs of the release are for {wanted}, and the processor of this board is {is}"
    )]
    WrongProcessor {
        /// The target triple.
        wanted: String,
        /// As Rust calls it.
        is: String,
    },

    /// Its programs need a newer C library.
    #[error(
        "the programs of the release need glibc {wanted}, and this board has {is}: build them for the older one"
    )]
    OldGlibc {
        /// At least.
        wanted: Glibc,
        /// On the board.
        is: Glibc,
    },

    /// Not enough room, found before anything is written.
    #[error("the release needs {needed} MB more on the disk of the board, and {free} MB are free")]
    TooBig {
        /// Megabytes, rounded up.
        needed: u64,
        /// Megabytes, rounded down.
        free: u64,
    },

    /// There is no such release on the board.
    #[error("there is no release {0} on this board")]
    NoRelease(ReleaseId),

    /// The notes about what is live cannot be read.
    #[error("{0} cannot be read ({1}): set the board up again")]
    State(PathBuf, String),

    /// The file system said no.
    #[error("{what} {path}: {source}")]
    Io {
        /// What was tried, as in "cannot write".
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Says what was tried and with which file when it failed.
pub(crate) fn io<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Io {
        what,
        path: path.to_owned(),
        source,
    }
}
