//! Who has signed a release.

use std::fmt;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minisign_verify::{PublicKey, Signature};

use crate::Error;
use crate::error::io;

/// A public key of minisign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    key: PublicKey,
    id: KeyId,
    text: String,
}

impl Key {
    /// Reads what `minisign -G` and `evenkeel-deploy key` write: one line of comment, one of base 64; the comment may be
    /// missing. `name` is for the error.
    ///
    /// # Errors
    /// [`Error::Key`] when it is none.
    pub fn parse(text: &str, name: &str) -> Result<Self, Error> {
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        let text = line.unwrap_or_default().to_owned();
        let wrong = |why: String| Error::Key(name.to_owned(), why);
        let key = PublicKey::from_base64(&text).map_err(|error| wrong(error.to_string()))?;
        let id = KeyId::in_line(&text).ok_or_else(|| wrong("it has no number".into()))?;
        Ok(Self { key, id, text })
    }

    /// The line of base 64 that is the key.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What people call it: the key's number in hexadecimal, as minisign shows it.
    pub fn id(&self) -> String {
        self.id.to_string()
    }
}

/// The number that a key has and that its signatures carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct KeyId(u64);

impl KeyId {
    /// In a key or a signature as minisign writes them: two bytes that name the algorithm, then eight of the number, the
    /// lowest first.
    fn in_line(line: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(line.trim()).ok()?;
        Some(Self(u64::from_le_bytes(bytes.get(2..10)?.try_into().ok()?)))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

/// The keys whose signatures count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedKeys(Vec<Key>);

impl TrustedKeys {
    /// All `.pub` files of a folder; none if there is no such folder.
    ///
    /// # Errors
    /// When one cannot be read or is no key.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut keys = Vec::new();
        let Ok(entries) = fs::read_dir(folder) else {
            return Ok(Self::default());
        };
        for entry in entries {
            let path = entry.map_err(io("cannot read", folder))?.path();
            if path.extension().is_some_and(|extension| extension == "pub") {
                let text = fs::read_to_string(&path).map_err(io("cannot read", &path))?;
                keys.push(Key::parse(&text, &path.display().to_string())?);
            }
        }
        keys.sort_by_key(|key| key.id);
        Ok(Self(keys))
    }

    /// Each key.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    /// Whether one of the keys has signed these bytes.
    ///
    /// # Errors
    /// [`Error::Untrusted`] when another key has, [`Error::Signature`] when none has.
    pub fn verify(&self, bytes: &[u8], signature: &str) -> Result<&Key, Error> {
        let broken = |error: minisign_verify::Error| Error::Signature(error.to_string());
        let line = signature.lines().nth(1).unwrap_or_default();
        let by = KeyId::in_line(line).ok_or_else(|| Error::Signature("it is none".into()))?;
        let signature = Signature::decode(signature).map_err(broken)?;
        let key = self.0.iter().find(|key| key.id == by);
        let key = key.ok_or_else(|| Error::Untrusted(by.to_string(), self.to_string()))?;
        // Signatures of minisign's old kind, over the bytes and not over their hash, are none of ours.
        key.key.verify(bytes, &signature, false).map_err(broken)?;
        Ok(key)
    }
}

impl FromIterator<Key> for TrustedKeys {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl fmt::Display for TrustedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let ids: Vec<_> = self.0.iter().map(Key::id).collect();
        f.write_str(&ids.join(", "))
    }
}
