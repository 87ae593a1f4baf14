//! Reads the rows of a batch, and checks item keys that occur in several batches.

use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::rows::Rows;
use std::collections::{HashMap, HashSet};

/// Reads all values of some rows into memory.
pub(super) fn in_memory(rows: &dyn Rows) -> Result<Vec<f32>> {
    let mut values = try_zeros(rows.len().saturating_mul(rows.dim()), "a batch of rows")?;
    rows.read(0, &mut values)?;
    Ok(values)
}

/// A range of the rows.
pub(super) struct RowsPart<'a> {
    pub(super) rows: &'a dyn Rows,
    pub(super) first: usize,
    pub(super) len: usize,
}

impl RowsPart<'_> {
    /// Renumbers an error about a row of the range, so that it names the row's number among all rows.
    pub(super) fn error_of_all(&self, error: Error) -> Error {
        error.map_rows(|row| row.saturating_add(self.first))
    }
}

/// Rows are numbered from 0 within the range, also in errors of reading.
impl Rows for RowsPart<'_> {
    fn len(&self) -> usize {
        self.len
    }

    crate::forward_rows!(rows, except len);

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let read = self.rows.read(self.first.saturating_add(first), out);
        read.map_err(|error| error.map_rows(|row| row.saturating_sub(self.first)))
    }
}

/// Item keys that occur in several rows, each with its first row and that row's codes once they are known.
pub(super) struct Repeated<'a>(HashMap<&'a str, Option<(usize, Vec<u32>)>>);

impl<'a> Repeated<'a> {
    pub(super) fn among<S: AsRef<str>>(items: &'a [S]) -> Result<Self> {
        let mut seen = HashSet::new();
        seen.try_reserve(items.len()).map_err(|_| ErrorKind::OutOfMemory {
            what: "the item keys".to_owned(),
            bytes: (items.len() as u64).saturating_mul(size_of::<(&str, u64)>() as u64),
        })?;
        let again = items.iter().map(AsRef::as_ref).filter(|item| !seen.insert(*item));
        Ok(Self(again.map(|item| (item, None)).collect()))
    }

    /// Refuses an item whose codes differ from those of its first row.
    pub(super) fn check(&mut self, first_row: usize, items: &[&'a str], codes: &Codes) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        for (row, (item, codes)) in items.iter().zip(codes.rows()).enumerate() {
            let row = first_row.saturating_add(row);
            match self.0.get_mut(item) {
                Some(Some((first, former))) if former != codes => {
                    return Err(ErrorKind::RepeatedItem { item: item.to_string(), first: *first, row }.into());
                }
                Some(place @ None) => *place = Some((row, codes.to_vec())),
                _ => {}
            }
        }
        Ok(())
    }
}
