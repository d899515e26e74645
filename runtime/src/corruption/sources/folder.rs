//! Noise from a folder of recordings.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{NoiseBank, NoiseKind};
use crate::clip::{
    ClipEntry, ClipError, ClipList, ClipListError, ClipSource, ReadOptions, read_clip,
};
use crate::frontend::{FrontendError, resample};
use crate::window::{SampleRate, Sound};

/// Which recordings of a folder, so that a model is not tested with the noise that it was trained
/// with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first, third, fifth… recording of each folder in order of name.
    Training,
    /// The others.
    Test,
    /// All.
    All,
}

/// Why there is no noise.
#[derive(Debug, thiserror::Error)]
pub enum NoiseError {
    /// The folder could not be read.
    #[error(transparent)]
    List(#[from] ClipListError),
    /// A recording could not be read.
    #[error(transparent)]
    Recording(#[from] ClipError),
    /// No folder has the name of a noise.
    #[error(
        "{path} holds no noise; it must hold folders named wind, rain, thunder, traffic or crowd, \
         or those of ESC-10, with sound files in them"
    )]
    NoFolder {
        /// What was to be read.
        path: PathBuf,
    },
    /// A recording could not be converted to the rate of the clips.
    #[error("{name}: {cause}")]
    Conversion {
        /// The recording.
        name: String,
        /// Why not.
        cause: FrontendError,
    },
}

impl NoiseBank {
    /// Reads the recordings in the folders `wind`, `rain`, `thunder`, `traffic` and `crowd` of
    /// `path`, sound files of any format, and converts them to `rate`, at which the clips are that
    /// they will be mixed into. Kinds without a recording are made.
    ///
    /// The folders of the ESC-10 collection (Piczak, 2015) are taken as they are called there:
    /// `Rain`; `Sea waves` for wind, which is as broad and comes in gusts as well; `Helicopter` and
    /// `Chainsaw` for traffic, being engines. Other folders are left alone.
    ///
    /// Files that differ in one capital letter behind a last hyphen, as in `1-39901-A.ogg` and
    /// `1-39901-B.ogg`, are takes of one recording and belong to the same part.
    ///
    /// # Errors
    /// When the folder or a recording cannot be read, or no folder is named after a noise.
    pub fn read_folder(path: &Path, part: Part, rate: SampleRate) -> Result<Self, NoiseError> {
        let heard: Result<Vec<_>, NoiseError> = chosen(path, part)?
            .par_iter()
            .map(|(kind, entry)| Ok((*kind, read(entry, rate)?)))
            .collect();
        let mut sounds: BTreeMap<_, Vec<Sound>> = BTreeMap::new();
        for (kind, sound) in heard? {
            sounds.entry(kind).or_default().extend(sound);
        }
        Ok(NoiseBank::from_recordings(sounds))
    }
}

/// The recordings of one part and what they are of.
fn chosen(path: &Path, part: Part) -> Result<Vec<(NoiseKind, ClipEntry)>, NoiseError> {
    let mut takes: BTreeMap<(String, String), Vec<(NoiseKind, ClipEntry)>> = BTreeMap::new();
    let no_folder = || NoiseError::NoFolder {
        path: path.to_owned(),
    };
    let list = match ClipList::read(&innermost(path)) {
        Err(ClipListError::Empty { .. }) => return Err(no_folder()),
        list => list?,
    };
    for entry in list.entries {
        let Some(folder) = entry.label.clone() else {
            continue;
        };
        if let Some(kind) = kind_of(&folder) {
            let recording = (folder, recording_of(&entry.name));
            takes.entry(recording).or_default().push((kind, entry));
        }
    }
    if takes.is_empty() {
        return Err(no_folder());
    }
    let mut chosen = Vec::new();
    let mut last_folder = String::new();
    let mut odd = false;
    for ((folder, _), takes) in takes {
        odd = folder != last_folder || !odd;
        last_folder = folder;
        let wanted = match part {
            Part::Training => odd,
            Part::Test => !odd,
            Part::All => true,
        };
        if wanted {
            chosen.extend(takes);
        }
    }
    Ok(chosen)
}

/// The folder itself or, where it holds nothing but a folder of folders, as an unpacked archive often
/// does, that one.
fn innermost(path: &Path) -> PathBuf {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let inside: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    match inside.as_slice() {
        [only] if holds_folders(only) => innermost(only),
        _ => path.to_owned(),
    }
}

fn holds_folders(path: &Path) -> bool {
    let mut entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.any(|entry| entry.path().is_dir())
}

