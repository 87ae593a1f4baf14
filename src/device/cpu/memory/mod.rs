//! What rows remember from one assignment to the next, while codewords move little by little.
//!
//! Where small integers are multiplied, a row lists the few codewords nearest to it ([`Mark`]). A product in f32 costs
//! more, so there a row remembers a bound of its distance to every codeword ([`Bounds`]), which excludes more of them,
//! as long as these bounds take no more memory than the integers of the row would take.

mod changed;
mod each;
mod from_codes;
mod history;
mod list;
mod patience;
mod subset;
mod surroundings;

pub(super) use changed::Changed;
pub(super) use each::{Bounds, Scale};
pub(super) use from_codes::FromCodes;
#[cfg(test)]
pub(super) use history::Moved;
pub(super) use history::{History, Movements};
pub(super) use list::{LISTED, Mark};
pub(super) use subset::Subset;
pub(super) use surroundings::{MOST, Surroundings};

use super::Pool;
use super::lanes::Lanes;
use super::panel::Panel;
use super::table_rows::TableRows;
use super::unit::Products;
use crate::error::{Result, try_vec, try_zeros};
use history::EPOCHS;
use patience::Patience;
use pulp::Simd;

/// Clusters from which on a comparison with all of them costs more than memory does.
const LEAST: usize = 64;

/// The memory of all rows of a table, and the codewords of past assignments.
#[derive(Default)]
pub(super) struct Memory {
    history: History,
    /// The clusters of the assignments that rows remember.
    clusters: usize,
    /// Whether the codes of the rows are those of the last assignment.
    assigned: bool,
    /// When surroundings are looked for.
    surroundings: Patience,
    kept: Kept,
}

/// What the rows remember; nothing before it pays.
#[derive(Default)]
enum Kept {
    #[default]
    Nothing,
    Lists(Vec<Mark>),
    Bounds(Vec<Scale>, Vec<u16>),
}

/// What the rows of a block remember.
#[derive(Default)]
pub(super) enum Remembered<'a> {
    #[default]
    Nothing,
    Lists(&'a mut [Mark]),
    Bounds(Bounds<'a>),
}

/// Something that remembers the scores of rows.
pub(super) trait Remember {
    /// Remembers the lower bounds of the scores of a row, of a length of at most `length`, with all codewords.
    fn remember<S: Simd>(
        &mut self,
        simd: S,
        row: usize,
        epoch: u32,
        scores: (&Lanes, &[f32]),
        length: f32,
        panel: &Panel,
    );
}

impl Memory {
    /// The number of the next assignment.
    pub(super) fn next(&self) -> u32 {
        self.history.next()
    }

    /// Keeps the codewords of an assignment.
    pub(super) fn push(&mut self, panel: &Panel) {
        self.history.push(panel);
        self.assigned = true;
    }

    /// The codes of the rows are no longer those of the last assignment.
    pub(super) fn codes_replaced(&mut self) {
        self.assigned = false;
    }

    /// Makes room for what rows remember of assignments to codewords of `panel`, once movements are small enough for it
    /// to pay.
    pub(super) fn remember(&mut self, panel: &Panel, rows: &TableRows) -> Result<()> {
        let (clusters, dim, count) = (panel.clusters(), panel.dim(), rows.lengths().len());
        if self.clusters != clusters {
            (self.kept, self.clusters) = (Kept::Nothing, clusters);
        }
        let bounded = panel.unit.products == Products::F32 && clusters <= dim;
        let (least_dim, share) = if bounded { (64, 0.2) } else { (32, 0.12) };
        if !matches!(self.kept, Kept::Nothing) || clusters < LEAST || dim < least_dim {
            return Ok(());
        }
        // A fraction of the rows' typical length.
        let near_enough = (share * rows.mean_length()) as f32;
        if self.history.typical(panel).is_some_and(|typical| typical < near_enough) {
            self.kept = match bounded {
                false => Kept::Lists(try_vec(Mark::UNKNOWN, count, "codewords near rows")?),
                true => {
                    let bounds = try_zeros(count.saturating_mul(clusters), "bounds of distances")?;
                    Kept::Bounds(try_vec(Scale::UNKNOWN, count, "bounds of distances")?, bounds)
                }
            };
        }
        Ok(())
    }

    /// Movements of the codewords since the assignments that rows remember.
    pub(super) fn movements(&self, panel: &Panel, pool: &Pool) -> Result<Movements> {
        let mut live = [false; EPOCHS];
        let mut mark = |epoch: u32| {
            if let Some(live) = live.get_mut(epoch as usize % EPOCHS) {
                *live = true;
            }
        };
        match &self.kept {
            Kept::Nothing => return Ok(Movements::default()),
            Kept::Lists(marks) => marks.iter().for_each(|of| mark(of.epoch)),
            Kept::Bounds(marks, _) => marks.iter().for_each(|of| mark(of.epoch)),
        }
        let live = |epoch: u32| live.get(epoch as usize % EPOCHS).is_some_and(|live| *live);
        pool.run(|| self.history.movements(panel, live))
    }

    /// The memory of `blocks` blocks of `rows` rows.
    pub(super) fn blocks(&mut self, blocks: usize, rows: usize) -> Vec<Remembered<'_>> {
        match &mut self.kept {
            Kept::Nothing => (0..blocks).map(|_| Remembered::Nothing).collect(),
            Kept::Lists(marks) => marks.chunks_mut(rows).map(Remembered::Lists).collect(),
            Kept::Bounds(marks, bounds) => {
                let parts = marks.chunks_mut(rows).zip(bounds.chunks_mut(rows * self.clusters));
                parts.map(|(marks, bounds)| Remembered::Bounds(Bounds { marks, bounds })).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;

/// Rows that remember nothing.
impl Remember for () {
    #[inline(always)]
    fn remember<S: Simd>(&mut self, _: S, _: usize, _: u32, _: (&Lanes, &[f32]), _: f32, _: &Panel) {}
}
