//! Copies of the shipped package, to be damaged.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The package that the repository ships.
pub fn shipped() -> PathBuf {
    crate::root().join("models/digits")
}

/// A copy of the shipped package in `folder`.
pub fn copy_of_shipped(folder: &Path) -> PathBuf {
    let copy = folder.join("model");
    copy_folder(&shipped(), &copy);
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the package can be listed") {
        let entry = entry.expect("the package can be listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("files have a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// Changes one file of a package and nothing else, so that its hash is wrong.
pub fn change(package: &Path, file: &str, edit: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let path = package.join(file);
    let bytes = fs::read(&path).expect("the file can be read");
    fs::write(path, edit(bytes)).expect("the file can be written");
}

/// Changes one text file of a package, replacing `from`, which must be there.
pub fn replace(package: &Path, file: &str, from: &str, to: &str) {
    change(package, file, |bytes| {
        let text = String::from_utf8(bytes).expect("the file is text");
        assert!(text.contains(from), "{file} does not hold {from:?}");
        text.replace(from, to).into_bytes()
    });
}

/// Writes the hashes of a package anew, as whoever changed it on purpose would.
pub fn seal(package: &Path) {
    let sums = package.join("SHA256SUMS");
    let text = fs::read_to_string(&sums).expect("the package has hashes");
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let (_, name) = line
                .split_once("  ")
                .expect("a line is a hash, two spaces and a name");
            format!("{}  {name}\n", sha256(&package.join(name)))
        })
        .collect();
    fs::write(sums, lines.concat()).expect("the hashes can be written");
}

/// SHA-256 of a file, in hexadecimal digits.
pub fn sha256(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
