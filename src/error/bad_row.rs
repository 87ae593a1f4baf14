//! Rows that cannot be used, as errors name them.

use super::texts::counted;
use std::fmt;
use std::path::PathBuf;

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BadRowKind {
    /// A value is NaN.
    Nan,
    /// A value is an infinity, or beyond the range of f32.
    Infinite(f32),
    /// The row, or a value, is null or not there.
    Null,
    /// The row has no values.
    Empty,
    /// The row has another number of values.
    Length {
        /// Values of the other rows.
        expected: usize,
        /// Values of this row.
        found: usize,
    },
    /// The row has another number of bytes, in a column of bytes.
    Bytes {
        /// Bytes of the other rows.
        expected: usize,
        /// Bytes of this row.
        found: usize,
    },
    /// A value is no number.
    Text,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BadRow {
    /// The file that it is in.
    pub path: PathBuf,
    /// Its number in that file, from 0.
    pub file_row: usize,
    /// Its number in the whole input, from 0.
    pub row: usize,
    /// The first bad column, from 0; none where the row as a whole is bad.
    pub column: Option<usize>,
    /// What is wrong.
    pub kind: BadRowKind,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Fault { row: self.file_row, column: self.column, kind: self.kind }.fmt(f)
    }
}

impl BadRowKind {
    /// Returns a name of the kind in one or two words.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nan => "nan",
            Self::Infinite(_) => "infinite",
            Self::Null => "null",
            Self::Empty => "empty",
            Self::Length { .. } | Self::Bytes { .. } => "wrong length",
            Self::Text => "no number",
        }
    }
}

/// A bad row of one file, by its number there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) row: usize,
    pub(crate) column: Option<usize>,
    pub(crate) kind: BadRowKind,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, column, kind } = self;
        match (column, kind) {
            (None, BadRowKind::Null) => write!(f, "row {row} has no embedding (null)"),
            (_, BadRowKind::Empty) => write!(f, "row {row} is empty"),
            (_, BadRowKind::Length { expected, found }) => {
                write!(f, "row {row} has {}, not {expected}", counted(*found, "value"))
            }
            (_, BadRowKind::Bytes { expected, found }) => {
                write!(f, "row {row} has {}, not {expected}", counted(*found, "byte"))
            }
            (None, BadRowKind::Text) => write!(f, "row {row} is no list of numbers"),
            (None, kind) => write!(f, "row {row} is {kind}"),
            (Some(column), kind) => write!(f, "row {row}, column {column} is {kind}"),
        }
    }
}

impl fmt::Display for BadRowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nan => f.write_str("NaN"),
            Self::Infinite(value) => write!(f, "{value}"),
            Self::Length { expected, found } => write!(f, "of {}, not {expected}", counted(*found, "value")),
            Self::Bytes { expected, found } => write!(f, "of {}, not {expected}", counted(*found, "byte")),
            _ => f.write_str(self.name()),
        }
    }
}

/// Most rows that an error names.
pub(crate) const NAMED: usize = 20;

/// Writes how many rows are bad, and the first of them, for an error.
pub(crate) fn summary(count: usize, rows: usize, first: &[BadRow]) -> String {
    let mut files = first.iter().map(|bad| &bad.path);
    let one_file = files.next().is_none_or(|path| files.all(|other| other == path));
    let name = |bad: &BadRow| match one_file {
        true => bad.to_string(),
        false => format!("{}: {bad}", bad.path.display()),
    };
    let remedy = "repair or remove it, or skip bad rows";
    let rows_are = match count == rows {
        true if rows == 1 => "the only row is bad; repair it:".to_owned(),
        true => format!("all {rows} rows are bad, so that none is left; repair them:"),
        false => format!("{count} of {rows} rows are bad; repair or remove them, or skip bad rows:"),
    };
    match first {
        [bad] if count == 1 && rows > 1 => {
            format!("1 of {rows} rows is bad: {}; embeddings must be finite: {remedy}", name(bad))
        }
        _ => {
            let mut text = rows_are;
            first.iter().for_each(|bad| text += &format!("\n    {}", name(bad)));
            if count > first.len() {
                text += &format!("\n    and {} more", count - first.len());
            }
            text
        }
    }
}
