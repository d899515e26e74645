//! Which clips of a list are evaluated, and whether the model knows their labels.

use std::collections::BTreeSet;

use crate::clip::{ClipEntry, ClipList};

/// Why a list cannot be evaluated with a model.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ListError {
    /// A label that is not one of the model's.
    #[error("clip {clip} has the label `{label}`, which the model does not know; it knows {known}")]
    UnknownLabel {
        /// The first such clip.
        clip: String,
        /// Its label.
        label: String,
        /// The model's labels.
        known: String,
    },
    /// No clip of the part asked for.
    #[error("no clip belongs to the split `{split}`; {known}")]
    NoSuchSplit {
        /// The part asked for.
        split: String,
        /// The parts there are.
        known: String,
    },
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
        let known: BTreeSet<_> = list
            .entries
            .iter()
            .filter_map(|e| e.split.as_deref())
            .collect();
        return Err(ListError::NoSuchSplit {
            split: split.to_owned(),
            known: if known.is_empty() {
                "the list has no column `split`".to_owned()
            } else {
                format!("the list has {}", Vec::from_iter(known).join(", "))
            },
        });
    }
    for entry in &entries {
        if let Some(label) = &entry.label
            && !labels.contains(label)
        {
            return Err(ListError::UnknownLabel {
                clip: entry.name.clone(),
                label: label.clone(),
                known: labels.join(", "),
            });
        }
    }
    Ok(entries)
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
        assert_eq!(
            select(&list, None, &labels).unwrap_err().to_string(),
            "clip c.wav has the label `six`, which the model does not know; it knows one, two"
        );
        assert_eq!(
            select(&list, Some("tset"), &labels)
                .unwrap_err()
                .to_string(),
            "no clip belongs to the split `tset`; the list has other, test, train"
        );
    }
}
