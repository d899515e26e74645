//! What Debian wants to read in every package: who holds which rights, and what has changed (Debian Policy 12.5, 12.7).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::super::content::Item;
use super::super::version::PackageVersion;
use super::control::NAME;
use super::{Deb, FOLDER, archive};

/// The licence that is not among those that every Debian system has.
const MIT: &str = include_str!("../../../../../LICENSE-MIT");

#[derive(Deserialize)]
struct Model {
    license: String,
}

/// `copyright` and the changelog.
///
/// # Errors
/// When the model names no licence.
pub fn items(deb: &Deb) -> Result<Vec<Item>> {
    let folder = format!("usr/share/doc/{NAME}");
    Ok(vec![
        Item::text(format!("{folder}/copyright"), copyright(deb)?),
        Item::text(
            format!("{folder}/changelog.Debian.gz"),
            archive::compressed(changelog(deb).as_bytes())?,
        ),
    ])
}

fn changelog(deb: &Deb) -> String {
    let manifest = &deb.ready.release.manifest;
    format!(
        "\
{NAME} ({version}) stable; urgency=medium

  * Release {id} for the board {board}: evenkeel {program},
    model {model}.

 -- {maintainer}  {date}
",
        version = PackageVersion::of(manifest),
        id = deb.ready.release.id,
        board = manifest.board,
        program = manifest.program,
        model = manifest.model,
        maintainer = deb.maintainer,
        date = deb.moment.mail_date(),
    )
}

/// In the form of <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>.
fn copyright(deb: &Deb) -> Result<String> {
    let license = license(&deb.ready.wish.model)?;
    let (title, text) = MIT
        .split_once("\n\n")
        .context("the file of the MIT licence has no title")?;
    ensure!(title == "MIT License", "the MIT licence is not in its file");
    let (holder, text) = text
        .split_once("\n\n")
        .context("the file of the MIT licence names nobody")?;
    let holder = holder.trim_start_matches("Copyright (c) ");
    Ok(format!(
        "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: evenkeel
Comment: The programs are linked with libraries of the Rust ecosystem, which are
 under the licences that their own packages name.

Files: *
Copyright: {holder}
License: Apache-2.0 or Expat

Files: {FOLDER}/release/model/*
Copyright: those whom CARD.md in that folder names
License: {license}

License: Apache-2.0
 On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0.

License: Expat
{expat}
{of_model}",
        expat = indented(text),
        of_model = of_model(&license),
    ))
}

/// What the licence of the model is, unless it is one that was explained before.
fn of_model(license: &str) -> String {
    if ["Apache-2.0", "Expat"].contains(&license) {
        return String::new();
    }
    format!(
        "\
License: {license}
 The model is under the licence that its maker named with this name in
 /{FOLDER}/release/model/model.toml. The names are those of
 https://spdx.org/licenses/, where the texts are.
"
    )
}

fn license(model: &Path) -> Result<String> {
    let path = model.join("model.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let model: Model = toml::from_str(&text)
        .with_context(|| format!("{} names no licence, and a package has to", path.display()))?;
    ensure!(
        !model.license.trim().is_empty() && !model.license.contains(char::is_control),
        "the licence in {} is empty or has more than a line",
        path.display()
    );
    Ok(model.license)
}

/// As the value of a field: each line after a blank, and a dot where it would be empty.
fn indented(text: &str) -> String {
    text.trim_end()
        .lines()
        .map(|line| match line.trim() {
            "" => " .\n".to_owned(),
            line => format!(" {line}\n"),
        })
        .collect()
}