/// What the recordings in a folder of this name are of.
fn kind_of(folder: &str) -> Option<NoiseKind> {
    let name = folder.to_lowercase();
    // ESC-10 numbers its folders: "003 - Sea waves".
    let name = name.rsplit(" - ").next().unwrap_or(&name).trim();
    match name {
        "sea waves" => Some(NoiseKind::Wind),
        "helicopter" | "chainsaw" => Some(NoiseKind::Traffic),
        _ => NoiseKind::ALL.into_iter().find(|kind| kind.name() == name),
    }
}

/// The name of a file without its extension and the letter of the take.
fn recording_of(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match stem.rsplit_once('-') {
        Some((recording, take)) if matches!(take.as_bytes(), [b'A'..=b'Z']) => recording.to_owned(),
        _ => stem.to_owned(),
    }
}

/// The sound of one recording; pictures in the same file are not looked at.
fn read(entry: &ClipEntry, rate: SampleRate) -> Result<Option<Sound>, NoiseError> {
    let sound = match &entry.source {
        ClipSource::Container(path) => Some(path.clone()),
        ClipSource::Separate { sound, .. } => sound.clone(),
    };
    let source = ClipSource::Separate {
        sound,
        picture: None,
    };
    let entry = ClipEntry {
        further: Default::default(),
        source,
        ..entry.clone()
    };
    let clip = read_clip(&entry, &ReadOptions::default())?;
    let converted = clip.sound.map(|sound| resample(&sound, rate)).transpose();
    converted.map_err(|cause| NoiseError::Conversion {
        name: entry.name,
        cause,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;
    use crate::clip::write_wav;

    fn rate() -> SampleRate {
        SampleRate::new(8_000).unwrap()
    }

    fn collection() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let files = [
            "002 - Rain/1-17367-A.wav",
            "002 - Rain/1-21189-A.wav",
            "002 - Rain/1-21189-B.wav",
            "002 - Rain/2-72970-A.wav",
            "003 - Sea waves/1-1-A.wav",
            "003 - Sea waves/1-2-A.wav",
            "009 - Rooster/1-1-A.wav",
            "Traffic/bus.wav",
        ];
        let sound = Sound {
            start: Duration::ZERO,
            rate: SampleRate::new(16_000).unwrap(),
            samples: (0..1_600).map(|i| (i as f32 * 0.5).sin() * 0.1).collect(),
        };
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            write_wav(&path, &sound).unwrap();
        }
        root
    }

    #[test]
    fn the_folder_that_an_archive_leaves_around_the_others_is_looked_through() {
        let unpacked = tempfile::tempdir().unwrap();
        let inside = collection();
        fs::rename(inside.path(), unpacked.path().join("esc10")).unwrap();
        assert_eq!(names(unpacked.path(), Part::All).len(), 7);
    }

    fn names(root: &Path, part: Part) -> BTreeSet<String> {
        let chosen = chosen(root, part).unwrap();
        chosen.into_iter().map(|(_, entry)| entry.name).collect()
    }

    #[test]
    fn training_and_test_share_no_recording() {
        let root = collection();
        let [training, test, all] =
            [Part::Training, Part::Test, Part::All].map(|part| names(root.path(), part));
        assert!(training.is_disjoint(&test));
        assert_eq!(&training | &test, all);
        assert_eq!(all.len(), 7, "the rooster is no noise: {all:?}");
        let takes = ["002 - Rain/1-21189-A.wav", "002 - Rain/1-21189-B.wav"];
        assert!(takes.iter().all(|&take| test.contains(take)), "{test:?}");
    }

    #[test]
    fn a_folder_gives_the_kinds_it_holds() {
        let root = collection();
        let recorded = |part| {
            let bank = NoiseBank::read_folder(root.path(), part, rate()).unwrap();
            bank.recorded().collect::<Vec<_>>()
        };
        use NoiseKind::{Rain, Traffic, Wind};
        assert_eq!(recorded(Part::Training), [Wind, Rain, Traffic]);
        assert_eq!(recorded(Part::Test), [Wind, Rain]);
    }

    #[test]
    fn a_folder_without_noise_and_a_broken_recording_are_named() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("birds")).unwrap();
        fs::write(root.path().join("birds/a.wav"), "RIFF").unwrap();
        let read = || NoiseBank::read_folder(root.path(), Part::All, rate()).unwrap_err();
        let error = read();
        assert!(matches!(error, NoiseError::NoFolder { .. }), "{error}");
        fs::create_dir(root.path().join("rain")).unwrap();
        fs::write(root.path().join("rain/drops.wav"), "RIFF").unwrap();
        let error = read().to_string();
        assert!(error.contains("drops.wav"), "{error}");
    }
}
