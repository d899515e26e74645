//! Kinetics-Sounds (Arandjelović and Zisserman 2017, "Look, Listen and Learn"): the clips of
//! Kinetics-400 whose action can be heard as well as seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use evenkeel::clip::{ClipEntry, ClipSource};
use serde::{Deserialize, Serialize};

use super::table::{Row, Table};
use super::youtube::{Place, Videos};
use super::{clip, contents, is_video};
use crate::data::clips::{Layout, Listing, Windows};
use crate::data::digits::NOTHING;
use crate::data::fetch::Store;

/// The classes that are left of the original 34: those that Kinetics-400 has under the same names.
const CLASSES: [&str; 31] = [
    "blowing nose",
    "blowing out candles",
    "bowling",
    "chopping wood",
    "dribbling basketball",
    "laughing",
    "mowing lawn",
    "playing accordion",
    "playing bagpipes",
    "playing bass guitar",
    "playing clarinet",
    "playing drums",
    "playing guitar",
    "playing harmonica",
    "playing keyboard",
    "playing organ",
    "playing piano",
    "playing saxophone",
    "playing trombone",
    "playing trumpet",
    "playing violin",
    "playing xylophone",
    "ripping paper",
    "shoveling snow",
    "shuffling cards",
    "singing",
    "stomping grapes",
    "tap dancing",
    "tapping guitar",
    "tapping pen",
    "tickling",
];
/// Seconds of a clip of Kinetics.
const CLIP: Duration = Duration::from_secs(10);

/// The section `[data.kinetics-sounds]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KineticsSoundsConfig {
    /// The folder with the videos: without lists, `train/CLASS/*.mp4` and so on for `val` and `test`;
    /// with lists, in any folders below, named `ID.mp4`, `ID_START.mp4` or `ID_START_END.mp4`. Where there
    /// is no `test`, `val` is the test, as in the field, and validation clips are drawn from those for training.
    pub path: PathBuf,
    /// Who is in which split; the folders say it if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<KineticsLists>,
    /// How windows are cut from the clips.
    #[serde(default)]
    pub windows: Windows,
}

/// Lists in the form of Kinetics (a header with `label`, `youtube_id` and `time_start`; other classes
/// than the 31 are passed over), or in that of OGM-GE: no header, and in each row `ID_START`, anything,
/// and last the number of the class, parted by commas or blanks. In that form classes have numbers for names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KineticsLists {
    /// Clips for training.
    pub train: PathBuf,
    /// Clips for validation; drawn from those for training if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
    /// Clips for testing.
    pub test: PathBuf,
}

impl KineticsSoundsConfig {
    /// The paths of this section.
    pub fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let lists = self.lists.iter_mut().flat_map(|lists| {
            [
                Some(&mut lists.train),
                lists.validation.as_mut(),
                Some(&mut lists.test),
            ]
        });
        std::iter::once(&mut self.path).chain(lists.flatten())
    }
}

impl Layout for KineticsSoundsConfig {
    fn section(&self) -> &'static str {
        "data.kinetics-sounds.windows"
    }

    fn windows(&self) -> Windows {
        self.windows
    }

    fn list(&self, _store: &Store) -> Result<Listing> {
        let mut missing = Vec::new();
        let entries = match &self.lists {
            None => by_folder(&self.path)?,
            Some(lists) => by_list(&self.path, lists, &mut missing)?,
        };
        ensure!(
            !entries.is_empty(),
            "{}: there is no video of Kinetics-Sounds in it{}",
            self.path.display(),
            match missing.len() {
                0 => String::new(),
                count => format!(", and {count} are listed, the first {}", missing[0]),
            }
        );
        let mut cautions = Vec::new();
        let classes: std::collections::BTreeSet<_> = entries.iter().map(|e| &e.label).collect();
        if classes.len() != CLASSES.len() {
            cautions.push(format!(
                "{} of the {} classes of Kinetics-Sounds are there: figures are not comparable with anybody's",
                classes.len(),
                CLASSES.len()
            ));
        }
        Ok(Listing {
            root: self.path.clone(),
            from: "Kinetics-Sounds".to_owned(),
            entries,
            nothing: NOTHING.to_owned(),
            missing,
            cautions,
        })
    }
}

/// One of the 31 classes, however a folder or a list writes it.
fn class(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase().replace(['_', '-'], " ");
    CLASSES.into_iter().find(|class| *class == name)
}

