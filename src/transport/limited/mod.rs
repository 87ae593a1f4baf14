//! The transport problem with limited places: puts as many rows as possible into columns, at the smallest sum of costs.
//!
//! The solver uses successive shortest augmenting paths. It places rows one after the other. If the columns of a row
//! are full, the row takes the place of another row, which moves on, along the path of exchanges that adds least.
//! Column potentials keep the cost of every exchange non-negative, so that Dijkstra's algorithm finds this path: a
//! column with free places has potential 0, and a column nearer than the end of the path is lowered by the difference.
//! After each row, the rows so far are placed optimally.
//!
//! A further column stands for rows that are left out. It has room for all rows, and costs more than any sum of
//! distances, so no row is left out that could be placed.

mod search;

use crate::error::Result;
use search::PathSearch;

/// A column that a row may take, and the row's distance there.
#[derive(Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) column: usize,
    pub(crate) cost: u64,
}

/// The columns that a row may take.
#[derive(Clone, Default)]
pub(crate) struct AllowedColumns {
    /// The columns, each once.
    pub(crate) edges: Vec<Edge>,
    /// The row's distance at its encoded codes, from which increases are counted; a row that is left out pays it too.
    pub(crate) stay: u64,
}

/// Returns the column of every row and the increase there; `None` for a row that is left out.
///
/// `own` has for a row a column that costs `stay` and is at least as cheap as all its other columns: the row needs no
/// search as long as that column has free places. The solver calls `row` at most once per row, and only for rows that a
/// search reaches.
///
/// # Shapes
/// `free` (columns), `own` (rows); one result per row.
///
/// # Exactness
/// A path has at most 2^32 distances below 2^64, and being left out adds 2^100 once, so sums stay within i128. A search
/// ends at the nearest free column, the lowest one on a tie.
pub(crate) fn solve(
    free: &[u64],
    own: &[Option<usize>],
    row: &dyn Fn(usize) -> Result<AllowedColumns>,
) -> Result<Vec<Option<(usize, i128)>>> {
    let mut search = PathSearch::new(free, own.len(), row);
    // Own columns come first: such a placement is a path that adds nothing.
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
