//! Changes to files that a power cut cannot leave half done.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

/// Writes a file beside its place, makes sure that it is on the disk, and moves it there.
///
/// # Errors
/// When that fails; then what was there before is there still.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let beside = beside(path);
    let written = write_beside(&beside, bytes, mode).and_then(|()| replace(&beside, path));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_beside(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // A leftover may have other rights.
    remove_if_there(path)?;
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes `link` point to `target`, in one step: whoever looks sees the old one or the new one.
///
/// # Errors
/// When that fails; then it points to where it did.
pub fn point(link: &Path, target: &Path) -> io::Result<()> {
    let beside = beside(link);
    remove_if_there(&beside)?;
    symlink(target, &beside)?;
    replace(&beside, link)
}

/// Moves what is at `from` to `to`, and makes sure that it is there after a power cut.
///
/// # Errors
/// When that fails.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(to.parent().unwrap_or(Path::new(".")))
}

/// Removes a file or a link if there is one.
///
/// # Errors
/// When it is there and cannot be removed.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes a folder and all that is in it, if there is one.
///
/// # Errors
/// When it is there and cannot be removed.
pub fn remove_folder_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes sure that the names in a folder are on the disk.
///
/// # Errors
/// When it cannot be made sure.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_a_link_are_replaced_and_nothing_is_left_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        for text in ["one", "two"] {
            write(&file, text.as_bytes(), 0o644).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
            point(&link, Path::new(text)).unwrap();
            assert_eq!(fs::read_link(&link).unwrap(), Path::new(text));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(write(&folder.path().join("none/file"), b"", 0o644).is_err());
    }
}
