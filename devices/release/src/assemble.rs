//! How a release comes onto the board: its list, then the files that are missing, then all in its place.

use std::fs::{self, File, Permissions};
use std::io::{Read, copy};
use std::iter;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::io;
use crate::{
    Digest, Entry, Error, Host, MANIFEST, Manifest, ReleaseId, SIGNATURE, Store, digest, durable,
};

/// A release that was offered and may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name here.
    pub id: ReleaseId,
    /// The files that are not on the board yet, each once.
    pub missing: Vec<Digest>,
    /// How many bytes these are.
    pub bytes: u64,
}

/// Left free on the disk for everything else. Bytes.
const RESERVE: u64 = 16 << 20;
const MEGABYTE: u64 = 1_000_000;

impl Store {
    /// Checks the list of a release and who signed it, and says which files to send. What of them is on the board, in
    /// another release or from an attempt that was cut off, need not be sent again.
    ///
    /// # Errors
    /// When the list or its signature is not accepted, the release is for another kind of board, it is older than one
    /// the board has had and `downgrade` does not allow that, or there is no room for it. Then nothing has changed.
    pub fn offer(
        &self,
        host: &Host,
        list: &str,
        signature: &str,
        downgrade: bool,
    ) -> Result<Offer, Error> {
        self.trusted()?.verify(list.as_bytes(), signature)?;
        let manifest = Manifest::parse(list)?;
        host.must_run(&manifest)?;
        let highest = self.state()?.highest;
        if manifest.version < highest && !downgrade {
            return Err(Error::Downgrade {
                offered: manifest.version,
                highest,
            });
        }
        let id = ReleaseId::of(manifest.version, list);
        let missing = self.missing(&manifest)?;
        let bytes = missing.iter().map(|entry| entry.size).sum();
        self.must_fit(bytes)?;
        self.expect(&manifest, list, signature)?;
        Ok(Offer {
            id,
            missing: missing.iter().map(|entry| entry.sha256).collect(),
            bytes,
        })
    }

    /// Takes one file of the release that was offered last, by its hash.
    ///
    /// # Errors
    /// When it is not in the release, its bytes are not what was signed, or it cannot be written.
    pub fn receive(&self, wanted: Digest, bytes: impl Read) -> Result<(), Error> {
        let (manifest, _) = self.offered()?;
        let mut files = manifest.files.iter();
        let entry = files
            .find(|entry| entry.sha256 == wanted)
            .ok_or_else(|| Error::Unexpected(wanted.to_string()))?;
        let partial = self.incoming().join(format!("{wanted}.part"));
        let mut file = File::create(&partial).map_err(io("cannot write", &partial))?;
        // One byte more than promised shows that there are too many.
        copy(&mut bytes.take(entry.size + 1), &mut file)
            .and_then(|_| file.sync_all())
            .map_err(io("cannot write", &partial))?;
        let (is, _) = digest(&partial)?;
        if is != wanted {
            durable::remove_if_there(&partial).map_err(io("cannot remove", &partial))?;
            let path = entry.path.clone();
            return Err(Error::Altered { path, is });
        }
        let whole = self.incoming().join(wanted.to_string());
        durable::replace(&partial, &whole).map_err(io("cannot write", &whole))
    }

    /// Puts the release that was offered last together in its own folder, once all of it is there. It is not live yet.
    ///
    /// # Errors
    /// When files are missing, or are not what was signed, or the signature is no longer trusted, or writing fails.
    pub fn assemble(&self) -> Result<ReleaseId, Error> {
        let (manifest, list) = self.offered()?;
        let id = ReleaseId::of(manifest.version, &list);
        let whole = self.folder(&id);
        if !whole.exists() {
            let partial = self.incoming().join("assembled");
            durable::remove_folder_if_there(&partial).map_err(io("cannot remove", &partial))?;
            self.put_together(&manifest, &partial)?;
            let folder = self.releases_folder();
            fs::create_dir_all(&folder).map_err(io("cannot make", &folder))?;
            sync_all_of(&partial)?;
            durable::replace(&partial, &whole).map_err(io("cannot make", &whole))?;
        }
        let incoming = self.incoming();
        durable::remove_folder_if_there(&incoming).map_err(io("cannot remove", &incoming))?;
        Ok(id)
    }

    /// The release that was offered last, its signature checked again.
    fn offered(&self) -> Result<(Manifest, String), Error> {
        let read = |name: &str| {
            let path = self.incoming().join(name);
            fs::read_to_string(&path).map_err(io("no release was offered: cannot read", &path))
        };
        let (list, signature) = (read(MANIFEST)?, read(SIGNATURE)?);
        self.trusted()?.verify(list.as_bytes(), &signature)?;
        Ok((Manifest::parse(&list)?, list))
    }

