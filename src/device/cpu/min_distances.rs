//! Seeding distances on the CPU: lower bounds first, exact distances only where they may be smaller.

use super::block::block_rows;
use super::bounds::square_at_least;
use super::exact::squared_distance;
use super::panel::Panel;
use super::rows::RowBlock;
use super::scores::Scores;
use super::table_rows::TableRows;
use rayon::prelude::*;

/// The kernel of the same name: `out[p][i] = min(closest[i], squared distance of row i to point p)`.
///
/// # Exactness
/// A row whose score has a lower bound L is at a squared distance of at least `L + |r|^2`; where that reaches
/// `closest` the distance cannot be smaller. Everything else is computed exactly.
pub(super) fn min_distances(rows: &TableRows, panel: &Panel, closest: &[u64], out: &mut [u64]) {
    let count = closest.len();
    if count == 0 {
        return;
    }
    let block = block_rows(count);
    // One list of blocks per point, regrouped so that a task owns the same block of every point.
    let mut blocks: Vec<Vec<&mut [u64]>> = (0..count.div_ceil(block)).map(|_| Vec::new()).collect();
    for point in out.chunks_exact_mut(count) {
        blocks.iter_mut().zip(point.chunks_mut(block)).for_each(|(parts, part)| parts.push(part));
    }
    let inputs = rows.blocks(block).zip(closest.par_chunks(block));
    inputs.zip(blocks).for_each_init(Scores::default, |scores, ((rows, closest), out)| {
        panel.unit.run(DistanceBlock { rows, panel, closest, scores, out });
    });
}

/// A block of rows, and of every point's distances the part for these rows.
struct DistanceBlock<'a, 'b> {
    rows: RowBlock<'a>,
    panel: &'a Panel,
    closest: &'a [u64],
    scores: &'b mut Scores,
    out: Vec<&'a mut [u64]>,
}

impl pulp::WithSimd for DistanceBlock<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _: S) {
        self.scores.compute(self.rows, self.panel);
        let lower = self.scores.rows();
        let rows = self.rows.values.chunks_exact(self.panel.dim()).zip(self.rows.lengths).zip(self.closest).zip(lower);
        for (i, (((row, length), closest), lower)) in rows.enumerate() {
            let square = square_at_least(*length);
            for (p, (lower, out)) in lower.iter().zip(&mut self.out).enumerate() {
                let Some(out) = out.get_mut(i) else { continue };
                // 1e-15 is more than the roundings of the sum and of the product, 2^-53 of their results, can add.
                let at_least = f64::from(*lower) + square;
                *out = match at_least >= *closest as f64 * (1.0 + 1e-15) {
                    true => *closest,
                    false => squared_distance(row, self.panel.codeword(p)).min(*closest),
                };
            }
        }
    }
}
