//! Rows that cannot be used, and what a reader does about them.

use std::fmt;
use std::path::PathBuf;

/// What a reader does about rows that cannot be used: rows that hold NaN, infinities, nulls or texts, that are missing,
/// or that have another length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadRows {
    /// Reading fails, and the error counts all of them and names the first.
    #[default]
    Refuse,
    /// Bad rows are left out, and only the others are read. Opening takes a pass over the input, which finds them.
    Skip,
}

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
        /// Values of the rows before it.
        expected: usize,
        /// Values of this row.
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
            Self::Length { .. } => "wrong length",
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
            (_, BadRowKind::Length { expected, found }) => write!(f, "row {row} has {found} values, not {expected}"),
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
            Self::Length { expected, found } => write!(f, "of {found} values, not {expected}"),
            _ => f.write_str(self.name()),
        }
    }
}

/// Finds the rows of `values` that are not finite; `first` is the number of the first row.
pub(crate) fn not_finite(values: &[f32], dim: usize, first: usize) -> impl Iterator<Item = Fault> {
    let bad = |value: &f32| value.to_bits() & 0x7f80_0000 == 0x7f80_0000;
    // A loop that combines such flags compiles to vector instructions; rows are searched only where a flag is set.
    let any = values.iter().map(|value| u32::from(bad(value))).fold(0, |a, b| a | b) != 0;
    let rows = if any { values.chunks_exact(dim.max(1)) } else { [].chunks_exact(1) };
    rows.enumerate().filter_map(move |(i, row)| {
        let column = row.iter().position(bad)?;
        let value = row.get(column).copied()?;
        let kind = if value.is_nan() { BadRowKind::Nan } else { BadRowKind::Infinite(value) };
        Some(Fault { row: first + i, column: Some(column), kind })
    })
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
    match first {
        [bad] if count == 1 => format!("1 of {rows} rows is bad: {}; embeddings must be finite: {remedy}", name(bad)),
        _ => {
            let mut text = format!("{count} of {rows} rows are bad; repair or remove them, or skip bad rows:");
            first.iter().for_each(|bad| text += &format!("\n    {}", name(bad)));
            if count > first.len() {
                text += &format!("\n    and {} more", count - first.len());
            }
            text
        }
    }
}
