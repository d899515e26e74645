//! The recordings in a folder: their names, how much they take, and which go when it is too much.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::live::rfc3339;

/// Endings of the two files of a clip.
pub const CLIP: &str = "mkv";
pub const LINES: &str = "jsonl";
/// What files are called in addition while they are written.
const UNFINISHED: &str = "partial";

/// Looks after the recordings in a folder; files with names of any other form are nobody's business here.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    limit: u64,
    /// Finished clips, the oldest first: name without ending, and bytes.
    clips: VecDeque<(String, u64)>,
    /// When the last clip began, by its name.
    newest: SystemTime,
}

impl Archive {
    /// Makes the folder if it is not there, and removes what a loss of power left unfinished in it. All clips
    /// together are to take `limit` bytes at most.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn open(folder: &Path, limit: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // Finds out now whether files can be made there.
        tempfile::tempfile_in(folder)?;
        remove_unfinished(folder)?;
        let mut archive = Self {
            folder: folder.to_owned(),
            limit,
            clips: VecDeque::new(),
            newest: SystemTime::UNIX_EPOCH,
        };
        archive.look()?;
        Ok(archive)
    }

    /// Where the recordings are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A name for a clip that began at `wall`, after those of all clips before it in this run: names sort by
    /// time, even if the clock is set back.
    pub fn name(&mut self, wall: SystemTime) -> String {
        self.newest = wall.max(self.newest + Duration::from_millis(1));
        rfc3339(self.newest).replace(':', "-")
    }

    /// Looks which clips are there.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn look(&mut self) -> io::Result<()> {
        let mut clips = BTreeMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // One that vanishes between the two looks at it takes nothing.
            if let Some((stem, CLIP | LINES)) = own(&entry.path())
                && let Ok(metadata) = entry.metadata()
            {
                *clips.entry(stem.to_owned()).or_default() += metadata.len();
            }
        }
        self.clips = clips.into_iter().collect();
        Ok(())
    }

    /// Removes the oldest clips until there is room for `bytes` more.
    ///
    /// # Errors
    /// When a clip cannot be removed.
    pub fn make_room(&mut self, bytes: u64) -> io::Result<()> {
        let mut taken: u64 = self.clips.iter().map(|(_, bytes)| bytes).sum();
        while taken + bytes > self.limit
            && let Some((stem, freed)) = self.clips.front()
        {
            for ending in [CLIP, LINES] {
                remove(&self.folder.join(format!("{stem}.{ending}")))?;
            }
            taken -= freed;
            self.clips.pop_front();
        }
        Ok(())
    }

    /// Where a file of the clip of this name is, and where it is while it is written.
    pub fn paths(&self, stem: &str, ending: &str) -> (PathBuf, PathBuf) {
        let path = |name: String| self.folder.join(name);
        (
            path(format!("{stem}.{ending}")),
            path(format!("{stem}.{ending}.{UNFINISHED}")),
        )
    }
}

/// Removes a file that may not be there.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Name without ending, and ending, of a file that is one of ours by its name.
fn own(path: &Path) -> Option<(&str, &str)> {
    const FORM: &str = "0000-00-00T00-00-00.000Z";
    let (stem, ending) = path.file_name()?.to_str()?.split_at_checked(FORM.len())?;
    let fits = |(form, byte): (u8, u8)| match form {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    FORM.bytes()
        .zip(stem.bytes())
        .all(fits)
        .then_some((stem, ending.strip_prefix('.')?))
}

/// Removes what was never finished: files still called so, and lines whose clip did not get its name; but not
/// what another program is writing.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some((stem, ending)) = own(&path) else {
            continue;
        };
        let half = match ending.split_once('.') {
            Some((CLIP | LINES, UNFINISHED)) => true,
            None => ending == LINES && !folder.join(format!("{stem}.{CLIP}")).exists(),
            Some(_) => false,
        };
        if half && !is_locked(&folder.join(format!("{stem}.{CLIP}.{UNFINISHED}")))? {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Whether there is such a file and another program has locked it.
fn is_locked(path: &Path) -> io::Result<bool> {
    match File::open(path) {
        Ok(file) => Ok(file.try_lock().is_err()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREIGN: [&str; 5] = [
        "notes.jsonl",
        "2026-11-24.mkv",
        "holiday.mkv.partial",
        "2026-11-24T18-03-07.123Z.txt",
        "2026-11-24T18-03-07.123Z.txt.partial",
    ];

    fn stem(second: u32) -> String {
        format!("2026-11-24T18-03-{second:02}.123Z")
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_oldest_go_first_and_foreign_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes| fs::write(folder.path().join(name), vec![0; bytes]);
        for second in [3, 1, 2] {
            write(&format!("{}.mkv", stem(second)), 90).unwrap();
            write(&format!("{}.jsonl", stem(second)), 10).unwrap();
        }
        for name in FOREIGN {
            write(name, 1000).unwrap();
        }
        let mut archive = Archive::open(folder.path(), 350).unwrap();
        archive.make_room(50).unwrap();
        assert_eq!(names(folder.path()).len(), 6 + FOREIGN.len());
        archive.make_room(51).unwrap();
        let left = names(folder.path());
        assert!(
            !left.iter().any(|name| name.starts_with(&stem(1))),
            "{left:?}"
        );
        assert_eq!(left.len(), 4 + FOREIGN.len());
        archive.make_room(9999).unwrap();
        let mut foreign = FOREIGN.map(str::to_owned);
        foreign.sort();
        assert_eq!(names(folder.path()), foreign);
    }

    #[test]
    fn what_a_loss_of_power_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| fs::write(folder.path().join(name), "x").unwrap();
        for name in FOREIGN {
            write(name);
        }
        for name in [
            format!("{}.mkv.partial", stem(1)),
            format!("{}.jsonl.partial", stem(1)),
            format!("{}.jsonl", stem(2)),
            format!("{}.mkv", stem(3)),
            format!("{}.jsonl", stem(3)),
            format!("{}.mkv.partial", stem(4)),
            format!("{}.jsonl.partial", stem(4)),
        ] {
            write(&name);
        }
        let busy = folder.path().join(format!("{}.mkv.partial", stem(4)));
        let busy = File::open(busy).unwrap();
        busy.lock().unwrap();
        Archive::open(folder.path(), 1 << 20).unwrap();
        let mut expected: Vec<_> = FOREIGN.map(str::to_owned).into();
        expected.push(format!("{}.mkv", stem(3)));
        expected.push(format!("{}.jsonl", stem(3)));
        expected.push(format!("{}.mkv.partial", stem(4)));
        expected.push(format!("{}.jsonl.partial", stem(4)));
        expected.sort();
        assert_eq!(names(folder.path()), expected);
    }

    #[test]
    fn names_sort_by_time_even_if_the_clock_is_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(folder.path(), 1 << 20).unwrap();
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_366_400);
        let first = archive.name(noon);
        let second = archive.name(noon - Duration::from_secs(3600));
        assert_eq!(first, "2026-03-01T12-00-00.000Z");
        assert_eq!(second, "2026-03-01T12-00-00.001Z");
        let path = folder.path().join(format!("{first}.mkv"));
        assert_eq!(own(&path), Some((first.as_str(), CLIP)));
    }
}
