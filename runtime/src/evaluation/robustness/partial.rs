//! The clips that are done so far, on disk, so that a run of hours survives being interrupted.
//!
//! One JSON text per line: what the run is about, then one record per clip that is done.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::panel::Clips;
use super::plan::{Contestants, Plan};
use super::record::ClipRecord;
use crate::corruption::NoiseKind;
use crate::random;
use crate::window::{SampleRate, Window};

/// Why partial results cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PartialError {
    /// They are those of another run.
    #[error(
        "{} holds the results of an interrupted run with other clips, models or corruptions; \
         delete it or choose another folder",
        path.display()
    )]
    OtherRun {
        /// The file.
        path: PathBuf,
    },
    /// It is something else, which must not be overwritten.
    #[error(
        "{} is no file with the results of an interrupted run; move it away or choose another folder",
        path.display()
    )]
    OtherFile {
        /// The file.
        path: PathBuf,
    },
    /// Another process writes to it.
    #[error(
        "another evaluation is writing to {}; give each a folder of its own",
        path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It is not there, or cannot be read.
    #[error("the results of a part cannot be read from {}: {cause}; do that part first", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The file system refused.
    #[error("the results so far cannot be kept in {}: {cause}; choose another folder", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// First line of the file.
#[derive(Serialize, Deserialize)]
struct Header {
    /// Hash of everything that the results depend on.
    robustness_run: String,
}

/// The file, open for the next record.
#[derive(Debug)]
pub struct Partial {
    path: PathBuf,
    file: File,
}

impl Partial {
    /// Opens or begins the partial results at `path`; the records that are whole and for which `fits`
    /// holds are given back. A line that was torn by an interruption or does not fit, and whatever
    /// follows it, is forgotten.
    ///
    /// # Errors
    /// When they belong to a run with another fingerprint, when the file is something else, or when it
    /// cannot be read or written.
    pub fn open(
        path: &Path,
        fingerprint: &str,
        fits: impl Fn(&ClipRecord) -> bool,
    ) -> Result<(Self, Vec<ClipRecord>), PartialError> {
        let io = |cause| PartialError::Io {
            path: path.to_owned(),
            cause,
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io)?;
        }
        let before = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io(error)),
        };
        let our_header = line_of(&Header {
            robustness_run: fingerprint.to_owned(),
        })
        .map_err(io)?;
        let mut records = Vec::new();
        let mut end = 0;
        // Nothing yet, or a run that was interrupted in its very first line, begins anew.
        if !our_header.starts_with(&before) || our_header == before {
            (records, end) = records_in(path, &before, fingerprint, fits)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(io)?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(PartialError::Busy {
                path: path.to_owned(),
            });
        }
        file.set_len(end as u64).map_err(io)?;
        let mut partial = Self {
            path: path.to_owned(),
            file,
        };
        io::Seek::seek(&mut partial.file, io::SeekFrom::End(0)).map_err(io)?;
        if end == 0 {
            partial.append(&our_header)?;
        }
        Ok((partial, records))
    }

    /// The records of such a file, which stays as it is.
    ///
    /// # Errors
    /// As for [`Self::open`], and when there is no such file.
    pub fn read(
        path: &Path,
        fingerprint: &str,
        fits: impl Fn(&ClipRecord) -> bool,
    ) -> Result<Vec<ClipRecord>, PartialError> {
        let bytes = fs::read(path).map_err(|cause| PartialError::Unread {
            path: path.to_owned(),
            cause,
        })?;
        Ok(records_in(path, &bytes, fingerprint, fits)?.0)
    }

    /// Keeps one more record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, record: &ClipRecord) -> Result<(), PartialError> {
        let line = line_of(record).map_err(|cause| self.io(cause))?;
        self.append(&line)
    }

    /// One write, so that what an interruption leaves is a line that is torn at its end.
    fn append(&mut self, line: &[u8]) -> Result<(), PartialError> {
        let written = self.file.write_all(line).and_then(|()| self.file.flush());
        written.map_err(|cause| self.io(cause))
    }

    fn io(&self, cause: io::Error) -> PartialError {
        PartialError::Io {
            path: self.path.clone(),
            cause,
        }
    }
}

