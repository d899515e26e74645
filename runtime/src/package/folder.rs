//! A package folder whose files are the ones that SHA256SUMS describes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::PackageError;
use super::layout::{GOLDEN, MODEL, MOST_FILES, SUMS, most_bytes};

/// A folder that holds exactly the files listed in its SHA256SUMS, under names that a package may
/// have. Contents are checked when a file is read.
pub(super) struct CheckedFolder {
    dir: PathBuf,
    /// SHA-256 in lower-case hexadecimal digits, by name.
    sums: BTreeMap<String, String>,
}

impl CheckedFolder {
    pub(super) fn open(dir: &Path) -> Result<Self, PackageError> {
        let present = list(dir)?;
        if !present.contains(SUMS) {
            return Err(PackageError::Missing {
                path: dir.join(SUMS),
            });
        }
        let sums = parse_sums(&dir.join(SUMS), &read_capped(dir, SUMS)?)?;
        if let Some(name) = sums.keys().find(|name| !present.contains(*name)) {
            return Err(PackageError::Missing {
                path: dir.join(name),
            });
        }
        let unlisted = |name: &&String| *name != SUMS && !sums.contains_key(*name);
        if let Some(name) = present.iter().find(unlisted) {
            return Err(PackageError::Unexpected {
                path: dir.join(name),
            });
        }
        Ok(Self {
            dir: dir.to_owned(),
            sums,
        })
    }

    /// Names of all files but SHA256SUMS, as `golden/0.wav`.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.sums.keys().map(String::as_str)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The contents of a file, which are what SHA256SUMS says.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, PackageError> {
        let missing = || PackageError::Missing {
            path: self.path(name),
        };
        let sum = self.sums.get(name).ok_or_else(missing)?;
        let bytes = read_capped(&self.dir, name)?;
        if sha256(&bytes) != *sum {
            return Err(PackageError::Hash {
                path: self.path(name),
            });
        }
        Ok(bytes)
    }
}

/// SHA-256 in lower-case hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
}

/// Reads a file of a package without following links and without reading more than it may have.
pub(super) fn read_capped(dir: &Path, name: &str) -> Result<Vec<u8>, PackageError> {
    let path = dir.join(name);
    let most = most_bytes(name).ok_or_else(|| PackageError::Unexpected { path: path.clone() })?;
    let metadata = fs::symlink_metadata(&path).map_err(PackageError::io(&path, "read"))?;
    if !metadata.is_file() {
        return Err(PackageError::NotAFile { path });
    }
    let size = metadata.len();
    if size > most {
        return Err(PackageError::TooLarge { path, size, most });
    }
    let mut bytes = Vec::new();
    File::open(&path)
        // One more than allowed, to notice a file that grows meanwhile.
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(PackageError::io(&path, "read"))?;
    let size = bytes.len() as u64;
    if size > most {
        return Err(PackageError::TooLarge { path, size, most });
    }
    Ok(bytes)
}

/// Names of all files in a package folder; refuses everything that no package has.
pub(super) fn list(dir: &Path) -> Result<BTreeSet<String>, PackageError> {
    if !dir.join(MODEL).exists() {
        return Err(PackageError::NotAPackage {
            dir: dir.to_owned(),
        });
    }
    let mut names = BTreeSet::new();
    list_into(dir, "", &mut names)?;
    Ok(names)
}

fn list_into(dir: &Path, prefix: &str, names: &mut BTreeSet<String>) -> Result<(), PackageError> {
    for entry in fs::read_dir(dir).map_err(PackageError::io(dir, "read"))? {
        let entry = entry.map_err(PackageError::io(dir, "read"))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(PackageError::io(&path, "read"))?;
        let name = entry
            .file_name()
            .to_str()
            .map(|name| format!("{prefix}{name}"));
        if kind.is_dir() && name.as_deref() == Some(GOLDEN) {
            list_into(&path, "golden/", names)?;
        } else if kind.is_dir() {
            return Err(PackageError::Unexpected { path });
        } else if !kind.is_file() {
            return Err(PackageError::NotAFile { path });
        } else {
            match name.filter(|name| most_bytes(name).is_some() && names.len() < MOST_FILES) {
                Some(name) => names.insert(name),
                None => return Err(PackageError::Unexpected { path }),
            };
        }
    }
    Ok(())
}

/// Understands what `sha256sum` writes: 64 digits, a blank, a blank or star, a name.
fn parse_sums(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, String>, PackageError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| PackageError::contents(path)("it is not UTF-8 text"))?;
    let mut sums = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: &str| PackageError::Line {
            path: path.to_owned(),
            line: number + 1,
            what: what.to_owned(),
        };
        let (sum, name) = line
            .split_once("  ")
            .or_else(|| line.split_once(" *"))
            .filter(|(sum, _)| sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()))
            .ok_or_else(|| wrong("it is not a SHA-256 in 64 digits, two blanks and a file name"))?;
        if climbs(name) {
            return Err(PackageError::Climbs {
                path: path.to_owned(),
                line: number + 1,
                name: name.to_owned(),
            });
        }
        if name == SUMS || most_bytes(name).is_none() {
            return Err(wrong(&format!("{name:?} is not a file of a package")));
        }
        if sums
            .insert(name.to_owned(), sum.to_ascii_lowercase())
            .is_some()
        {
            return Err(wrong(&format!("{name} is listed twice")));
        }
    }
    Ok(sums)
}

/// Whether a name could lead out of the folder that it is joined to, on any system.
fn climbs(name: &str) -> bool {
    let normal = |part| matches!(part, Component::Normal(_));
    name.contains(['\\', ':']) || !Path::new(name).components().all(normal)
}
