//! What the rows of a sweep are like, which is the same for all of its runs.

use crate::output::things;
use crate::warnings::{Noticed, narrow};
use semid::rq::Grid;
use semid::shards::GridSketch;
use semid::{Metric, Rows, Sweep};
use std::sync::{Mutex, PoisonError};

/// Looks at all rows, as they are read for the first time from front to back.
pub(super) struct Once {
    noticed: Noticed,
    rows: usize,
    dim: usize,
    /// The sketch of the rows so far, for kinds that put rows on a grid of all of them; and how many rows those are.
    sketch: Option<Mutex<(GridSketch, usize)>>,
}

impl Once {
    pub(super) fn new(sweep: &Sweep, rows: &dyn Rows) -> Self {
        let kinds = sweep.get_kinds();
        let is_cosine = kinds.iter().any(|kind| kind.metric() == Metric::Cosine);
        let has_grid = !is_cosine && kinds.iter().any(|kind| kind.has_grid());
        let noticed = Noticed::new(rows, if is_cosine { Metric::Cosine } else { Metric::L2 });
        let sketch = has_grid.then(|| Mutex::new((GridSketch::new(rows.dim()), 0)));
        Self { noticed, rows: rows.len(), dim: rows.dim().max(1), sketch }
    }

    pub(super) fn see(&self, first: usize, values: &[f32]) {
        self.noticed.see(first, values);
        let Some(sketch) = &self.sketch else { return };
        let mut held = sketch.lock().unwrap_or_else(PoisonError::into_inner);
        let (sketch, next) = &mut *held;
        // Rows that were sketched before, and those that do not follow on them, are left out.
        let Some(known) = next.checked_sub(first) else { return };
        let new = values.get(known.saturating_mul(self.dim)..).unwrap_or_default();
        // What is not finite is an error of the sweep.
        if !new.is_empty() && sketch.add(new).is_ok() {
            *next += new.len() / self.dim;
        }
    }

    /// Tells of rows of zeros, and of what a grid of all rows has too little room for.
    pub(super) fn warnings(&self, number: impl Fn(usize) -> usize) -> Vec<String> {
        let mut said = self.noticed.warnings(number);
        let Some(sketch) = &self.sketch else { return said };
        let held = sketch.lock().unwrap_or_else(PoisonError::into_inner);
        let (sketch, rows) = &*held;
        if *rows == self.rows {
            let grid = sketch.grid(true);
            said.extend(far(sketch, &grid));
            said.extend(narrow(&sketch.narrow(&grid), self.dim));
        }
        said
    }
}

fn far(sketch: &GridSketch, grid: &Grid) -> Option<String> {
    let columns = sketch.beyond(grid);
    let first = columns.first()?;
    let (things, lie) = (things(columns.len(), "dimension"), if columns.len() == 1 { "has" } else { "have" });
    Some(format!(
        "{things} {lie} values far beyond all others, which are cut off at the end of the grid; the first is dimension \
         {first}; `semid fit` names their rows"
    ))
}
