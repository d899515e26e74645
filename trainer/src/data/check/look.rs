//! One look at each clip: everything that the search for problems needs to know of it.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use evenkeel::clip::{ClipEntry, ClipSource, Description, describe};
use evenkeel::health::{Health, HealthConfig, Monitor};
use evenkeel::window::{Modality, PerSensor};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::twins::{Ear, PicturePrint, SoundPrint};
use crate::data::clips::{Listed, progress};

/// A clip that can be read, or why it cannot.
pub type Seen = Result<Looked, String>;

/// What a clip is like.
#[derive(Debug)]
pub struct Looked {
    /// How long its sound and its frames last; zero for a still picture without sound.
    pub duration: Duration,
    /// How it was recorded.
    pub description: Description,
    /// How each sensor was over the window that training uses; `None` for one that is not in the clip.
    pub health: PerSensor<Option<Health>>,
    /// SHA-256 of its files, and the stretch of them that is meant: equal for exact duplicates.
    pub content: Vec<u8>,
    /// Its sound, so that it is known again.
    pub sound: Option<SoundPrint>,
    /// Its pictures, so that they are known again.
    pub pictures: Option<PicturePrint>,
}

impl Looked {
    /// See [`Looked::duration`].
    pub fn seconds(&self) -> f64 {
        self.duration.as_secs_f64()
    }
}

/// Looks at every clip, on all cores, with a bar. `length` is that of a training window.
pub fn look_at_all(listed: &Listed, length: Duration) -> Vec<Seen> {
    let bar = progress("clips", listed.entries.len());
    let looked = listed
        .entries
        .par_iter()
        .map_init(
            || Ear::new(length),
            |ear, entry| {
                let looked = look(listed, entry, length, ear).map_err(|error| format!("{error:#}"));
                bar.inc(1);
                looked
            },
        )
        .collect();
    bar.finish_and_clear();
    looked
}

fn look(listed: &Listed, entry: &ClipEntry, length: Duration, ear: &mut Ear) -> Result<Looked> {
    let clip = listed.cache.read(entry)?;
    let middle = clip.duration.saturating_sub(length) / 2;
    let window = clip.window_at(middle, length);
    // Without a calibration: judged by what needs none, the same for every data set.
    let health = Monitor::new(&HealthConfig::default()).check(&window);
    let has = clip.sensors();
    let health = PerSensor::from_fn(|modality| has[modality].then_some(health[modality]));
    let is_well = |health: Option<Health>| health.is_some_and(|health| health.is_well());
    Ok(Looked {
        duration: clip.duration,
        description: describe(entry)?,
        content: content(entry)?,
        // Two black pictures are alike for another reason than that one was copied.
        sound: ear.print(&window).filter(|_| is_well(health.audio)),
        pictures: PicturePrint::of(&clip.frames).filter(|_| is_well(health.camera)),
        health,
    })
}

/// The files of a clip.
pub fn files(entry: &ClipEntry) -> Vec<&PathBuf> {
    let mut files: Vec<&PathBuf> = match &entry.source {
        ClipSource::Container(path) => vec![path],
        ClipSource::Separate { sound, picture } => sound.iter().chain(picture).collect(),
    };
    let further = Modality::FURTHER.into_iter();
    files.extend(further.filter_map(|sensor| entry.further[sensor].as_ref()));
    files
}

fn content(entry: &ClipEntry) -> Result<Vec<u8>> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    for path in files(entry) {
        let context = || format!("cannot read {}", path.display());
        let mut file = File::open(path).with_context(context)?;
        let mut bytes = 0_u64;
        loop {
            let read = file.read(&mut buffer).with_context(context)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            bytes += read as u64;
        }
        // So that bytes moved from one file to the next are another clip.
        hash.update(bytes.to_le_bytes());
    }
    hash.update(format!("{:?} {:?}", entry.start, entry.end));
    Ok(hash.finalize().to_vec())
}
