//! The folder of clips, and the list of them that training reads.
//!
//! A clip is `CLASS/SPEAKER-SITTING-NUMBER.mkv`. Its name says all that the list does, so the list is made
//! anew from the files whenever one comes or goes: after a loss of power, or when somebody has removed a
//! clip by hand, the next sitting puts it right.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::apart::Apart;
use super::error::CollectError;
use super::name::Name;
use super::take::Take;
use crate::files::{sync_folder, write_atomically};
use crate::live::rfc3339;

/// The list's name.
const LIST: &str = "clips.csv";
/// A sitting's name looks like this: when it began, in UTC.
const FORM: &[u8] = b"00000000T000000Z";
/// What a clip is called in addition while it is written; it is hidden then, too.
const UNFINISHED: &str = ".partial";

/// A clip in the folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shelved {
    /// Its class.
    pub label: Name,
    /// Who is in it.
    pub speaker: Name,
    /// When the sitting began that it is from.
    pub sitting: String,
    /// Its number in the sitting.
    pub number: u32,
}

impl Shelved {
    /// Its place in the folder.
    pub fn path(&self) -> String {
        let Self {
            label,
            speaker,
            sitting,
            number,
        } = self;
        format!("{label}/{speaker}-{sitting}-{number:03}.mkv")
    }

    /// The clip of this file name; `None` for a file of any other form.
    fn of(label: &Name, file: &str) -> Option<Self> {
        let mut parts = file.strip_suffix(".mkv")?.rsplitn(3, '-');
        let (number, sitting, speaker) = (parts.next()?, parts.next()?, parts.next()?);
        let fits = |(form, byte): (&u8, u8)| match form {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        };
        let is_sitting = sitting.len() == FORM.len() && FORM.iter().zip(sitting.bytes()).all(fits);
        let clip = Self {
            label: label.clone(),
            speaker: speaker.parse().ok()?,
            sitting: is_sitting.then(|| sitting.to_owned())?,
            number: number.parse().ok()?,
        };
        // Nothing but the very name that it was given.
        (clip.path() == format!("{label}/{file}")).then_some(clip)
    }
}

/// All clips in a folder, and who is being recorded now.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    speaker: Name,
    sitting: String,
    clips: Vec<Shelved>,
    /// Those of this sitting, the newest last.
    new: Vec<Shelved>,
    next: u32,
    foreign: usize,
}

impl Shelf {
    /// Makes the folder if it is not there, removes what a loss of power left half written in it, and
    /// makes its list. The sitting of `speaker` begins at `now`.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn open(folder: &Path, speaker: Name, now: SystemTime) -> Result<Self, CollectError> {
        let error = |cause| CollectError::Folder {
            path: folder.to_owned(),
            cause,
        };
        fs::create_dir_all(folder).map_err(error)?;
        let (clips, foreign) = find(folder).map_err(error)?;
        let mut began = now;
        let mut sitting = name_of(began);
        // A board without a clock begins all its sittings at the same time.
        while clips.iter().any(|clip| clip.sitting == sitting) {
            began += Duration::from_secs(1);
            sitting = name_of(began);
        }
        let shelf = Self {
            folder: folder.to_owned(),
            speaker,
            sitting,
            clips,
            new: Vec::new(),
            next: 1,
            foreign,
        };
        shelf.write_list()?;
        Ok(shelf)
    }

    /// Clips of a class by the speaker who is recorded, of all sittings.
    pub fn count(&self, label: &Name) -> usize {
        let theirs = |clip: &&Shelved| clip.label == *label && clip.speaker == self.speaker;
        self.clips.iter().filter(theirs).count()
    }

    /// Who is recorded.
    pub fn speaker(&self) -> &Name {
        &self.speaker
    }

    /// Clips of this sitting.
    pub fn new_clips(&self) -> usize {
        self.new.len()
    }

    /// Files in the folders of classes that were not recorded here, and are not in the list.
    pub fn foreign(&self) -> usize {
        self.foreign
    }

    /// The list that training reads.
    pub fn list(&self) -> PathBuf {
        self.folder.join(LIST)
    }

    /// What is kept apart now.
    pub fn apart(&self) -> Apart {
        Apart::of(&self.clips)
    }

    /// Writes a take to the disk, then into the list. Gives its place in the folder.
    ///
    /// # Errors
    /// When that fails; then there is no clip, or a whole one.
    pub fn keep(&mut self, label: &Name, take: &Take) -> Result<String, CollectError> {
        let clip = Shelved {
            label: label.clone(),
            speaker: self.speaker.clone(),
            sitting: self.sitting.clone(),
            number: self.next,
        };
        let path = clip.path();
        write(&self.folder.join(&path), take).map_err(|cause| CollectError::Write {
            path: self.folder.join(&path),
            cause,
        })?;
        self.next += 1;
        self.new.push(clip.clone());
        self.clips.push(clip);
        self.write_list()?;
        Ok(path)
    }

    /// Takes the last clip of this sitting back: its class, and where it was; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn undo(&mut self) -> Result<Option<(Name, String)>, CollectError> {
        let Some(clip) = self.new.last().cloned() else {
            return Ok(None);
        };
        let place = clip.path();
        let path = self.folder.join(&place);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(CollectError::Write { path, cause });
            }
            _ => {}
        }
        self.new.pop();
        self.clips.retain(|other| *other != clip);
        self.write_list()?;
        Ok(Some((clip.label, place)))
    }

    fn write_list(&self) -> Result<(), CollectError> {
        let path = self.list();
        let text = list(&self.clips).map_err(io::Error::other);
        text.and_then(|text| write_atomically(&path, &text))
            .map_err(|cause| CollectError::Write { path, cause })
    }
}

