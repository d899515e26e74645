//! Windows of the digits as ordinary clips: WAV and PNG files and the CSV that lists them.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use evenkeel::clip::{write_png, write_signal, write_wav};
use evenkeel::files::write_atomically;
use evenkeel::window::Modality;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::digits::{Digits, NOTHING};
use super::fetch::set_shared;
use super::{Dataset, Split};
use evenkeel::random;

/// Share of the clips that show nothing, as far as there are so many.
const NOTHING_SHARE: f32 = 0.15;

/// Name of the list in the folder of clips.
pub const LIST: &str = "clips.csv";

/// Column of the list with the accelerometer's readings.
const SIGNAL: &str = "signal";

/// What is written beside the list. Its first line is how a folder of such clips is known again.
const README: &str = "README.md";
const TITLE: &str = "# Clips of digits";

/// Windows of a data set that become clips.
pub struct Part<'a> {
    /// The data set.
    pub digits: &'a Digits,
    /// Which split of it.
    pub split: Split,
    /// How many of its windows; all if absent, or if there are fewer.
    pub count: Option<usize>,
}

/// Writes the windows of `parts` as clips into `folder`: `{label}/{number}.wav` and `.png` and, with a pen's accelerometer,
/// `.signal.csv`; `clips.csv` with the columns `audio,image,label,split,group` (the group is the speaker) and `signal`; and `README.md` with `readme` and where
/// the material comes from. With more parts than one the names begin with the speaker, and `split` stays empty: it is
/// for whoever uses the clips to say who is for testing.
///
/// Classes are as equal in number as they can be, and about a seventh of each part is nothing. The same parts
/// give the same bytes. The folder appears whole or not at all; one that is there is
/// replaced if it is empty or holds such clips and nothing else. Returns how many clips there are.
///
/// # Errors
/// When `folder` holds something else, or cannot be written.
pub fn render(parts: &[Part], readme: &str, folder: &Path) -> anyhow::Result<usize> {
    check_replaceable(folder)?;
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let temporary = tempfile::tempdir_in(parent)
        .with_context(|| format!("cannot make a folder in {}", parent.display()))?;
    let mut list = csv::Writer::from_writer(Vec::new());
    let mut columns = vec!["audio", "image", "label", "split", "group"];
    if parts.iter().any(|part| part.digits.has_accelerometer()) {
        columns.push(SIGNAL);
    }
    list.write_record(columns)?;
    let mut written = 0;
    for part in parts {
        for row in part.write(parts.len() > 1, temporary.path())? {
            list.write_record(&row)?;
            written += 1;
        }
    }
    let write = |name: &str, bytes: &[u8]| {
        let path = temporary.path().join(name);
        write_atomically(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    write(
        LIST,
        &list
            .into_inner()
            .context("cannot write the list of clips")?,
    )?;
    let provenance: Vec<String> = parts.iter().map(|part| part.digits.provenance()).collect();
    let provenance = provenance.join(".\n\nMaterial: ");
    write(
        README,
        format!("{TITLE}\n\n{readme}\n\nMaterial: {provenance}.\n").as_bytes(),
    )?;
    replace(folder, temporary).with_context(|| format!("cannot write {}", folder.display()))?;
    Ok(written)
}

impl Part<'_> {
    /// Writes the part's clips into `folder`; returns their lines of the list.
    fn write(&self, among_others: bool, folder: &Path) -> anyhow::Result<Vec<Vec<String>>> {
        let Self { digits, split, .. } = self;
        let chosen = choose(digits, *split, self.count)?;
        let labels = digits.labels();
        for &(_, label) in &chosen {
            let folder = folder.join(&labels[label]);
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let group = digits.speaker(*split).unwrap_or_default();
        let (prefix, split_named) = if among_others {
            (format!("{group}-"), String::new())
        } else {
            (String::new(), split.to_string())
        };
        chosen
            .par_iter()
            .map(|&(index, label)| {
                let window = digits.example(*split, 0, index)?.window;
                let label = &labels[label];
                let [audio, image] =
                    ["wav", "png"].map(|end| format!("{label}/{prefix}{index:04}.{end}"));
                if let Some(sound) = &window.sound {
                    write_wav(&folder.join(&audio), sound)?;
                }
                for frame in &window.frames {
                    write_png(&folder.join(&image), frame)?;
                }
                let (split, group) = (split_named.clone(), group.to_owned());
                let mut row = vec![audio, image, label.clone(), split, group];
                if let Some(readings) = window.signal_of(Modality::Signal) {
                    let signal = format!("{label}/{prefix}{index:04}.signal.csv");
                    write_signal(&folder.join(&signal), readings, &["x", "y", "z"])?;
                    row.push(signal);
                }
                Ok(row)
            })
            .collect()
    }
}

/// Refuses to replace what was not made here: somebody's recordings may have a list of that name too.
fn check_replaceable(folder: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot read {}", folder.display());
    if !folder.exists() || fs::read_dir(folder).with_context(cannot)?.next().is_none() {
        return Ok(());
    }
    let readme = fs::read_to_string(folder.join(README)).unwrap_or_default();
    ensure!(
        readme.lines().next() == Some(TITLE) && folder.join(LIST).is_file(),
        "{} is there already and holds no clips that this program made; give another folder with --out, or delete it",
        folder.display()
    );
    let ours = listed(folder)?;
    for file in files(folder).with_context(cannot)? {
        ensure!(
            ours.contains(&file),
            "{} is not among the clips that this program made; move it away, or give another folder with --out",
            file.display()
        );
    }
    Ok(())
}

/// What [`render`] left in `folder`: list, description, and the sounds and pictures that are listed.
fn listed(folder: &Path) -> anyhow::Result<HashSet<PathBuf>> {
    let list = folder.join(LIST);
    let cannot = || format!("cannot read {}", list.display());
    let mut ours = HashSet::from([list.clone(), folder.join(README)]);
    let mut reader = csv::Reader::from_path(&list).with_context(cannot)?;
    let columns = reader.headers().with_context(cannot)?;
    let signal = columns.iter().position(|column| column == SIGNAL);
    for row in reader.records() {
        let row = row.with_context(cannot)?;
        let files = row.iter().take(2);
        let signal = signal.and_then(|place| row.get(place));
        ours.extend(files.chain(signal).map(|name| folder.join(name)));
    }
    Ok(ours)
}

/// Everything in `folder` and below that is no folder.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A link to a folder counts as a file: what it leads to is not looked at, nor deleted.
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Puts the finished folder in its place.
fn replace(folder: &Path, finished: tempfile::TempDir) -> std::io::Result<()> {
    set_shared(finished.path())?;
    let old = finished.path().with_extension("old");
    let replaced = folder.exists();
    if replaced {
        fs::rename(folder, &old)?;
    }
    if let Err(error) = fs::rename(finished.path(), folder) {
        if replaced {
            fs::rename(&old, folder)?;
        }
        return Err(error);
    }
    // It has another name now and must stay.
    let _ = finished.keep();
    if replaced {
        fs::remove_dir_all(&old)?;
    }
    Ok(())
}

/// Index and label of the windows to write, in order of label.
fn choose(
    digits: &Digits,
    split: Split,
    count: Option<usize>,
) -> anyhow::Result<Vec<(usize, usize)>> {
    let total = digits.len(split);
    let count = count.unwrap_or(total).min(total);
    let labels: anyhow::Result<Vec<usize>> = (0..total)
        .into_par_iter()
        .map(|index| Ok(digits.example(split, 0, index)?.label))
        .collect();
    let mut by_class: Vec<Vec<usize>> = vec![Vec::new(); digits.labels().len()];
    for (index, label) in labels?.into_iter().enumerate() {
        by_class[label].push(index);
    }
    for (class, list) in by_class.iter_mut().enumerate() {
        list.shuffle(&mut random::rng("choice of clips", &[class as u64]));
    }
    let is_nothing = |class: usize| digits.labels()[class] == NOTHING;
    let mut chosen = Vec::with_capacity(count);
    for class in (0..by_class.len()).filter(|&class| is_nothing(class)) {
        let wanted = (NOTHING_SHARE * count as f32).round() as usize;
        let wanted = wanted.min(by_class[class].len());
        chosen.extend(by_class[class].drain(..wanted).map(|index| (index, class)));
    }
    // Then one of every digit in turn; what nothing has left comes in only when the digits run out.
    let mut class = 0;
    while chosen.len() < count {
        let digits_left = (0..by_class.len()).any(|c| !is_nothing(c) && !by_class[c].is_empty());
        if (!is_nothing(class) || !digits_left)
            && let Some(index) = by_class[class].pop()
        {
            chosen.push((index, class));
        }
        class = (class + 1) % by_class.len();
    }
    chosen.sort_unstable_by_key(|&(index, label)| (label, index));
    Ok(chosen)
}

#[cfg(test)]
mod tests;
