//! Getting data: from the user's cache, a mirror folder, or the network; never unchecked.

mod download;
mod error;
pub mod table;
#[cfg(test)]
mod tests;
mod unpack;
pub mod wheel;

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use error::FetchError;
pub use table::{COLLECTIONS, Collection, PinnedFile};

/// Where files that the project's releases are built from can be downloaded.
const UPSTREAM: &str = "https://github.com/evenkeel/evenkeel-data/releases/download/v1/";

/// The places where data can be.
#[derive(Debug, Clone)]
pub struct Store {
    /// What was downloaded or made on this machine.
    pub cache: PathBuf,
    /// A folder with the same files, used in place and never written to.
    pub mirror: Option<PathBuf>,
    /// Base URL of downloads; a file's own name is put behind it.
    pub upstream: String,
}

/// Where a file was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the cache.
    Cache,
    /// In the mirror folder.
    Mirror,
    /// Nowhere here: it has just been downloaded to the cache.
    Upstream,
}

/// The collection called `name`.
///
/// # Errors
/// [`FetchError::Unknown`] when there is none.
pub fn collection(name: &str) -> Result<&'static Collection, FetchError> {
    let found = COLLECTIONS
        .into_iter()
        .find(|collection| collection.name == name);
    found.ok_or_else(|| FetchError::Unknown(name.to_owned()))
}

impl Store {
    /// The cache is `$EVENKEEL_CACHE`, else `$XDG_CACHE_HOME/evenkeel`, else `~/.cache/evenkeel`; the
    /// mirror is `$EVENKEEL_MIRROR`, else `../shared/data` if there is such a folder.
    ///
    /// # Errors
    /// [`FetchError::NoHome`] when no variable says where the cache should be.
    pub fn from_environment() -> Result<Self, FetchError> {
        let folder = |name: &str| {
            env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        let cache = folder("EVENKEEL_CACHE")
            .or_else(|| folder("XDG_CACHE_HOME").map(|base| base.join("evenkeel")))
            .or_else(|| folder("HOME").map(|home| home.join(".cache/evenkeel")))
            .ok_or(FetchError::NoHome)?;
        let beside = PathBuf::from("../shared/data");
        let mirror = folder("EVENKEEL_MIRROR").or_else(|| beside.is_dir().then_some(beside));
        Ok(Self {
            cache,
            mirror,
            upstream: UPSTREAM.to_owned(),
        })
    }

    /// Where an undamaged copy of `file` is on this machine.
    ///
    /// # Errors
    /// [`FetchError::File`] when a copy is there but cannot be read.
    pub fn find(&self, file: &PinnedFile) -> Result<Option<(PathBuf, Place)>, FetchError> {
        let cached = (self.cache.join(file.name), Place::Cache);
        let mirrored = self
            .mirror
            .as_ref()
            .map(|mirror| (mirror.join(file.name), Place::Mirror));
        for (path, place) in [Some(cached), mirrored].into_iter().flatten() {
            if is_undamaged(&path, file)? {
                return Ok(Some((path, place)));
            }
        }
        Ok(None)
    }

    /// Where `file` is on this machine; it is never downloaded unasked.
    ///
    /// # Errors
    /// [`FetchError::Missing`] when there is no undamaged copy.
    pub fn require(
        &self,
        collection: &Collection,
        file: &PinnedFile,
    ) -> Result<PathBuf, FetchError> {
        match self.find(file)? {
            Some((path, _)) => Ok(path),
            None => Err(FetchError::Missing {
                file: file.name,
                collection: collection.name,
            }),
        }
    }

    /// Finds `file`, downloading it to the cache if it is not here.
    ///
    /// # Errors
    /// When the download fails or is not the file that was pinned.
    pub fn get(&self, file: &PinnedFile) -> Result<(PathBuf, Place), FetchError> {
        if let Some(found) = self.find(file)? {
            return Ok(found);
        }
        let path = self.cache.join(file.name);
        let name = file.name.rsplit('/').next().unwrap_or(file.name);
        let url = format!("{}/{name}", self.upstream.trim_end_matches('/'));
        download::download(&url, file, &path)?;
        Ok((path, Place::Upstream))
    }
}

/// Whether `path` is there and is what was pinned.
fn is_undamaged(path: &Path, file: &PinnedFile) -> Result<bool, FetchError> {
    let cannot = |source| FetchError::File {
        path: path.to_owned(),
        source,
    };
    match path.metadata() {
        Ok(metadata) if metadata.len() == file.size => {
            Ok(sha256(path).map_err(cannot)? == file.sha256)
        }
        Ok(_) => Ok(false),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot(error)),
    }
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block)? {
            0 => break,
            n => hash.update(&block[..n]),
        }
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// Lets others read a folder that was made as a private temporary one.
#[cfg(unix)]
pub(super) fn set_shared(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

/// Lets others read a folder that was made as a private temporary one.
#[cfg(not(unix))]
pub(super) fn set_shared(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}
