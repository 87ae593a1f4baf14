//! Checks a batch, and orders its rows for look-ups.

use super::ItemBatch;
use crate::MAX_CLUSTERS;
use crate::error::{Error, ErrorKind, Result};
use crate::id::store::Manifest;

/// The rows of a batch, sorted by item key.
pub(crate) struct Order {
    /// All rows, sorted by item key and then by number, so that a store looks up neighbours together.
    by_key: Vec<usize>,
    /// For each row, the first row with the same item key.
    pub(super) first_rows: Vec<usize>,
}

impl Order {
    /// Iterates over the groups of rows with equal item keys, in the order of the keys; a group is sorted by number.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[usize]> {
        self.by_key.chunk_by(|a, b| self.first_rows.get(*a) == self.first_rows.get(*b))
    }
}

/// Refuses a batch that cannot be assigned; called before any transaction begins.
pub(crate) fn check(manifest: &Manifest, batch: &ItemBatch<'_>) -> Result<Order> {
    let (items, codes) = (batch.items, batch.codes);
    if items.len() != codes.len() {
        return Err(ErrorKind::RowCount { what: "item keys", found: items.len(), rows: codes.len() }.into());
    }
    if codes.levels() != manifest.levels() {
        let expected = format!("must be {}, as the IDs of the registry have that many", manifest.levels());
        return Err(Error::parameter("levels", codes.levels(), expected));
    }
    for (row, (item, of_row)) in items.iter().zip(codes.rows()).enumerate() {
        let row = batch.first_row.saturating_add(row);
        check_key(item, row)?;
        if let Some((level, code)) = of_row.iter().enumerate().find(|(_, code)| **code as usize >= MAX_CLUSTERS) {
            return Err(ErrorKind::Code { row, level, code: *code, clusters: MAX_CLUSTERS }.into());
        }
    }
    let mut by_key: Vec<usize> = (0..items.len()).collect();
    by_key.sort_by_key(|row| items.get(*row));
    let mut first_rows = vec![0; items.len()];
    let mut contradiction = None;
    for rows in by_key.chunk_by(|a, b| items.get(*a) == items.get(*b)) {
        let first = rows.first().copied().unwrap_or_default();
        for row in rows {
            first_rows.get_mut(*row).into_iter().for_each(|place| *place = first);
            if codes.get(*row) != codes.get(first) && contradiction.is_none_or(|(earliest, _)| *row < earliest) {
                contradiction = Some((*row, first));
            }
        }
    }
    match contradiction {
        None => Ok(Order { by_key, first_rows }),
        Some((row, first)) => {
            let item = items.get(row).map(|item| item.to_string()).unwrap_or_default();
            let [first, row] = [first, row].map(|row| batch.first_row.saturating_add(row));
            Err(ErrorKind::RepeatedItem { item, first, row }.into())
        }
    }
}

/// The most bytes of a new item key; stores refuse longer values.
const LONGEST_KEY: usize = 1_000_000;

/// Refuses item keys that some stores cannot hold.
fn check_key(item: &str, row: usize) -> Result<()> {
    let reason = match item {
        "" => "is empty",
        _ if item.contains('\0') => "has a NUL character",
        _ if item.len() > LONGEST_KEY => "has more than a million bytes",
        _ => return Ok(()),
    };
    Err(ErrorKind::ItemKey { row, reason }.into())
}
