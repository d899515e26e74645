//! Files of fleets, and what comes of runs.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::desk::{BOARD, said};
use crate::hosts::Host;

/// What the file of a fleet says of one board.
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// The one group that it is in.
    pub group: &'static str,
    /// Options of ssh.
    pub options: Vec<String>,
}

impl Entry {
    /// A host, as what it is.
    pub fn of(host: &Host, name: &str, group: &'static str) -> Self {
        let mut options = host.ssh_options();
        // Nothing is slower on the loopback interface.
        options.push("Compression=no".to_owned());
        Self {
            name: name.to_owned(),
            kind: BOARD,
            group,
            options,
        }
    }
}

/// Writes the file of a fleet.
///
/// # Panics
/// When it cannot be written.
pub fn write(path: &Path, entries: &[Entry], waves: &str) {
    let mut text = "[defaults]\nuser = \"root\"\n".to_owned();
    for entry in entries {
        let Entry {
            name,
            kind,
            group,
            options,
        } = entry;
        text += &format!(
            "\n[[boards]]\nname = \"{name}\"\nkind = \"{kind}\"\naddress = \"127.0.0.1\"\ngroups = [\"{group}\"]\n\
             ssh-options = {options:?}\n"
        );
    }
    fs::write(path, text + waves).expect("the file can be written");
}

/// The boards and what came of them, in the order of the waves.
///
/// # Panics
/// When the run printed no table in JSON.
pub fn outcomes(output: &Output) -> Vec<(String, String)> {
    let told: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let rows = told["boards"].as_array().expect("rows");
    rows.iter()
        .map(|row| (text(&row["board"]), text(&row["outcome"])))
        .collect()
}

/// How many boards came to this.
///
/// # Panics
/// As [`outcomes`].
pub fn count(output: &Output, outcome: &str) -> usize {
    outcomes(output)
        .iter()
        .filter(|(_, is)| is == outcome)
        .count()
}

/// Why a board failed; nothing where it did not.
///
/// # Panics
/// As [`outcomes`], and when there is no such board.
pub fn reason(output: &Output, board: &str) -> String {
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let row = told["boards"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["board"] == board);
    row.expect("the board")["reason"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
