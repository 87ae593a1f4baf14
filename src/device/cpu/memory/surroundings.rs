//! For each codeword, the codewords that may be nearer to one of its rows than itself.

use crate::device::cpu::Pool;
use crate::device::cpu::bounds::{score_at_most, up};
use crate::device::cpu::exact::{approximate_squared_distance, relative_error};
use crate::device::cpu::lanes::each_within;
use crate::device::cpu::panel::Panel;
use crate::device::cpu::row_buffer::RowBuffer;
use crate::device::cpu::scores::Scores;
use crate::device::cpu::table_rows::TableRows;
use crate::error::{Result, try_vec};
use rayon::prelude::*;

/// Most codewords around one.
pub(in crate::device::cpu) const MOST: usize = 256;
/// Codewords that a task compares with all others: their scores are to stay in the cache.
const CODEWORDS: usize = 24;
/// Rows of which the median is taken.
const SAMPLE: usize = 4096;
/// Rows that a task measures at a time.
const ROWS: usize = 1024;

/// What surrounds the codewords of the rows, which have the codes of the last assignment.
///
/// # Exactness
/// Let R be the largest distance of a row of codeword a from a, rows left aside that are far from their codewords:
/// they stay open. A codeword k with `|a - k| > 2 R` is farther from every
/// such row r than a, as `|r - k| >= |a - k| - |r - a| > R`. All others are listed, a among them. Where a did not change,
/// codewords that did not change either are left out: a was nearer than they are. All distances are bounded from the
/// side that lists more.
pub(in crate::device::cpu) struct Surroundings {
    /// Upper bounds of the squared distances of the rows from their own codewords (N).
    own: Vec<f32>,
    /// R^2 of each codeword (K).
    squares: Vec<f32>,
    /// Where the list of each codeword begins, and the end (K + 1); an empty list stands for too many.
    starts: Vec<usize>,
    listed: Vec<u16>,
}

impl Surroundings {
    /// What surrounds the first `known` codewords of `panel`, those that the codes are about; nothing where most rows
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
        let mut own = try_vec(0.0_f32, codes.len(), "distances of rows")?;
        pool.run(|| {
            let parts = rows.blocks(ROWS).zip(codes.par_chunks(ROWS)).zip(own.par_chunks_mut(ROWS));
            parts.for_each(|((rows, codes), own)| panel.unit.run(Own { rows: rows.values, codes, panel, own }));
        });
        let far = far(&own);
        let mut groups = vec![Group::default(); known];
        for (code, own) in codes.iter().zip(&own).filter(|(_, own)| **own <= far) {
            if let Some(group) = groups.get_mut(*code as usize) {
                group.rows += 1;
                group.square = group.square.max(*own);
            }
        }
        let mut flags = vec![false; panel.clusters()];
        for k in changed {
            flags.iter_mut().skip(*k as usize).take(1).for_each(|flag| *flag = true);
        }
        let changed = &flags[..];
        let lists: Vec<Lists> = pool.run(|| {
            let parts = panel.values.par_chunks(CODEWORDS * panel.dim()).zip(groups.par_chunks(CODEWORDS)).enumerate();
            let around = |buffers: &mut (RowBuffer, Scores), (part, (codewords, groups))| {
                panel.unit.run(Around { first: part * CODEWORDS, codewords, groups, panel, changed, buffers })
            };
            parts.map_init(Default::default, around).collect()
        });
        let (mut starts, mut listed, mut decided) = (vec![0], Vec::new(), 0);
        for (list, group) in lists.iter().flat_map(|lists| &lists.each).zip(&groups) {
            listed.extend_from_slice(list);
            starts.push(listed.len());
            decided += if list.is_empty() { 0 } else { group.rows };
        }
        let squares = groups.iter().map(|group| group.square).collect();
        Ok((decided >= codes.len() / 2).then_some(Self { own, squares, starts, listed }))
    }

    /// The codewords around that of a row, its code and the bound of its squared distance given; none where they are
    /// too many.
    #[inline(always)]
    pub(in crate::device::cpu) fn of_row(&self, code: u32, own: f32) -> &[u16] {
        let k = code as usize;
        let is_near = self.squares.get(k).is_some_and(|square| own <= *square);
        match (self.starts.get(k), self.starts.get(k.saturating_add(1))) {
            (Some(start), Some(end)) if is_near => self.listed.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Upper bounds of the squared distances of `count` rows from row `first` on.
    pub(in crate::device::cpu) fn own(&self, first: usize, count: usize) -> &[f32] {
        self.own.get(first..first + count).unwrap_or_default()
    }
}

/// The rows of a codeword: how many, and the largest of their squared distances.
#[derive(Clone, Copy, Default)]
struct Group {
    rows: usize,
    square: f32,
}

/// The squared distance from which on a row is far from its codeword: twice the median.
fn far(own: &[f32]) -> f32 {
    let mut some: Vec<f32> = own.iter().step_by(own.len().div_ceil(SAMPLE).max(1)).copied().collect();
    let middle = some.len() / 2;
    if some.is_empty() { 0.0 } else { 2.0 * *some.select_nth_unstable_by(middle, f32::total_cmp).1 }
}

/// Upper bounds of the squared distances of some rows from their own codewords.
struct Own<'a> {
    rows: &'a [f32],
    codes: &'a [u32],
    panel: &'a Panel,
    own: &'a mut [f32],
}

impl pulp::WithSimd for Own<'_> {
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
    groups: &'a [Group],
    panel: &'a Panel,
    /// Whether each codeword changed (K).
    changed: &'a [bool],
    buffers: &'a mut (RowBuffer, Scores),
}

/// The codewords around some codewords, ascending; an empty list where they are too many, or where there are no rows.
struct Lists {
    each: Vec<Vec<u16>>,
}

impl pulp::WithSimd for Around<'_> {
    type Output = Lists;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> Lists {
        let Self { first, codewords, groups, panel, changed, buffers: (rows, scores) } = self;
        let has_changed = |k: usize| changed.get(k).copied().unwrap_or(true);
        rows.load_values(codewords, panel.dim());
        rows.measure(panel.unit.products.width());
        let rows = rows.rows();
        scores.compute(rows, panel);
        let mut each = Vec::with_capacity(groups.len());
        for (i, (scores, group)) in scores.rows().zip(groups).enumerate() {
            let mut list = Vec::new();
            if group.rows > 0 {
                // Twice the distance is four times its square.
                let limit = score_at_most(4.0 * f64::from(group.square), rows.length(i));
                let all = has_changed(first + i);
                each_within(simd, scores, limit, |k| {
                    if all || k == first + i || has_changed(k) {
                        list.push(k as u16);
                    }
                });
            }
            if list.len() > MOST {
                list.clear();
            }
            each.push(list);
        }
        Lists { each }
    }
}
