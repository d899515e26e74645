//! A folder per class as a list of clips.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::list::{ClipEntry, ClipListError, ClipSource};

/// Files that are taken for clips inside a class folder, besides sound and pictures read in process.
const CONTAINERS: [&str; 30] = [
    "3gp", "aac", "aif", "aiff", "asf", "au", "avi", "flac", "flv", "gif", "m2ts", "m4a", "m4v",
    "mka", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "mts", "oga", "ogg", "ogv", "opus", "ts",
    "vob", "webm", "wma", "wmv",
];

/// What kind of clip a file is by its name.
#[derive(PartialEq)]
enum Kind {
    Wav,
    Picture,
    Container,
    Other,
}

fn kind(path: &Path) -> Kind {
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match extension.as_str() {
        "wav" => Kind::Wav,
        "png" | "jpg" | "jpeg" => Kind::Picture,
        other if CONTAINERS.contains(&other) => Kind::Container,
        _ => Kind::Other,
    }
}

/// The clips of a folder that holds one folder per class, classes and files in order of name.
pub fn read(root: &Path) -> Result<Vec<ClipEntry>, ClipListError> {
    let mut entries = Vec::new();
    for folder in visible(root)?.into_iter().filter(|path| path.is_dir()) {
        let label = file_name(&folder);
        for (files, source) in class(&folder)? {
            entries.push(ClipEntry {
                name: format!("{label}/{files}"),
                source,
                label: Some(label.clone()),
                split: None,
                group: None,
                start: None,
                end: None,
            });
        }
    }
    if entries.is_empty() {
        return Err(ClipListError::Empty {
            path: root.to_owned(),
            hint: "it must hold one folder per class with sound, picture or video files in it",
        });
    }
    Ok(entries)
}

/// The clips of one class: their names and sources, in order of name.
fn class(folder: &Path) -> Result<Vec<(String, ClipSource)>, ClipListError> {
    let files: Vec<_> = visible(folder)?
        .into_iter()
        .filter(|path| path.is_file())
        .collect();
    let mut pictures: BTreeMap<_, Vec<&PathBuf>> = BTreeMap::new();
    for file in files.iter().filter(|file| kind(file) == Kind::Picture) {
        pictures.entry(file.file_stem()).or_default().push(file);
    }
    let mut clips = Vec::new();
    let mut paired = BTreeSet::new();
    for sound in files.iter().filter(|file| kind(file) == Kind::Wav) {
        let Some(matching) = pictures.get(&sound.file_stem()) else {
            clips.push((file_name(sound), ClipSource::Container(sound.clone())));
            continue;
        };
        let [picture] = matching[..] else {
            let names: Vec<_> = matching.iter().map(|path| file_name(path)).collect();
            return Err(ClipListError::SeveralPictures {
                path: sound.clone(),
                pictures: names.join(", "),
            });
        };
        paired.insert(picture);
        let source = ClipSource::Separate {
            sound: Some(sound.clone()),
            picture: Some(picture.clone()),
        };
        clips.push((
            format!("{} + {}", file_name(sound), file_name(picture)),
            source,
        ));
    }
    for file in &files {
        let kind = kind(file);
        if kind == Kind::Container || kind == Kind::Picture && !paired.contains(file) {
            clips.push((file_name(file), ClipSource::Container(file.clone())));
        }
    }
    clips.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(clips)
}

/// What a folder holds without hidden entries, in order of name.
fn visible(folder: &Path) -> Result<Vec<PathBuf>, ClipListError> {
    let io = |cause| ClipListError::Io {
        path: folder.to_owned(),
        cause,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if !file_name(&path).starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
