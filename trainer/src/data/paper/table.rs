//! Tables of the field: CSV files with or without a header, and lists with blanks between.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use csv::{ReaderBuilder, Trim};

/// A file of rows.
#[derive(Debug)]
pub struct Table {
    path: PathBuf,
    /// All rows, a header among them; at least one.
    pub rows: Vec<Row>,
}

/// One row of a table.
#[derive(Debug)]
pub struct Row {
    /// Counted from 1.
    line: u64,
    /// What stands in the columns, without blanks around it.
    pub cells: Vec<String>,
}

impl Table {
    /// Reads a file whose columns are parted by `delimiter`.
    ///
    /// # Errors
    /// When the file cannot be read or is empty.
    pub fn read(path: &Path, delimiter: u8) -> Result<Self> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .trim(Trim::All)
            .from_path(path)
            .with_context(|| format!("cannot read the list {}", path.display()))?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.with_context(|| format!("{} is no list", path.display()))?;
            let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
            // Spreadsheets write a byte order mark.
            if let Some(first) = cells.first_mut()
                && let Some(rest) = first.strip_prefix('\u{feff}')
            {
                *first = rest.to_owned();
            }
            rows.push(Row {
                line: record.position().map_or(0, csv::Position::line),
                cells,
            });
        }
        ensure!(!rows.is_empty(), "{} is empty", path.display());
        Ok(Self {
            path: path.to_owned(),
            rows,
        })
    }

    /// The column that the first row calls one of these names.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        let header = &self.rows[0].cells;
        let is_named = |cell: &String| names.iter().any(|name| cell.eq_ignore_ascii_case(name));
        header.iter().position(is_named)
    }

    /// Like [`Self::column`], for a column that there must be.
    ///
    /// # Errors
    /// When there is none of these names.
    pub fn needed(&self, names: &[&str]) -> Result<usize> {
        self.column(names).with_context(|| {
            format!(
                "{}: the first line must name a column {}, but is `{}`",
                self.path.display(),
                names
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(" or "),
                self.rows[0].cells.join(",")
            )
        })
    }

    /// What stands in a column of a row.
    ///
    /// # Errors
    /// When the row is too short or nothing stands there.
    pub fn cell<'a>(&self, row: &'a Row, column: usize) -> Result<&'a str> {
        row.cells
            .get(column)
            .map(String::as_str)
            .filter(|cell| !cell.is_empty())
            .with_context(|| self.at(row, format!("column {} is missing", column + 1)))
    }

    /// An error that names the file and the line.
    pub fn at(&self, row: &Row, what: impl std::fmt::Display) -> anyhow::Error {
        anyhow!("{} line {}: {what}", self.path.display(), row.line)
    }
}
