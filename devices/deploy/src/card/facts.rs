//! What the kernel and udev know of a disk.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::size::size;

/// Where to ask. Other places than this machine's own are made up by tests.
#[derive(Debug, Clone)]
pub struct Places {
    /// The kernel's view of its devices.
    pub sys: PathBuf,
    /// Its view of this process: mounts and swap areas.
    pub proc: PathBuf,
    /// What udev found on devices.
    pub udev: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            sys: "/sys".into(),
            proc: "/proc".into(),
            udev: "/run/udev/data".into(),
        }
    }
}

/// A disk that may be written to, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The kernel's name, as in `sdb`.
    pub name: String,
    /// What its maker calls it; empty where it does not say.
    pub model: String,
    /// Bytes; 0 where a reader has no card in it.
    pub bytes: u64,
    /// Whether it can be taken out: what the kernel says of a USB stick, and any SD card.
    pub removable: bool,
    /// Whether it is protected from writing.
    pub protected: bool,
    /// The disk itself and its partitions.
    pub parts: Vec<Part>,
}

/// The whole of a disk, or a partition of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The kernel's name, as in `sdb1`.
    pub name: String,
    /// Its number, as in `8:17`.
    pub number: String,
    /// Bytes.
    pub bytes: u64,
    /// The kind and name of its file system, as far as udev knows.
    pub holds: String,
    /// Devices of the kernel that lie on it, as `dm-0` or `md127`.
    pub holders: Vec<String>,
}

const SECTOR: u64 = 512;

impl Card {
    /// The disk that a file in `/dev`, or a link to one, stands for.
    ///
    /// # Errors
    /// When it is not a whole disk, or the kernel does not tell.
    pub fn find(places: &Places, device: &Path) -> Result<Self> {
        let shown = device.display();
        let real = device
            .canonicalize()
            .with_context(|| format!("there is no device {shown}"))?;
        let kind = fs::metadata(&real)
            .with_context(|| format!("cannot look at {shown}"))?
            .file_type();
        ensure!(
            kind.is_block_device(),
            "{shown} is not a disk: a card is a device like /dev/sdb or /dev/mmcblk0, and an image is written with --image"
        );
        let name = real
            .strip_prefix("/dev")
            .ok()
            .and_then(Path::to_str)
            .with_context(|| format!("{shown} does not lie in /dev"))?;
        // A slash in a name is written so by the kernel.
        Self::named(places, &name.replace('/', "!"))
    }

    /// The disk that the kernel calls by this name.
    ///
    /// # Errors
    /// When it is not a whole disk, or the kernel does not tell.
    pub fn named(places: &Places, name: &str) -> Result<Self> {
        let folder = places.sys.join("block").join(name);
        if !folder.exists() {
            bail!(
                "{name} is not a whole disk but a part of one: name the disk, as in /dev/sdb or /dev/mmcblk0"
            );
        }
        let mut parts = vec![Part::read(places, &folder, name)?];
        for entry in fs::read_dir(&folder).with_context(|| unreadable(&folder))? {
            let path = entry.with_context(|| unreadable(&folder))?.path();
            if path.join("partition").exists()
                && let Some(name) = path.file_name().and_then(|name| name.to_str())
            {
                parts.push(Part::read(places, &path, name)?);
            }
        }
        parts[1..].sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
        let device = folder.join("device");
        let model: Vec<String> = ["vendor", "model", "name"]
            .iter()
            .filter_map(|file| word(&device.join(file)).transpose())
            .collect::<Result<_>>()?;
        let card = word(&device.join("type"))?.as_deref() == Some("SD");
        Ok(Self {
            name: name.to_owned(),
            model: model.join(" "),
            bytes: parts[0].bytes,
            removable: card || flag(&folder.join("removable"))?,
            protected: flag(&folder.join("ro"))?,
            parts,
        })
    }

    /// What its maker calls it, or that nobody knows.
    pub fn model(&self) -> &str {
        match self.model.as_str() {
            "" => "of an unknown make",
            model => model,
        }
    }

    /// Its file in `/dev`.
    pub fn device(&self) -> PathBuf {
        Path::new("/dev").join(self.name.replace('!', "/"))
    }
}

/// What will be erased, for a person who is going to be asked.
impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.removable {
            true => "can be taken out",
            false => "built in, or a disk in a case",
        };
        write!(
            f,
            "{:<12} {:>9}  {}, {kind}",
            self.name,
            size(self.bytes),
            self.model()
        )?;
        for part in self.parts.iter().skip(1) {
            write!(
                f,
                "\n  {:<10} {:>9}  {}",
                part.name,
                size(part.bytes),
                part.holds
            )?;
        }
        match self.parts.as_slice() {
            [whole] if whole.holds.is_empty() => write!(f, "\n  no partitions"),
            [whole] => write!(f, "\n  no partitions: {}", whole.holds),
            _ => Ok(()),
        }
    }
}

impl Part {
    fn read(places: &Places, folder: &Path, name: &str) -> Result<Self> {
        let number = must(&folder.join("dev"))?;
        let sectors: u64 = must(&folder.join("size"))?
            .parse()
            .with_context(|| format!("the kernel does not tell the size of {name}"))?;
        let mut holders = Vec::new();
        let held = folder.join("holders");
        if held.exists() {
            for entry in fs::read_dir(&held).with_context(|| unreadable(&held))? {
                let name = entry.with_context(|| unreadable(&held))?.file_name();
                holders.push(name.to_string_lossy().into_owned());
            }
        }
        holders.sort();
        Ok(Self {
            name: name.to_owned(),
            bytes: sectors * SECTOR,
            holds: found(places, &number)?,
            number,
            holders,
        })
    }
}

/// The kind and the label of the file system on a device; empty where udev knows of none.
fn found(places: &Places, number: &str) -> Result<String> {
    let text = word(&places.udev.join(format!("b{number}")))?.unwrap_or_default();
    let value = |key: &str| {
        text.lines().find_map(|line| {
            line.strip_prefix("E:")?
                .strip_prefix(key)?
                .strip_prefix('=')
        })
    };
    let kind = value("ID_FS_TYPE").unwrap_or_default();
    Ok(match value("ID_FS_LABEL") {
        Some(label) => format!("{kind} '{label}'"),
        None => kind.to_owned(),
    })
}

fn flag(path: &Path) -> Result<bool> {
    Ok(word(path)?.as_deref() == Some("1"))
}

fn must(path: &Path) -> Result<String> {
    word(path)?.with_context(|| unreadable(path))
}

/// A file of the kernel's without the line's end; none where there is no such file or it is empty.
fn word(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| unreadable(path)),
    }
}

fn unreadable(path: &Path) -> String {
    format!("cannot read {}", path.display())
}
