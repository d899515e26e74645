//! Files beside a clip: what further sensors recorded at the same time.
//!
//! Beside `NAME.mkv` (or any other clip) it is `NAME.signal.csv`, `NAME.audio2.wav`,
//! `NAME.camera2.mp4`: the clip's name without its ending, the sensor, and an ending of its kind.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{Contents, contents};
use crate::window::{Kind, Modality, PerSensor};

/// Side files by their clip's stem.
type Folder = BTreeMap<String, PerSensor<Option<PathBuf>>>;

/// Finds the files beside clips; looks into each folder once.
#[derive(Default)]
pub struct SideFiles(HashMap<PathBuf, Folder>);

impl SideFiles {
    /// What lies beside a clip.
    pub fn of(&mut self, clip: &Path) -> PerSensor<Option<PathBuf>> {
        let folder = clip.parent().unwrap_or(Path::new(""));
        if !self.0.contains_key(folder) {
            self.0.insert(folder.to_owned(), look_into(folder));
        }
        let stem = clip.file_stem().unwrap_or_default().to_string_lossy();
        let found = self.0.get(folder).and_then(|files| files.get(&*stem));
        found.cloned().unwrap_or_default()
    }
}

/// A folder that cannot be read has no side files; whoever reads its clips says why.
fn look_into(folder: &Path) -> Folder {
    let here = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let mut files = Folder::new();
    for entry in fs::read_dir(here).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if let Some((stem, modality)) = name.to_str().and_then(side_of) {
            let path = folder.join(&name);
            files.entry(stem.to_owned()).or_default()[modality] = Some(path);
        }
    }
    files
}

/// The clip's stem and the sensor, if this is the name of a side file.
pub fn side_of(name: &str) -> Option<(&str, Modality)> {
    let (rest, _) = name.rsplit_once('.')?;
    let (stem, id) = rest.rsplit_once('.')?;
    let modality = Modality::from_id(id).filter(|m| Modality::FURTHER.contains(m))?;
    let fits = match (modality.kind(), contents(Path::new(name))) {
        (Kind::Audio, Contents::Sound | Contents::Video) => true,
        (Kind::Camera, Contents::Picture | Contents::Video) => true,
        (Kind::Signal, Contents::Other) => name.to_ascii_lowercase().ends_with(".csv"),
        _ => false,
    };
    (fits && !stem.is_empty()).then_some((stem, modality))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{ClipList, ReadOptions, read_clip};
    use crate::window::{SampleRate, Sound};

    fn seconds(seconds: f64) -> std::time::Duration {
        std::time::Duration::from_secs_f64(seconds)
    }

    fn second_of_sound(path: &Path, level: f32) {
        let sound = Sound {
            start: seconds(0.0),
            rate: SampleRate::new(1000).unwrap(),
            samples: vec![level; 1000],
        };
        crate::clip::write_wav(path, &sound).unwrap();
    }

    /// The clip as a folder, as a list without and with columns, and alone.
    #[test]
    fn what_lies_beside_a_clip_is_read_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let class = folder.path().join("yes");
        fs::create_dir(&class).unwrap();
        second_of_sound(&class.join("a.wav"), 0.25);
        second_of_sound(&class.join("a.audio2.wav"), -0.5);
        let readings = "time,x,y\n0.1,1,2\n0.6,3,4\n1.5,5,6\n";
        fs::write(class.join("a.signal.csv"), readings).unwrap();
        fs::write(folder.path().join("other.csv"), "time,z\n0.2,7\n").unwrap();
        let plain = folder.path().join("plain.csv");
        fs::write(&plain, "path,label\nyes/a.wav,yes\n").unwrap();
        let named = folder.path().join("named.csv");
        fs::write(&named, "path,label,signal2\nyes/a.wav,yes,other.csv\n").unwrap();

        for list in [folder.path(), &plain, &named, &class.join("a.wav")] {
            let list = ClipList::read(list).unwrap();
            assert_eq!(list.entries.len(), 1, "{list:?}");
            let clip = read_clip(&list.entries[0], &ReadOptions::default()).unwrap();
            let second = clip.further.sound.as_ref().unwrap();
            assert!((second.samples[500] + 0.5).abs() < 1e-3);
            assert_eq!(clip.duration, seconds(2.4), "until the last reading ends");
            let window = clip.window_at(seconds(0.5), seconds(1.0));
            let signal = window.signal_of(Modality::Signal).unwrap();
            assert_eq!(
                (signal.channels, &signal.values[..]),
                (2, &[3.0, 4.0][..]),
                "of 0.5 to 1.5 s"
            );
            let named = list.path == named;
            assert_eq!(clip.sensors()[Modality::Signal2], named);
        }
    }

    #[test]
    fn broken_side_files_are_named_with_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join("a.wav");
        second_of_sound(&clip, 0.1);
        fs::write(folder.path().join("a.signal.csv"), "time,x\n0,1\n1,one\n").unwrap();
        let list = ClipList::read(&clip).unwrap();
        let error = read_clip(&list.entries[0], &ReadOptions::default()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("a.signal.csv: line 3: `one`"), "{error}");
    }

    #[test]
    fn a_side_file_is_told_by_its_name() {
        assert_eq!(side_of("a.b.signal.csv"), Some(("a.b", Modality::Signal)));
        assert_eq!(side_of("a.audio2.WAV"), Some(("a", Modality::Audio2)));
        assert_eq!(side_of("a.camera2.mp4"), Some(("a", Modality::Camera2)));
        for other in [
            "a.signal.wav",
            "a.audio.wav",
            "a.csv",
            ".signal.csv",
            "a.camera2.csv",
        ] {
            assert_eq!(side_of(other), None, "{other}");
        }
    }
}
