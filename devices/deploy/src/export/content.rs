//! What every package carries.

use std::io::Read;

use anyhow::Result;
use evenkeel_release::{MANIFEST, SIGNATURE};

use super::version::PackageVersion;
use crate::deploy::Ready;
use crate::ssh::quoted;

/// A file of a package.
pub struct Item {
    /// Relative, of plain characters.
    pub path: String,
    pub bytes: Vec<u8>,
    pub executable: bool,
}

impl Item {
    /// A text that nobody runs.
    pub fn text(path: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            bytes: text.into(),
            executable: false,
        }
    }

    /// The same, below a folder.
    pub fn below(self, folder: &str) -> Self {
        Self {
            path: format!("{folder}/{}", self.path),
            ..self
        }
    }
}

/// The name of the script that hands the release to the board.
pub const TAKE: &str = "take";

/// That script, and the release in a folder beside it.
///
/// # Errors
/// When a file of the release cannot be read.
pub fn items(ready: &Ready) -> Result<Vec<Item>> {
    let release = &ready.release;
    let mut items = vec![
        Item {
            path: TAKE.to_owned(),
            bytes: filled(include_str!("take.sh"), ready).into_bytes(),
            executable: true,
        },
        Item::text(format!("release/{MANIFEST}"), release.list.as_str()),
        Item::text(format!("release/{SIGNATURE}"), release.signature.as_str()),
    ];
    for entry in &release.manifest.files {
        let (_, mut source) = release.open(entry.sha256)?;
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes)?;
        items.push(Item {
            path: format!("release/{}", entry.path),
            bytes,
            executable: entry.executable,
        });
    }
    Ok(items)
}

/// A script with what it has to know of the release in the places of `@NAMES@`.
pub fn filled(script: &str, ready: &Ready) -> String {
    let Ready {
        board, wish, key, ..
    } = ready;
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let values = [
        ("@BOARD@", board.name.clone()),
        ("@KEY@", key.text().to_owned()),
        ("@KEY_NUMBER@", key.id()),
        ("@OPTIONS@", board.options.join(" ")),
        ("@SET_UP@", yes(wish.set_up)),
        ("@DOWNGRADE@", yes(wish.allow_downgrade)),
        ("@PATIENCE@", wish.patience.to_string()),
        ("@HOLD@", wish.hold.to_string()),
        (
            "@VERSION@",
            PackageVersion::of(&ready.release.manifest).to_string(),
        ),
    ];
    values
        .iter()
        .fold(script.to_owned(), |script, (name, value)| {
            script.replace(name, &quoted(value))
        })
}
