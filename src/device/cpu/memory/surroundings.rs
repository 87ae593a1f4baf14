//! For each codeword, the codewords that may be nearer to one of its rows than itself.

use crate::device::cpu::Pool;
use crate::device::cpu::bounds::{down, score_at_most, square_at_least, up};
use crate::device::cpu::exact::{approximate_squared_distance, relative_error};
use crate::device::cpu::lanes::each_within;
use crate::device::cpu::panel::Panel;
use crate::device::cpu::row_buffer::RowBuffer;
use crate::device::cpu::scores::Scores;
use crate::device::cpu::table_rows::TableRows;
use crate::error::{Result, try_zeros};
use rayon::prelude::*;

/// Most codewords around one.
pub(in crate::device::cpu) const MOST: usize = 256;
/// Codewords that a task compares with all others: their scores are to stay in the cache.
const CODEWORDS: usize = 24;
/// Rows that a task measures at a time.
const ROWS: usize = 1024;

/// What surrounds the codewords of the rows, which have the codes of the last assignment.
///
/// # Exactness
/// Let r be a row of codeword a. A codeword k with `|a - k| > 2 |r - a|` is farther from r than a, as `|r - k| >=
/// |a - k| - |r - a| > |r - a|`. So the nearest is among those within twice the row's own distance around a, a among
/// them. Where a did not change, codewords that did not change either are left out: a was nearer than they are. All
/// distances are bounded from the side that lists more.
pub(in crate::device::cpu) struct Surroundings {
    /// Upper bounds of the squared distances of the rows from their own codewords (N).
    own: Vec<f32>,
    /// The squared distance of a row below which the list of its codeword has all that it needs (K).
    reach: Vec<f32>,
    /// Where the list of each codeword begins, and the end (K + 1).
    starts: Vec<usize>,
    /// Codewords, those of one list in the order of their distance, and lower bounds of the squares of these.
    listed: Vec<u16>,
    squares: Vec<f32>,
}

impl Surroundings {
    /// Returns what surrounds the first `known` codewords of `panel`, which the codes name; nothing where most rows
    /// have too many codewords around theirs. `changed` are the codewords that are not what they were, ascending.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::ErrorKind::OutOfMemory).
    pub(super) fn of(
        panel: &Panel,
        (rows, codes): (&TableRows, &[u32]),
        (known, changed): (usize, &[u32]),
        pool: &Pool,
    ) -> Result<Option<Self>> {
        let mut own = try_zeros::<f32>(codes.len(), "distances of rows")?;
        pool.run(|| {
            let parts = rows.blocks(ROWS).zip(codes.par_chunks(ROWS)).zip(own.par_chunks_mut(ROWS));
            parts.for_each(|((rows, codes), own)| {
                panel.unit.run(OwnSurroundings { rows: rows.values, codes, panel, own })
            });
        });
        let mut widest = vec![None; known];
        for (code, own) in codes.iter().zip(&own) {
            if let Some(square) = widest.get_mut(*code as usize) {
                *square = Some(square.map_or(*own, |square: f32| square.max(*own)));
            }
        }
        let mut flags = vec![false; panel.clusters()];
        for k in changed {
            flags.iter_mut().skip(*k as usize).take(1).for_each(|flag| *flag = true);
        }
        let changed = &flags[..];
        let lists: Vec<Vec<SurroundingList>> = pool.run(|| {
            let parts = panel.values.par_chunks(CODEWORDS * panel.dim()).zip(widest.par_chunks(CODEWORDS)).enumerate();
            let around = |buffers: &mut (RowBuffer, Scores), (part, (codewords, widest))| {
                panel.unit.run(Around { first: part * CODEWORDS, codewords, widest, panel, changed, buffers })
            };
            parts.map_init(Default::default, around).collect()
        });
        let mut all = Self { own, reach: Vec::new(), starts: vec![0], listed: Vec::new(), squares: Vec::new() };
        for list in lists.into_iter().flatten() {
            all.reach.push(list.reach);
            all.listed.extend(list.near.iter().map(|near| near.k));
            all.squares.extend(list.near.iter().map(|near| near.square));
            all.starts.push(all.listed.len());
        }
        let is_decided = |(code, own): &(&u32, &f32)| !all.of_row(**code, **own).is_empty();
        let decided = codes.iter().zip(&all.own).filter(is_decided).count();
        Ok((decided >= codes.len() / 2).then_some(all))
    }