    /// Keeps the list, and removes whatever was sent for another one.
    fn expect(&self, manifest: &Manifest, list: &str, signature: &str) -> Result<(), Error> {
        let folder = self.incoming();
        fs::create_dir_all(&folder).map_err(io("cannot make", &folder))?;
        let wanted: Vec<String> = manifest
            .files
            .iter()
            .map(|e| e.sha256.to_string())
            .collect();
        for entry in fs::read_dir(&folder).map_err(io("cannot read", &folder))? {
            let path = entry.map_err(io("cannot read", &folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let removed = match path.is_dir() {
                true => durable::remove_folder_if_there(&path),
                false if wanted.iter().any(|wanted| **wanted == *name) => Ok(()),
                false => durable::remove_if_there(&path),
            };
            removed.map_err(io("cannot remove", &path))?;
        }
        for (name, text) in [(MANIFEST, list), (SIGNATURE, signature)] {
            let path = folder.join(name);
            durable::write(&path, text.as_bytes(), 0o644).map_err(io("cannot write", &path))?;
        }
        Ok(())
    }

    fn missing<'a>(&self, manifest: &'a Manifest) -> Result<Vec<&'a Entry>, Error> {
        let held = self.held()?;
        let mut missing: Vec<&Entry> = Vec::new();
        for entry in &manifest.files {
            let twice = missing.iter().any(|other| other.sha256 == entry.sha256);
            if !twice && self.find(entry, &held).is_none() {
                missing.push(entry);
            }
        }
        Ok(missing)
    }

    /// The files of the releases that are on the board, and where they are. A list that is damaged is no reason to refuse
    /// another release.
    fn held(&self) -> Result<Vec<(Entry, PathBuf)>, Error> {
        let mut held = Vec::new();
        for id in self.releases()? {
            let files = self.manifest(&id).map(|manifest| manifest.files);
            let folder = self.folder(&id);
            let placed = |entry: Entry| {
                let path = folder.join(entry.path.as_path());
                (entry, path)
            };
            held.extend(files.unwrap_or_default().into_iter().map(placed));
        }
        Ok(held)
    }

    /// A file on the board with these bytes: one that was sent, or one of those that are `held`.
    fn find(&self, wanted: &Entry, held: &[(Entry, PathBuf)]) -> Option<PathBuf> {
        let same = |(entry, _): &&(Entry, PathBuf)| {
            entry.sha256 == wanted.sha256 && entry.executable == wanted.executable
        };
        let held = held.iter().filter(same).map(|(_, path)| path.clone());
        let mut candidates =
            iter::once(self.incoming().join(wanted.sha256.to_string())).chain(held);
        // Bytes on a card change: what was right once is read again.
        candidates.find(|path| digest(path).is_ok_and(|(is, _)| is == wanted.sha256))
    }

    fn must_fit(&self, bytes: u64) -> Result<(), Error> {
        let root = self.root();
        let disk = rustix::fs::statvfs(root)
            .map_err(|errno| io("cannot measure the disk of", root)(errno.into()))?;
        let free = disk.f_bavail * disk.f_frsize;
        let needed = bytes + RESERVE;
        if needed > free {
            return Err(Error::TooBig {
                needed: needed.div_ceil(MEGABYTE),
                free: free / MEGABYTE,
            });
        }
        Ok(())
    }

    fn put_together(&self, manifest: &Manifest, folder: &Path) -> Result<(), Error> {
        let held = self.held()?;
        let mut sources = Vec::new();
        for entry in &manifest.files {
            sources.extend(self.find(entry, &held).map(|source| (entry, source)));
        }
        let (all, there) = (manifest.files.len(), sources.len());
        if there < all {
            return Err(Error::Incomplete(all - there, all));
        }
        for (entry, from) in sources {
            let to = folder.join(entry.path.as_path());
            make_folders(folder, to.parent().unwrap_or(folder))?;
            // Files are never changed once they are in a release, so two releases can share one.
            let mode = if entry.executable { 0o755 } else { 0o644 };
            fs::hard_link(&from, &to)
                .and_then(|()| fs::set_permissions(&to, Permissions::from_mode(mode)))
                .map_err(io("cannot make", &to))?;
        }
        for name in [MANIFEST, SIGNATURE] {
            let (from, to) = (self.incoming().join(name), folder.join(name));
            fs::copy(&from, &to).map_err(io("cannot make", &to))?;
        }
        Ok(())
    }
}

/// The folders from `top` down to `folder`, which everybody may read.
fn make_folders(top: &Path, folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(io("cannot make", folder))?;
    let inside = folder.ancestors().take_while(|path| path.starts_with(top));
    for path in inside {
        fs::set_permissions(path, Permissions::from_mode(0o755))
            .map_err(io("cannot make", path))?;
    }
    Ok(())
}

/// Everything on the file system of a folder is on the disk after this.
fn sync_all_of(folder: &Path) -> Result<(), Error> {
    let file = File::open(folder).map_err(io("cannot read", folder))?;
    rustix::fs::syncfs(&file).map_err(|errno| io("cannot write", folder)(errno.into()))
}
