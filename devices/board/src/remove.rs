//! Taking everything off the board again.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use evenkeel_release::{Setup, Store, durable};

use crate::service;

/// Stops the service, and removes releases, keys, units and this program. The options stay unless `purge`.
/// With `offline` systemd does not run here, and is told nothing.
///
/// # Errors
/// When something cannot be removed; doing it again goes on.
pub fn everything(root: &Path, store: &Store, purge: bool, offline: bool) -> Result<()> {
    if !offline {
        for unit in [service::UNIT, service::SETTLE] {
            // A unit that is not there cannot be stopped, and need not be.
            let _ = service::stop(unit);
        }
    }
    for path in Setup::OUTSIDE {
        let options = path.starts_with("etc/evenkeel");
        if options && !purge {
            continue;
        }
        let path = root.join(path);
        let removed = match path.is_dir() && !path.is_symlink() {
            true => fs::remove_dir(&path),
            false => durable::remove_if_there(&path),
        };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    let home = store.root();
    durable::remove_folder_if_there(home)
        .with_context(|| format!("cannot remove {}", home.display()))?;
    match offline {
        true => Ok(()),
        false => service::reload(),
    }
}
