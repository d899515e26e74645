//! A release that lies in a folder of this board: one that a package of another update system has put there.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use evenkeel_release::{Host, MANIFEST, Manifest, SIGNATURE, Store};

/// Takes what is missing of the release in `folder`, under the conditions for one that comes over a connection.
///
/// # Errors
/// When the release is refused, a file is not what was signed, or something cannot be read or kept.
pub fn take(store: &Store, host: &Host, folder: &Path, allow_downgrade: bool) -> Result<()> {
    let (list, signature) = (read(folder, MANIFEST)?, read(folder, SIGNATURE)?);
    let offer = store.offer(host, &list, &signature, allow_downgrade)?;
    for entry in Manifest::parse(&list)?.files {
        if offer.missing.contains(&entry.sha256) {
            let path = folder.join(entry.path.as_path());
            let file =
                File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
            store.receive(entry.sha256, file)?;
        }
    }
    Ok(())
}

fn read(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    let size = fs::metadata(&path)
        .with_context(|| format!("there is no release in {}", folder.display()))?
        .len();
    ensure!(
        size <= Manifest::LONGEST as u64,
        "{} is too long for a list of files",
        path.display()
    );
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
