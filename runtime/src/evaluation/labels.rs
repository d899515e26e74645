//! Which clips of a list are evaluated, and whether the model knows their labels.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::clip::{ClipEntry, ClipList};

/// Why a list cannot be evaluated with a model.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ListError {
    /// A label that is not one of the model's.
    #[error(
        "{}: clip {clip} has the label `{label}`, which the model does not know (it knows {known}); \
         correct the label, or take the clip out of the list",
        place(path, *line)
    )]
    UnknownLabel {
        /// The list.
        path: PathBuf,
        /// The line of the clip, if the list has lines.
        line: Option<u64>,
        /// The first such clip.
        clip: String,
        /// Its label.
        label: String,
        /// The model's labels.
        known: String,
    },
    /// No clip of the part asked for.
    #[error("{path}: no clip belongs to the split `{split}`; {known}")]
    NoSuchSplit {
        /// The list.
        path: PathBuf,
        /// The part asked for.
        split: String,
        /// The parts there are, and what to do.
        known: String,
    },
}

fn place(path: &Path, line: Option<u64>) -> String {
    match line {
        Some(line) => format!("{} line {line}", path.display()),
        None => path.display().to_string(),
    }
}

/// The clips of one split, or all if `split` is absent.
///
/// # Errors
/// When there are none, or when a label is not in `labels`.
pub fn select<'a>(
    list: &'a ClipList,
    split: Option<&str>,
    labels: &[String],
) -> Result<Vec<&'a ClipEntry>, ListError> {
    let wanted = |entry: &&ClipEntry| split.is_none() || entry.split.as_deref() == split;
    let entries: Vec<_> = list.entries.iter().filter(wanted).collect();
    if let (true, Some(split)) = (entries.is_empty(), split) {
        return Err(ListError::NoSuchSplit {
            path: list.path.clone(),
            split: split.to_owned(),
            known: splits(list),
        });
    }
    let known = |label: &String| labels.contains(label);
    for entry in &entries {
        if let Some(label) = entry.label.as_ref().filter(|label| !known(label)) {
            return Err(ListError::UnknownLabel {
                path: list.path.clone(),
                line: entry.line,
                clip: entry.name.clone(),
                label: label.clone(),
                known: labels.join(", "),
            });
        }
    }
    Ok(entries)
}

/// Which splits there are, and what to do.
fn splits(list: &ClipList) -> String {
    let known: BTreeSet<_> = list
        .entries
        .iter()
        .filter_map(|entry| entry.split.as_deref())
        .collect();
    if known.is_empty() {
        return "the list has no column `split`; add one, or evaluate all clips".to_owned();
    }
    let known = Vec::from_iter(known).join(", ");
    format!("ask for one that the list has ({known})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_selected_and_unknown_labels_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clips.csv");
        let csv = "path,label,split\na.wav,one,train\nb.wav,two,test\nc.wav,six,other\n";
        std::fs::write(&path, csv).unwrap();
        let list = ClipList::read(&path).unwrap();
        let labels = ["one".to_owned(), "two".to_owned()];
        let test = select(&list, Some("test"), &labels).unwrap();
        assert_eq!(
            test.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(),
            ["b.wav"]
        );
        let path = path.display();
        let unknown = select(&list, None, &labels).unwrap_err().to_string();
        assert_eq!(
            unknown,
            format!(
                "{path} line 4: clip c.wav has the label `six`, which the model does not know (it \
                 knows one, two); correct the label, or take the clip out of the list"
            )
        );
        let nowhere = select(&list, Some("tset"), &labels)
            .unwrap_err()
            .to_string();
        assert_eq!(
            nowhere,
            format!(
                "{path}: no clip belongs to the split `tset`; ask for one that the list has \
                 (other, test, train)"
            )
        );
    }
}