/// The records that are whole and fit, and where they end in `bytes`, the contents of the file at `path`.
fn records_in(
    path: &Path,
    bytes: &[u8],
    fingerprint: &str,
    fits: impl Fn(&ClipRecord) -> bool,
) -> Result<(Vec<ClipRecord>, usize), PartialError> {
    let path = || path.to_owned();
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let header: Header = whole(first).ok_or_else(|| PartialError::OtherFile { path: path() })?;
    if header.robustness_run != fingerprint {
        return Err(PartialError::OtherRun { path: path() });
    }
    let mut records = Vec::new();
    let mut end = first.len();
    for line in lines {
        let Some(record) = whole(line).filter(&fits) else {
            break;
        };
        records.push(record);
        end += line.len();
    }
    Ok((records, end))
}

fn line_of(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Whether a record can be one of this run: everything that is looked up by one of its numbers is
/// there.
pub fn fits(
    record: &ClipRecord,
    plan: &Plan,
    contestants: &Contestants,
    clips: &dyn Clips,
) -> bool {
    let labels = plan.labels.len();
    record.clip < clips.len()
        && record.label < labels
        && record.conditions.len() == 1 + plan.cells.len()
        && record.conditions.iter().all(|condition| {
            condition.answers.len() == contestants.all().len()
                && condition
                    .answers
                    .iter()
                    .all(|answer| answer.label < labels && answer.confidence.is_finite())
        })
}

/// A line that ends and makes sense.
fn whole<T: for<'a> Deserialize<'a>>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(line.strip_suffix(b"\n")?).ok()
}

/// Hash of everything that the results of a run depend on: clips, plan, contestants, and the version
/// of this program.
pub fn fingerprint(plan: &Plan, contestants: &Contestants, clips: &dyn Clips) -> String {
    #[derive(Serialize)]
    struct Everything<'a> {
        version: &'a str,
        cells: &'a [super::plan::Cell],
        length: u128,
        seed: u64,
        labels: &'a [String],
        nothing: Option<usize>,
        contestants: &'a [super::plan::Contestant],
        clips: Vec<String>,
        donors: Vec<usize>,
    }
    let everything = Everything {
        version: env!("CARGO_PKG_VERSION"),
        cells: &plan.cells,
        length: plan.length.as_nanos(),
        seed: plan.seed,
        labels: &plan.labels,
        nothing: plan.nothing,
        contestants: contestants.all(),
        clips: (0..clips.len()).map(|clip| clips.identity(clip)).collect(),
        donors: plan.donors.iter().map(|donor| donor.clip).collect(),
    };
    let mut hash = Sha256::new();
    // Only maps with keys that are no texts cannot be written as JSON.
    hash.update(serde_json::to_vec(&everything).unwrap_or_default());
    for donor in &plan.donors {
        hash_window(&mut hash, &donor.window);
    }
    hash_noises(&mut hash, plan);
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash_window(hash: &mut Sha256, window: &Window) {
    if let Some(sound) = &window.sound {
        for sample in &sound.samples {
            hash.update(sample.to_le_bytes());
        }
    }
    for frame in &window.frames {
        hash.update(&frame.rgb);
    }
}

/// Recordings of noise can be large, so some short pieces of each kind stand for all of it: enough
/// that one recording more, less or changed is found in all likelihood.
fn hash_noises(hash: &mut Sha256, plan: &Plan) {
    const RATE: SampleRate = SampleRate::new(16_000).expect("it is not zero");
    const PIECES: u64 = 64;
    const SAMPLES: usize = 200;
    for (index, kind) in NoiseKind::ALL.into_iter().enumerate() {
        for piece in 0..PIECES {
            let mut rng = random::rng("robustness fingerprint", &[index as u64, piece]);
            for sample in plan.noises.noise(kind, RATE, SAMPLES, &mut rng) {
                hash.update(sample.to_le_bytes());
            }
        }
    }
}
