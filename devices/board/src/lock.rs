//! One update at a time.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

/// Held while the releases of a board are changed; given back when this is dropped or the process ends, however it does.
pub struct Lock(#[expect(dead_code, reason = "it is open, that is all")] File);

impl Lock {
    /// For the file system at `root`; `None` while somebody else holds it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn try_take(root: &Path) -> Result<Option<Self>> {
        let folder = root.join("run");
        let path = folder.join("evenkeel-board.lock");
        let file = fs::create_dir_all(&folder)
            .and_then(|()| File::create(&path))
            .with_context(|| format!("cannot write {}: run this as root", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).context("cannot lock the releases of this board")
            }
        }
    }

    /// The same.
    ///
    /// # Errors
    /// When somebody else holds it, or it cannot be made.
    pub fn take(root: &Path) -> Result<Self> {
        Self::try_take(root)?
            .context("another update of this board is going on: wait until it is done")
    }
}