/// The videos of `train/CLASS`, `val/CLASS` and `test/CLASS`.
fn by_folder(root: &Path) -> Result<Vec<ClipEntry>> {
    let has_test = root.join("test").is_dir();
    let splits = [
        ("train", "train"),
        ("val", if has_test { "validation" } else { "test" }),
        ("test", "test"),
    ];
    let mut entries = Vec::new();
    for (folder, split) in splits {
        let folder = root.join(folder);
        if !folder.is_dir() {
            continue;
        }
        for class_folder in contents(&folder)? {
            let name = class_folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            let Some(label) = class(&name) else {
                continue;
            };
            for path in contents(&class_folder)? {
                if is_video(&path) {
                    let name = path.strip_prefix(root).unwrap_or(&path);
                    let name = name.display().to_string();
                    entries.push(ClipEntry {
                        split: Some(split.to_owned()),
                        ..clip(name, ClipSource::Container(path), label)
                    });
                }
            }
        }
    }
    Ok(entries)
}

/// The videos of lists, wherever they lie.
fn by_list(
    root: &Path,
    lists: &KineticsLists,
    missing: &mut Vec<String>,
) -> Result<Vec<ClipEntry>> {
    let videos = Videos::below(root)?;
    let mut entries = Vec::new();
    let mut taken: BTreeMap<Place, &str> = BTreeMap::new();
    let validation = lists.validation.as_ref().map(|list| (list, "validation"));
    let all = [(&lists.train, "train"), (&lists.test, "test")];
    for (list, split) in all.into_iter().chain(validation) {
        let table = open(list)?;
        let form = Form::of(&table)?;
        for row in &table.rows[usize::from(form.has_header())..] {
            let Some((place, label)) = form.read(&table, row)? else {
                continue;
            };
            if let Some(other) = taken.insert(place.clone(), split) {
                let Place { id, start } = place;
                return Err(table.at(
                    row,
                    format!(
                        "{id} at {start} s is in the list for {other} before; take it out of one"
                    ),
                ));
            }
            let name = format!("{}_{}", place.id, place.start);
            match videos.find(&place) {
                Some((path, start)) => entries.push(ClipEntry {
                    split: Some(split.to_owned()),
                    start,
                    end: start.map(|start| start + CLIP),
                    ..clip(name, ClipSource::Container(path.clone()), &label)
                }),
                None => missing.push(name),
            }
        }
    }
    Ok(entries)
}

/// A list with commas, or, where its first row has none, with blanks.
fn open(list: &Path) -> Result<Table> {
    let table = Table::read(list, b',')?;
    match table.rows[0].cells.len() {
        1 => Table::read(list, b' '),
        _ => Ok(table),
    }
}

/// How a list is written.
enum Form {
    /// That of Kinetics, with these columns.
    Kinetics {
        label: usize,
        id: usize,
        start: usize,
    },
    /// That of OGM-GE.
    Numbers,
}

impl Form {
    fn of(table: &Table) -> Result<Self> {
        if table.column(&["youtube_id"]).is_none() {
            let first = &table.rows[0];
            if Place::parse(&first.cells[0]).is_none() {
                bail!(table.at(first, "it is neither a header with `label`, `youtube_id` and `time_start`, nor a row like -3Mwkq-7TV4_2,10,23"));
            }
            return Ok(Form::Numbers);
        }
        Ok(Form::Kinetics {
            label: table.needed(&["label"])?,
            id: table.needed(&["youtube_id"])?,
            start: table.needed(&["time_start"])?,
        })
    }

    fn has_header(&self) -> bool {
        matches!(self, Form::Kinetics { .. })
    }

    /// Where a row's clip is and its class; `None` if it is of no class of this data set.
    fn read(&self, table: &Table, row: &Row) -> Result<Option<(Place, String)>> {
        match *self {
            Form::Kinetics { label, id, start } => {
                let Some(label) = class(table.cell(row, label)?) else {
                    return Ok(None);
                };
                let start = table.cell(row, start)?;
                let Ok(start) = start.parse() else {
                    bail!(table.at(
                        row,
                        format!("time_start is {start:?}, which is no whole number of seconds")
                    ));
                };
                let id = table.cell(row, id)?.to_owned();
                Ok(Some((Place { id, start }, label.to_owned())))
            }
            Form::Numbers => {
                let name = table.cell(row, 0)?;
                let Some(place) = Place::parse(name) else {
                    bail!(table.at(
                        row,
                        format!("{name:?} is no clip; it should be like -3Mwkq-7TV4_2")
                    ));
                };
                let number = row.cells.last().map_or("", String::as_str);
                match number.parse::<usize>() {
                    Ok(number) if row.cells.len() > 1 && number < CLASSES.len() => {
                        Ok(Some((place, format!("class {number:02}"))))
                    }
                    _ => bail!(table.at(
                        row,
                        format!(
                            "the last column is {number:?}, not the number of a class, 0 to {}",
                            CLASSES.len() - 1
                        )
                    )),
                }
            }
        }
    }
}
