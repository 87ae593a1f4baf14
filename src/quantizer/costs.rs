//! Distances along any codes.

use crate::clock::Instant;
use crate::error::{Result, try_zeros};
use crate::rows::Rows;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::time::Duration;

/// Distances of rows to codewords along any codes, not only those that encoding chooses.
pub trait Costs: Sync {
    /// Computes the squared distances, in squared grid steps, between the residual that the codes `prefix` leave of a
    /// row and all codewords of level `prefix.len()`.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for a prefix after which no level comes,
    /// [`Code`](crate::ErrorKind::Code), and errors of the source.
    fn distances(&self, row: usize, prefix: &[u32]) -> Result<Vec<u64>>;

    /// Returns what level `prefix.len()` compares with its codewords, in grid steps and in the dimensions of the level:
    /// what the codes `prefix` leave of a row; none for kinds that do not tell.
    ///
    /// # Errors
    /// As for [`Costs::distances`].
    fn residual(&self, row: usize, prefix: &[u32]) -> Result<Option<Vec<i32>>> {
        let _ = (row, prefix);
        Ok(None)
    }

    /// Returns a function that computes [`Costs::distances`] of one row, for callers with many prefixes.
    ///
    /// # Errors
    /// What the source can meet.
    fn of_row(&self, row: usize) -> Result<Box<CostsOfRow<'_>>> {
        Ok(Box::new(move |prefix| self.distances(row, prefix)))
    }

    /// Returns, for each of `rows`, the position in `rows` of the first one that is known to have the same distances. A
    /// row's own position is always a correct answer.
    ///
    /// # Errors
    /// What the source can meet.
    fn alike(&self, rows: &[usize]) -> Result<Vec<usize>> {
        Ok((0..rows.len()).collect())
    }

    /// Tells whether to go on. Long work calls it again and again, also where it needs no distance.
    ///
    /// # Errors
    /// [`Cancelled`](crate::ErrorKind::Cancelled) where the work has to end.
    fn go_on(&self) -> Result<()> {
        Ok(())
    }
}

/// Computes the distances of one row after a prefix.
pub(crate) type CostsOfRow<'a> = dyn Fn(&[u32]) -> Result<Vec<u64>> + 'a;

/// Time between two questions whether to go on.
const PATIENCE: Duration = Duration::from_millis(100);

/// Asks a source for a row from time to time, so that a source that is cancelled ends long work.
pub(crate) struct Asking<'a> {
    source: &'a dyn Rows,
    /// When it was asked last.
    asked: Mutex<Instant>,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(source: &'a dyn Rows) -> Self {
        Self { source, asked: Mutex::new(Instant::now()) }
    }

    /// Asks the source for a row, if it was not asked lately.
    ///
    /// # Errors
    /// What the source returns, as [`Cancelled`](crate::ErrorKind::Cancelled).
    pub(crate) fn go_on(&self) -> Result<()> {
        match self.asked.try_lock() {
            Ok(mut asked) if asked.elapsed() >= PATIENCE && !self.source.is_empty() => {
                *asked = Instant::now();
                self.source.read(0, &mut try_zeros(self.source.dim(), "a row")?)
            }
            _ => Ok(()),
        }
    }
}

/// Returns, for each of `rows`, the position in this list of the first one whose integers are the same; `on_grid` gives
/// the integers of a row.
pub(crate) fn alike(rows: &[usize], on_grid: &dyn Fn(usize) -> Result<Vec<i32>>) -> Result<Vec<usize>> {
    let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut alike = Vec::with_capacity(rows.len());
    let is = |row: usize, q: &[i32]| on_grid(row).is_ok_and(|other| other == q);
    for (at, row) in rows.iter().enumerate() {
        let q = on_grid(*row)?;
        let mut hash = DefaultHasher::new();
        q.hash(&mut hash);
        let same = known.entry(hash.finish()).or_default();
        let mut found = None;
        for first in same.iter() {
            if found.is_none() && rows.get(*first).is_some_and(|row| is(*row, &q)) {
                found = Some(*first);
            }
        }
        alike.push(found.unwrap_or_else(|| {
            same.push(at);
            at
        }));
    }
    Ok(alike)
}
