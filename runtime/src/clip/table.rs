//! A CSV file as a list of clips.

use std::path::Path;
use std::time::Duration;

use super::list::{ClipEntry, ClipListError, ClipSource};
use super::side::SideFiles;
use crate::window::{Modality, PerSensor};

/// Which column holds what.
struct Columns {
    source: SourceColumns,
    label: usize,
    split: Option<usize>,
    group: Option<usize>,
    speaker: Option<usize>,
    start: Option<usize>,
    end: Option<usize>,
    further: PerSensor<Option<usize>>,
}

enum SourceColumns {
    Path(usize),
    Separate { sound: usize, picture: usize },
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, String> {
        let find = |name: &str| -> Result<Option<usize>, String> {
            let mut found = (0..header.len()).filter(|&i| &header[i] == name);
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(format!("it names `{name}` twice")),
                (first, None) => Ok(first),
            }
        };
        let [path, audio] = [find("path")?, find("audio")?];
        let [image, video] = [find("image")?, find("video")?];
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
        let mut further = PerSensor::default();
        for modality in Modality::FURTHER {
            further[modality] = find(modality.id())?;
        }
        Ok(Self {
            source,
            label: find("label")?.ok_or("it has no `label`")?,
            split: find("split")?,
            group: find("group")?,
            speaker: find("speaker")?,
            start: find("start")?,
            end: find("end")?,
            further,
        })
    }
}

/// The clips of a CSV file, in its order.
pub fn read(path: &Path) -> Result<Vec<ClipEntry>, ClipListError> {
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
    let mut side = SideFiles::default();
    for record in reader.records() {
        let record = record.map_err(|error| csv_error(path, error))?;
        let line = record.position().map_or(0, csv::Position::line);
        entries.push(
            entry(&columns, &record, line, folder, &mut side).map_err(|what| {
                ClipListError::Line {
                    path: path.to_owned(),
                    line,
                    what,
                }
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
    line: u64,
    folder: &Path,
    side: &mut SideFiles,
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
    let mut further = source.file().map(|file| side.of(file)).unwrap_or_default();
    for modality in Modality::FURTHER {
        if let Some(path) = cell(columns.further[modality]) {
            further[modality] = Some(folder.join(path));
        }
    }
    Ok(ClipEntry {
        name,
        source,
        further,
        line: Some(line),
        label: Some(label.to_owned()),
        split: cell(columns.split).map(str::to_owned),
        group: cell(columns.group).map(str::to_owned),
        speaker: cell(columns.speaker).map(str::to_owned),
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
                csv::ErrorKind::Io(cause) => ClipListError::Io { path, cause },
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
