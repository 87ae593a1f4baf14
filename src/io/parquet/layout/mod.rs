//! The ways in which the columns of a file store embeddings; each has a file of its own.

mod bytes;
mod floats;
mod hint;
mod list;
mod vector;
mod wide;

pub(in crate::io::parquet) use list::element;

use super::table::ParquetTable;
use crate::error::{BadRowKind, Result};
use crate::io::{ReadOptions, list as names_of};
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use std::fmt::Debug;

/// Hears of a bad row of an array: its number in the array, the column if a single value is bad, and the kind.
pub(super) type Bad<'a> = &'a mut dyn FnMut(usize, Option<usize>, BadRowKind);

/// A way to store embeddings.
pub(super) trait Layout: Debug + Send + Sync {
    /// Returns the columns that are read, by their places among all columns that hold values.
    fn leaves(&self) -> &[usize];

    /// Returns the number of values of row `row` of `columns`; none where the row is null.
    fn len(&self, columns: &[ArrayRef], row: usize) -> Option<usize>;

    /// Appends the values of all rows, `dim` each; those of bad rows have no meaning. The error says what is wrong with
    /// the columns as a whole.
    fn decode(&self, columns: &[ArrayRef], dim: usize, out: &mut Vec<f32>, bad: Bad<'_>) -> Result<(), String>;
}

/// Chooses the layout that `options` ask for, or the only one there is.
pub(super) fn choose(table: &ParquetTable, options: &ReadOptions) -> Result<Box<dyn Layout>> {
    if let Some(wanted) = &options.columns {
        return Ok(Box::new(wide::Wide::open(table, wanted)?));
    }
    let column = match &options.column {
        Some(name) => table.column(name)?.0,
        None => find(table, options)?,
    };
    open(table, column, options)
}

/// Whether a column of this type holds embeddings although no option says so.
fn is_embedding(kind: &DataType) -> bool {
    list::element(kind).is_some_and(floats::is_float) || vector::is_vector(kind)
}

/// Finds the index of the column to read where none is named.
fn find(table: &ParquetTable, options: &ReadOptions) -> Result<usize> {
    let is_bytes = |kind: &DataType| options.bytes.is_some() && bytes::is_bytes(kind);
    let candidates = || {
        let columns = table.columns().enumerate();
        columns.filter(|(_, (_, kind))| is_embedding(kind) || list::is_marked_half(kind) || is_bytes(kind))
    };
    if candidates().any(|(_, (name, _))| name == "embedding") {
        return table.column("embedding").map(|(column, _)| column);
    }
    match (candidates().next(), candidates().nth(1)) {
        (Some((column, _)), None) => Ok(column),
        (None, _) => {
            let all = names_of(table.columns().map(|(name, _)| name));
            Err(table.error(format!("no column holds lists of floats; its columns: {all}")))
        }
        _ => {
            let names = names_of(candidates().map(|(_, (name, _))| name));
            Err(table.error(format!("several columns hold lists of floats: {names}; name the column to read")))
        }
    }
}

fn open(table: &ParquetTable, column: usize, options: &ReadOptions) -> Result<Box<dyn Layout>> {
    let Some((name, kind)) = table.columns().nth(column) else { return Err(table.error("it has no such column")) };
    if list::element(kind).is_some_and(floats::is_float) {
        return Ok(Box::new(list::Lists::open(table, column)?));
    }
    if list::is_marked_half(kind) {
        return match hint::is_half(table, name) {
            true => Ok(Box::new(list::Lists::open(table, column)?)),
            false => Err(table.error(format!(
                "column {name:?} holds lists of 2 bytes, which may be 16-bit floats, but nothing says so; cast them to \
                 32-bit floats"
            ))),
        };
    }
    if vector::is_vector(kind) {
        return Ok(Box::new(vector::Vectors::open(table, column)?));
    }
    if bytes::is_bytes(kind) {
        return Ok(Box::new(bytes::Bytes::open(table, column, options.bytes)?));
    }
    let candidates = names_of(table.columns().filter(|(_, kind)| is_embedding(kind)).map(|(name, _)| name));
    let reason = format!("column {name:?} is of type {kind}, not of lists of floats");
    Err(table.error(format!("{reason}; columns that are: {candidates}")))
}
