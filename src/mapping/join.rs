//! Joins embeddings with IDs by the keys of the items.

use super::Mapping;
use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result, try_reserve};
use crate::rows::{Rows, out_of_range};
use std::fmt;

/// The embeddings of items that have an ID, in the order of the rows.
pub struct JoinedRows<'a> {
    rows: &'a dyn Rows,
    /// The rows that belong to items with an ID, ascending.
    places: Vec<usize>,
    codes: Codes,
    items_without_row: usize,
}

impl fmt::Debug for JoinedRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinedRows").field("len", &self.len()).field("of", &self.rows.len()).finish()
    }
}

impl Mapping {
    /// Finds the embedding of every item: row i of `rows` is that of the item with the key `keys[i]`.
    ///
    /// # Errors
    /// [`ErrorKind::RowCount`]; [`ErrorKind::RepeatedKey`] for a key that two rows have; [`ErrorKind::Parameter`] where
    /// no row belongs to an item with an ID.
    pub fn join<'a>(&self, rows: &'a dyn Rows, keys: &[String]) -> Result<JoinedRows<'a>> {
        if keys.len() != rows.len() {
            return Err(ErrorKind::RowCount { what: "item keys", found: keys.len(), rows: rows.len() }.into());
        }
        let levels = self.codes.levels();
        let mut row_of_item = vec![None; self.keys.len()];
        let (mut places, mut values) = (Vec::new(), Vec::new());
        for (row, key) in keys.iter().enumerate() {
            let Some(item) = self.row(key) else { continue };
            let first = row_of_item.get_mut(item).and_then(|first| first.replace(row));
            if let Some(first) = first {
                return Err(Error::repeated_key(key, first, row));
            }
            try_reserve(&mut places, 1, "rows of items")?;
            try_reserve(&mut values, levels, "codes of items")?;
            places.push(row);
            values.extend_from_slice(self.codes.get(item).unwrap_or_default());
        }
        if places.is_empty() {
            let example = (self.keys.first(), keys.first());
            let found = format!("{:?} and {:?}", example.0.map_or("", |key| key), example.1.map_or("", |key| key));
            let expected = "must have some in common; these are the first keys of the IDs and of the rows";
            return Err(Error::parameter("item keys", found, expected));
        }
        let items_without_row = self.keys.len() - places.len();
        Ok(JoinedRows { rows, places, codes: Codes::new(values, levels)?, items_without_row })
    }
}

impl JoinedRows<'_> {
    /// Returns the codes of the rows, (n, L).
    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    /// Returns the numbers of the rows in the input, (n), ascending.
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// Returns the number of items with an ID and no embedding.
    pub fn items_without_row(&self) -> usize {
        self.items_without_row
    }

    /// Returns the number of rows of items that have no ID.
    pub fn rows_without_id(&self) -> usize {
        self.rows.len() - self.places.len()
    }
}

impl Rows for JoinedRows<'_> {
    fn len(&self) -> usize {
        self.places.len()
    }

    crate::forward_rows!(rows, except len);

    /// Reads rows that follow each other in the input at once.
    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let dim = self.dim().max(1);
        let end = first.saturating_add(out.len() / dim);
        let places = self.places.get(first..end).ok_or_else(|| out_of_range(first, self.len()))?;
        let mut rest = out;
        for run in places.chunk_by(|a, b| a + 1 == *b) {
            let (out, after) = rest.split_at_mut(run.len() * dim);
            rest = after;
            self.rows.read(run.first().copied().unwrap_or(0), out)?;
        }
        Ok(())
    }
}
