//! Finds one shortest augmenting path after the other.

use super::AllowedColumns;
use crate::error::Result;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a row pays in addition to `stay` if it is left out.
const LEFT_OUT: i128 = 1 << 100;
/// The length of the path to a column that was not reached.
const FAR: i128 = i128::MAX;

/// The rows placed so far, and the state of one search.
///
/// Rows and columns are indices into these lists; a row's edges to columns that do not exist are dropped when it
/// arrives.
pub(super) struct PathSearch<'a> {
    ask: &'a dyn Fn(usize) -> Result<AllowedColumns>,
    rows: Vec<Option<AllowedColumns>>,
    /// The column of every placed row, and its cost there; the cost is none until the row is loaded, and the row is
    /// then at its own column.
    at: Vec<Option<(usize, Option<u64>)>>,
    /// One entry per column; the last one is the column of the rows left out.
    columns: Vec<FreeColumn>,
    /// The columns reached: length, whether full, and number.
    open: BinaryHeap<Reverse<(i128, bool, usize)>>,
    reached: Vec<usize>,
    /// The length of the shortest path found so far that ends at a free place; longer paths are not followed.
    end: i128,
}

struct FreeColumn {
    free: u64,
    rows: Vec<usize>,
    /// The potential of the column: at most 0, and 0 while there are free places.
    potential: i128,
    /// The reduced length of the shortest path of this search, and the row that takes the column at its end.
    length: i128,
    by: usize,
    /// Whether the length is final.
    done: bool,
}

impl<'a> PathSearch<'a> {
    pub(super) fn new(free: &[u64], rows: usize, ask: &'a dyn Fn(usize) -> Result<AllowedColumns>) -> Self {
        let column =
            |free: &u64| FreeColumn { free: *free, rows: Vec::new(), potential: 0, length: FAR, by: 0, done: false };
        Self {
            ask,
            rows: vec![None; rows],
            at: vec![None; rows],
            columns: free.iter().chain([&u64::MAX]).map(column).collect(),
            open: BinaryHeap::new(),
            reached: Vec::new(),
            end: FAR,
        }
    }

    /// Places a new row at `column` if that has a free place; returns whether it has.
    pub(super) fn take(&mut self, row: usize, column: usize) -> bool {
        match self.columns.get_mut(column) {
            Some(found) if found.free > 0 => {
                found.free -= 1;
                found.rows.push(row);
                self.at[row] = Some((column, None));
                true
            }
            _ => false,
        }
    }

    /// Places a new row along the shortest path.
    pub(super) fn place(&mut self, row: usize) -> Result<()> {
        self.reach(row, 0)?;
        while let Some(Reverse((length, full, column))) = self.open.pop() {
            let found = &mut self.columns[column];
            if found.done || length > found.length {
                continue;
            }
            if !full {
                found.free -= 1;
                self.lower_potentials(length);
                self.move_along(column, row);
                break;
            }
            found.done = true;
            let base = length + found.potential;
            for member in found.rows.clone() {
                let stay = self.load(member)?.stay;
                let paid = self.at[member].and_then(|(_, paid)| paid).unwrap_or(stay);
                self.reach(member, base - i128::from(paid))?;
            }
        }
        self.forget();
        Ok(())
    }

    /// Shortens the paths to the columns that `row` may take; `base` is the length of the path that makes `row` leave.
    fn reach(&mut self, row: usize, base: i128) -> Result<()> {
        self.load(row)?;
        let Some(loaded) = &self.rows[row] else { return Ok(()) };
        let edges = loaded.edges.iter().map(|edge| (edge.column, i128::from(edge.cost)));
        let left_out = (self.columns.len() - 1, LEFT_OUT + i128::from(loaded.stay));
        // The column of rows left out comes first, as longer edges need not be looked at. Costs ascend from there, and
        // potentials are never positive, so no later edge is shorter.
        for (number, cost) in [left_out].into_iter().chain(edges) {
            if base + cost > self.end && number != left_out.0 {
                break;
            }
            let column = &mut self.columns[number];
            let (length, full) = (base + cost - column.potential, column.free == 0);
            if length >= column.length || column.done || (full && length >= self.end) {
                continue;
            }
            if column.length == FAR {
                self.reached.push(number);
            }
            (column.length, column.by) = (length, row);
            self.open.push(Reverse((length, full, number)));
            self.end = if full { self.end } else { self.end.min(length) };
        }
        Ok(())
    }

    /// Lowers potentials so that every exchange of the new placement is non-negative again; `end` is the length of the
    /// path taken.
    fn lower_potentials(&mut self, end: i128) {
        for number in &self.reached {
            let column = &mut self.columns[*number];
            column.potential += if column.done { column.length - end } else { 0 };
        }
    }

    /// Moves every row of the path that ends at `column` and starts with the unplaced row `first` to its new column.
    fn move_along(&mut self, mut column: usize, first: usize) {
        loop {
            let row = self.columns[column].by;
            match column + 1 == self.columns.len() {
                // A row left out stays left out, so its edges, which may be many, are not needed again.
                true => self.rows[row].iter_mut().for_each(|row| row.edges = Vec::new()),
                false => self.columns[column].rows.push(row),
            }
            let mut edges = self.rows[row].iter().flat_map(|row| &row.edges);
            let paid = edges.find(|edge| edge.column == column).map(|edge| edge.cost);
            let before = self.at[row].replace((column, paid));
            let Some((before, _)) = before.filter(|_| row != first) else { return };
            self.columns[before].rows.retain(|other| *other != row);
            column = before;
        }
    }

    fn forget(&mut self) {
        self.end = FAR;
        self.open.clear();
        for number in self.reached.drain(..) {
            let column = &mut self.columns[number];
            (column.length, column.done) = (FAR, false);
        }
    }

    /// Returns a row; loads it at its first use.
    fn load(&mut self, row: usize) -> Result<&AllowedColumns> {
        let columns = self.columns.len() - 1;
        let slot = &mut self.rows[row];
        if let Some(loaded) = slot {
            return Ok(loaded);
        }
        let mut loaded = (self.ask)(row)?;
        loaded.edges.retain(|edge| edge.column < columns);
        loaded.edges.sort_unstable_by_key(|edge| (edge.cost, edge.column));
        Ok(slot.insert(loaded))
    }

    /// Returns the column and increase of every row, `None` for those left out. A row that never moved is at its own
    /// column, where it adds nothing.
    pub(super) fn places(&self) -> Vec<Option<(usize, i128)>> {
        let place = |(row, at): (&Option<AllowedColumns>, &Option<(usize, Option<u64>)>)| {
            let (column, paid) = at.filter(|(column, _)| *column < self.columns.len() - 1)?;
            let stay = row.as_ref().map_or(0, |row| row.stay);
            Some((column, i128::from(paid.unwrap_or(stay)) - i128::from(stay)))
        };
        self.rows.iter().zip(&self.at).map(place).collect()
    }
}
