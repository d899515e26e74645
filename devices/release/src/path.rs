//! Where a file lies in a release.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;

/// A relative path that stays where it is put: parts of plain characters, none of which begins with a dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleasePath(String);

const LONGEST: usize = 200;

impl ReleasePath {
    /// The same, to be joined to a folder.
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl TryFrom<String> for ReleasePath {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let good =
            |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain);
        if text.len() <= LONGEST && text.split('/').all(good) {
            Ok(Self(text))
        } else {
            Err(Error::Path(text))
        }
    }
}

impl From<ReleasePath> for String {
    fn from(path: ReleasePath) -> Self {
        path.0
    }
}

impl AsRef<str> for ReleasePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_release() {
        for good in ["bin/evenkeel", "model/golden/0-0.png", "model.toml"] {
            assert!(ReleasePath::try_from(good.to_owned()).is_ok(), "{good}");
        }
        let long = "a".repeat(201);
        let wrong = [
            "",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            ".hidden",
            "a b",
            "a\n",
            "ä",
            &long,
        ];
        for wrong in wrong {
            assert!(ReleasePath::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
