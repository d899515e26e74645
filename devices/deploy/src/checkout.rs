//! Where the checkout is that boards, scripts and sources are taken from.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::ssh::last_line;

/// The root of the checkout: the folder with the justfile and `devices/boards`, looked for from the
/// current folder upwards, then from this program upwards.
///
/// # Errors
/// When there is none.
pub fn root() -> anyhow::Result<PathBuf> {
    let starts = [env::current_dir().ok(), env::current_exe().ok()];
    starts
        .iter()
        .flatten()
        .find_map(|start| above(start))
        .context(
            "there is no checkout of evenkeel around the current folder: change into one, or name \
             the folder of the board files with --boards",
        )
}

fn above(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .find(|folder| folder.join("justfile").is_file() && folder.join("devices/boards").is_dir())
        .map(Path::to_path_buf)
}

/// Cargo's target folder for the checkout at `root`: `CARGO_TARGET_DIR`, or `target` in the checkout.
pub fn target_folder(root: &Path) -> PathBuf {
    // Cargo takes a relative path from the folder that it is started in, which is the checkout's root.
    root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Runs `what`, a script of the checkout, to its end, and keeps what it prints to itself.
///
/// # Errors
/// When it cannot be run, or fails: then `failure` is said, with the last of what the script said.
pub fn run_script(script: &mut Command, what: &str, failure: &str) -> anyhow::Result<()> {
    let output = script
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{what} cannot be run"))?;
    ensure!(
        output.status.success(),
        "{failure}: {}",
        last_line(&output.stderr)
            .as_deref()
            .unwrap_or("its script does not say why")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_is_found_from_below_and_not_from_beside() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("evenkeel");
        let below = root.join("devices/boards");
        std::fs::create_dir_all(&below).unwrap();
        assert_eq!(above(&below), None);

        std::fs::write(root.join("justfile"), "").unwrap();
        assert_eq!(above(&below), Some(root));
        assert_eq!(above(folder.path()), None);
    }
}
