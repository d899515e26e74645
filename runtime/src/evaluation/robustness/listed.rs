//! Clips of a list as the clips of a robustness evaluation.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::panel::{Clips, LabelledClip};
use super::plan::spread;
use crate::clip::{ClipEntry, ClipSource, ReadOptions, read_clip};

/// Labelled clips of a list.
#[derive(Debug)]
pub struct ListedClips<'a> {
    entries: Vec<(&'a ClipEntry, usize)>,
    window: Duration,
    hop: Duration,
    read: ReadOptions,
}

impl<'a> ListedClips<'a> {
    /// Clips that are cut to windows of length `window`, `hop` apart.
    ///
    /// # Errors
    /// One sentence with the first clip that has no label, or one that is not in `labels`.
    pub fn new(
        entries: &[&'a ClipEntry],
        labels: &[String],
        (window, hop): (Duration, Duration),
        read: ReadOptions,
    ) -> Result<Self, String> {
        let labelled = |&entry: &&'a ClipEntry| {
            let label = entry.label.as_ref();
            let index = label.and_then(|label| labels.iter().position(|known| known == label));
            index.map(|index| (entry, index)).ok_or_else(|| {
                format!(
                    "clip {} has no label that the model knows, and without one nobody can say \
                     whether an answer is right; add the label, or take the clip out of the list",
                    entry.name
                )
            })
        };
        Ok(Self {
            entries: entries.iter().map(labelled).collect::<Result<_, _>>()?,
            window,
            hop,
            read,
        })
    }

    /// Keeps at most `most` clips, evenly spread over labels and over the list.
    pub fn keep_some(&mut self, most: usize) {
        let mut by_label: Vec<usize> = (0..self.entries.len()).collect();
        by_label.sort_by_key(|&index| self.entries[index].1);
        let mut kept: Vec<usize> = spread(by_label.len(), most)
            .into_iter()
            .map(|place| by_label[place])
            .collect();
        kept.sort_unstable();
        self.entries = kept.into_iter().map(|index| self.entries[index]).collect();
    }
}

impl Clips for ListedClips<'_> {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn name(&self, index: usize) -> String {
        self.entries[index].0.name.clone()
    }

    /// Name, label, stretch, and the sizes of the files.
    fn identity(&self, index: usize) -> String {
        let (entry, label) = self.entries[index];
        let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        let sizes = match &entry.source {
            ClipSource::Container(path) => vec![size(path)],
            ClipSource::Separate { sound, picture } => {
                let paths = [sound, picture].into_iter().flatten();
                paths.map(|path| size(path)).collect()
            }
        };
        format!(
            "{} {label} {:?} {:?} {sizes:?} {:?} {:?} {:?}",
            entry.name, entry.start, entry.end, self.window, self.hop, self.read
        )
    }

    fn read(&self, index: usize) -> Result<LabelledClip, String> {
        let (entry, label) = self.entries[index];
        let clip = read_clip(&entry.centred(self.window), &self.read)
            .map_err(|error| error.to_string())?;
        let windows = clip.windows(self.window, self.hop);
        let windows = windows.filter(|window| window.present().audio || window.present().camera);
        Ok(LabelledClip {
            windows: windows.collect(),
            label,
        })
    }
}
