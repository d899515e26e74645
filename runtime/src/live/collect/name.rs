//! Names of classes and speakers, which become names of folders and files.

use std::fmt;
use std::str::FromStr;

/// The most characters of a name.
const LONGEST: usize = 60;

/// A name that is fit for a folder and for a cell of a table: letters, digits, `-`, `_` and blanks
/// between them, at most 60.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' ');
        // A leading dash would be an option to other programs.
        match !text.is_empty()
            && !text.starts_with('-')
            && text.chars().count() <= LONGEST
            && text.chars().all(fits)
        {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "{text:?} must be a name of letters, digits, - and _, at most {LONGEST} of them"
            )),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
