//! What can go wrong while getting data.

use std::io;
use std::path::PathBuf;

/// Why data could not be got.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nothing says where the cache is.
    #[error("there is no place for data: set EVENKEEL_CACHE to a folder")]
    NoHome,
    /// A file that has not been got yet, or is damaged.
    #[error("there is no undamaged {file} here: run `evenkeel-train data get {collection}`")]
    Missing {
        /// The file.
        file: &'static str,
        /// The collection that it belongs to.
        collection: &'static str,
    },
    /// No collection of that name.
    #[error("there is no data called {0:?}: `evenkeel-train data list` shows what there is")]
    Unknown(String),
    /// A collection of several files, which is no folder of clips.
    #[error("{0} is not one archive of clips; name another collection, or a path")]
    NoArchive(&'static str),
    /// The file system refused.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// What could not be read or written.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process is at it.
    #[error("{} is being downloaded by another process: wait for it, then try again", path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The server did not give the file.
    #[error(
        "cannot download {url}: {reason}; try again later, or give another place with --from or EVENKEEL_MIRROR"
    )]
    Refused {
        /// What was asked for.
        url: String,
        /// What came instead.
        reason: String,
    },
    /// The connection broke too often.
    #[error(
        "the download of {url} stopped after {received} of {size} bytes ({reason}): run the same command again to go on from there"
    )]
    Interrupted {
        /// What was asked for.
        url: String,
        /// Bytes kept.
        received: u64,
        /// Bytes of the whole file.
        size: u64,
        /// Why it stopped.
        reason: String,
    },
    /// The bytes are not those that were pinned.
    #[error(
        "what {url} gave is not the file that evenkeel knows (SHA-256 {found}, expected {expected}) and was thrown away: try another place with --from"
    )]
    Differs {
        /// What was asked for.
        url: String,
        /// Hash of what came.
        found: String,
        /// Hash that was pinned.
        expected: &'static str,
    },
}
