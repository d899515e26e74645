//! The list of what is in a release.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Digest, Error, ReleasePath};

/// What a release is, for which board, and every file of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this list; this program knows [`Manifest::FORMAT`].
    pub format: u32,
    /// Grows from one release to the next.
    pub version: Version,
    /// The board that it was built for, as the file in `devices/boards` is named.
    pub board: String,
    /// The Rust target triple of its programs.
    pub target: String,
    /// The C library that its programs need at least.
    pub glibc: Glibc,
    /// Version of the program `evenkeel`.
    pub program: String,
    /// Name and version of the model.
    pub model: String,
    /// Every file but the list itself and its signature.
    #[serde(rename = "file")]
    pub files: Vec<Entry>,
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where.
    pub path: ReleasePath,
    /// Of its bytes.
    pub sha256: Digest,
    /// Bytes.
    pub size: u64,
    /// Whether it is a program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
}

/// What no release is without.
const NEEDED: [&str; 4] = [
    "bin/evenkeel",
    "bin/evenkeel-board",
    "model/model.toml",
    "systemd/evenkeel.service",
];

impl Manifest {
    /// The format that is written and read.
    pub const FORMAT: u32 = 1;
    /// A longer list is not read. Bytes.
    pub const LONGEST: usize = 1 << 20;
    const MOST_FILES: usize = 1000;
    const MOST_BYTES: u64 = 4 << 30;

    /// Reads a list and checks all that can be told without the files.
    ///
    /// # Errors
    /// [`Error::Manifest`] or [`Error::Path`] when it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::Manifest(why);
        if text.len() > Self::LONGEST {
            return Err(wrong(format!("it is longer than {} bytes", Self::LONGEST)));
        }
        let manifest: Self =
            toml::from_str(text).map_err(|error| wrong(error.message().to_owned()))?;
        if manifest.format != Self::FORMAT {
            return Err(wrong(format!(
                "its format is {}, and this program reads {}",
                manifest.format,
                Self::FORMAT
            )));
        }
        let Self {
            board,
            target,
            program,
            model,
            ..
        } = &manifest;
        if [board, target, program, model]
            .into_iter()
            .any(|text| text.contains(char::is_control))
        {
            return Err(wrong("a name in it is unprintable".into()));
        }
        let files = &manifest.files;
        let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_ref()).collect();
        if paths.len() != files.len() {
            return Err(wrong("a path is in it twice".into()));
        }
        if files.len() > Self::MOST_FILES {
            return Err(wrong(format!(
                "it has more than {} files",
                Self::MOST_FILES
            )));
        }
        let total = files
            .iter()
            .fold(0u64, |sum, file| sum.saturating_add(file.size));
        if total > Self::MOST_BYTES {
            return Err(wrong(format!("its files take {} MB", total >> 20)));
        }
        let mut kinds = BTreeMap::new();
        let other =
            |file: &&Entry| *kinds.entry(file.sha256).or_insert(file.executable) != file.executable;
        if let Some(file) = files.iter().find(other) {
            return Err(wrong(format!("{} is a program and not one", file.path)));
        }
        if let Some(missing) = NEEDED.iter().find(|needed| !paths.contains(**needed)) {
            return Err(wrong(format!("it has no {missing}")));
        }
        Ok(manifest)
    }

    /// As text, the same for the same list.
    pub fn to_text(&self) -> String {
        toml::to_string(self).expect("a list of plain values can be written")
    }
}

/// A number that grows from one release to the next: the time it was made, as in 20261125043310.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of the folder of a release: its version, and the beginning of its list's hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseId(String);

impl ReleaseId {
    /// Of the release with this list.
    pub fn of(version: Version, manifest: &str) -> Self {
        let digest = Digest::of(manifest.as_bytes()).to_string();
        Self(format!("{version}-{}", &digest[..8]))
    }

    /// The version in the name.
    pub fn version(&self) -> Version {
        let version = self.0.split('-').next().and_then(|text| text.parse().ok());
        Version(version.expect("a name begins with its version"))
    }
}

impl TryFrom<String> for ReleaseId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.split_once('-');
        let good = parts.is_some_and(|(version, hash)| {
            version
                .parse::<u64>()
                .is_ok_and(|number| number.to_string() == version)
                && hash.len() == 8
                && hash.chars().all(|c| c.is_ascii_hexdigit())
        });
        if good {
            Ok(Self(text))
        } else {
            Err(format!(
                "'{text}' does not name a release, as 20261125043310-0a1b2c3d does"
            ))
        }
    }
}

impl FromStr for ReleaseId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.to_owned().try_into()
    }
}

impl From<ReleaseId> for String {
    fn from(id: ReleaseId) -> Self {
        id.0
    }
}

impl AsRef<str> for ReleaseId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version of the GNU C library, as in 2.36.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glibc {
    major: u16,
    minor: u16,
}

impl Glibc {
    /// `major.minor`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl TryFrom<String> for Glibc {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.split_once('.')
            .and_then(|(major, minor)| {
                Some(Self {
                    major: major.parse().ok()?,
                    minor: minor.parse().ok()?,
                })
            })
            .ok_or_else(|| format!("'{text}' is no version of glibc, as 2.36 is"))
    }
}

impl FromStr for Glibc {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.to_owned().try_into()
    }
}

impl From<Glibc> for String {
    fn from(glibc: Glibc) -> Self {
        glibc.to_string()
    }
}

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::manifest;

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let list = manifest(7, &[("bin/evenkeel", b"program"), ("model/a.onnx", b"a")]);
        let text = list.to_text();
        assert_eq!(Manifest::parse(&text).unwrap(), list);
        assert_eq!(list.to_text(), Manifest::parse(&text).unwrap().to_text());
        let id = ReleaseId::of(list.version, &text);
        assert_eq!(id.to_string().parse::<ReleaseId>().unwrap(), id);
    }

    #[test]
    fn what_no_release_may_have_is_refused() {
        let good = manifest(7, &[]).to_text();
        let two = "[[file]]\npath = \"bin/evenkeel\"\nsha256 = \"".to_owned()
            + &Digest::of(b"").to_string()
            + "\"\nsize = 0\n";
        let cases = [
            (good.replace("format = 1", "format = 2"), "format is 2"),
            (
                good.replace("model/model.toml", "model/other.toml"),
                "has no model/model.toml",
            ),
            (
                good.replace("model/model.toml", "../model.toml"),
                "cannot have a file",
            ),
            (good.replace("2.31", "new"), "no version of glibc"),
            (good.clone() + "[extra]\n", "unknown field"),
            (good.clone() + &two, "twice"),
            (good.replace("size = 0", "size = 5000000000"), "MB"),
            (good.replace("size = 0", "size = -1"), "invalid value"),
            (
                good.replace("digits 0.1.0", "digits\\u001b[2J"),
                "unprintable",
            ),
        ];
        for (text, why) in cases {
            let error = Manifest::parse(&text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn glibc_is_compared_as_numbers_and_names_of_releases_are_plain() {
        let glibc = |text: &str| text.parse::<Glibc>().unwrap();
        assert!(glibc("2.9") < glibc("2.27"));
        for wrong in [
            "",
            "..",
            "1-",
            "01-00000000",
            "1-0000000g",
            "1-00000000/../x",
        ] {
            assert!(wrong.parse::<ReleaseId>().is_err(), "{wrong}");
        }
    }
}
