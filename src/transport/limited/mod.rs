//! The transport problem: rows to columns with limited places, as many as possible, at the smallest sum of costs.
//!
//! Successive shortest augmenting paths. Rows are placed one after the other; a row whose columns are full takes the
//! place of another row, which moves on, along the path of exchanges that adds least. Column potentials keep the cost
//! of every exchange non-negative, so Dijkstra's algorithm finds that path: a column with free places has potential 0,
//! and a column nearer than the end of the path is lowered by the difference. After every row the rows so far are
//! placed optimally.
//!
//! Being left out is a column of its own with room for all, which costs more than any sum of distances: so no row is
//! left out that could be placed.

mod search;

use crate::error::Result;
use search::Search;

/// A column that a row may take, and its distance there.
#[derive(Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) column: usize,
    pub(crate) cost: u64,
}

/// What a row can do.
#[derive(Clone, Default)]
pub(crate) struct Row {
    /// The columns it may take, each once.
    pub(crate) edges: Vec<Edge>,
    /// Its distance at its encoded codes, from which its increase is counted; also what it pays where it is left out.
    pub(crate) stay: u64,
}

/// The column of every row and the increase there; `None` for a row that is left out.
///
/// `own` is a column where a row costs `stay` and no other column is cheaper: it needs no search as long as there are
/// free places. `row` is asked at most once per row, and only where a search comes across it.
///
/// # Shapes
/// `free` (columns), `own` (rows); the result has an entry per row.
///
/// # Exactness
/// A path has at most 2^32 distances below 2^64 and one that is left out at 2^100: sums stay within i128. A search
/// ends at the nearest free column, the lowest on a tie.
pub(crate) fn solve(
    free: &[u64],
    own: &[Option<usize>],
    row: &dyn Fn(usize) -> Result<Row>,
) -> Result<Vec<Option<(usize, i128)>>> {
    let mut search = Search::new(free, own.len(), row);
    // Own columns first: such a placement is a path of its own that adds nothing.
    let mut contested = Vec::new();
    for (row, own) in own.iter().enumerate() {
        if !own.is_some_and(|column| search.take(row, column)) {
            contested.push(row);
        }
    }
    for row in contested {
        search.place(row)?;
    }
    Ok(search.places())
}
