//! What the codes of an assignment to more codewords say, as one to candidates for the first codewords is.

use super::from_codes::{ROWS_EACH, SURROUNDED};
use super::{Memory, Surroundings};
use crate::device::cpu::Pool;
use crate::device::cpu::lanes::Lanes;
use crate::device::cpu::panel::Panel;
use crate::device::cpu::row_buffer::RowBuffer;
use crate::device::cpu::scores::Scores;
use crate::device::cpu::table_rows::TableRows;
use crate::error::{Result, try_zeros};
use crate::limits::MAX_CLUSTERS;
use rayon::prelude::*;

/// Codewords that a task compares with all of a panel: their scores are to stay in the cache.
const CODEWORDS: usize = 24;

impl Memory {
    /// Where the rows have the codes of an assignment to more codewords than `panel` has, codes of the latter, and what
    /// surrounds these; nothing where that does not pay.
    ///
    /// # Exactness
    /// The new code of a row is that of a codeword near its old one. It may be any: [`Surroundings`] has all codewords
    /// that may be nearer, as all of them count as changed.
    pub(in crate::device::cpu) fn fewer(
        &mut self,
        panel: &Panel,
        rows: &TableRows,
        codes: &[u32],
        pool: &Pool,
    ) -> Result<Option<(Vec<u32>, Surroundings)>> {
        let clusters = panel.clusters();
        let more = |before: &&[f32]| before.len() > panel.values.len() && self.assigned;
        let Some(before) = self.history.last().filter(more) else { return Ok(None) };
        let known = before.len() / panel.dim();
        let pays = clusters >= SURROUNDED && known <= MAX_CLUSTERS && known.saturating_mul(ROWS_EACH) <= codes.len();
        if !pays || !self.surroundings.due() {
            return Ok(None);
        }
        let near = near(before, panel, pool)?;
        let mut new = try_zeros::<u32>(codes.len(), "codes")?;
        for (new, old) in new.iter_mut().zip(codes) {
            *new = near.get(*old as usize).copied().unwrap_or_default();
        }
        let all: Vec<u32> = (0..clusters as u32).collect();
        let around = Surroundings::of(panel, (rows, &new), (clusters, &all), pool)?;
        self.surroundings.tried(around.is_some());
        Ok(around.map(|around| (new, around)))
    }
}

/// For each of some codewords, one of the panel's that is near it.
fn near(codewords: &[f32], panel: &Panel, pool: &Pool) -> Result<Vec<u32>> {
    let mut near = try_zeros(codewords.len() / panel.dim(), "codes of codewords")?;
    pool.run(|| {
        let parts = codewords.par_chunks(CODEWORDS * panel.dim()).zip(near.par_chunks_mut(CODEWORDS));
        parts.for_each_init(Default::default, |buffers, (codewords, near)| {
            panel.unit.run(Lowest { codewords, panel, buffers, near });
        });
    });
    Ok(near)
}

/// The codeword of the lowest score for each of some vectors.
struct Lowest<'a> {
    codewords: &'a [f32],
    panel: &'a Panel,
    buffers: &'a mut (RowBuffer, Scores),
    near: &'a mut [u32],
}

impl pulp::WithSimd for Lowest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let Self { codewords, panel, buffers: (rows, scores), near } = self;
        rows.load_values(codewords, panel.dim());
        rows.measure(panel.unit.products.width());
        scores.compute(rows.rows(), panel);
        for (scores, near) in scores.rows().zip(near) {
            *near = Lanes::of(simd, scores).lowest(simd, scores).0 as u32;
        }
    }
}
