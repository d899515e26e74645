//! Numbers of a sensor as CSV.
//!
//! The first line is `time,<channel>,…` with any names for the channels. Each other line is a
//! reading: its time in seconds on the clip's clock, rising from line to line, and a number for each
//! channel. The readings need not be evenly spaced.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use super::ClipError;
use super::ffmpeg::Stretch;
use crate::files::write_atomically;
use crate::window::Signal;

/// Numbers that are read at most, 64 MB of them.
const MOST_VALUES: usize = 1 << 24;
/// Channels that a file may have.
const MOST_CHANNELS: usize = 64;
/// A day is more than any clip lasts.
const LATEST: f64 = 86_400.0;

/// Reads the readings of a stretch; their clock begins where it begins. `None` if there are none in it.
///
/// # Errors
/// When the file cannot be opened, or a line of it makes no sense; the line is named.
pub fn read(path: &Path, stretch: Stretch) -> Result<Option<Signal>, ClipError> {
    let file = File::open(path).map_err(ClipError::io(path))?;
    let signal = decode(file).map_err(|broken| match broken {
        Broken::Io(cause) => ClipError::io(path)(cause),
        Broken::Content(what) => ClipError::content(path, what),
    })?;
    let start = stretch.start.unwrap_or_default();
    let end = stretch.end.unwrap_or(Duration::MAX);
    let part = signal.between(start, end);
    Ok(part.map(|mut part| {
        part.times.iter_mut().for_each(|time| *time -= start);
        part
    }))
}

/// Writes readings as CSV, every number exactly, the channels called after `names`; numbered ones where
/// there are fewer names than channels.
///
/// # Errors
/// When the file cannot be written; it is then not there, or what it was before.
pub fn write_signal(path: &Path, signal: &Signal, names: &[&str]) -> Result<(), ClipError> {
    let written = encode(signal, names).and_then(|bytes| write_atomically(path, &bytes));
    written.map_err(|cause| ClipError::Write {
        path: path.to_owned(),
        cause,
    })
}

/// Readings as a CSV file.
pub(crate) fn encode(signal: &Signal, names: &[&str]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let numbered = (0..signal.channels).map(|channel| match names.get(channel) {
        Some(name) => (*name).to_owned(),
        None => format!("channel{}", channel + 1),
    });
    let header: Vec<String> = std::iter::once("time".to_owned()).chain(numbered).collect();
    writer.write_record(&header)?;
    let mut row: Vec<String> = Vec::with_capacity(header.len());
    for (index, time) in signal.times.iter().enumerate() {
        row.clear();
        row.push(format!("{}.{:09}", time.as_secs(), time.subsec_nanos()));
        row.extend(signal.reading(index).iter().map(f32::to_string));
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

/// What is wrong with a CSV of readings.
#[derive(Debug)]
pub(crate) enum Broken {
    /// It cannot be read.
    Io(io::Error),
    /// What it holds makes no sense: half a sentence with the line.
    Content(String),
}

/// The readings in a CSV file.
pub(crate) fn decode(file: impl Read) -> Result<Signal, Broken> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
    let header = reader.headers().map_err(csv_error)?;
    let first = header.get(0).unwrap_or_default();
    // Spreadsheets write a byte order mark.
    if first.trim_start_matches('\u{feff}') != "time" || header.len() < 2 {
        return Err(Broken::Content(
            "line 1: it must name the columns, `time` and then a channel or more; add such a line"
                .into(),
        ));
    }
    let channels = header.len() - 1;
    if channels > MOST_CHANNELS {
        return Err(Broken::Content(format!(
            "line 1: it names {channels} channels and may name {MOST_CHANNELS}"
        )));
    }
    let mut signal = Signal::new(channels);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(csv_error)? {
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |what: String| Broken::Content(format!("line {line}: {what}"));
        let time = time(record.get(0).unwrap_or_default()).map_err(wrong)?;
        if signal.times.last().is_some_and(|last| *last >= time) {
            return Err(wrong(
                "its time is not after that of the line before; sort the lines by time".into(),
            ));
        }
        if signal.values.len() + channels > MOST_VALUES {
            return Err(wrong("the file is too long to read at once; cut it".into()));
        }
        signal.times.push(time);
        for cell in record.iter().skip(1) {
            signal.values.push(number(cell).map_err(wrong)?);
        }
    }
    Ok(signal)
}

fn time(cell: &str) -> Result<Duration, String> {
    let seconds = cell
        .parse::<f64>()
        .ok()
        .filter(|s| (0.0..=LATEST).contains(s));
    match seconds {
        // To the nanosecond: the nearest number of seconds may lie a little below it.
        Some(seconds) => Ok(Duration::from_nanos((seconds * 1e9).round() as u64)),
        None => Err(format!(
            "the time `{cell}` must be a number of seconds from 0 to {LATEST}, such as 0.46"
        )),
    }
}

fn number(cell: &str) -> Result<f32, String> {
    match cell.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(format!(
            "`{cell}` is not a finite number; correct it or take the line out"
        )),
    }
}

fn csv_error(error: csv::Error) -> Broken {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => Broken::Io(cause),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => Broken::Content(format!(
            "line {line}: it has {len} columns but the first line has {expected_len}"
        )),
        _ => Broken::Content(format!(
            "line {line}: it is not UTF-8 text; save the file as UTF-8"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match decode(text.as_bytes()) {
            Err(Broken::Content(what)) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn readings_come_back_exactly_as_they_were_written() {
        let mut signal = Signal::new(2);
        signal.push(Duration::new(0, 1), &[0.1, -1e-20]);
        signal.push(Duration::new(3_599, 999_999_999), &[f32::MAX, 0.3]);
        let bytes = encode(&signal, &["x"]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("time,x,channel2\n"), "{text}");
        assert_eq!(decode(text.as_bytes()).unwrap(), signal);
    }

    #[test]
    fn broken_lines_are_refused_with_their_number() {
        for (text, expected) in [
            ("x,y\n0,1\n", "line 1: it must name"),
            ("time\n0\n", "line 1"),
            ("time,x\n0,1\nsoon,1\n", "line 3: the time `soon`"),
            ("time,x\n0,1\n-1,1\n", "line 3: the time `-1`"),
            ("time,x\n0,1\n0,1\n", "line 3: its time is not after"),
            ("time,x\n0,NaN\n", "line 2: `NaN`"),
            ("time,x\n0,1\n1,2,3\n", "line 3: it has 3 columns"),
        ] {
            assert!(said(text).contains(expected), "{text:?}: {}", said(text));
        }
    }

    #[test]
    fn a_stretch_begins_at_zero() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.signal.csv");
        std::fs::write(&path, "time,x\n0.5,1\n1.0,2\n1.5,3\n2.0,4\n").unwrap();
        let seconds = Duration::from_secs_f64;
        let stretch = Stretch {
            start: Some(seconds(1.0)),
            end: Some(seconds(2.0)),
        };
        let part = read(&path, stretch).unwrap().unwrap();
        assert_eq!(part.times, [Duration::ZERO, seconds(0.5)]);
        assert_eq!(part.values, [2.0, 3.0]);
        let behind = Stretch {
            start: Some(seconds(9.0)),
            end: None,
        };
        assert_eq!(read(&path, behind).unwrap(), None);
    }
}
