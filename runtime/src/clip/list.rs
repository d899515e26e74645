//! The list of clips to work on, from a CSV file, a folder, or one file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::side::SideFiles;
use super::{folder, table};
use crate::window::PerSensor;

/// Clips in the order in which they are worked on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClipList {
    /// The file or folder that the list was read from.
    pub path: PathBuf,
    /// One entry per clip; never empty when it was read.
    pub entries: Vec<ClipEntry>,
    /// Files in the class folders that are no clips by their names, and were left out.
    pub ignored: Vec<PathBuf>,
}

/// One clip: where it is and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipEntry {
    /// What to call it in tables and messages.
    pub name: String,
    /// The file or files.
    pub source: ClipSource,
    /// The files of further sensors.
    pub further: PerSensor<Option<PathBuf>>,
    /// Its line in the CSV file, counted from 1; absent without one.
    pub line: Option<u64>,
    /// The true class, if known.
    pub label: Option<String>,
    /// Part of the data it belongs to, for example `train` or `test`.
    pub split: Option<String>,
    /// Speaker, recording day or whatever must not be split apart.
    pub group: Option<String>,
    /// Who speaks, where the group is something else.
    pub speaker: Option<String>,
    /// Where in the file the clip begins; the beginning if absent.
    pub start: Option<Duration>,
    /// Where in the file the clip ends, after `start`; the end if absent.
    pub end: Option<Duration>,
}

/// Where a clip's sound and pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClipSource {
    /// One file that holds sound, pictures or both.
    Container(PathBuf),
    /// Two files, of which at least one is there.
    Separate {
        /// Where the sound is; only the sound of this file is used.
        sound: Option<PathBuf>,
        /// A still picture, or a video of which only the pictures are used.
        picture: Option<PathBuf>,
    },
}

impl ClipSource {
    /// The file, or the first of two.
    pub fn file(&self) -> Option<&Path> {
        match self {
            ClipSource::Container(file) => Some(file),
            ClipSource::Separate { sound, picture } => sound.as_deref().or(picture.as_deref()),
        }
    }
}

impl ClipEntry {
    /// This entry, moved and stretched so that it gives the one window of `length` whose centre is
    /// the centre of the stretch from `start` to `end`.
    ///
    /// Entries without a stretch, or with one longer than `length`, stay as they are. A window that
    /// would begin before the file begins at the file's beginning.
    pub fn centred(&self, length: Duration) -> ClipEntry {
        let mut entry = self.clone();
        if let (Some(start), Some(end)) = (self.start, self.end)
            && end.saturating_sub(start) <= length
        {
            let centre = start + end.saturating_sub(start) / 2;
            let start = centre.saturating_sub(length / 2);
            entry.start = Some(start);
            entry.end = Some(start + length);
        }
        entry
    }
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ClipListError {
    /// The file or folder could not be read.
    #[error("{path}: {cause}; give a CSV file, a folder with one folder per class, or one clip")]
    Io {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not be.
        cause: std::io::Error,
    },
    /// The CSV has no header that says where clips are.
    #[error(
        "{path}: the first line must name the columns, `path,label` or `audio,image,label` or \
         `audio,video,label` with optional split,group,speaker,start,end, but {what}"
    )]
    Header {
        /// The CSV file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A line of the CSV that makes no sense.
    #[error("{path} line {line}: {what}")]
    Line {
        /// The CSV file.
        path: PathBuf,
        /// Counted from 1; the header is line 1.
        line: u64,
        /// What is wrong and what would be right.
        what: String,
    },
    /// A list without a single clip.
    #[error("{path} lists no clips; {hint}")]
    Empty {
        /// The CSV file or folder.
        path: PathBuf,
        /// What was looked for.
        hint: &'static str,
    },
    /// A sound with several pictures of the same name.
    #[error(
        "{path}: several pictures belong to this sound ({pictures}); keep one of them, or list \
         the clips in a CSV file"
    )]
    SeveralPictures {
        /// The sound.
        path: PathBuf,
        /// Names of the pictures.
        pictures: String,
    },
}

impl ClipList {
    /// Reads a list of clips.
    ///
    /// - A `.csv` file with the columns `path,label`, or `audio,image,label`, or
    ///   `audio,video,label`, in any order, and optionally `split`, `group`, `speaker`, `start` and
    ///   `end` (seconds); and `signal`, `audio2`, `camera2`, `signal2`, `signal3` and `signal4` for the files
    ///   of further sensors. Other columns are ignored. Relative paths are relative to the CSV file. One of
    ///   a pair of files may be left empty.
    /// - A folder with one folder per class, whose name is the class: every sound, picture and
    ///   video file in it is a clip, a sound and a picture with the same stem are one clip. Hidden
    ///   files are left out, and so are files of other kinds, which are named in the list.
    /// - A folder without such folders: the files in it, likewise, without labels. So are the clips that were
    ///   recorded live; the lines beside them are not among those that are left out.
    /// - Any other file: one clip without label.
    ///
    /// Files of further sensors that lie beside a clip (`NAME.signal.csv`, `NAME.audio2.wav`, `NAME.camera2.mp4`
    /// and the like) belong to it, whether or not a CSV has a column for them.
    ///
    /// The clips themselves are not opened.
    ///
    /// # Errors
    /// One sentence with the file, and with the line for a CSV.
    pub fn read(path: &Path) -> Result<ClipList, ClipListError> {
        let io = |cause| ClipListError::Io {
            path: path.to_owned(),
            cause,
        };
        let mut ignored = Vec::new();
        let entries = if fs::metadata(path).map_err(io)?.is_dir() {
            let (entries, others) = folder::read(path)?;
            ignored = others;
            entries
        } else if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("csv"))
        {
            table::read(path)?
        } else {
            vec![ClipEntry {
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                source: ClipSource::Container(path.to_owned()),
                further: SideFiles::default().of(path),
                line: None,
                label: None,
                split: None,
                group: None,
                speaker: None,
                start: None,
                end: None,
            }]
        };
        Ok(ClipList {
            path: path.to_owned(),
            entries,
            ignored,
        })
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
