//! Making a release: the list of its files, signed.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use evenkeel_release::{
    Digest, Entry, Glibc, Manifest, ReleaseId, ReleasePath, Setup, Version, digest,
};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::keys::SigningKey;

/// What a release is made of.
pub struct Parts<'a> {
    /// The board, as its file is named.
    pub board: &'a str,
    /// The Rust target triple of the programs.
    pub target: &'a str,
    /// What the programs need at least.
    pub glibc: Glibc,
    /// The program that answers.
    pub program: &'a Path,
    /// The program that takes releases.
    pub agent: &'a Path,
    /// The folder of the model package.
    pub model: &'a Path,
    /// None: the time, in seconds.
    pub version: Option<Version>,
}

/// A release, signed, its files where they were.
pub struct Release {
    /// Its name.
    pub id: ReleaseId,
    /// The list as a value.
    pub manifest: Manifest,
    /// The list as it was signed.
    pub list: String,
    /// The signature.
    pub signature: String,
    sources: Vec<Source>,
}

enum Source {
    File(PathBuf),
    Text(&'static str),
}

#[derive(Deserialize)]
struct Model {
    name: String,
    version: String,
}

impl Release {
    /// Lists and signs.
    ///
    /// # Errors
    /// When a part cannot be read, or is not what it has to be.
    pub fn make(parts: &Parts, key: &SigningKey) -> Result<Self> {
        let model = model(parts.model)?;
        let mut files = vec![
            (
                "bin/evenkeel".to_owned(),
                Source::File(parts.program.to_owned()),
            ),
            (
                "bin/evenkeel-board".to_owned(),
                Source::File(parts.agent.to_owned()),
            ),
            (
                "systemd/evenkeel.service".to_owned(),
                Source::Text(Setup::UNIT),
            ),
        ];
        for path in files_below(parts.model)? {
            let inside = path
                .strip_prefix(parts.model)?
                .to_string_lossy()
                .into_owned();
            files.push((format!("model/{inside}"), Source::File(path)));
        }
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let (mut entries, mut sources) = (Vec::new(), Vec::new());
        for (path, source) in files {
            entries.push(entry(path, &source)?);
            sources.push(source);
        }
        let manifest = Manifest {
            format: Manifest::FORMAT,
            version: parts.version.unwrap_or_else(now),
            board: parts.board.to_owned(),
            target: parts.target.to_owned(),
            glibc: parts.glibc,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            model: format!("{} {}", model.name, model.version),
            files: entries,
        };
        Self::signed(manifest, sources, key)
    }

    /// The same files under another number.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn numbered(self, version: Version, key: &SigningKey) -> Result<Self> {
        let manifest = Manifest {
            version,
            ..self.manifest
        };
        Self::signed(manifest, self.sources, key)
    }

    fn signed(manifest: Manifest, sources: Vec<Source>, key: &SigningKey) -> Result<Self> {
        let list = manifest.to_text();
        Manifest::parse(&list)?;
        let id = ReleaseId::of(manifest.version, &list);
        let comment = format!("evenkeel release {id} for {}", manifest.board);
        let signature = key.sign(&list, &comment)?;
        Ok(Self {
            id,
            manifest,
            list,
            signature,
            sources,
        })
    }

    /// The bytes of the file with this hash.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(&self, wanted: Digest) -> Result<(u64, Box<dyn Read>)> {
        let files = self.manifest.files.iter().zip(&self.sources);
        let (entry, source) = files
            .into_iter()
            .find(|(entry, _)| entry.sha256 == wanted)
            .with_context(|| {
                format!("the board asks for a file that is not in the release: {wanted}")
            })?;
        let bytes: Box<dyn Read> = match source {
            Source::Text(text) => Box::new(text.as_bytes()),
            Source::File(path) => Box::new(
                File::open(path).with_context(|| format!("cannot read {}", path.display()))?,
            ),
        };
        Ok((entry.size, bytes))
    }

    /// What is in it, whatever its number: the hash of its list without that.
    pub fn content(&self) -> Digest {
        let unnumbered = Manifest {
            version: Version(0),
            ..self.manifest.clone()
        };
        Digest::of(unnumbered.to_text().as_bytes())
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.manifest.files.iter().map(|entry| entry.size).sum()
    }
}

fn entry(path: String, source: &Source) -> Result<Entry> {
    let (sha256, size) = match source {
        Source::File(file) => digest(file)?,
        Source::Text(text) => (Digest::of(text.as_bytes()), text.len() as u64),
    };
    Ok(Entry {
        executable: path.starts_with("bin/"),
        path: ReleasePath::try_from(path)?,
        sha256,
        size,
    })
}

fn model(folder: &Path) -> Result<Model> {
    let path = folder.join("model.toml");
    let text = fs::read_to_string(&path).with_context(|| {
        format!(
            "there is no model package in {}: name its folder with --model",
            folder.display()
        )
    })?;
    toml::from_str(&text).with_context(|| format!("{} has no name and version", path.display()))
}

/// Every file below a folder. What is neither file nor folder has no place in a model package.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = || format!("cannot read {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let (path, kind) = (entry.path(), entry.file_type().with_context(unreadable)?);
        match (kind.is_dir(), kind.is_file()) {
            (true, _) => files.extend(files_below(&path)?),
            (_, true) => files.push(path),
            _ => bail!("{} is neither a file nor a folder", path.display()),
        }
    }
    ensure!(!files.is_empty(), "{} is empty", folder.display());
    Ok(files)
}

/// The number of a release that is made now: the time, year first, as in 20261125043310.
pub fn now() -> Version {
    let now = OffsetDateTime::now_utc();
    let fields = [
        u64::from(u8::from(now.month())),
        u64::from(now.day()),
        u64::from(now.hour()),
        u64::from(now.minute()),
        u64::from(now.second()),
    ];
    let year = u64::from(now.year().unsigned_abs());
    Version(
        fields
            .into_iter()
            .fold(year, |number, field| number * 100 + field),
    )
}
