//! The list of clips to work on, from a CSV file, a folder per class, or one file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::folder;

/// Clips in the order in which they are worked on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClipList {
    /// One entry per clip; never empty when it was read.
    pub entries: Vec<ClipEntry>,
}

/// One clip: where it is and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipEntry {
    /// What to call it in tables and messages.
    pub name: String,
    /// The file or files.
    pub source: ClipSource,
    /// The true class, if known.
    pub label: Option<String>,
    /// Part of the data it belongs to, for example `train` or `test`.
    pub split: Option<String>,
    /// Speaker, recording day or whatever must not be split apart.
    pub group: Option<String>,
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
    #[error("{path}: {source}; give a CSV file, a folder with one folder per class, or one clip")]
    Io {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not be.
        source: std::io::Error,
    },
    /// The CSV has no header that says where clips are.
    #[error(
        "{path}: the first line must name the columns, `path,label` or `audio,image,label` or \
         `audio,video,label` with optional split,group,start,end, but {what}"
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
    ///   `audio,video,label`, in any order, and optionally `split`, `group`, `start` and `end`
    ///   (seconds). Other columns are ignored. Relative paths are relative to the CSV file. One of
    ///   a pair of files may be left empty.
    /// - A folder with one folder per class, whose name is the class: every sound, picture and
    ///   video file in it is a clip, a WAV and a picture with the same stem are one clip. Hidden
    ///   files and files of other kinds are ignored.
    /// - Any other file: one clip without label.
    ///
    /// The clips themselves are not opened.
    ///
    /// # Errors
    /// One sentence with the file, and with the line for a CSV.
    pub fn read(path: &Path) -> Result<ClipList, ClipListError> {
        let io = |source| ClipListError::Io {
            path: path.to_owned(),
            source,
        };
        let entries = if fs::metadata(path).map_err(io)?.is_dir() {
            folder::read(path)?
        } else if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("csv"))
        {
            read_csv(path)?
        } else {
            vec![ClipEntry {
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                source: ClipSource::Container(path.to_owned()),
                label: None,
                split: None,
                group: None,
                start: None,
                end: None,
            }]
        };
        Ok(ClipList { entries })
    }
}

/// Which column holds what.
struct Columns {
    source: SourceColumns,
    label: usize,
    split: Option<usize>,
    group: Option<usize>,
    start: Option<usize>,
    end: Option<usize>,
}

enum SourceColumns {
    Path(usize),
    Separate { sound: usize, picture: usize },
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, String> {
        let mut find = Vec::new();
        for name in [
            "path", "audio", "image", "video", "label", "split", "group", "start", "end",
        ] {
            let mut found = (0..header.len()).filter(|&i| &header[i] == name);
            let first = found.next();
            if found.next().is_some() {
                return Err(format!("it names `{name}` twice"));
            }
            find.push(first);
        }
        let [path, audio, image, video, label, split, group, start, end] = find[..] else {
            unreachable!("nine names were looked for");
        };
        let source = match (path, audio, image.or(video)) {
            (Some(path), None, None) => SourceColumns::Path(path),
            (None, Some(sound), Some(picture)) if image.is_none() || video.is_none() => {
                SourceColumns::Separate { sound, picture }
            }
            _ => {
                let names: Vec<_> = header.iter().collect();
                return Err(format!("it is `{}`", names.join(",")));
            }
        };
        let label = label.ok_or("it has no `label`")?;
        Ok(Self {
            source,
            label,
            split,
            group,
            start,
            end,
        })
    }
}

fn read_csv(path: &Path) -> Result<Vec<ClipEntry>, ClipListError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| csv_error(path, error))?;
    let mut header = reader
        .headers()
        .map_err(|error| csv_error(path, error))?
        .clone();
    if let Some(first) = header
        .get(0)
        .and_then(|first| first.strip_prefix('\u{feff}'))
    {
        // Spreadsheets write a byte order mark, which would make the first name unknown.
        let names = std::iter::once(first).chain(header.iter().skip(1));
        header = names.collect();
    }
    let columns = Columns::of(&header).map_err(|what| ClipListError::Header {
        path: path.to_owned(),
        what,
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut entries = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| csv_error(path, error))?;
        let line = record.position().map_or(0, csv::Position::line);
        entries.push(
            entry(&columns, &record, folder).map_err(|what| ClipListError::Line {
                path: path.to_owned(),
                line,
                what,
            })?,
        );
    }
    if entries.is_empty() {
        return Err(ClipListError::Empty {
            path: path.to_owned(),
            hint: "add one line per clip below the header",
        });
    }
    Ok(entries)
}

fn entry(
    columns: &Columns,
    record: &csv::StringRecord,
    folder: &Path,
) -> Result<ClipEntry, String> {
    let cell = |column: Option<usize>| -> Option<&str> {
        column
            .and_then(|i| record.get(i))
            .filter(|cell| !cell.is_empty())
    };
    let (mut name, source) = match columns.source {
        SourceColumns::Path(path) => {
            let path = cell(Some(path)).ok_or("it has no path; write where the clip is")?;
            (path.to_owned(), ClipSource::Container(folder.join(path)))
        }
        SourceColumns::Separate { sound, picture } => {
            let (sound, picture) = (cell(Some(sound)), cell(Some(picture)));
            let name = match (sound, picture) {
                (Some(sound), Some(picture)) => format!("{sound} + {picture}"),
                (Some(one), None) | (None, Some(one)) => one.to_owned(),
                (None, None) => {
                    return Err("it has neither sound nor picture; write at least one".into());
                }
            };
            let source = ClipSource::Separate {
                sound: sound.map(|path| folder.join(path)),
                picture: picture.map(|path| folder.join(path)),
            };
            (name, source)
        }
    };
    let label = cell(Some(columns.label)).ok_or("it has no label; write the class of the clip")?;
    let (start, end) = (cell(columns.start), cell(columns.end));
    if start.is_some() || end.is_some() {
        // Several lines may cut several clips out of one file.
        name = format!("{name} [{}–{} s]", start.unwrap_or("0"), end.unwrap_or(""));
    }
    let start = start.map(|cell| seconds("start", cell)).transpose()?;
    let end = end.map(|cell| seconds("end", cell)).transpose()?;
    if let Some(end) = end
        && end <= start.unwrap_or(Duration::ZERO)
    {
        return Err("the start must be before the end".into());
    }
    Ok(ClipEntry {
        name,
        source,
        label: Some(label.to_owned()),
        split: cell(columns.split).map(str::to_owned),
        group: cell(columns.group).map(str::to_owned),
        start,
        end,
    })
}

/// A point in time as the CSV writes it. A day is more than any clip lasts.
fn seconds(column: &str, cell: &str) -> Result<Duration, String> {
    match cell.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!(
            "the {column} `{cell}` must be a number of seconds from 0 to 86400, such as 0.46"
        )),
    }
}

/// The csv crate's errors carry their own "CSV error: record 1 (line: 2, …)"; one line number is enough.
fn csv_error(path: &Path, error: csv::Error) -> ClipListError {
    let path = path.to_owned();
    let line = error.position().map_or(1, csv::Position::line);
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!(
            "it has {len} columns but the header has {expected_len}; quote cells that hold commas"
        ),
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8 text; save the file as UTF-8".to_owned(),
        _ => {
            return match error.into_kind() {
                csv::ErrorKind::Io(source) => ClipListError::Io { path, source },
                kind => ClipListError::Line {
                    path,
                    line,
                    what: format!("{kind:?}"),
                },
            };
        }
    };
    ClipListError::Line { path, line, what }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
