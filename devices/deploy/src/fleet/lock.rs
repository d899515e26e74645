//! One at a time for a fleet.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Held while a fleet is served; given back when this is dropped or the process ends, however it does.
pub struct Lock(#[expect(dead_code, reason = "it is open, that is all")] File);

impl Lock {
    /// On the file of the fleet itself, so that nothing is left of it.
    ///
    /// # Errors
    /// When somebody else holds it.
    pub fn take(fleet: &Path) -> Result<Self> {
        let shown = fleet.display();
        let file = File::open(fleet).with_context(|| format!("cannot read {shown}"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "the fleet of {shown} is being served by another run: wait until that is done"
                )
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {shown}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_refused_while_the_first_goes_on() {
        let fleet = tempfile::NamedTempFile::new().unwrap();
        let first = Lock::take(fleet.path()).unwrap();
        let error = Lock::take(fleet.path()).err().unwrap().to_string();
        assert!(error.contains("another run"), "{error}");
        drop(first);
        Lock::take(fleet.path()).unwrap();
    }
}