/// The list of these clips, as docs/data.md describes it.
fn list(clips: &[Shelved]) -> csv::Result<Vec<u8>> {
    let mut clips: Vec<&Shelved> = clips.iter().collect();
    clips.sort();
    let all: Vec<Shelved> = clips.iter().copied().cloned().collect();
    let apart = Apart::of(&all);
    let mut list = csv::Writer::from_writer(Vec::new());
    list.write_record(["path", "label", "group", "speaker"])?;
    for clip in clips {
        list.write_record([
            clip.path().as_str(),
            clip.label.as_str(),
            &apart.group(clip),
            clip.speaker.as_str(),
        ])?;
    }
    list.into_inner().map_err(|error| error.into_error().into())
}

/// The clips in the folders of classes, and how many other files there are.
fn find(folder: &Path) -> io::Result<(Vec<Shelved>, usize)> {
    let (mut clips, mut foreign) = (Vec::new(), 0);
    for class in fs::read_dir(folder)? {
        let class = class?;
        let Ok(label) = class.file_name().to_string_lossy().parse::<Name>() else {
            continue;
        };
        if !class.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(class.path())? {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            if let Some(clip) = Shelved::of(&label, &name) {
                clips.push(clip);
            } else if let Some(hidden) = name.strip_prefix('.') {
                let unfinished = hidden.strip_suffix(UNFINISHED);
                let ours = unfinished.is_some_and(|name| Shelved::of(&label, name).is_some());
                // Another program may be writing it.
                if ours && File::open(file.path())?.try_lock().is_ok() {
                    fs::remove_file(file.path())?;
                }
            } else {
                foreign += 1;
            }
        }
    }
    Ok((clips, foreign))
}

/// Writes a clip under another name, and gives it its own once all of it is on the disk.
fn write(path: &Path, take: &Take) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = folder.join(format!(".{name}{UNFINISHED}"));
    let written = (|| {
        let file = File::create_new(&partial)?;
        file.try_lock()?;
        let file = take.write(BufWriter::new(file))?.into_inner()?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        sync_folder(folder)
    })();
    if written.is_err() {
        // Where this fails too, it is removed at the next start.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn name_of(time: SystemTime) -> String {
    let text = rfc3339(time);
    let (seconds, _) = text.split_once('.').unwrap_or((&text, ""));
    format!("{}Z", seconds.replace(['-', ':'], ""))
}
