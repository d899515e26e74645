//! Videos that are named by where they were on YouTube, in any folder below another.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::{contents, is_video, stem};

/// Characters of a video's name on YouTube; it may hold `_` and `-`.
const ID: usize = 11;
/// Folders in folders that are looked into.
const DEPTH: usize = 4;

/// Where in a video a clip is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The name of the video on YouTube.
    pub id: String,
    /// Where the clip begins, in seconds.
    pub start: u32,
}

impl Place {
    /// From `ID_START` or `ID_START_END`, seconds with leading zeros or without.
    pub fn parse(name: &str) -> Option<Self> {
        let (id, rest) = name.split_at_checked(ID)?;
        let start = rest.strip_prefix('_')?.split('_').next()?;
        Some(Self {
            id: id.to_owned(),
            start: start.parse().ok()?,
        })
    }
}

/// All videos below a folder.
#[derive(Debug, Default)]
pub struct Videos {
    /// Files that hold just a clip.
    cut: BTreeMap<Place, PathBuf>,
    /// Files that hold a video from its beginning.
    whole: BTreeMap<String, PathBuf>,
}

/// A clip's file, and from where in it the clip begins.
pub type Found<'a> = (&'a PathBuf, Option<Duration>);

impl Videos {
    /// # Errors
    /// When a folder cannot be read.
    pub fn below(root: &Path) -> Result<Self> {
        let mut videos = Self::default();
        videos.add(root, DEPTH)?;
        Ok(videos)
    }

    fn add(&mut self, folder: &Path, depth: usize) -> Result<()> {
        for path in contents(folder)? {
            if path.is_dir() {
                if depth > 0 {
                    self.add(&path, depth - 1)?;
                }
                continue;
            }
            let name = stem(&path);
            if !is_video(&path) {
                continue;
            }
            if let Some(place) = Place::parse(&name) {
                self.cut.insert(place, path);
            } else if name.len() == ID {
                self.whole.insert(name, path);
            }
        }
        Ok(())
    }

    /// The file of a clip: one that holds just it, else the whole video.
    pub fn find(&self, place: &Place) -> Option<Found<'_>> {
        if let Some(path) = self.cut.get(place) {
            return Some((path, None));
        }
        let path = self.whole.get(&place.id)?;
        Some((path, Some(Duration::from_secs(u64::from(place.start)))))
    }
}