    /// The codewords that may be nearest to a row, its code and the bound of its squared distance given; none where
    /// they are too many.
    #[inline(always)]
    pub(in crate::device::cpu) fn of_row(&self, code: u32, own: f32) -> &[u16] {
        let k = code as usize;
        let reaches = self.reach.get(k).is_some_and(|reach| own < *reach);
        match (self.starts.get(k), self.starts.get(k.saturating_add(1))) {
            (Some(start), Some(end)) if reaches => {
                let squares = self.squares.get(*start..*end).unwrap_or_default();
                let count = squares.partition_point(|square| *square <= 4.0 * own);
                self.listed.get(*start..start + count).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// Upper bounds of the squared distances of `count` rows from row `first` on.
    pub(in crate::device::cpu) fn own(&self, first: usize, count: usize) -> &[f32] {
        self.own.get(first..first + count).unwrap_or_default()
    }
}

/// Upper bounds of the squared distances of some rows from their own codewords.
struct OwnSurroundings<'a> {
    rows: &'a [f32],
    codes: &'a [u32],
    panel: &'a Panel,
    own: &'a mut [f32],
}

impl pulp::WithSimd for OwnSurroundings<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let dim = self.panel.dim();
        // A distance is at most 1 / (1 - e) < 1 + 2 e times what differs from it by e of itself.
        let most = 1.0 + 2.0 * f64::from(relative_error(dim));
        for ((row, code), own) in self.rows.chunks_exact(dim).zip(self.codes).zip(self.own) {
            let about = approximate_squared_distance(simd, row, self.panel.codeword(*code as usize));
            *own = up(f64::from(about) * most);
        }
    }
}

/// Compares some codewords with all.
struct Around<'a> {
    /// The number of the first of them.
    first: usize,
    codewords: &'a [f32],
    /// The largest of the bounds of their rows, of those that have rows.
    widest: &'a [Option<f32>],
    panel: &'a Panel,
    /// Whether each codeword changed (K).
    changed: &'a [bool],
    buffers: &'a mut (RowBuffer, Scores),
}

/// The codewords around one, nearest first.
struct SurroundingList {
    reach: f32,
    near: Vec<NearCodewords>,
}

/// A codeword, and a lower bound of its squared distance.
#[derive(Clone, Copy)]
struct NearCodewords {
    k: u16,
    square: f32,
}

impl pulp::WithSimd for Around<'_> {
    type Output = Vec<SurroundingList>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> Vec<SurroundingList> {
        let Self { first, codewords, widest, panel, changed, buffers: (rows, scores) } = self;
        let has_changed = |k: usize| changed.get(k).copied().unwrap_or(true);
        rows.load_values(codewords, panel.dim());
        rows.measure(panel.unit.products.width());
        let rows = rows.rows();
        scores.compute(rows, panel);
        let (mut lists, mut near) = (Vec::with_capacity(widest.len()), Vec::new());
        for (i, (scores, widest)) in scores.rows().zip(widest).enumerate() {
            near.clear();
            if let Some(widest) = widest {
                // Twice the distance is four times its square.
                let limit = score_at_most(4.0 * f64::from(*widest), rows.length(i));
                let (all, shorter) = (has_changed(first + i), square_at_least(rows.length(i)));
                each_within(simd, scores, limit, |k| {
                    if all || k == first + i || has_changed(k) {
                        let score = scores.get(k).map_or(0.0, |score| f64::from(*score));
                        // As in `score_at_most`.
                        let square = score + shorter - 1e-12 * (score.abs() + shorter);
                        near.push(NearCodewords { k: k as u16, square: if square > 0.0 { down(square) } else { 0.0 } });
                    }
                });
            }
            lists.push(SurroundingList::new(&mut near));
        }
        lists
    }
}

impl SurroundingList {
    /// Keeps the nearest [`MOST`] codewords, given all within twice the distance of every row.
    fn new(near: &mut Vec<NearCodewords>) -> Self {
        let order = |a: &NearCodewords, b: &NearCodewords| a.square.total_cmp(&b.square);
        let mut reach = f32::INFINITY;
        if near.len() > MOST {
            let (_, beyond, _) = near.select_nth_unstable_by(MOST, order);
            // The quotient is exact.
            reach = beyond.square / 4.0;
            near.truncate(MOST);
        }
        near.sort_unstable_by(order);
        Self { reach, near: near.clone() }
    }
}
