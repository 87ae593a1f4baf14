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

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(rows: &LongRows, row: usize, found: usize) -> bool {
        rows.note(&ErrorKind::Ragged { row, expected: MAX_DIM, found }.into())
    }

    #[test]
    fn long_rows_are_found_in_any_order_and_listed_once() {
        let rows = LongRows::default();
        for (row, found) in [(7, 9000), (2, MOST_VALUES), (40, 8193), (7, 9000), (2, 10_000)] {
            assert!(noted(&rows, row, found), "row {row}");
        }
        let long = rows.all();
        assert_eq!(*long, [(2, MOST_VALUES), (7, 9000), (40, 8193)]);
        let next: Vec<_> = [0, 2, 3, 7, 8, 40, 41].into_iter().map(|row| next(&long, row)).collect();
        assert_eq!(next, [Some(2), Some(2), Some(7), Some(7), Some(40), Some(40), None]);
        assert_eq!([values_of(&long, 7), values_of(&long, 8)], [Some(9000), None]);
        assert_eq!([limit_of(&long, 7, 384), limit_of(&long, 8, 384)], [MOST_VALUES, 384]);
    }

    /// Otherwise a reader would try again without end, or for as long as a file likes.
    #[test]
    fn a_row_that_takes_too_long_to_pass_over_ends_the_reading() {
        let rows = LongRows::default();
        assert!(!noted(&rows, 3, MOST_VALUES + 1));
        assert!(rows.all().is_empty());
        // A row that is known already may turn out to be longer than it seemed.
        assert!(noted(&rows, 3, 9000) && !noted(&rows, 3, MOST_VALUES + 1));
        for row in 1..MOST_ROWS {
            assert!(noted(&rows, 100 + row, 9000), "row {row}");
        }
        assert!(!noted(&rows, 1, 9000) && rows.all().len() == MOST_ROWS);
        assert!(noted(&rows, 3, 9000));
    }

    #[test]
    fn other_errors_are_about_no_long_row() {
        let rows = LongRows::default();
        assert!(!rows.note(&ErrorKind::Ragged { row: 3, expected: 384, found: 9000 }.into()));
        assert!(!rows.note(&ErrorKind::Empty.into()));
        assert!(rows.all().is_empty());
    }
}
