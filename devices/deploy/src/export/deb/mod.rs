//! A Debian package.
//!
//! dpkg unpacks the release below `/usr/lib/evenkeel`, where nothing runs it; `postinst` lets the board take it from
//! there into `/opt/evenkeel`. So a package that is unpacked half changes nothing that is live, and the way back is the
//! board's own.

mod archive;
mod control;
mod papers;

use std::path::Path;

use anyhow::{Context, Result};
use evenkeel_release::{Setup, durable};

use super::Moment;
use super::content::{self, Item, filled};
use crate::deploy::Ready;

pub use control::Maintainer;

/// A package that is going to be made.
pub struct Deb<'a> {
    /// What is in it.
    pub ready: &'a Ready<'a>,
    /// Who answers for it.
    pub maintainer: &'a Maintainer,
    /// What its files carry as their time.
    pub moment: Moment,
}

/// Where the release lies until the board takes it.
const FOLDER: &str = "usr/lib/evenkeel";
const SCRIPTS: [(&str, &str); 4] = [
    ("preinst", include_str!("scripts/preinst")),
    ("postinst", include_str!("scripts/postinst")),
    ("prerm", include_str!("scripts/prerm")),
    ("postrm", include_str!("scripts/postrm")),
];

impl Deb<'_> {
    /// Writes it.
    ///
    /// # Errors
    /// When a file of the release cannot be read, a library that its programs need is in no package that is known here,
    /// or the file cannot be written.
    pub fn write(&self, out: &Path) -> Result<()> {
        let bytes = self.bytes()?;
        durable::write(out, &bytes, 0o644)
            .with_context(|| format!("cannot write {}", out.display()))
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let data = self.data()?;
        let control = self.control(&data)?;
        archive::deb(control, data, self.moment)
    }

    fn data(&self) -> Result<Vec<Item>> {
        let mut items: Vec<Item> = content::items(self.ready)?
            .into_iter()
            .map(|item| item.below(FOLDER))
            .collect();
        items.extend(papers::items(self)?);
        let options = self.ready.board.options.join(" ");
        items.push(Item::text(Setup::OPTIONS, Setup::options_file(&options)));
        Ok(items)
    }

    fn control(&self, data: &[Item]) -> Result<Vec<Item>> {
        let mut items = vec![
            Item::text("control", control::fields(self, data)?),
            Item::text("conffiles", format!("/{}\n", Setup::OPTIONS)),
        ];
        items.extend(SCRIPTS.map(|(name, script)| Item {
            executable: true,
            ..Item::text(name, filled(script, self.ready))
        }));
        Ok(items)
    }
}

#[cfg(test)]
mod tests;
