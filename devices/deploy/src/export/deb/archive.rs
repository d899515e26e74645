//! The bytes of a package (deb(5)): the same for the same files and the same time.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::super::Moment;
use super::super::content::Item;

/// A package of these files. They belong to root.
pub fn deb(control: Vec<Item>, data: Vec<Item>, moment: Moment) -> Result<Vec<u8>> {
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", packed(control, moment)?),
        ("data.tar.gz", packed(data, moment)?),
    ];
    let mut package = ar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = ar::Header::new(name.as_bytes().to_vec(), bytes.len() as u64);
        header.set_mode(0o100_644);
        header.set_mtime(moment.unix());
        package.append(&header, &bytes[..])?;
    }
    Ok(package.into_inner()?)
}

/// Compressed as small as it gets, and without a time of its own.
pub fn compressed(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}

fn packed(mut items: Vec<Item>, moment: Moment) -> Result<Vec<u8>> {
    items.sort_by(|a, b| a.path.cmp(&b.path));
    let mut tar = Builder::new(Vec::new());
    for folder in folders(&items) {
        let mut header = header(EntryType::Directory, 0o755, 0, moment);
        tar.append_data(&mut header, format!("{folder}/"), &[][..])?;
    }
    for item in &items {
        let mode = if item.executable { 0o755 } else { 0o644 };
        let mut header = header(EntryType::Regular, mode, item.bytes.len() as u64, moment);
        tar.append_data(&mut header, &item.path, &item.bytes[..])?;
    }
    compressed(&tar.into_inner()?)
}

/// The folders of these files, each before what is in it.
fn folders(items: &[Item]) -> BTreeSet<String> {
    let above = |item: &Item| {
        let folders = Path::new(&item.path).ancestors().skip(1);
        folders
            .map(|folder| folder.display().to_string())
            .filter(|folder| !folder.is_empty())
            .collect::<Vec<_>>()
    };
    items.iter().flat_map(above).collect()
}

fn header(kind: EntryType, mode: u32, size: u64, moment: Moment) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(moment.unix());
    header.set_uid(0);
    header.set_gid(0);
    for name in [Header::set_username, Header::set_groupname] {
        // The name of root fits into every header.
        let _ = name(&mut header, "root");
    }
    header
}
