//! Rows with more values than any embedding, which are bad and are passed over, but never decoded.

use crate::MAX_DIM;
use crate::error::{Error, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest number of long rows of a file, and of values of such a row. To pass over a row takes time that its
/// bytes in the file do not bound, so beyond these limits a long row is an error of the file.
const MOST_ROWS: usize = 64;
const MOST_VALUES: usize = 1 << 17;

/// The long rows found so far, with the number of values found in each, in ascending order.
pub(super) type Long = Arc<Vec<(usize, usize)>>;

/// The long rows of a file, as far as they are found.
#[derive(Debug, Default)]
pub(super) struct LongRows(Mutex<Long>);

impl LongRows {
    /// Returns those found so far.
    pub(super) fn all(&self) -> Long {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the row that this error is about; returns whether reading can go on without it.
    pub(super) fn note(&self, error: &Error) -> bool {
        let ErrorKind::Ragged { row, expected: MAX_DIM, found } = error.kind() else { return false };
        let mut long = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match long.binary_search_by_key(row, |(row, _)| *row) {
            // Another thread has found it too, unless the row has turned out to be even longer.
            Ok(_) => *found <= MOST_VALUES,
            Err(place) => {
                let fits = long.len() < MOST_ROWS && *found <= MOST_VALUES;
                if fits {
                    Arc::make_mut(&mut long).insert(place, (*row, *found));
                }
                fits
            }
        }
    }
}

/// Returns the number of values found in a row, if it is one of `long`.
pub(super) fn values_of(long: &Long, row: usize) -> Option<usize> {
    long.binary_search_by_key(&row, |(row, _)| *row).ok().and_then(|place| long.get(place)).map(|(_, values)| *values)
}

/// Returns the first long row from `row` on.
pub(super) fn next(long: &Long, row: usize) -> Option<usize> {
    long.get(long.partition_point(|(long, _)| *long < row)).map(|(row, _)| *row)
}

/// Returns the most values that a row may have: `limit`, or more if it is passed over.
pub(super) fn limit_of(long: &Long, row: usize, limit: usize) -> usize {
    values_of(long, row).map_or(limit, |_| MOST_VALUES)
}
