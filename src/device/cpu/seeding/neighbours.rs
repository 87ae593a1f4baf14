//! For every row the rows that it may be nearer to than their codewords are.

use crate::codebook::Codebook;
use crate::device::cpu::Pool;
use crate::device::cpu::bounds::{U, square_at_least};
use crate::device::cpu::lanes::{LANES, each_bit};
use crate::device::cpu::panel::Panel;
use crate::device::cpu::rows::RowBlock;
use crate::device::cpu::scores::Scores;
use crate::device::cpu::table_rows::TableRows;
use crate::device::cpu::unit::Unit;
use crate::error::Result;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows that lists may have together: 64 MiB.
const MOST: usize = 1 << 24;
/// Rows of a list, on average, up to which a step by lists takes little.
const SHORT: usize = 256;
/// Rows that a task compares with all others.
const ROWS: usize = 12;
/// Rows for which comparing all pairs costs as much as a step, which has up to 16 points.
const PAIRS: usize = 64;
/// The fewest rows for which neighbours are worth a search: comparing fewer with the points of a step takes no time.
const LEAST: usize = 2048;

/// When neighbours are looked for: as soon as few distances per point are left open.
pub(super) struct NeighbourSearch {
    rows: usize,
    /// Steps since the start, or since no lists were found.
    steps: usize,
    /// Open distances per point, averaged over some steps.
    open: f64,
}

impl NeighbourSearch {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows, steps: 0, open: rows as f64 }
    }

    /// Takes note of a step that left `open` distances of `points` points open.
    pub(super) fn count(&mut self, open: usize, points: usize) {
        self.steps += 1;
        self.open += (open as f64 / points.max(1) as f64 - self.open) / 16.0;
    }

    /// Whether lists are short, and as many steps were taken as making them costs: then as many may follow.
    pub(super) fn is_due(&self) -> bool {
        self.rows >= LEAST && self.steps >= self.rows / PAIRS && self.open <= SHORT.min(MOST / 2 / self.rows) as f64
    }

    /// Takes note of whether lists were made.
    pub(super) fn found(&mut self, found: bool) {
        if !found {
            (self.steps, self.open) = (0, self.rows as f64);
        }
    }
}

/// For every row p, the rows i with `|i - p|^2 < closest[i]`, and maybe others.
pub(super) struct Neighbours {
    /// Where the list of each row begins, and the end (N + 1).
    starts: Vec<usize>,
    listed: Vec<u32>,
}

impl Neighbours {
    /// Lists the neighbours of all rows, which were measured; returns none where they are too many.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::ErrorKind::OutOfMemory).
    pub(super) fn of(unit: Unit, rows: &TableRows, closest: &[u64], pool: &Pool) -> Result<Option<Self>> {
        let values = rows.values().iter().map(|value| *value as i32).collect();
        let panel = Panel::new(unit, &Codebook::new(values, rows.dim()))?;
        // Rounded up, with room for the rounding of the difference that it is part of.
        let reach: Vec<f32> = closest.iter().map(|square| (*square as f64 * (1.0 + 8.0 * U)) as f32).collect();
        let (panel, reach) = (&panel, &reach[..]);
        let total = AtomicUsize::new(0);
        let list = |scores: &mut Scores, rows| {
            let fits = total.load(Ordering::Relaxed) <= MOST;
            let lists = fits.then(|| unit.run(NeighbourList { rows, panel, reach, scores }))?;
            total.fetch_add(lists.listed.len(), Ordering::Relaxed);
            Some(lists)
        };
        let lists: Option<Vec<NeighbourLists>> =
            pool.run(|| rows.blocks(ROWS).map_init(Scores::default, list).collect());
        let Some(lists) = lists else { return Ok(None) };
        let (mut starts, mut listed) = (vec![0], Vec::new());
        for lists in lists {
            let before = listed.len();
            starts.extend(lists.ends.iter().map(|end| before + end));
            listed.extend(lists.listed);
        }
        Ok(Some(Self { starts, listed }))
    }

    /// The rows that row `row` may be nearer to than their codewords are.
    #[inline(always)]
    pub(super) fn of_row(&self, row: usize) -> &[u32] {
        match (self.starts.get(row), self.starts.get(row.saturating_add(1))) {
            (Some(start), Some(end)) => self.listed.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// Some rows, and all rows as a panel.
struct NeighbourList<'a, 'b> {
    rows: RowBlock<'a>,
    panel: &'a Panel,
    /// Upper bounds of `closest`.
    reach: &'a [f32],
    scores: &'b mut Scores,
}

/// The lists of some rows, one after the other.
struct NeighbourLists {
    ends: Vec<usize>,
    listed: Vec<u32>,
}

impl pulp::WithSimd for NeighbourList<'_, '_> {
    type Output = NeighbourLists;

    /// # Exactness
    /// A row whose score has a lower bound L is at a squared distance of at least `L + |p|^2`. It is not listed where L
    /// exceeds `reach - |p|^2`: both terms have 8 u of themselves added, and the difference is rounded by u of them.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> NeighbourLists {
        let Self { rows, panel, reach, scores } = self;
        let mut lists = NeighbourLists { ends: Vec::with_capacity(rows.len()), listed: Vec::new() };
        scores.compute(rows, panel);
        for (i, lower) in scores.rows().enumerate() {
            let square = (square_at_least(rows.length(i)) * (1.0 - 8.0 * U)) as f32;
            let ((scores, rest), (reaches, reach_rest)) = (lower.as_chunks::<LANES>(), reach.as_chunks::<LANES>());
            for (part, (scores, reach)) in scores.iter().zip(reaches).enumerate() {
                let mut flags = [false; LANES];
                for i in 0..LANES {
                    flags[i] = scores[i] <= reach[i] - square;
                }
                each_bit(&flags, |i| lists.listed.push((part * LANES + i) as u32));
            }
            for (k, (score, reach)) in (scores.len() * LANES..).zip(rest.iter().zip(reach_rest)) {
                if *score <= *reach - square {
                    lists.listed.push(k as u32);
                }
            }
            lists.ends.push(lists.listed.len());
        }
        lists
    }
}
