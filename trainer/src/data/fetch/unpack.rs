//! Archives as folders.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{Collection, FetchError, Store};

impl Store {
    /// The folder with the contents of `collection`'s archive, which is unpacked into the cache the
    /// first time.
    ///
    /// # Errors
    /// [`FetchError::Missing`] when the archive has not been got, [`FetchError::NoArchive`] when the
    /// collection is not one archive, [`FetchError::File`] when it cannot be unpacked.
    pub fn unpacked(&self, collection: &Collection) -> Result<PathBuf, FetchError> {
        let [file] = collection.files else {
            return Err(FetchError::NoArchive(collection.name));
        };
        // The hash in the name keeps the folders of two versions apart.
        let folder = self
            .cache
            .join(format!("{}-{}", collection.name, &file.sha256[..8]));
        if !folder.is_dir() {
            let archive = self.require(collection, file)?;
            unpack(&archive, &folder).map_err(|source| FetchError::File {
                path: archive,
                source,
            })?;
        }
        Ok(folder)
    }
}

/// Unpacks beside `folder` and renames, so that the folder is whole or not there.
fn unpack(archive: &Path, folder: &Path) -> io::Result<()> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let temporary = tempfile::tempdir_in(parent)?;
    tar::Archive::new(File::open(archive)?).unpack(temporary.path())?;
    match fs::rename(temporary.path(), folder) {
        Ok(()) => {
            // It has another name now and must stay.
            let _ = temporary.keep();
            super::set_shared(folder)
        }
        // Another process was faster; its folder is as good.
        Err(_) if folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::fetch::PinnedFile;

    #[test]
    fn an_archive_becomes_a_whole_folder_once() {
        let root = tempfile::tempdir().unwrap();
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        header.set_mode(0o644);
        tar.append_data(&mut header, "0/clip.txt", &b"hello"[..])
            .unwrap();
        let bytes = tar.into_inner().unwrap();
        fs::write(root.path().join("clips.tar"), &bytes).unwrap();
        let sha256 = super::super::sha256(&root.path().join("clips.tar"))
            .unwrap()
            .leak();
        let file = PinnedFile {
            name: "clips.tar",
            size: bytes.len() as u64,
            sha256,
        };
        let files = Box::leak(Box::new([file]));
        let collection = Collection {
            name: "clips",
            about: "",
            files,
            licence: "",
        };
        let store = Store {
            cache: root.path().join("cache"),
            mirror: Some(root.path().to_owned()),
            upstream: String::new(),
        };
        let folder = store.unpacked(&collection).unwrap();
        assert_eq!(fs::read(folder.join("0/clip.txt")).unwrap(), b"hello");
        assert_eq!(fs::read_dir(store.cache.clone()).unwrap().count(), 1);
        // The archive is not needed a second time.
        fs::remove_file(root.path().join("clips.tar")).unwrap();
        assert_eq!(store.unpacked(&collection).unwrap(), folder);
    }
}
