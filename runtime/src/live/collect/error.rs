//! Why no more clips are recorded.

use std::io;
use std::path::PathBuf;

/// One sentence: what, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The folder cannot be used.
    #[error("{path}: {cause}; give a folder that can be written to with --out")]
    Folder {
        /// The folder, or a file in it.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A clip or the list could not be written or removed.
    #[error("{path} cannot be written: {cause}; clips that were kept before stay")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Nobody is there to see to a sensor that is not well.
    #[error(
        "{takes} takes in a row were not well ({reasons}); see to it and run this again: what was kept stays"
    )]
    Unwell {
        /// How many.
        takes: u32,
        /// What was wrong with the last one.
        reasons: String,
    },
    /// A sensor that is to be recorded does not run.
    #[error("{message}; `--camera none` or `--microphone none` records without it")]
    Sensor {
        /// What it says.
        message: String,
    },
    /// What shows it cannot be had.
    #[error("the terminal cannot be used: {0}; use --plain")]
    Terminal(io::Error),
}
