//! A folder as a list of clips.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::list::{ClipEntry, ClipListError, ClipSource};
use super::side::{SideFiles, side_of};

/// Files with sound and nothing to see.
const SOUNDS: [&str; 13] = [
    "aac", "aif", "aiff", "au", "flac", "m4a", "mka", "mp3", "oga", "ogg", "opus", "wav", "wma",
];

/// Still pictures.
const PICTURES: [&str; 3] = ["jpeg", "jpg", "png"];

/// Files with moving pictures, and perhaps sound.
const VIDEOS: [&str; 18] = [
    "3gp", "asf", "avi", "flv", "gif", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts",
    "ogv", "ts", "vob", "webm", "wmv",
];

/// What a file holds by its name.
#[derive(PartialEq)]
pub enum Contents {
    Sound,
    Picture,
    Video,
    Other,
}

/// What a file holds by its name.
pub fn contents(path: &Path) -> Contents {
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let kinds: [(&[&str], Contents); 3] = [
        (&SOUNDS, Contents::Sound),
        (&PICTURES, Contents::Picture),
        (&VIDEOS, Contents::Video),
    ];
    kinds
        .into_iter()
        .find(|(extensions, _)| extensions.contains(&extension.as_str()))
        .map_or(Contents::Other, |(_, contents)| contents)
}

/// The clips of a folder that holds one folder per class, classes and files in order of name, or, where there
/// is none, its own clips, which have no label; and the files beside them that are left out.
pub fn read(root: &Path) -> Result<(Vec<ClipEntry>, Vec<PathBuf>), ClipListError> {
    let mut entries = Vec::new();
    let mut ignored = Vec::new();
    let mut side = SideFiles::default();
    for folder in visible(root)?.into_iter().filter(|path| path.is_dir()) {
        let label = file_name(&folder);
        for (files, source) in class(&folder, &mut ignored)? {
            entries.push(entry(
                format!("{label}/{files}"),
                source,
                Some(label.clone()),
                &mut side,
            ));
        }
    }
    if entries.is_empty() {
        let clips = class(root, &mut ignored)?;
        entries.extend(
            clips
                .into_iter()
                .map(|(files, source)| entry(files, source, None, &mut side)),
        );
    }
    if entries.is_empty() {
        return Err(ClipListError::Empty {
            path: root.to_owned(),
            hint: "it must hold one folder per class with sound, picture or video files in it, or such files themselves",
        });
    }
    Ok((entries, ignored))
}

fn entry(
    name: String,
    source: ClipSource,
    label: Option<String>,
    side: &mut SideFiles,
) -> ClipEntry {
    ClipEntry {
        name,
        further: source.file().map(|file| side.of(file)).unwrap_or_default(),
        source,
        line: None,
        label,
        split: None,
        group: None,
        speaker: None,
        start: None,
        end: None,
    }
}

/// The clips of one folder: their names and sources, in order of name.
fn class(
    folder: &Path,
    ignored: &mut Vec<PathBuf>,
) -> Result<Vec<(String, ClipSource)>, ClipListError> {
    let mut files: Vec<_> = visible(folder)?
        .into_iter()
        .filter(|path| path.is_file())
        .collect();
    leave_out_side_files(&mut files);
    let mut pictures: BTreeMap<_, Vec<&PathBuf>> = BTreeMap::new();
    for file in files
        .iter()
        .filter(|file| contents(file) == Contents::Picture)
    {
        pictures.entry(file.file_stem()).or_default().push(file);
    }
    let mut clips = Vec::new();
    let mut paired = BTreeSet::new();
    for sound in files
        .iter()
        .filter(|file| contents(file) == Contents::Sound)
    {
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
        match contents(file) {
            Contents::Picture if paired.contains(file) => {}
            Contents::Picture | Contents::Video => {
                clips.push((file_name(file), ClipSource::Container(file.clone())));
            }
            Contents::Other if is_beside_recording(file) => {}
            Contents::Other => ignored.push(file.clone()),
            Contents::Sound => {}
        }
    }
    clips.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(clips)
}

/// What lies beside another clip is a part of that one.
fn leave_out_side_files(files: &mut Vec<PathBuf>) {
    let stems: BTreeSet<_> = files
        .iter()
        .filter(|file| contents(file) != Contents::Other)
        .filter_map(|file| Some(file.file_stem()?.to_os_string()))
        .collect();
    files.retain(|file| match side_of(&file_name(file)) {
        Some((stem, _)) => !stems.contains(OsStr::new(stem)),
        None => true,
    });
}

/// The answers that were recorded beside a clip are no clip, and nobody takes them for one.
fn is_beside_recording(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "jsonl") && path.with_extension("mkv").is_file()
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
